"""Whatever is wrong with a cell of a layer table, the report gives the truth or is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from quakesite.rejects import Reason, Reject
from quakesite.stations.report_layouts import Layout, read_layouts
from quakesite.stations.reports import read_report
from quakesite.stations.statements import Statement

Pdf = Callable[..., Path]
LAYOUTS = read_layouts()
LAYERS = [["1", "0", "5", "5", "150"], ["2", "5", "12", "7", "220"], ["3", "12", "22", "10", "400"]]
LAYERS += [["4", "22", "45", "23", "700"]]
VS30 = 30.0 / (5 / 150 + 7 / 220 + 10 / 400 + 8 / 700)
HEADING = {"No": 0, "Top (m)": 1, "Bottom (m)": 2, "Thickness (m)": 3, "Vs (m/s)": 4}
KINDS = {
    "thickness": ["No", "Thickness (m)", "Vs (m/s)"],
    "depth": ["No", "Bottom (m)", "Vs (m/s)"],
    "ends": ["Top (m)", "Bottom (m)", "Vs (m/s)"],
    "all": list(HEADING),
    "tops": ["Top (m)", "Vs (m/s)"],
}
SPOILS = ["", "?", "yok", "abc", "200?", "<200", "10x", "1O0", "-200", "#REF!", "12-", "..", "200 300 400"]
SPOILS += ["½", "200½", "n/a", "Kil birimi", "1e1", "2015-05-12", "5,5,5", "°", "¹", "none"]


def table(kind: str) -> list[list[str]]:
    """Returns heading and rows of a layer table."""
    return [KINDS[kind], *([row[HEADING[name]] for name in KINDS[kind]] for row in LAYERS)]


def is_true_or_refused(path: Path, truth: float, shallow: str) -> bool:
    """Returns whether nothing but the truth is read."""
    return all(
        isinstance(said, Reject) or said.vs30_m_s == pytest.approx(truth)
        for said in read_report(path, LAYOUTS, shallow)  # type: ignore[arg-type]
    )


@settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_one_spoilt_cell_never_gives_another_number(data: st.DataObject, tmp_path: Path) -> None:
    kind = data.draw(st.sampled_from(sorted(KINDS)))
    rows = table(kind)
    row, column = data.draw(st.integers(1, len(rows) - 1)), data.draw(st.integers(0, len(rows[0]) - 1))
    garbage = st.text(st.characters(exclude_categories=["Nd", "Cs", "Cc"]), max_size=6)
    rows[row][column] = data.draw(st.one_of(st.sampled_from(SPOILS), garbage))
    rows[row][column] = re.sub('[;"]', "", rows[row][column])
    path = tmp_path / "3506.csv"
    path.write_text("\n".join(";".join(cells) for cells in rows), encoding="utf-8")
    for shallow in ("reject", "boore2004", "boore2011"):
        assert is_true_or_refused(path, VS30, shallow), (rows, shallow)


@pytest.mark.parametrize("spoilt", ["<200", "abc", ""])
@pytest.mark.parametrize("row", [1, 4])
@pytest.mark.parametrize("column", [1, 2])
def test_nor_does_it_in_a_page_of_bare_text(
    spoilt: str, row: int, column: int, plain_pdf: Pdf, layouts: list[Layout]
) -> None:
    rows = table("thickness")
    rows[row][column] = spoilt
    path = plain_pdf("a.pdf", "Station: 3506", *rows, "The layers are by inversion.", "Page 1 of 1")
    assert is_true_or_refused(path, VS30, "boore2004")


@pytest.mark.parametrize(
    ("lines", "row", "shown"),
    [
        ("10;<200\n35;400\n", 2, "<200"),
        ("10;200\n15;yok\n25;400\n", 3, "yok"),
        ("-10;200\n35;400\n", 2, "-10"),
        ("10;200\n5;\n25;400\n", 3, "5"),
        ("1e1;2e2\n35;400\n", 2, "2e2"),
        ("10;200\nKil birimi\n25;400\n", 3, "Kil birimi"),
    ],
)
@pytest.mark.parametrize("shallow", ["reject", "boore2004"])
def test_a_row_that_cannot_be_read_is_named_and_no_shallow_profile(
    lines: str, row: int, shown: str, shallow: str, tmp_path: Path, layouts: list[Layout]
) -> None:
    path = tmp_path / "3506.csv"
    path.write_text("Thickness (m);Vs (m/s)\n" + lines, encoding="utf-8")
    (said,) = read_report(path, layouts, shallow)  # type: ignore[arg-type]
    assert isinstance(said, Reject)
    assert said.reason is Reason.BAD_REPORT
    assert said.detail.startswith(f"station 3506: row {row} cannot be read: '{shown}'")


def test_a_formula_without_a_stored_value_is_no_end_of_the_table(
    tmp_path: Path, layouts: list[Layout]
) -> None:
    book = Workbook()
    for cells in (["Thickness (m)", "Vs (m/s)"], [10, "=100*2"], [35, 400]):
        book.active.append(cells)
    book.save(tmp_path / "3506.xlsx")
    (said,) = read_report(tmp_path / "3506.xlsx", layouts, "reject")
    assert isinstance(said, Reject)
    assert said.detail == "station 3506: row 2 cannot be read: '10' without Vs"


@pytest.mark.parametrize("mark", ["200*", "200 (1)", "200 (*)", "~200", "'200", "200¹", "200 †", "200 [2]"])
def test_marks_of_footnotes_are_no_digits(mark: str, tmp_path: Path, layouts: list[Layout]) -> None:
    path = tmp_path / "3506.csv"
    path.write_text(f"Thickness (m);Vs (m/s)\n10;{mark}\n25;400\n", encoding="utf-8")
    (said,) = read_report(path, layouts, "reject")
    assert isinstance(said, Statement), said
    assert said.vs30_m_s == pytest.approx(300.0)


def test_a_small_raised_digit_on_a_page_is_a_footnote_mark(tmp_path: Path, layouts: list[Layout]) -> None:
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(tmp_path / "3506.pdf"))
    canvas.setFont("Helvetica", 10)
    for height, cells in ((800, ("Thickness (m)", "Vs (m/s)")), (780, ("10", "200")), (760, ("25", "400"))):
        for left, text in zip((100, 250), cells, strict=True):
            canvas.drawString(left, height, text)
    canvas.setFont("Helvetica", 6)
    canvas.drawString(250 + canvas.stringWidth("200", "Helvetica", 10), 784, "1")
    canvas.save()
    (said,) = read_report(tmp_path / "3506.pdf", layouts, "reject")
    assert isinstance(said, Statement), said
    assert said.vs30_m_s == pytest.approx(300.0)


def test_a_row_spoilt_before_a_page_ends_is_not_skipped(plain_pdf: Pdf, layouts: list[Layout]) -> None:
    heading = ["Thickness (m)", "Vs (m/s)"]
    rows = [["5", "150"], ["5", "18O?"], "---", ["20", "400"], ["20", "600"]]
    path = plain_pdf("3506.pdf", heading, *rows)
    (said,) = read_report(path, layouts, "reject")
    assert isinstance(said, Reject)
    assert said.detail == "station 3506: page 1, line 3 cannot be read: '18O?'"


def test_prose_in_a_second_column_of_text_is_not_of_the_table(tmp_path: Path, layouts: list[Layout]) -> None:
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(tmp_path / "3506.pdf"))
    canvas.setFont("Helvetica", 9)
    for index, cells in enumerate(
        [("Thickness (m)", "Vs (m/s)"), ("10", "200"), ("12", "300"), ("20", "600")]
    ):
        for left, text in zip((80, 180), cells, strict=True):
            canvas.drawString(left, 700 - 18 * index, text)
    for index in range(12):
        text = (
            "The mean velocity Vs30 = 285.7 m/s was" if index == 5 else "found by inversion of the curve with"
        )
        canvas.drawString(320, 720 - 11 * index, text)
    canvas.save()
    (said,) = read_report(tmp_path / "3506.pdf", layouts, "boore2004")
    assert isinstance(said, Statement), said
    assert said.vs30_m_s == pytest.approx(30 / (10 / 200 + 12 / 300 + 8 / 600))
    assert said.profile_depth_m == 42.0


@pytest.mark.parametrize(
    ("last", "flags"),
    [("half-space;400", ("half_space_from_5_m",)), ("-;400", ("half_space_from_5_m",)), (";400", None)],
)
def test_a_half_space_needs_a_word_or_a_sign(
    last: str, flags: tuple[str, ...] | None, tmp_path: Path, layouts: list[Layout]
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"Station Code;3506\nThickness (m);Vs (m/s)\n5;200\n{last}\n", encoding="utf-8")
    (said,) = read_report(path, layouts, "reject")
    if flags is None:
        assert isinstance(said, Reject)
        assert said.detail == (
            "station 3506: the last layer has neither a thickness nor a sign of a half-space (row 4)"
        )
    else:
        assert isinstance(said, Statement)
        assert said.flags == flags
