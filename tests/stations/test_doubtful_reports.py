"""Reports that say two things: two stations, two profiles, hidden sheets, titles above a table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import Workbook
from typer.testing import CliRunner

from quakesite.errors import InputError
from quakesite.rejects import Reason, Reject
from quakesite.stations import apart, command
from quakesite.stations.apart import ReportReader
from quakesite.stations.cells import rows
from quakesite.stations.parsing import date, fold
from quakesite.stations.report_layouts import Layout, read_layouts
from quakesite.stations.reports import read_report
from quakesite.stations.settings import StationsSettings
from quakesite.stations.sources import sorted_out
from quakesite.stations.statements import Statement

Pdf = Callable[..., Path]
TABLE = "Thickness (m);Vs (m/s)\n10;200\n25;400\n"
OTHER = "Thickness (m);Vs (m/s)\n10;150\n25;350\n"


def said_of(folder: Path, name: str, text: str, layouts: list[Layout], shallow: str = "reject") -> object:
    """Returns what a report with this text says."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    (said,) = read_report(path, layouts, shallow)  # type: ignore[arg-type]
    return said


def test_the_label_of_the_code_counts_before_a_neighbour_named_above_it(
    tmp_path: Path, layouts: list[Layout]
) -> None:
    text = "Close to station: 3699\nStation code: 3612\n" + TABLE
    said = said_of(tmp_path, "report_3612.csv", text, layouts)
    assert isinstance(said, Statement)
    assert (said.station, said.flags) == ("3612", ())
    said = said_of(tmp_path, "report.csv", text, layouts)
    assert isinstance(said, Statement)
    assert (said.station, said.flags) == ("3612", ("station_ambiguous",))
    assert "another station is named, too: 3699 (row 1)" in said.notes


@pytest.mark.parametrize(
    ("name", "flags"),
    [("MASW_3611.csv", ("station_ambiguous",)), ("3612.csv", ()), ("masw_2014.csv", ())],
)
def test_a_file_name_of_another_station_is_flagged_and_its_year_is_not(
    name: str, flags: tuple[str, ...], tmp_path: Path, layouts: list[Layout]
) -> None:
    said = said_of(tmp_path, name, "Station code: 3612\nDate: 2014-05-01\n" + TABLE, layouts)
    assert isinstance(said, Statement)
    assert (said.station, said.flags) == ("3612", flags)


@pytest.mark.parametrize(
    "text",
    [
        "Station: 3501\nThickness (m),Vs (m/s)\n10,200\n25,400\n",
        "Report, station code: 3501, İzmir\nThickness (m);Vs (m/s)\n10,0;200,0\n25,0;400,0\n",
        "Report, by A, B, C\nStation code;3501\nThickness (m);Vs (m/s)\n10;200\n25;400\n",
        "Station code: 3501\nThickness (m)\tVs (m/s)\n10,0\t200,0\n25,0\t400,0\n",
        'Station code,3501\nThickness (m),Vs (m/s)\n"10,0","200,0"\n"25,0","400,0"\n',
    ],
)
def test_a_title_above_the_table_does_not_choose_the_separator(
    text: str, tmp_path: Path, layouts: list[Layout]
) -> None:
    said = said_of(tmp_path, "report.csv", text, layouts)
    assert isinstance(said, Statement), said
    assert (said.station, said.vs30_m_s) == ("3501", pytest.approx(300.0))


def test_the_reason_is_that_of_the_layout_whose_table_it_is(tmp_path: Path, layouts: list[Layout]) -> None:
    said = said_of(tmp_path, "a.csv", "Station Code;3517\nThickness (m);Vs (m/s)\n10;<2\n25;4?\n", layouts)
    assert isinstance(said, Reject)
    assert said.detail == "station 3517: row 3 cannot be read: '<2'"


def test_hidden_sheets_and_rows_are_left_out_and_named(tmp_path: Path, layouts: list[Layout]) -> None:
    book = Workbook()
    old, new = book.active, book.create_sheet("new")
    old.title, old.sheet_state = "old", "hidden"
    for sheet, velocities in ((old, (100, 150, 150)), (new, (200, 150, 400))):
        for cells in (["Station Code", 3701], ["Thickness (m)", "Vs (m/s)"]):
            sheet.append(cells)
        for thickness, vs in zip((10, 5, 25), velocities, strict=True):
            sheet.append([thickness, vs])
    new.row_dimensions[4].hidden = True
    book.save(tmp_path / "a.xlsx")
    (said,) = read_report(tmp_path / "a.xlsx", layouts, "reject")
    assert isinstance(said, Statement)
    assert said.vs30_m_s == pytest.approx(300.0)
    assert said.flags == ("hidden_left_out",)
    assert "hidden, left out: sheet old, row 4" in said.notes
    assert len(list(rows(tmp_path / "a.xlsx"))) == 5  # a station table's filter hides rows that count


def test_of_two_profiles_the_stated_one_counts_else_none(tmp_path: Path, layouts: list[Layout]) -> None:
    both = f"Station Code;3515\nFirst model\n{OTHER}\nFinal model\n{TABLE}"
    said = said_of(tmp_path, "a.csv", both, layouts)
    assert isinstance(said, Reject)
    assert said.reason is Reason.BAD_REPORT
    assert "Vs30 242.3 m/s (rows 4 to 5) and Vs30 300.0 m/s (rows 9 to 10)" in said.detail
    said = said_of(tmp_path, "a.csv", "Vs30;300 m/s\n" + both, layouts)
    assert isinstance(said, Statement)
    assert (said.vs30_m_s, said.flags) == (pytest.approx(300.0), ("several_profiles",))
    assert "another profile, Vs30 242.3 m/s: rows 5 to 6" in said.notes


def test_the_same_profile_twice_is_one(tmp_path: Path, layouts: list[Layout]) -> None:
    said = said_of(tmp_path, "a.csv", f"Station Code;3515\n{TABLE}\nAgain\n{TABLE}", layouts)
    assert isinstance(said, Statement)
    assert said.flags == ()


def test_two_sheets_with_different_profiles_of_a_station_are_refused(
    tmp_path: Path, layouts: list[Layout]
) -> None:
    book = Workbook()
    for sheet, vs in ((book.active, 300), (book.create_sheet("b"), 400)):
        for cells in (["Station Code", 3701], ["Thickness (m)", "Vs (m/s)"], [10, 200], [25, vs]):
            sheet.append(cells)
    book.save(tmp_path / "a.xlsx")
    (said,) = read_report(tmp_path / "a.xlsx", layouts, "reject")
    assert isinstance(said, Reject)
    assert "several profiles: Vs30" in said.detail


def test_the_measurement_s_date_counts_before_the_report_s(tmp_path: Path, layouts: list[Layout]) -> None:
    text = "Station code: 3506\nReport date: 01.02.2020\nSurvey date: 17.11.14\n" + TABLE
    said = said_of(tmp_path, "a.csv", text, layouts)
    assert isinstance(said, Statement)
    assert str(said.date) == "2014-11-17"
    assert str(date("17.11.98")) == "1998-11-17"


def test_prose_about_a_method_is_no_method(tmp_path: Path, layouts: list[Layout]) -> None:
    text = "Station code: 3506\nThe method we chose is the best\nMethod: crosshole\n" + TABLE
    said = said_of(tmp_path, "a.csv", text, layouts)
    assert isinstance(said, Statement)
    assert said.method == "crosshole"


@pytest.mark.parametrize(("text", "folded"), [("480¹", "480 "), ("VS₃₀", "vs  "), ("10½", "10½"), ("①", "①")])
def test_raised_characters_and_fractions_are_no_digits(text: str, folded: str) -> None:
    assert fold(text) == folded


LAYOUT = """
name: mine
about: a layout of a user
fields: {FIELD: ['PATTERN']}
columns:
  thickness: {headings: ['thick']}
  vs: {headings: ['vs']}
"""


@pytest.mark.parametrize("pattern", [r"code (?P<unit>x)?", r"vs (?P<unit_before>a)"])
def test_a_label_with_a_group_of_the_package_s_own_is_a_configuration_error(
    pattern: str, tmp_path: Path
) -> None:
    text = LAYOUT.replace("FIELD", "vs30").replace("PATTERN", pattern)
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"mine\.yaml: .*fields.*the package's own"):
        read_layouts([tmp_path])


def test_a_layout_whose_coordinates_are_no_numbers_does_not_end_the_reader(tmp_path: Path) -> None:
    text = LAYOUT.replace("{FIELD: ['PATTERN']}", r"{latitude: ['lat (?P<value>\S+)'], longitude: ['lon']}")
    (tmp_path / "mine.yaml").write_text(text + "station_in_file_name: '(?P<value>\\d+)'\n", encoding="utf-8")
    path = tmp_path / "3506.csv"
    path.write_text("lat 38x5\nlon 30.5\n" + TABLE.replace("Thickness", "Thick"), encoding="utf-8")
    with ReportReader(read_layouts([tmp_path])[:1], "reject", 60.0) as reader:
        (said,) = reader.read(path)
    assert isinstance(said, Statement), said
    assert (said.latitude, said.longitude) == (None, None)


def test_what_a_reader_raises_is_told_and_the_next_report_is_read(
    tmp_path: Path, layouts: list[Layout], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[object] = []
    asked = [tmp_path / "a.csv"]

    class Line:
        def send(self, what: object) -> None:
            sent.append(what)

        def recv(self) -> Path:
            if not asked:
                raise EOFError
            return asked.pop()

    def failing(*_: object) -> None:
        raise ValueError("no number")

    monkeypatch.setattr(apart, "read_report", failing)
    monkeypatch.setattr(apart, "_limit_memory", lambda _: None)
    apart._serve(Line(), layouts, "reject", 2**30)  # type: ignore[arg-type]
    _, (said,) = sent  # type: ignore[misc]
    assert said.detail == "its reader failed (ValueError: no number)"  # type: ignore[has-type]


def test_a_layer_table_with_a_vs30_column_is_a_report(tmp_path: Path) -> None:
    layers, listed, own = (tmp_path / name for name in ("layers.csv", "list.csv", "own.csv"))
    layers.write_text("station,depth (m),vs (m/s),vs30\n3504,10,200,300\n3504,40,400,300\n", encoding="utf-8")
    for path in (listed, own):
        path.write_text("Code;Vs30\n3504;300\n", encoding="utf-8")
    taken = sorted_out([tmp_path], StationsSettings(reports=[str(own)]))
    assert taken == {
        str(layers): "report: layers under its first row",
        str(listed): "station table",
        str(own): "report, as configured",
    }


def checked(*arguments: str) -> str:
    """Returns what `stations check` prints, 80 columns wide."""
    done = CliRunner().invoke(command.app, ["check", *arguments, "--settings", "{}"], env={"COLUMNS": "80"})
    assert done.exit_code == 0, done.output
    return done.stdout


def test_check_of_a_long_list_is_short_and_all_of_it_is_there_for_the_asking(tmp_path: Path) -> None:
    lines = [f"TK;{code};{300 + code % 50};{'x' if code % 9 == 0 else 5}" for code in range(1000, 1300)]
    (tmp_path / "list.csv").write_text("Network;Code;Vs30;F0\n" + "\n".join(lines), encoding="utf-8")
    (tmp_path / "3506.csv").write_text("Thickness (m);Vs (m/s)\n10;200\n5;?\n", encoding="utf-8")
    (tmp_path / "3507.csv").write_text("Station code;3507\n" + TABLE, encoding="utf-8")
    said = checked(str(tmp_path), "--html", str(tmp_path / "page.html"))
    assert len(said.splitlines()) < 50
    for part in (
        "Files: 3",
        "1 more report will be used without a remark",
        "row 3 cannot be read",
        "a Vs30 for 301",
    ):
        assert part in said
    assert "stations 300, used 300; values left" in said
    assert "│ f0_hz │ 33" in said
    assert str(tmp_path) not in said
    assert len(checked(str(tmp_path), "--all").splitlines()) > 300
    assert (tmp_path / "page.html").read_text(encoding="utf-8").count("<tr>") > 300


def test_check_of_a_folder_without_a_source_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds no \.pdf, \.csv or \.xlsx file; expected .*; name a folder"):
        command.check([tmp_path], settings="{}")
