"""The `.asc` reader: what it takes from a header, and what it refuses."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from quakesite.records import asc
from quakesite.records.refusal import Refusal
from quakesite.rejects import Reason

from .conftest import Component, motion


def read(component: Component, content: bytes | None = None) -> tuple[asc.Header, np.ndarray]:
    content = component.content if content is None else content
    header = asc.read_header(content, component.name)
    return header, asc.read_samples(content, header, component.name)


def refusal_of(component: Component, content: bytes | None = None) -> Refusal:
    with pytest.raises(Refusal) as caught:
        read(component, content)
    return caught.value


def test_header_and_samples_are_read() -> None:
    header, samples = read(Component())
    assert samples.tobytes() == motion().tobytes()
    assert header.component == "E"
    metadata = header.metadata
    assert (metadata.station, metadata.network, metadata.vs30_m_s) == ("0905", "TK", 369.0)
    assert (metadata.magnitude, metadata.magnitude_type) == (6.6, "Mw")
    assert metadata.start_time == datetime(2020, 10, 30, 11, 51, 1, 926024, tzinfo=UTC)
    assert metadata.event_time == datetime(2020, 10, 30, 11, 51, 24, tzinfo=UTC)
    assert metadata.sampling_rate_hz == 100.0


def test_header_lines_are_never_counted() -> None:
    extra = "AAD_Filtered_TADAS_FILE\nAAD_FILTER_TYPE: BUTTERWORTH\nAAD_LOW_CUT_FREQUENCY_HZ: 0.025\n"
    _, samples = read(Component(first_lines=extra))
    assert samples.tobytes() == motion().tobytes()


def test_vertical_u_is_z() -> None:
    assert read(Component(component="U"))[0].component == "Z"


def test_sampling_interval_is_read() -> None:
    assert read(Component(interval="0.005"))[0].metadata.sampling_rate_hz == 200.0


@pytest.mark.parametrize("vs30", ["None", "", "nan", "0", "-1"])
def test_an_unknown_vs30_is_null(vs30: str) -> None:
    assert read(Component(vs30=vs30))[0].metadata.vs30_m_s is None


def test_local_magnitude_is_taken_where_there_is_no_moment_magnitude() -> None:
    metadata = read(Component(magnitude_w="", magnitude_l="5.1"))[0].metadata
    assert (metadata.magnitude, metadata.magnitude_type) == (5.1, "ML")


def test_metres_become_centimetres() -> None:
    stated = f"{np.abs(motion() * 100.0).max():.3f}"  # PGA_CM/S^2 is in cm/s^2 whatever the samples are in
    _, samples = read(Component(units="m/s^2", pga=stated))
    assert samples.tobytes() == (motion() * 100.0).tobytes()


def test_carriage_returns_change_nothing() -> None:
    _, samples = read(Component(), Component().content.replace(b"\n", b"\r\n"))
    assert samples.tobytes() == motion().tobytes()


@pytest.mark.parametrize("stated", [399, 401])
def test_another_number_of_samples_than_ndata_is_truncated(stated: int) -> None:
    refusal = refusal_of(Component(n_samples=stated))
    assert refusal.reason is Reason.TRUNCATED
    assert f"NDATA says {stated}" in str(refusal)


def test_a_file_cut_within_its_header_is_refused() -> None:
    content = Component().content
    assert refusal_of(Component(), content[: content.index(b"NDATA")]).reason is Reason.BAD_HEADER
    assert refusal_of(Component(), content[: content.index(b"USER5")]).reason is Reason.TRUNCATED


def test_pga_is_asserted_to_its_last_decimal() -> None:
    peak = np.abs(motion()).max()
    read(Component(pga=f"{peak + 0.0008:.3f}"))
    assert refusal_of(Component(pga=f"{peak + 0.003:.3f}")).reason is Reason.PGA_MISMATCH


def test_files_filtered_anew_may_keep_the_pga_of_their_original() -> None:
    refiltered = Component(first_lines="AAD_Filtered_TADAS_FILE\nAAD_FILTER_ORDER: 1\n")
    peak = np.abs(motion()).max()
    read(replace(refiltered, pga=f"{peak * 1.4:.3f}"))
    assert refusal_of(replace(refiltered, pga=f"{peak * 2.5:.3f}")).reason is Reason.PGA_MISMATCH


@pytest.mark.parametrize("junk", [b"NaN", b"inf", b"text", b"1 2"])
def test_what_is_no_finite_number_among_the_samples_is_refused(junk: bytes) -> None:
    lines = Component().content.split(b"\n")
    lines[-50] = junk
    assert refusal_of(Component(), b"\n".join(lines)).reason is Reason.BAD_SAMPLES


def test_a_nan_as_the_first_sample_is_refused_and_not_taken_for_header() -> None:
    content = Component().content
    first = content.index(b"USER5: \n") + len(b"USER5: \n")
    assert refusal_of(Component(), content[:first] + b"NaN\n" + content[first:]).reason is Reason.BAD_SAMPLES


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"units": "mm/s"}, Reason.UNSUPPORTED),
        ({"component": "2"}, Reason.UNSUPPORTED),
        ({"interval": "0"}, Reason.BAD_HEADER),
        ({"interval": ""}, Reason.BAD_HEADER),
        ({"station": ""}, Reason.BAD_HEADER),
        ({"start": "soon"}, Reason.BAD_HEADER),
        ({"n_samples": "40\u00b9"}, Reason.BAD_HEADER),
        ({"n_samples": "-400"}, Reason.BAD_HEADER),
        ({"ev_latitude": "377.879"}, Reason.BAD_HEADER),
        ({"magnitude_w": "big"}, Reason.BAD_HEADER),
    ],
)
def test_a_field_that_is_not_understood_is_refused(fields: dict[str, str], reason: Reason) -> None:
    refusal = refusal_of(Component(**fields))  # type: ignore[arg-type]
    assert refusal.reason is reason
    assert refusal.source == Component(**fields).name  # type: ignore[arg-type]
