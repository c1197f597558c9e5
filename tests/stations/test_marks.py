"""`1.300`: 1300 where the other numbers of the table tell so, and never a guess."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import Workbook

from quakesite.rejects import Reason, Reject
from quakesite.stations.report_layouts import Layout
from quakesite.stations.reports import read_report
from quakesite.stations.statements import Statement
from quakesite.stations.tables import read_table


def listed(path: Path, *rows: str) -> tuple[list[float | None], list[Reject]]:
    path.write_text("\n".join(["Code;Vs30;Latitude;Elevation", *rows]) + "\n", encoding="utf-8")
    statements, rejects = read_table(path)
    return [said.vs30_m_s for said in statements], rejects


@pytest.mark.parametrize(
    ("rows", "values"),
    [
        (["0101;412;;", "0102;1.300;;"], [412, 1300]),
        (["0101;412,5;;", "0102;1.300;;"], [412.5, 1300]),
        (["0101;1.300;39,92;", "0102;2.100;;"], [1300, 2100]),
        (["0101;1.300,5;;", "0102;1.100;;"], [1300.5, 1100]),
        (["0101;412.5;;", "0102;1,300;;"], [412.5, 1300]),
        (["0101;1,300;39.92;"], [1300]),
    ],
)
def test_a_mark_between_thousands_is_told_from_the_other_numbers(
    tmp_path: Path, rows: list[str], values: list[float]
) -> None:
    assert listed(tmp_path / "list.csv", *rows) == (values, [])


@pytest.mark.parametrize(
    "rows",
    [
        ["0102;1.300;;"],
        ["0101;412.5;;", "0102;1.300;;"],
        ["0101;412;39.92;", "0102;1.300;;"],
        ["0101;0.412;;", "0102;1.300;;"],
        ["0101;1.300,5;39.92;", "0102;1.300;;"],
    ],
)
def test_where_nothing_tells_or_the_mark_has_decimals_elsewhere_the_cell_is_refused_with_what_to_do(
    tmp_path: Path, rows: list[str]
) -> None:
    values, rejects = listed(tmp_path / "list.csv", *rows)
    assert values[-1] is None
    assert rejects[-1].reason is Reason.BAD_TABLE_ROW
    assert (
        rejects[-1].detail
        == "station 0102: vs30_m_s: '1.300' can be 1.3 and 1300; write 1300 if that is meant"
    )


def test_decimals_with_three_digits_stay_decimals(tmp_path: Path) -> None:
    values, rejects = listed(tmp_path / "list.csv", "0101;412.125;;", "0102;1012.500;;", "0103;412;;")
    assert (values, rejects) == ([412.125, 1012.5, 412.0], [])


def test_an_elevation_with_thousands_is_read_likewise(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("Code;Vs30;Elevation\n0101;412,5;1.250\n", encoding="utf-8")
    assert read_table(path)[0][0].elevation_m == 1250.0
    path.write_text("Code;Vs30;Elevation\n0101;412.5;1.250\n", encoding="utf-8")
    assert read_table(path)[0][0].elevation_m == 1.25


def test_numbers_of_a_workbook_tell_what_its_texts_are(tmp_path: Path) -> None:
    book = Workbook()
    for row in (["Code", "Vs30"], ["0101", 412.5], ["0102", "1.300"]):
        book.active.append(row)
    book.save(tmp_path / "list.xlsx")
    statements, rejects = read_table(tmp_path / "list.xlsx")
    assert ([said.vs30_m_s for said in statements], rejects) == ([412.5, 1300.0], [])


def report(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "3506.csv"
    path.write_text("\n".join(["Station: 3506", *lines]) + "\n", encoding="utf-8")
    return path


def test_a_layer_of_1_300_m_s_is_read_where_the_other_layers_tell(
    tmp_path: Path, layouts: list[Layout]
) -> None:
    path = report(tmp_path, "Vs30: 1.035 m/s", "Thickness (m);Vs (m/s)", "3,5;480", "26,5;1.200", "-;1.300")
    (said,) = read_report(path, layouts, "reject")
    assert isinstance(said, Statement), said
    assert said.vs30_m_s == pytest.approx(30 / (3.5 / 480 + 26.5 / 1200))
    assert said.stated_vs30_m_s == 1035.0


def test_a_layer_of_1_300_m_s_beside_decimal_points_is_refused_with_what_to_do(
    tmp_path: Path, layouts: list[Layout]
) -> None:
    path = report(tmp_path, "Thickness (m);Vs (m/s)", "3.5;480", "26.5;1.200", "-;1.300")
    (said,) = read_report(path, layouts, "reject")
    assert isinstance(said, Reject)
    assert "Vs 1.2 m/s is not within 10 to 6000" in said.detail
    assert said.detail.endswith("; write 1200 if that is meant")
