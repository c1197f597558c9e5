from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pdfplumber
import pytest

from quakesite.demo.plan import Station, plan_station
from quakesite.demo.profile import Profile
from quakesite.demo.reports import ENGLISH, TURKISH, language_of, report_layers, write_report
from quakesite.demo.sources import STATED_WRONG_BY, ReportDefect, stated

ROUND = [plan_station(0, index) for index in range(40)]


def station_with(wanted: Callable[[Station], bool]) -> Station:
    return next(s for s in ROUND if stated(s).report is not None and wanted(s))


def read(station: Station, folder: Path) -> tuple[str, list[list[str]]]:
    """The text of a report and the rows of its table, as a stranger would get them."""
    name = write_report(0, station, folder)
    assert name is not None
    with pdfplumber.open(folder / name) as pdf:
        text = "\n".join(page.extract_text() for page in pdf.pages)
        tables = [table for page in pdf.pages for table in page.extract_tables()]
    return text, tables[0] if tables else []


def number(cell: str) -> float:
    return float(cell.replace(",", "."))


def vs30_of(rows: list[list[str]]) -> float:
    """30 / sum(h / v), the bottom of the half-space (`-`) taken as 30 m."""
    total, top = 0.0, 0.0
    for row in rows[1:]:
        bottom = min(30.0, 30.0 if row[2] == "-" else number(row[2]))
        total += max(bottom - top, 0.0) / number(row[3])
        top = bottom
    assert top == 30.0
    return 30.0 / total


@pytest.mark.parametrize("language", [TURKISH, ENGLISH], ids=["turkish", "english"])
def test_layers_of_a_sound_report_give_the_true_vs30(tmp_path: Path, language: object) -> None:
    station = station_with(lambda s: stated(s).defect is None and language_of(s) is language)
    text, rows = read(station, tmp_path)
    decimal = "," if language is TURKISH else r"\."
    printed = re.search(rf"Vs30 = (\d+{decimal}\d) m/s", text)
    assert printed is not None
    assert vs30_of(rows) == pytest.approx(station.profile.vs30_m_s, abs=0.01)
    assert number(printed[1]) == pytest.approx(station.profile.vs30_m_s, abs=0.05)
    assert station.code in text
    assert re.search(r"\d\d\.\d\d\.20\d\d" if language is TURKISH else r"20\d\d-\d\d-\d\d", text)
    assert f"{station.latitude:.5f}".replace(".", "," if language is TURKISH else ".") in text
    assert "SYNTHETIC" in text


def test_turkish_letters_survive_in_the_text_layer(tmp_path: Path) -> None:
    text, rows = read(
        station_with(lambda s: stated(s).defect is None and language_of(s) is TURKISH), tmp_path
    )
    assert "İstasyon" in text
    assert rows[0] == ["Tabaka No", "Kalınlık (m)", "Taban derinliği (m)", "Vs (m/s)"]


def test_turkish_thicknesses_add_up_to_the_depths(tmp_path: Path) -> None:
    _, rows = read(station_with(lambda s: stated(s).defect is None and language_of(s) is TURKISH), tmp_path)
    depth = 0.0
    for row in rows[1:]:
        if row[1] != "-":
            depth += number(row[1])
            assert depth == pytest.approx(number(row[2]), abs=1e-9)


def test_a_stated_value_can_be_wrong_beside_the_right_layers(tmp_path: Path) -> None:
    station = station_with(lambda s: stated(s).defect is ReportDefect.STATED_WRONG)
    text, rows = read(station, tmp_path)
    printed = re.search(r"Vs30 = (\d+[.,]\d) m/s", text)
    assert printed is not None
    assert number(printed[1]) / vs30_of(rows) == pytest.approx(STATED_WRONG_BY, abs=0.001)


def test_a_report_can_end_at_22_m(tmp_path: Path) -> None:
    _, rows = read(station_with(lambda s: stated(s).defect is ReportDefect.SHALLOW), tmp_path)
    assert number(rows[-1][2]) == 22.0


def test_a_report_can_be_a_picture(tmp_path: Path) -> None:
    text, rows = read(station_with(lambda s: stated(s).defect is ReportDefect.IMAGE_ONLY), tmp_path)
    assert text.strip() == ""
    assert rows == []


def test_a_report_can_lack_its_thicknesses(tmp_path: Path) -> None:
    text, rows = read(station_with(lambda s: stated(s).defect is ReportDefect.NO_THICKNESS), tmp_path)
    assert [len(row) for row in rows] == [2] * len(rows)
    assert "Vs30 = " in text


def test_rock_above_the_end_has_no_bottom_unless_the_report_is_shallow() -> None:
    profile = Profile((4.0, 8.0), (200.0, 300.0, 900.0))
    assert [layer.bottom_m for layer in report_layers(profile, 40.0)] == [4.0, 12.0, None]
    assert [layer.bottom_m for layer in report_layers(profile, 22.0, half_space=False)] == [4.0, 12.0, 22.0]
    assert [layer.bottom_m for layer in report_layers(profile, 9.0)] == [4.0, 9.0]


def test_sources_cover_every_case() -> None:
    cases = {
        tuple(value is not None for value in (said.report, said.listed, said.header))
        for said in map(stated, ROUND)
    }
    assert cases >= {(True, False, False), (False, True, False), (False, False, True), (False, False, False)}
    assert {stated(station).defect for station in ROUND} == {None, *ReportDefect}
    silent = sum(stated(s).report is stated(s).listed is stated(s).header is None for s in ROUND)
    assert 0 < silent <= 0.1 * len(ROUND)
