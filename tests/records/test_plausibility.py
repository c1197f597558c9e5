"""Whether a record can be of its event, and what becomes of one that cannot."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from quakesite.records import read
from quakesite.records.plausibility import origin_mismatch_s
from quakesite.records.settings import NO_LIMITS, RecordsSettings

from .conftest import Component, Ingested, three, write

ORIGIN = datetime(2020, 10, 30, 11, 51, 24, tzinfo=UTC)
Ingest = Callable[..., Ingested]


@pytest.mark.parametrize(
    ("start_s", "mismatch_s"),
    [
        (-20.0, 0.0),  # runs from 20 s before the origin to 40 s after
        (5.0, 0.0),
        (40.0, 0.0),  # the last wave, at 2 km/s, comes at 41 s
        (141.0, 100.0),
        (-60.0, 10.0),  # ends at the origin; the first wave, at 8.2 km/s, comes 10 s later
        (-3660.0, 3610.0),  # a clock an hour off
    ],
)
def test_how_far_a_record_misses_its_event(start_s: float, mismatch_s: float) -> None:
    found = origin_mismatch_s(ORIGIN, ORIGIN + timedelta(seconds=start_s), 60.0, 80.0, 18.0)
    assert found == pytest.approx(mismatch_s, abs=0.01)


def test_what_is_unknown_mismatches_nothing() -> None:
    assert origin_mismatch_s(None, ORIGIN, 60.0, 80.0, 18.0) is None
    assert origin_mismatch_s(ORIGIN, None, 60.0, 80.0, 18.0) is None
    assert origin_mismatch_s(ORIGIN, ORIGIN, 60.0, None, 18.0) is None
    assert origin_mismatch_s(ORIGIN, ORIGIN, 60.0, 82.0, None) == 0.0


def changed(folder: Path, old: str, new: str) -> set[str]:
    """Writes a record with one header line changed, and returns the names of its files."""
    for one in three():
        content = one.content
        assert old.encode() in content
        write(folder, [one])[0].write_bytes(content.replace(old.encode(), new.encode()))
    return {one.name for one in three()}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("DEPTH_KM: 16.54", "DEPTH_KM: -3.0"),
        ("DEPTH_KM: 16.54", "DEPTH_KM: 16540"),
        ("MAGNITUDE_W: 6.6", "MAGNITUDE_W: 0.0"),
        ("MAGNITUDE_W: 6.6", "MAGNITUDE_W: 9.9"),
    ],
)
def test_an_event_that_cannot_be_is_refused(tmp_path: Path, ingest: Ingest, old: str, new: str) -> None:
    names = changed(tmp_path / "a", old, new)
    assert ingest(tmp_path / "a") == ([], dict.fromkeys(names, "implausible_hypocentre"))
    off = {"plausible_depth_km": None, "plausible_magnitude": None}
    assert len(ingest(tmp_path / "a", **off)[0]) == 1


@pytest.mark.parametrize("place", ["EVENT", "STATION"])
def test_zero_north_zero_east_is_refused_as_unknown(tmp_path: Path, ingest: Ingest, place: str) -> None:
    lines = Component().content.decode().split("\n")
    where = [line for line in lines if line.startswith((f"{place}_LATITUDE", f"{place}_LONGITUDE"))]
    for one in three():
        content = one.content.decode()
        for line in where:
            content = content.replace(line, f"{line.partition(':')[0]}: 0.0")
        write(tmp_path / "a", [one])[0].write_text(content)
    kept, refused = ingest(tmp_path / "a")
    assert (kept, set(refused.values())) == ([], {"implausible_hypocentre"})
    _, refused = ingest(tmp_path / "a", reject_zero_coordinates=False)
    assert set(refused.values()) == {"too_far"}


@pytest.mark.parametrize("line", ["EVENT_LONGITUDE_DEGREE: 26.703", "STATION_LATITUDE_DEGREE: 37.85997"])
def test_a_place_outside_the_globe_is_unknown(tmp_path: Path, line: str) -> None:
    changed(tmp_path / "a", line, f"{line.partition(':')[0]}: 267.03")
    (record,) = read(tmp_path / "a")
    assert record.epicentral_distance_km == record.stated_distance_km == 49.38
    assert record.back_azimuth_deg is None
    assert "267.03' taken as unknown" in str(record.header_doubts)


def test_a_record_that_misses_its_event_is_refused_where_there_is_a_limit(
    tmp_path: Path, ingest: Ingest
) -> None:
    write(tmp_path / "a", three(Component().at(3600.0)))
    assert set(ingest(tmp_path / "a", max_origin_mismatch_s=60)[1].values()) == {"implausible_hypocentre"}
    assert len(ingest(tmp_path / "a")[0]) == 1
    (record,) = read(tmp_path / "a")
    assert record.origin_mismatch_s == pytest.approx(3600 - 22 - 26, abs=1)


def test_reading_by_path_leaves_nothing_out(tmp_path: Path) -> None:
    changed(tmp_path / "a", "DEPTH_KM: 16.54", "DEPTH_KM: -3.0")
    (record,) = read(tmp_path / "a")
    assert record.ev_depth_km == -3.0
    unlimited = RecordsSettings.model_validate(NO_LIMITS).model_dump(exclude={"prefer", "events"})
    assert set(unlimited.values()) == {None, False}


def test_a_real_record_whose_clock_is_wrong_ends_before_its_earthquake(
    shared_data: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(shared_data / "tadas/20230206011732_export.zip") as opened:
        for name in opened.namelist():
            if "_4619_" in name:
                opened.extract(name, tmp_path)
    (record,) = read(tmp_path)
    assert record.origin_mismatch_s == pytest.approx(5.435, abs=1e-3)
    assert record.end_time is not None
    assert record.event_time is not None
    assert record.end_time < record.event_time
    assert record.pga_cm_s2 < 0.1  # 37 km from an earthquake of Mw 7.7: it holds noise
