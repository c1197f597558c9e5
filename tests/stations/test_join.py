"""The join: precedence, conflicts, refusals, and that the order of sources never matters."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from quakesite.rejects import Reason, rejects_table
from quakesite.stations.headers import read_headers
from quakesite.stations.join import join
from quakesite.stations.schema import Source
from quakesite.stations.statements import Statement
from quakesite.stations.tables import read_table


def said(source: Source, vs30: float | None = None, **values: Any) -> Statement:
    """Returns a statement on TK 3506."""
    defaults: dict[str, Any] = {"network": "TK", "station": "3506", "file": f"{source}.x", "place": "row 2"}
    if source is Source.HEADER:
        defaults["n_records"] = 1
    return Statement(source=source, vs30_m_s=vs30, **{**defaults, **values})


def test_a_report_counts_before_a_table_and_a_table_before_a_header() -> None:
    report, table, header = said(Source.REPORT, 400), said(Source.TABLE, 410), said(Source.HEADER, 415)
    for given_, source in (
        ([header, table, report], "report"),
        ([header, table], "table"),
        ([header], "header"),
    ):
        (row,) = join(given_, 5.0).stations.to_pylist()
        assert row["vs30_source"] == source
        assert row["vs30_file"] == f"{source}.x"
    assert [entry["status"] for entry in row["evidence"]] == ["kept"]


def test_values_that_differ_by_more_than_five_per_cent_are_conflicts() -> None:
    joined = join(
        [said(Source.TABLE, 400), said(Source.HEADER, 419), said(Source.HEADER, 421, n_records=7)], 5.0
    )
    (row,) = joined.conflicts.to_pylist()
    assert (row["field"], row["kept_source"], row["other_source"]) == ("vs30_m_s", "table", "header")
    assert (row["kept_value"], row["other_value"], row["difference_pct"]) == (400, 421, 5.25)
    assert row["detail"] == "7 records"
    statuses = sorted(entry["status"] for entry in joined.stations.to_pylist()[0]["evidence"])
    assert statuses == ["agrees", "disagrees", "kept"]


def test_a_report_that_contradicts_itself_is_a_conflict() -> None:
    joined = join([said(Source.REPORT, 400, stated_vs30_m_s=500.0)], 5.0)
    (row,) = joined.conflicts.to_pylist()
    assert (row["other_source"], row["other_value"], row["difference_pct"]) == ("report_stated", 500, 25)


def test_an_implausible_vs30_is_refused_and_the_next_source_counts() -> None:
    for value in (0.0, 79.9, 3000.1):
        joined = join([said(Source.TABLE, value), said(Source.HEADER, 500)], 5.0)
        (row,) = joined.stations.to_pylist()
        assert (row["vs30_m_s"], row["vs30_source"]) == (500, "header")
        (reject,) = joined.rejects
        assert reject.reason is Reason.IMPLAUSIBLE_VS30
        assert reject.detail == f"station 3506: Vs30 {value:g} m/s is not within 80 to 3000"
    assert [join([said(Source.TABLE, value)], 5.0).rejects for value in (80.0, 3000.0)] == [[], []]


def test_coordinates_over_a_kilometre_apart_are_a_conflict() -> None:
    table = said(Source.TABLE, latitude=38.0, longitude=27.0, date=dt.date(2018, 1, 1))
    near = said(Source.HEADER, latitude=38.008, longitude=27.0, file="near")
    far = said(Source.HEADER, latitude=38.02, longitude=27.0, file="far", date=dt.date(2005, 1, 1))
    joined = join([near, far, table], 5.0)
    (row,) = joined.conflicts.to_pylist()
    assert (row["field"], row["kept_source"], row["other_file"]) == ("moved", "table", "far: row 2")
    assert abs(row["difference_km"] - 2.22) < 0.01
    assert row["kept_value"] is None
    assert (
        row["detail"]
        == "38.00000 N 27.00000 E against 38.02000 N 27.00000 E, 1 record, latest record 2005-01-01"
    )
    assert joined.stations["latitude"].to_pylist() == [38.0]


def test_two_networks_with_one_code_are_two_rows_and_records_go_to_tk() -> None:
    joined = join(
        [
            said(Source.TABLE, 300, network="GZ"),
            said(Source.TABLE, 500),
            said(Source.HEADER, 505, network="KO"),
        ],
        5.0,
    )
    rows = joined.stations.to_pylist()
    assert [(row["network"], row["n_records"], row["vs30_m_s"]) for row in rows] == [
        ("TK", 1, 500),
        ("GZ", 0, 300),
    ]


def test_a_record_of_an_unlisted_station_still_makes_a_row() -> None:
    joined = join([said(Source.HEADER, None, network=None, n_records=3)], 5.0)
    (row,) = joined.stations.to_pylist()
    assert (row["network"], row["n_records"], row["vs30_m_s"], row["site_class"]) == ("", 3, None, None)


def test_the_later_of_two_reports_counts_and_the_other_is_refused_as_a_duplicate() -> None:
    old = said(Source.REPORT, 400, file="old.pdf", date=dt.date(2010, 1, 1))
    new = said(Source.REPORT, 450, file="new.pdf", date=dt.date(2019, 1, 1))
    joined = join([old, new], 5.0)
    assert joined.stations["vs30_m_s"].to_pylist() == [450]
    assert [(reject.reason, reject.source) for reject in joined.rejects] == [
        (Reason.DUPLICATE, "old.pdf: row 2")
    ]
    assert joined.conflicts.num_rows == 1


def test_a_whole_profile_counts_before_a_later_extrapolated_one() -> None:
    whole = said(Source.REPORT, 400, file="whole.pdf", date=dt.date(2010, 1, 1))
    flags = ("extrapolated_boore2011_from_22_m",)
    shallow = said(Source.REPORT, 405, file="b.pdf", date=dt.date(2019, 1, 1), flags=flags)
    shallow = replace(shallow, extrapolation_sigma_ln=0.06)
    (row,) = join([shallow, whole], 5.0).stations.to_pylist()
    assert (row["vs30_file"], row["vs30_flags"]) == ("whole.pdf", None)


def test_of_a_station_listed_twice_the_open_one_counts(station_list: Callable[..., Path]) -> None:
    heading = ["Code", "Vs30", "RemovalDate", "InstallationData"]
    closed = {"code": "3506", "vs30": 300, "removaldate": "2015-01-01", "installationdata": "2014-01-01"}
    path = station_list("list.csv", closed, {"code": "3506", "vs30": 500}, heading=heading)
    statements, _ = read_table(path)
    joined = join(statements, 5.0)
    (row,) = joined.stations.to_pylist()
    assert (row["vs30_m_s"], row["removed"]) == (500, None)
    assert [(reject.reason, reject.source) for reject in joined.rejects] == [
        (Reason.DUPLICATE, f"{path}: row 2")
    ]


def test_records_are_counted_and_the_latest_header_speaks(record_shard: Callable[..., Path]) -> None:
    early, late = dt.datetime(2010, 1, 1, tzinfo=dt.UTC), dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    shards = [
        record_shard(
            "0.parquet", {"station": "3506", "vs30_m_s": 700.0, "event_time": late}, {"station": "0208"}
        ),
        record_shard("1.parquet", {"station": "3506", "vs30_m_s": 500.0, "event_time": early}),
    ]
    joined = join(read_headers(shards), 5.0)
    rows = {row["station"]: row for row in joined.stations.to_pylist()}
    assert list(rows) == ["0208", "3506"]
    assert (rows["3506"]["vs30_m_s"], rows["3506"]["n_records"]) == (700, 2)
    assert (rows["0208"]["vs30_m_s"], rows["0208"]["n_records"]) == (None, 1)
    assert joined.conflicts["other_value"].to_pylist() == [500]


statement = st.builds(
    Statement,
    source=st.sampled_from(Source),
    network=st.sampled_from(["TK", "GZ", None]),
    station=st.sampled_from(["0208", "3506"]),
    file=st.sampled_from(["a", "b"]),
    place=st.integers(1, 40).map("row {}".format),
    vs30_m_s=st.sampled_from([None, 50.0, 300.0, 310.0, 500.0]),
    latitude=st.sampled_from([None, 38.0, 38.1]),
    longitude=st.just(27.0),
    date=st.sampled_from([None, dt.date(2010, 1, 1), dt.date(2020, 1, 1)]),
    removed=st.sampled_from([None, dt.date(2021, 1, 1)]),
    f0_hz=st.sampled_from([None, 1.0, 2.0]),
    n_records=st.just(0),
)


@settings(deadline=None)
@given(st.lists(statement, max_size=10, unique_by=lambda row: (row.file, row.place)), st.randoms())
def test_the_order_of_sources_never_changes_the_result(
    statements: list[Statement], order: random.Random
) -> None:
    statements = [replace(row, n_records=1) if row.source is Source.HEADER else row for row in statements]
    shuffled = list(statements)
    order.shuffle(shuffled)
    one, other = join(statements, 5.0), join(shuffled, 5.0)
    assert one.stations == other.stations
    assert one.conflicts == other.conflicts
    assert rejects_table(one.rejects) == rejects_table(other.rejects)


@settings(deadline=None)
@given(st.lists(statement, max_size=10, unique_by=lambda row: (row.file, row.place)))
def test_every_vs30_is_kept_agreeing_disagreeing_or_refused(statements: list[Statement]) -> None:
    joined = join(statements, 5.0)
    entries = [entry for row in joined.stations.to_pylist() for entry in row["evidence"]]
    assert len(entries) == len(statements)
    refused = sum(entry["status"].startswith("refused") for entry in entries)
    speaking = sum(entry["status"] in {"kept", "agrees", "disagrees"} for entry in entries)
    assert refused + speaking == sum(row.vs30_m_s is not None for row in statements)
    no_label = {Reason.IMPLAUSIBLE_VS30, Reason.MOVED}
    assert refused == sum(reject.reason in no_label for reject in joined.rejects)
    measured = joined.stations.num_rows - joined.stations["vs30_m_s"].null_count
    assert sum(entry["status"] == "kept" for entry in entries) == measured


@settings(deadline=None, max_examples=20)
@given(st.permutations(range(6)))
def test_the_order_of_a_table_s_rows_never_changes_the_values(order: list[int]) -> None:
    rows = [
        said(Source.TABLE, vs30, station=code, file="list.xlsx", f0_hz=f0, removed=removed)
        for vs30, code, f0, removed in [
            (300, "3506", None, None),
            (310, "3506", 1.0, None),
            (None, "3506", 2.0, None),
            (500, "0208", None, dt.date(2020, 1, 1)),
            (700, "0208", None, None),
            (40, "0208", 3.0, None),
        ]
    ]
    moved = [replace(rows[index], place=f"row {place}") for place, index in enumerate(order, 2)]
    drop = ["vs30_place", "origins", "evidence"]
    assert join(moved, 5.0).stations.drop_columns(drop) == join(rows, 5.0).stations.drop_columns(drop)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_what_is_kept_is_never_refused_and_duplicates_name_what_is_kept(data: st.DataObject) -> None:
    """A later report far from the station, or with an impossible value, does not count before a sound one."""
    statements = []
    for index in range(data.draw(st.integers(1, 5))):
        source = data.draw(st.sampled_from([Source.REPORT, Source.REPORT, Source.TABLE, Source.HEADER]))
        latitude = data.draw(st.sampled_from([None, 38.0, 38.5]))
        statements.append(
            said(
                source,
                data.draw(st.sampled_from([None, 300.0, 400.0, 4000.0])),
                latitude=latitude,
                longitude=None if latitude is None else 27.0,
                date=data.draw(st.sampled_from([None, dt.date(2000, 1, 1), dt.date(2020, 1, 1)])),
                file="list" if source is Source.TABLE else f"{source}{index}",
                place=f"row {index}",
            )
        )
    joined = join(statements, 5.0)
    (row,) = joined.stations.to_pylist()
    refused = [reject.source for reject in joined.rejects]
    assert len(refused) == len(set(refused))
    kept = [f"{one['file']}: {one['place']}" for one in row["evidence"] if one["status"] == "kept"]
    assert not set(kept) & set(refused)
    duplicates = [reject for reject in joined.rejects if reject.reason is Reason.DUPLICATE]
    of_kept = [one for one in duplicates if kept and one.source[:4] == kept[0][:4] != "head"]
    assert all(f"{kept[0]} counts instead" in reject.detail for reject in of_kept)


def test_of_two_reports_the_one_that_is_kept_makes_the_other_a_duplicate() -> None:
    place = {"latitude": 38.0, "longitude": 27.0}
    table = said(Source.TABLE, 410, **place)
    near = said(Source.REPORT, 400, file="near", date=dt.date(2010, 1, 1), **place)
    far = said(Source.REPORT, 300, file="far", date=dt.date(2020, 1, 1), latitude=38.5, longitude=27.0)
    joined = join([table, near, far], 5.0)
    (row,) = joined.stations.to_pylist()
    assert row["vs30_m_s"] == 400
    (reject,) = joined.rejects
    assert (reject.source, reject.detail) == (
        "far: row 2",
        "station 3506: near: row 2 counts instead",
    )


def test_records_go_to_the_network_that_all_their_headers_name() -> None:
    listed = [said(Source.TABLE, 300, network="KO"), said(Source.TABLE, 600, network="TK", place="row 3")]
    rows = join([*listed, said(Source.HEADER, 300, network="KO")], 5.0).stations.to_pylist()
    assert [(row["network"], row["n_records"]) for row in rows] == [("KO", 1), ("TK", 0)]
    rows = join([*listed, said(Source.HEADER, 600, network="TK")], 5.0).stations.to_pylist()
    assert [(row["network"], row["n_records"]) for row in rows] == [("TK", 1), ("KO", 0)]


def test_a_report_that_nobody_names_a_network_for_is_of_tk() -> None:
    (row,) = join([said(Source.REPORT, 300, network=None)], 5.0).stations.to_pylist()
    assert row["network"] == "TK"
