"""Which records the limits of quality and choice leave out."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quakesite.errors import InputError
from quakesite.records import read
from quakesite.records.selection import refused_by
from quakesite.records.settings import RecordsSettings
from quakesite.records.times import parse_stamp
from quakesite.rejects import Reason, Reject
from quakesite.settings import validated

from .conftest import Component, Ingested, three, write
from .test_mat import write as write_mat
from .test_nsmn import content as nsmn_content

Ingest = Callable[..., Ingested]
IMPOSSIBLE = "20201330115124"


@pytest.mark.parametrize("years", [None, [2012, 2022]])
def test_a_stamp_that_is_no_date_refuses_its_record_and_nothing_else(
    tmp_path: Path, ingest: Ingest, years: list[int] | None
) -> None:
    wrong = write(tmp_path / "a", three(stamp=IMPOSSIBLE, station="0906"))
    wrong.append(tmp_path / "a" / f"{IMPOSSIBLE}_0921.txt")
    wrong[-1].write_bytes(nsmn_content().encode("cp1254"))
    wrong.append(write_mat(tmp_path / "a", f"{IMPOSSIBLE}_0208.mat", date=None))
    write(tmp_path / "a", three())
    kept, refused = ingest(tmp_path / "a", years=years)
    assert kept == ["20201030115124_0905"]
    assert refused == dict.fromkeys((path.name for path in wrong), "bad_header")


@settings(max_examples=60, deadline=None, derandomize=True)
@given(stamp=st.from_regex(r"[0-9]{14}", fullmatch=True))
def test_any_stamp_makes_a_record_or_a_refusal(tmp_path_factory: pytest.TempPathFactory, stamp: str) -> None:
    folder = tmp_path_factory.mktemp("stamp")
    for one in three(stamp=stamp, station="0905"):
        path = write(folder, [one])[0]
        path.write_bytes(path.read_bytes().replace(b"2020/10/30\n", b"None\n"))
    refused: list[Reject] = []
    try:
        (record,) = read(folder, rejects=refused)
    except InputError:
        assert {one.reason for one in refused} == {Reason.BAD_HEADER}
    else:
        assert record.event_time == parse_stamp(stamp)
        year = refused_by(record, RecordsSettings(years=(1900, 2100)))
        assert (year is None) == (1900 <= int(stamp[:4]) <= 2100)


def test_where_the_header_does_not_tell_the_event_is_the_stamps(tmp_path: Path) -> None:
    for path in write(tmp_path, three()):
        path.write_bytes(
            path.read_bytes().replace(b"2020/10/30\n", b"None\n").replace(b"11:51:24.00000", b"")
        )
    (record,) = read(tmp_path)
    assert f"{record.event_time:%Y%m%d%H%M%S}" == "20201030115124"


def noise(folder: Path) -> None:
    """A minute of white noise, as a sensor that is not connected records it."""
    samples = np.random.default_rng(0).normal(0, 5, (3, 6000)).round(6)
    write(folder, [Component(component=name, samples=one) for name, one in zip("ENZ", samples, strict=True)])


def test_noise_alone_is_refused_unless_one_of_the_two_limits_is_lifted(
    tmp_path: Path, ingest: Ingest
) -> None:
    noise(tmp_path / "a")
    assert set(ingest(tmp_path / "a")[1].values()) == {"noise_only"}
    assert len(ingest(tmp_path / "a", min_autocorrelation=None)[0]) == 1
    assert len(ingest(tmp_path / "a", min_contrast_db=None)[0]) == 1
    assert set(ingest(tmp_path / "a", min_autocorrelation=None, max_spike_ratio=0.5)[1].values()) == {
        "spikes"
    }


def test_a_loud_burst_of_high_frequencies_is_no_noise(tmp_path: Path, ingest: Ingest) -> None:
    noise(tmp_path / "b")
    (record,) = read(tmp_path / "b")
    near = replace(record, contrast_db=16.0)
    assert refused_by(record, RecordsSettings()) == (
        Reason.NOISE_ONLY,
        f"autocorrelation {record.autocorrelation:.2f} of the loudest 2 s, which stand out by "
        f"{record.contrast_db:.1f} dB; at least 0.5 or 15 dB wanted",
    )
    assert refused_by(near, RecordsSettings()) is None
    assert refused_by(replace(record, autocorrelation=0.5), RecordsSettings()) is None


def test_a_mismatch_that_is_no_number_does_not_pass_a_limit(tmp_path: Path) -> None:
    write(tmp_path, three())
    (record,) = read(tmp_path)
    found = refused_by(replace(record, pga_mismatch=float("nan")), RecordsSettings(max_pga_mismatch=0.1))
    assert found is not None
    assert found[0] is Reason.PGA_MISMATCH


def test_any_refilterers_mark_may_be_preferred(tmp_path: Path, ingest: Ingest) -> None:
    for version in ("ap_Acc", "ap_XYZ_Acc"):
        write(tmp_path / "a", three(version=version))
    _, refused = ingest(tmp_path / "a", prefer=["ap_XYZ_Acc", "ap_Acc"])
    assert refused == {one.name: "duplicate" for one in three(version="ap_Acc")}


@pytest.mark.parametrize("name", ["mp_Aca", "asc", "ap_Acc ", ""])
def test_a_version_that_cannot_be_is_no_preference(name: str) -> None:
    with pytest.raises(InputError, match="is no version of a record, as mp_Acc"):
        validated(RecordsSettings, json.loads(json.dumps({"prefer": [name]})), "x")


def test_the_corners_of_each_component_are_its_headers(tmp_path: Path) -> None:
    for number, path in enumerate(write(tmp_path, three(version="ap_Acc"))):
        line = f"LOW_CUT_FREQUENCY_HZ: 0.{number + 1}\nHIGH_CUT_FREQUENCY_HZ: 4{number}\nUSER5".encode()
        path.write_bytes(path.read_bytes().replace(b"USER5", line))
    (record,) = read(tmp_path)
    assert (record.high_pass_e_hz, record.high_pass_n_hz, record.high_pass_z_hz) == (0.1, 0.2, 0.3)
    assert (record.low_pass_e_hz, record.low_pass_n_hz, record.low_pass_z_hz) == (40, 41, 42)
