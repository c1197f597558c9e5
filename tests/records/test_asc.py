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
    second = content.index(b"\n", first)
    assert refusal_of(Component(), content[:first] + b"NaN" + content[second:]).reason is Reason.BAD_SAMPLES


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"units": "mm/s"}, Reason.UNSUPPORTED),
        ({"component": "2"}, Reason.UNSUPPORTED),
        ({"interval": "0"}, Reason.BAD_HEADER),
        ({"interval": ""}, Reason.BAD_HEADER),
        ({"station": ""}, Reason.BAD_HEADER),
        ({"interval": "0,01"}, Reason.BAD_HEADER),
        ({"interval": "NaN"}, Reason.BAD_HEADER),
        ({"n_samples": "40\u00b9"}, Reason.BAD_HEADER),
        ({"n_samples": "-400"}, Reason.BAD_HEADER),
        ({"n_samples": 1_000_001}, Reason.TOO_LARGE),
    ],
)
def test_a_field_that_is_not_understood_is_refused(fields: dict[str, str], reason: Reason) -> None:
    refusal = refusal_of(Component(**fields))  # type: ignore[arg-type]
    assert refusal.reason is reason
    assert refusal.source == Component(**fields).name  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("old", "new", "field", "value", "doubt"),
    [
        ("2020/10/30\n", "None\n", "event_time", None, "EVENT_DATE"),
        ("FIRST_SAMPLE_YYYYMMDD_HHMMSS: 2020/10/30 11:51:01.9260240", "{}: NaN", "start_time", None, ""),
        ("11:51:01.9260240", "soon", "start_time", None, "taken as unknown"),
        ("VS30_M/S: 369", "VS30_M/S: 369 (MASW)", "vs30_m_s", 369.0, "'369 (MASW)' read as 369"),
        ("DEPTH_KM: 16.54", "DEPTH_KM: 16,54", "ev_depth_km", 16.54, "'16,54' read as 16.54"),
        ("MAGNITUDE_L: \n", "MAGNITUDE_L: -9\n", "ml", None, "MAGNITUDE_L: '-9' taken as unknown"),
        ("MAGNITUDE_W: 6.6", "MAGNITUDE_W: big", "magnitude", None, "MAGNITUDE_W: 'big' taken as unknown"),
        ("LATITUDE_DEGREE: 37.879", "LATITUDE_DEGREE: 377.879", "ev_latitude", None, "'377.879'"),
        ("EVENT_ID: 10614", "EVENT_ID: unknown", "agency_event_id", None, ""),
    ],
)
def test_a_field_that_a_record_can_do_without_is_unknown_and_noted(
    old: str, new: str, field: str, value: object, doubt: str
) -> None:
    content = Component().content.decode()
    assert old in content
    new = new.replace("{}", old.partition(":")[0])
    header, samples = read(Component(), content.replace(old, new, 1).encode())
    assert getattr(header.metadata, field) == value
    assert len(samples) == 400
    if doubt:
        assert doubt in str(header.metadata.header_doubts)
    else:
        assert header.metadata.header_doubts is None


def test_a_sound_header_leaves_no_doubt() -> None:
    assert read(Component())[0].metadata.header_doubts is None


def test_a_pga_that_is_no_number_is_not_compared() -> None:
    header, _ = read(Component(pga="large"))
    assert (header.pga, header.metadata.header_doubts) == (None, "PGA_CM/S^2: 'large' taken as unknown")


@pytest.mark.parametrize("pga", ["0e999", "1e-400", "9" * 5000])
def test_a_pga_of_any_exponent_is_compared_or_unknown(pga: str) -> None:
    read_or = asc.read_header(Component(pga=pga).content, "x")
    assert np.isfinite(read_or.pga_tolerance)


def test_far_more_samples_than_ndata_are_refused_before_they_are_parsed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def parsed(*_: object) -> None:
        raise AssertionError("parsed")

    monkeypatch.setattr(asc.sample_text, "one_per_line", parsed)
    content = Component().content + b"1\n" * 1_000_000
    refusal = refusal_of(Component(), content)
    assert (refusal.reason, refusal.detail) == (Reason.TRUNCATED, "1000400 samples, NDATA says 400")
    wide = Component().content[:-9] + b" " * 100_000 + Component().content[-9:]
    assert refusal_of(Component(), wide).reason is Reason.BAD_SAMPLES


@pytest.mark.parametrize("ending", [b"", b"\n", b"\n\n \r\n", b"\n" * 6000])
def test_blank_lines_at_the_end_are_not_counted(ending: bytes) -> None:
    _, samples = read(Component(), Component().content.rstrip() + ending)
    assert samples.tobytes() == motion().tobytes()


def test_what_else_the_header_holds_is_read() -> None:
    content = Component(magnitude_l="6.4").content.replace(
        b"USER5",
        b"LOW_CUT_FREQUENCY_HZ: 0.025\nHIGH_CUT_FREQUENCY_HZ: 40.0\nLATE/NORMAL_TRIGGERED: LT\nUSER5",
    )
    header, _ = read(Component(), content)
    about = header.metadata
    assert (about.mw, about.ml, about.magnitude, about.magnitude_type) == (6.6, 6.4, 6.6, "Mw")
    assert (about.mw_reference, about.ml_reference, about.hypocentre_reference) == ("AFAD", None, "AFAD")
    assert (header.high_pass_hz, header.low_pass_hz, about.triggering) == (0.025, 40.0, "late")
    assert (header.version, read(Component())[0].version) == ("mp_Acc", "mp_RawAcc")
