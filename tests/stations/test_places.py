"""Stations that moved, closed, or of which sources disagree where they stand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from quakesite.rejects import Reason
from quakesite.stations.headers import read_headers
from quakesite.stations.join import Joined, join
from quakesite.stations.places import places
from quakesite.stations.schema import Source
from quakesite.stations.statements import Statement
from quakesite.stations.tables import read_table

HERE, NEAR, THERE = (38.0, 27.0), (38.005, 27.0), (38.1, 27.0)


def said(source: Source, at: tuple[float, float] | None, year: int | None = None, **values: Any) -> Statement:
    """Returns a statement on TK 3506 of the first of January of `year`."""
    defaults: dict[str, Any] = {"network": "TK", "station": "3506", "file": f"{source}.x", "place": "row 2"}
    if source is Source.HEADER:
        defaults |= {"n_records": 1, "record_ids": (f"{year}_3506",)}
    latitude, longitude = at if at is not None else (None, None)
    date = dt.date(year, 1, 1) if year is not None else None
    first = date if source is Source.HEADER else None
    given_ = {"latitude": latitude, "longitude": longitude, "date": date, "first_date": first}
    return Statement(source=source, **{**defaults, **given_, **values})


def only(joined: Joined) -> dict[str, Any]:
    """Returns the one station's row."""
    (row,) = joined.stations.to_pylist()
    return dict(row)


def test_the_vs30_of_where_a_station_stood_before_is_not_used_where_it_stands_now() -> None:
    old = said(Source.HEADER, THERE, 2005, vs30_m_s=300.0, record_ids=("a", "b"), n_records=2)
    listed = said(Source.TABLE, HERE, 2018)
    joined = join([old, listed, said(Source.HEADER, NEAR, 2020, vs30_m_s=700.0)], 5.0)
    row = only(joined)
    assert (row["latitude"], row["vs30_m_s"], row["vs30_source"]) == (38.0, 700.0, "header")
    assert row["records_before_move"] == ["a", "b"]
    assert row["n_records"] == 3
    (reject,) = joined.rejects
    assert reject.reason is Reason.MOVED
    assert reject.detail == "station 3506: Vs30 300 m/s is of where it stood before, 11.1 km away"
    (conflict,) = joined.conflicts.to_pylist()
    assert (conflict["field"], conflict["difference_km"]) == ("moved", 11.1)


def test_without_a_table_the_latest_records_say_where_the_station_stands() -> None:
    old = said(Source.HEADER, THERE, 2005, vs30_m_s=300.0, file="old")
    row = only(join([old, said(Source.HEADER, HERE, 2015, file="new")], 5.0))
    assert (row["latitude"], row["vs30_m_s"], row["records_before_move"]) == (38.0, None, ["2005_3506"])


def test_records_at_both_places_at_once_are_no_move_but_a_conflict() -> None:
    between = said(Source.HEADER, THERE, 2010, vs30_m_s=300.0, file="between")
    here = said(Source.HEADER, HERE, 2015, file="new", first_date=dt.date(2005, 1, 1))
    joined = join([between, here], 5.0)
    row = only(joined)
    assert (row["vs30_m_s"], row["vs30_flags"]) == (300.0, "measured_11.1_km_away")
    assert row["records_before_move"] == []
    assert joined.conflicts["field"].to_pylist() == ["coordinates"]
    assert joined.rejects == []


def test_what_was_measured_over_a_kilometre_away_counts_after_everything_measured_here() -> None:
    far = said(Source.REPORT, THERE, 2020, vs30_m_s=400.0)
    row = only(join([far, said(Source.TABLE, HERE, 2018, vs30_m_s=600.0)], 5.0))
    assert (row["vs30_m_s"], row["vs30_source"]) == (600.0, "table")
    near = said(Source.REPORT, NEAR, 2020, vs30_m_s=400.0)
    row = only(join([near, said(Source.TABLE, HERE, 2018, vs30_m_s=600.0)], 5.0))
    assert (row["vs30_m_s"], row["vs30_flags"]) == (400.0, None)


def test_a_report_from_before_the_move_is_refused_even_without_coordinates() -> None:
    listed, old = said(Source.TABLE, HERE, 2018), said(Source.HEADER, THERE, 2005)
    report = said(Source.REPORT, None, 2009, vs30_m_s=400.0)
    joined = join([listed, old, report], 5.0)
    assert only(joined)["vs30_m_s"] is None
    assert [reject.reason for reject in joined.rejects] == [Reason.MOVED]
    assert only(join([listed, report], 5.0))["vs30_m_s"] == 400.0


def test_a_record_here_before_the_installation_shows_that_the_sensor_was_replaced_not_moved() -> None:
    early = said(Source.HEADER, NEAR, 2003, vs30_m_s=500.0)
    odd = said(Source.HEADER, THERE, 2005, file="odd")
    joined = join([said(Source.TABLE, HERE, 2018), early, odd], 5.0)
    assert joined.conflicts["field"].to_pylist() == ["coordinates"]


def test_closed_stations_are_kept_and_records_after_their_end_are_a_conflict(
    station_list: Callable[..., Path], record_shard: Callable[..., Path]
) -> None:
    heading = ["Code", "Vs30", "InstallationData", "RemovalDate", "KyhStatus"]
    row = {"code": "3506", "vs30": 500, "installationdata": "2001-01-01", "removaldate": "2015-06-01"}
    statements, _ = read_table(station_list("list.csv", row | {"kyhstatus": "Closed"}, heading=heading))
    late = {"station": "3506", "event_time": dt.datetime(2020, 1, 1, tzinfo=dt.UTC)}
    joined = join([*statements, *read_headers([record_shard("0.parquet", late)])], 5.0)
    found = only(joined)
    assert (found["vs30_m_s"], found["status"], found["removed"]) == (500, "Closed", dt.date(2015, 6, 1))
    (conflict,) = joined.conflicts.to_pylist()
    assert (conflict["field"], conflict["detail"]) == (
        "closed",
        "removed 2015-06-01, latest record 2020-01-01",
    )


def test_of_a_closed_and_an_open_row_apart_the_closed_one_is_where_it_stood(
    station_list: Callable[..., Path],
) -> None:
    heading = ["Code", "Vs30", "Latitude", "Longitude", "RemovalDate"]
    closed = {"code": "3506", "vs30": 300, "latitude": 38.1, "longitude": 27, "removaldate": "2015-01-01"}
    now = {"code": "3506", "latitude": 38.0, "longitude": 27}
    statements, _ = read_table(station_list("list.csv", closed, now, heading=heading))
    joined = join(statements, 5.0)
    assert only(joined)["vs30_m_s"] is None
    assert [reject.reason for reject in joined.rejects] == [Reason.MOVED]


def test_headers_keep_their_first_date_and_their_records(record_shard: Callable[..., Path]) -> None:
    early, late = dt.datetime(2010, 1, 1, tzinfo=dt.UTC), dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    shard = record_shard(
        "0.parquet", {"station": "3506", "event_time": late}, {"station": "3506", "event_time": early}
    )
    (header,) = read_headers([shard])
    assert (header.first_date, header.date) == (early.date(), late.date())
    assert header.record_ids == ("20200101000000_3506", "20200101000001_3506")


statement = st.builds(
    said,
    st.sampled_from(Source),
    st.sampled_from([None, HERE, NEAR, THERE]),
    st.sampled_from([None, 2005, 2010, 2018]),
    vs30_m_s=st.sampled_from([None, 300.0, 700.0]),
    removed=st.sampled_from([None, dt.date(2015, 1, 1)]),
    place=st.integers(1, 40).map("row {}".format),
    record_ids=st.just(()),
)


@settings(deadline=None)
@given(st.lists(statement, max_size=8, unique_by=lambda row: (row.file, row.place)))
def test_no_vs30_is_ever_taken_from_where_a_station_stood_before(statements: list[Statement]) -> None:
    rows = join(statements, 5.0).stations.to_pylist()
    for row in rows:
        for entry in row["evidence"]:
            told = entry["status"] == "kept" and entry["latitude"] is not None
            if told and abs(entry["latitude"] - row["latitude"]) > 0.01:
                assert "km_away" in row["vs30_flags"]
    moved = places(statements).moved
    assert all(row.date is not None or row.removed is not None for row in moved)


def test_a_report_alone_proves_no_move() -> None:
    """Its coordinates may be mistyped, and a table that states a Vs30 must not lose it for that."""
    table = said(Source.TABLE, HERE, 2010, vs30_m_s=500.0)
    mistyped = said(Source.REPORT, THERE, 2005, vs30_m_s=300.0)
    elsewhere = said(Source.REPORT, None, 2006, vs30_m_s=400.0)
    joined = join([table, mistyped, elsewhere], 5.0)
    (row,) = joined.stations.to_pylist()
    assert (row["vs30_m_s"], row["vs30_source"]) == (400.0, "report")
    assert Reason.MOVED not in {reject.reason for reject in joined.rejects}
    assert {conflict["field"] for conflict in joined.conflicts.to_pylist()} == {"vs30_m_s", "coordinates"}
