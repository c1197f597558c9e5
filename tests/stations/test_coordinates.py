"""Coordinates as lists and reports write them: degrees with minutes and seconds, and UTM with its zone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quakesite.rejects import Reason
from quakesite.stations.coordinates import Axis, Utm, degrees, from_utm, zone_in, zone_of
from quakesite.stations.report_layouts import Layout
from quakesite.stations.reports import read_report
from quakesite.stations.statements import Statement
from quakesite.stations.tables import read_table


@pytest.mark.parametrize(
    ("text", "axis", "value"),
    [
        ("39°55'12\"N", "latitude", 39.92),
        ("39° 55\u2032 12\u2033 K", "latitude", 39.92),
        ("39\u00ba55\u201912\u201dN", "latitude", 39.92),
        ("39\u00b055\u00b412\u00b4\u00b4", "latitude", 39.92),
        ("N 39 55 12", "latitude", 39.92),
        ("39 55 12,0", "latitude", 39.92),
        ("39:55:12", "latitude", 39.92),
        ("39°55.2'", "latitude", 39.92),
        ("Kuzey 39°55'12''", "latitude", 39.92),
        ("39,92 K", "latitude", 39.92),
        ("39.92°", "latitude", 39.92),
        ("39,92", "latitude", 39.92),
        (39.92, "latitude", 39.92),
        ("12°30'S", "latitude", -12.5),
        ("12,5 Güney", "latitude", -12.5),
        ("-12°30'", "latitude", -12.5),
        ("032°51'00\" Doğu", "longitude", 32.85),
        ("32°51'D", "longitude", 32.85),
        ("E32.85", "longitude", 32.85),
        ("70°15'B", "longitude", -70.25),
        ("yok", "latitude", None),
        ("", "latitude", None),
        (None, "longitude", None),
    ],
)
def test_degrees_are_read_as_people_write_them(text: object, axis: Axis, value: float | None) -> None:
    assert degrees(text, axis) == value


@pytest.mark.parametrize(
    ("text", "axis", "message"),
    [
        ("39°55'12\"E", "latitude", "is a longitude, not a latitude"),
        ("32°51' K", "longitude", "is a latitude, not a longitude"),
        ("39°65'", "latitude", "minutes and seconds go from 0 to 59"),
        ("39°55.5'12\"", "latitude", "minutes and seconds go from 0 to 59"),
        ("39 55", "latitude", "is no latitude"),
        ("39.55.12", "latitude", "is no latitude"),
        ("N 39.9 K", "latitude", "is no latitude"),
        ("-39.9 S", "latitude", "is no latitude"),
        ("39.9 X", "latitude", "is no latitude"),
        ("Ankara", "latitude", "is no latitude"),
    ],
)
def test_what_can_be_read_in_two_ways_is_no_coordinate(text: str, axis: Axis, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        degrees(text, axis)


@given(st.integers(-89 * 3600, 89 * 3600))
def test_minutes_and_seconds_are_what_they_were_made_from(whole: int) -> None:
    minutes, seconds = divmod(abs(whole), 60)
    text = f"{minutes // 60}° {minutes % 60}' {seconds}\" {'NS'[whole < 0]}"
    assert degrees(text, "latitude") == whole / 3600


@pytest.mark.parametrize(
    ("place", "latitude", "longitude"),
    [
        (Utm(488035.7057242805, 4418887.442785519, 36), 39.92, 32.86),
        (Utm(506986.4266499997, 4249090.799529506, 35), 38.39, 27.08),
        (Utm(351758.6703117131, 4262662.689123487, 38), 38.5, 43.3),
    ],
)
def test_utm_is_what_proj_makes_of_it(place: Utm, latitude: float, longitude: float) -> None:
    """The numbers are those of PROJ 9.5 (pyproj 3.7.2), EPSG:32635 to 32638."""
    assert from_utm(place) == pytest.approx((latitude, longitude), abs=1e-8)


@pytest.mark.parametrize(
    ("text", "zone"), [(36, 36), (36.0, 36), ("36N", 36), ("36 S", 36), ("UTM Zone 37T", 37), ("-", None)]
)
def test_zones_are_read_as_people_write_them(text: object, zone: int | None) -> None:
    assert zone_of(text) == zone


@pytest.mark.parametrize("text", ["0", "61", "36K", "TM30", "DOM 33", "zone"])
def test_what_is_no_zone_of_the_north_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no UTM zone of the northern hemisphere; write it as 36N"):
        zone_of(text)


def test_a_heading_can_name_the_zone_and_another_datum_is_refused() -> None:
    assert zone_in("Easting (UTM 36N)") == "36n"
    assert zone_in("Doğu [UTM Zone: 35]") == "35"
    assert zone_in("Easting (m)") is None
    with pytest.raises(ValueError, match="ED50 lies some 100 m from WGS84"):
        zone_of(zone_in("Easting (ED50 UTM 36)"))


EAST, NORTH = "488035,71", "4418887,44"


@pytest.mark.parametrize(
    ("heading", "cells"),
    [
        (["Code", "Vs30", "Easting", "Northing", "Zone"], [3506, 412, EAST, NORTH, "36N"]),
        (["Code", "Vs30", "UTM X", "UTM Y", "UTM Zone"], [3506, 412, NORTH, EAST, "36S"]),
        (["Code", "Vs30", "Easting (UTM 36N)", "Northing"], [3506, 412, EAST, NORTH]),
        (["Code", "Vs30", "Latitude", "Longitude"], [3506, 412, "39°55'12\"K", "32° 51' 36\" D"]),
    ],
)
def test_a_list_in_utm_or_minutes_says_where_its_stations_are(
    tmp_path: Path, heading: list[str], cells: list[object]
) -> None:
    path = tmp_path / "list.csv"
    path.write_text(";".join(heading) + "\n" + ";".join(map(str, cells)) + "\n", encoding="utf-8")
    (said,), rejects = read_table(path)
    assert (said.latitude, said.longitude) == pytest.approx((39.92, 32.86), abs=1e-7)
    assert rejects == []


@pytest.mark.parametrize(
    ("heading", "cells", "detail"),
    [
        (
            ["Easting", "Northing", "Zone"],
            [EAST, NORTH, ""],
            "coordinates: UTM without its zone; add a column Zone (36N)",
        ),
        (["Easting", "Northing", "Zone"], ["48,8", NORTH, 36], "coordinates: easting 48.8 m is not within"),
        (["Easting", "Northing", "Zone"], [EAST, NORTH, "ED50 36"], "coordinates: 'ED50 36': ED50 lies"),
        (["Latitude", "Longitude"], [NORTH, "32,86"], "latitude: 4418887.44 is no degree; for UTM give"),
        (["Latitude", "Longitude"], ["39°71'", "32,86"], 'latitude: "39°71\'" is no latitude: minutes'),
    ],
)
def test_coordinates_that_cannot_be_read_say_what_to_do_and_the_vs30_stays(
    tmp_path: Path, heading: list[str], cells: list[object], detail: str
) -> None:
    path = tmp_path / "list.csv"
    lines = [["Code", "Vs30", *heading], ["3506", "412", *map(str, cells)]]
    path.write_text("\n".join(map(";".join, lines)) + "\n", encoding="utf-8")
    (said,), (reject,) = read_table(path)
    assert (said.vs30_m_s, said.latitude, said.longitude) == (412.0, None, None)
    assert (reject.reason, reject.source) == (Reason.BAD_TABLE_ROW, f"{path}: row 2")
    assert reject.detail.startswith(f"station 3506: {detail}")


def test_a_table_in_utm_that_names_no_zone_has_one_row_and_not_one_for_each_station(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    rows = [f"{code};412;{EAST};{NORTH}" for code in range(101, 201)]
    path.write_text("\n".join(["Code;Vs30;Easting;Northing", *rows]) + "\n", encoding="utf-8")
    statements, (reject,) = read_table(path)
    assert {(said.vs30_m_s, said.latitude) for said in statements} == {(412.0, None)}
    assert reject.source == f"{path}: row 1"
    assert reject.detail == (
        "coordinates of 100 rows: UTM without its zone; add a column Zone (36N), or give degrees"
    )


def test_degrees_count_before_utm_and_ask_for_no_zone(station_list: Callable[..., Path]) -> None:
    heading = ["Code", "Vs30", "Latitude", "Longitude", "Easting", "Northing"]
    row = {"code": 208, "vs30": 412, "latitude": 39.9, "longitude": 32.8, "easting": 1, "northing": 2}
    (said,), rejects = read_table(station_list("list.xlsx", row, heading=heading))
    assert (said.latitude, said.longitude, rejects) == (39.9, 32.8, [])


@pytest.mark.parametrize(
    "lines",
    [
        ["Enlem: 39° 55' 12\" K", "Boylam: 32° 51' 36\" D"],
        ["Latitude: N 39°55'12.0\"", "Longitude: E 32°51'36.0\""],
        ["Enlem; 39\u00ba 55\u2019 12\u201d", "Boylam; 32\u00ba 51\u2019 36\u201d"],
        ["Enlem (°): 39:55:12", "Boylam (°): 32:51:36"],
        ["Latitude: 39.92 N  Longitude: 32.86 E"],
        ["Enlem: 39,92", "Boylam: 32,86"],
    ],
)
def test_a_report_in_minutes_and_seconds_says_where_it_was_measured(
    tmp_path: Path, layouts: list[Layout], lines: list[str]
) -> None:
    table = ["Thickness (m);Vs (m/s)", "10;200", "20;400", "-;800"]
    path = tmp_path / "3506.csv"
    path.write_text("\n".join(["Station: 3506", *lines, *table]) + "\n", encoding="utf-8")
    (said,) = read_report(path, layouts, "reject")
    assert isinstance(said, Statement), said
    assert (said.latitude, said.longitude) == pytest.approx((39.92, 32.86), abs=1e-8)
