"""Hypocentres and magnitudes from a table of events."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from quakesite.errors import InputError
from quakesite.records import Record, read
from quakesite.records.events import with_event

from .conftest import Ingested, three, write

HEADER = "event_id,time,latitude,longitude,depth_km,magnitude,magnitude_type,location"
ROWS = (
    "1,2020-10-30T11:50:00.000000Z,30,30,5,3.1,ML,elsewhere",
    "2,2020-10-30T11:51:26.500000Z,37.879,26.703,16.54,6.6,MW,Samos",
    "3,2020-10-30T11:51:31.000000Z,37.5,26.5,9,4.0,ML,its twin",
)


def table(folder: Path, *rows: str, header: str = HEADER) -> str:
    path = folder / "events.csv"
    path.write_text("\n".join([header, *reversed(rows)]) + "\n", encoding="utf-8")
    return str(path)


@pytest.fixture
def bare(tmp_path: Path) -> Record:
    """A record that tells nothing of its event but the stamp, as miniSEED does."""
    write(tmp_path / "a", three())
    (record,) = read(tmp_path / "a")
    nothing = dict.fromkeys(
        ("ev_latitude", "ev_longitude", "ev_depth_km", "magnitude", "magnitude_type", "mw")
    )
    distances = dict.fromkeys(("epicentral_distance_km", "back_azimuth_deg", "agency_event_id"))
    stamp = datetime(2020, 10, 30, 11, 51, 24, tzinfo=UTC)
    return replace(record, event_time=stamp, origin_mismatch_s=None, **nothing | distances)


def test_what_a_record_lacks_is_its_events(tmp_path: Path, bare: Record) -> None:
    (whole,) = read(tmp_path / "a")
    found = with_event(bare, [table(tmp_path, *ROWS)])
    for name in ("ev_latitude", "ev_longitude", "ev_depth_km", "magnitude", "magnitude_type", "mw", "ml"):
        assert getattr(found, name) == getattr(whole, name), name
    assert found.epicentral_distance_km == whole.epicentral_distance_km
    assert (found.back_azimuth_deg, found.origin_mismatch_s) == (
        whole.back_azimuth_deg,
        whole.origin_mismatch_s,
    )
    assert found.agency_event_id == "2"


def test_the_agencys_id_comes_before_the_nearest_time(tmp_path: Path, bare: Record) -> None:
    found = with_event(replace(bare, agency_event_id="3"), [table(tmp_path, *ROWS)])
    assert (found.magnitude, found.magnitude_type, found.ml) == (4.0, "ML", 4.0)


def test_a_header_stands_and_a_far_origin_is_another_event(tmp_path: Path, bare: Record) -> None:
    known = with_event(replace(bare, magnitude=5.0, magnitude_type="ML"), [table(tmp_path, *ROWS)])
    assert (known.magnitude, known.magnitude_type, known.ev_depth_km) == (5.0, "ML", 16.54)
    assert with_event(bare, [table(tmp_path, ROWS[0])]) is bare
    assert with_event(bare, []) is bare
    for year in (1, 9999):
        end = datetime(year, 1, 1, tzinfo=UTC) if year == 1 else datetime.max.replace(tzinfo=UTC)
        assert with_event(replace(bare, event_time=end), [table(tmp_path, *ROWS)]).magnitude is None
    assert with_event(replace(bare, event_time=None), [table(tmp_path, *ROWS)]).magnitude is None


def test_a_record_without_coordinates_is_kept_with_a_table(
    tmp_path: Path, ingest: Callable[..., Ingested]
) -> None:
    for path in write(tmp_path / "b", three()):
        content = path.read_bytes().replace(b"LATITUDE_DEGREE: 37.879", b"LATITUDE_DEGREE: ")
        path.write_bytes(content.replace(b"EPICENTRAL_DISTANCE_KM: 49.38", b"EPICENTRAL_DISTANCE_KM: "))
    assert set(ingest(tmp_path / "b")[1].values()) == {"distance_unknown"}
    kept, refused = ingest(tmp_path / "b", events=[table(tmp_path, *ROWS)])
    assert (kept, refused) == (["20201030115124_0905"], {})


def test_a_table_that_is_written_again_is_read_again(tmp_path: Path, bare: Record) -> None:
    path = table(tmp_path, *ROWS)
    assert with_event(bare, [path]).magnitude == 6.6
    table(tmp_path, ROWS[1].replace("6.6", "6.65"))
    assert with_event(bare, [path]).magnitude == 6.65


@pytest.mark.parametrize(
    ("header", "row", "message"),
    [
        (HEADER.replace("depth_km,", ""), ROWS[0], "no column depth_km"),
        (HEADER, ROWS[0].replace("2020-10-30T", "yesterday "), "line 2: 'yesterday .* is no time"),
    ],
)
def test_a_table_that_is_none_is_an_error(
    tmp_path: Path, bare: Record, header: str, row: str, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        with_event(bare, [table(tmp_path, row, header=header)])


def test_no_table_is_an_error(tmp_path: Path, bare: Record) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        with_event(bare, [str(tmp_path / "events.csv")])
