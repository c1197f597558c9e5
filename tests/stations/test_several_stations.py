"""Reports on several stations, and layouts in other units."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import Workbook

from quakesite.rejects import Reason, Reject
from quakesite.stations.report_layouts import Layout, read_layouts
from quakesite.stations.reports import read_report
from quakesite.stations.statements import Statement

Pdf = Callable[..., Path]
TABLES = {"3506": [["10", "200"], ["25", "400"]], "0208": [["5", "100"], ["15", "300"], ["20", "600"]]}
VS30 = {"3506": 300.0, "0208": 30 / (5 / 100 + 15 / 300 + 10 / 600)}


def values(path: Path, layouts: list[Layout]) -> dict[str, float]:
    """Returns the Vs30 of each station in a report in which none is refused."""
    said = read_report(path, layouts, "reject")
    assert all(isinstance(one, Statement) for one in said), said
    return {one.station: one.vs30_m_s or 0.0 for one in said if isinstance(one, Statement)}


def test_a_page_for_each_station(plain_pdf: Pdf, layouts: list[Layout]) -> None:
    pages: list[str | list[str]] = ["MASW SURVEY", "Survey date: 2014-03-09", "---"]
    for code, rows in TABLES.items():
        pages += [
            f"Station code: {code}",
            ["Thickness (m)", "Vs (m/s)"],
            *rows,
            "Station: 3510 is near",
            "---",
        ]
    said = read_report(plain_pdf("all.pdf", *pages), layouts, "reject")
    assert {one.station: one.vs30_m_s for one in said if isinstance(one, Statement)} == pytest.approx(VS30)
    assert {str(one.date) for one in said if isinstance(one, Statement)} == {"2014-03-09"}
    assert [one.place for one in said if isinstance(one, Statement)] == [
        "page 2, lines 3 to 4",
        "page 3, lines 3 to 5",
    ]


def test_a_neighbour_that_is_mentioned_makes_no_second_station(plain_pdf: Pdf, layouts: list[Layout]) -> None:
    path = plain_pdf(
        "one.pdf",
        "Station code: 3506",
        "---",
        "Station code: 3510 lies 4 km to the north.",
        "---",
        ["Thickness (m)", "Vs (m/s)"],
        *TABLES["3506"],
    )
    assert values(path, layouts) == {"3506": pytest.approx(300.0)}


@pytest.mark.parametrize("heading", ["Station;Thickness (m);Vs (m/s)", "İstasyon Kodu;Kalınlık (m);Vs (m/s)"])
@pytest.mark.parametrize("merged", [False, True])
def test_a_table_with_a_station_column(
    heading: str, merged: bool, tmp_path: Path, layouts: list[Layout]
) -> None:
    lines = [heading]
    for code, rows in TABLES.items():
        for place, row in enumerate(rows):
            lines.append(";".join(["" if merged and place else code, *row]))
    path = tmp_path / "all.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    assert values(path, layouts) == pytest.approx(VS30)


def test_one_bad_station_of_a_table_does_not_spoil_the_others(tmp_path: Path, layouts: list[Layout]) -> None:
    path = tmp_path / "all.csv"
    path.write_text(
        "Station;Thickness (m);Vs (m/s)\n3506;10;200\n3506;25;400\n0208;22;300\n", encoding="utf-8"
    )
    good, bad = read_report(path, layouts, "reject")
    assert isinstance(good, Statement)
    assert isinstance(bad, Reject)
    assert (bad.reason, bad.detail) == (
        Reason.SHALLOW_PROFILE,
        "station 0208: the profile ends at 22 m, above 30 m (row 4)",
    )


@pytest.mark.parametrize("named", ["sheets", "blocks"])
def test_a_sheet_or_a_block_of_rows_for_each_station(
    named: str, tmp_path: Path, layouts: list[Layout]
) -> None:
    book = Workbook()
    sheet = book.active
    for place, (code, rows) in enumerate(TABLES.items()):
        if named == "sheets":
            sheet = book.create_sheet(code) if place else sheet
            sheet.title = code
        else:
            sheet.append(["Station Code", code])
        for row in [["Thickness (m)", "Vs (m/s)"], *([float(cell) for cell in row] for row in rows), []]:
            sheet.append(row)
    book.save(tmp_path / "all.xlsx")
    assert values(tmp_path / "all.xlsx", layouts) == pytest.approx(VS30)


FEET = """
name: imperial
about: borehole reports in feet
fields:
  station: ['boring at station']
  vs30: ['weighted average']
columns:
  top: {headings: ['from'], unit: ft}
  bottom: {headings: ['until'], unit: ft}
  vs: {headings: ['velocity'], unit: UNIT}
half_space: ['terminated']
"""


@pytest.mark.parametrize(("unit", "of_ft_s"), [("ft/s", 1.0), ("km/s", 0.0003048), ("m/s", 0.3048)])
def test_a_layout_of_one_s_own_reads_feet_and_any_speed_over_several_pages(
    unit: str, of_ft_s: float, plain_pdf: Pdf, tmp_path: Path
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "imperial.yaml").write_text(FEET.replace("UNIT", unit), encoding="utf-8")
    heading = ["From", "Until", "Velocity"]
    path = plain_pdf(
        "log.pdf",
        "Boring at station 3506",
        f"Weighted average = {984.25 * of_ft_s:.4f} {unit}",
        heading,
        ["0", "32.8084", f"{656.168 * of_ft_s:.6f}"],
        "Page 1",
        "---",
        heading,
        ["32.8084", "114.829", f"{1312.336 * of_ft_s:.6f}"],
    )
    (said,) = read_report(path, read_layouts([tmp_path / "mine"]), "reject")
    assert isinstance(said, Statement)
    assert said.vs30_m_s == pytest.approx(300.0, abs=0.01)
    assert said.stated_vs30_m_s == pytest.approx(300.0, abs=0.1)
    assert (said.flags, said.profile_depth_m) == ((), pytest.approx(35.0, abs=0.01))


def test_units_in_the_headings_need_no_layout(tmp_path: Path, layouts: list[Layout]) -> None:
    path = tmp_path / "3506.csv"
    path.write_text("Depth (ft);Vs (ft/s)\n32.8084;656.168\n114.829;1312.336\n", encoding="utf-8")
    assert values(path, layouts) == {"3506": pytest.approx(300.0, abs=0.01)}
