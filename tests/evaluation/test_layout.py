"""Tables that were not written here, or cut short, are refused in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from quakesite.errors import InputError
from quakesite.evaluation.layout import latex, markdown, number, p_text, p_value, read_csv, write_csv


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    rows = [
        {"name": "a, b", "value": 1.5, "said": None},
        {"name": 'c"d', "value": float("nan"), "said": True},
    ]
    write_csv(rows, ("name", "value", "said"), tmp_path / "t.csv", decimals=1)
    assert read_csv(tmp_path / "t.csv", ("value", "name")) == [
        {"name": "a, b", "value": "1.5", "said": ""},
        {"name": 'c"d', "value": "NaN", "said": "true"},
    ]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"station,vs30\n0101,330\n0102\n", r"t\.csv: line 3 has 1 values; expected 2, as the header"),
        (b"station,vs30\n0101,330,1\n", "line 2 has 3 values; expected 2"),
        (b"station\n0101\n", "vs30: column missing; expected station, vs30"),
        (b"", "station, vs30: column missing"),
        (b"PAR1\xc0\x80\x15", "cannot be read .* expected a CSV table in UTF-8"),
    ],
)
def test_a_table_of_another_kind_is_refused(content: bytes, line: str, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(InputError, match=line):
        read_csv(tmp_path / "t.csv", ("station", "vs30"))


def test_no_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_csv(tmp_path / "none.csv")
    with pytest.raises(InputError, match="cannot be read"):
        read_csv(tmp_path)


def test_a_spreadsheets_byte_order_mark_and_empty_lines_are_no_data(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"\xef\xbb\xbfstation\r\n0101\r\n\r\n")
    assert read_csv(tmp_path / "t.csv", ("station",)) == [{"station": "0101"}]


@pytest.mark.parametrize("value", ["", "much", "nan", "inf"])
def test_a_value_that_is_no_number_names_its_column(value: str) -> None:
    with pytest.raises(InputError, match=r"t\.csv: vs30: '.*'; expected a number"):
        number({"vs30": value}, "vs30", "t.csv")
    assert number({"vs30": "330.5"}, "vs30", "t.csv") == 330.5


@pytest.mark.parametrize(
    ("value", "decimals", "expected"),
    [
        (0.0004998, 3, "< 0.001"),
        (0.001, 3, "0.001"),
        (0.0314, 3, "0.031"),
        (0.0049, 2, "< 0.01"),
        (1.0, 3, "1.000"),
        (float("nan"), 3, "NaN"),
        (None, 3, ""),
    ],
)
def test_no_p_is_printed_as_zero(value, decimals: int, expected: str) -> None:
    assert p_value(value, decimals) == expected
    assert p_text(value, decimals) == f"p {expected}"
    assert markdown([[p_value(value, decimals)], ["0.5"]], ["p"]).splitlines()[1] == "| ---: |"


def test_latex_escapes_what_latex_takes_for_its_own() -> None:
    written = latex([["a_b & c", "5%"], ["", ""], ["#1 $x$ {y} ~z^2 \\", "6%"]], ["n", "v"], caption="50 %")
    assert r"a\_b \& c & 5\% \\" in written
    assert r"\#1 \$x\$ \{y\} \textasciitilde{}z\textasciicircum{}2 \textbackslash{} & 6\% \\" in written
    assert r"\caption{50 \%}" in written
    assert r"\begin{tabular}{lr}" in written
    assert written.count(r"\midrule") == 2


def test_notes_below_a_latex_table_are_flush_left_paragraphs() -> None:
    lines = latex([["a", "1"]], ["n", "v"], caption="c", notes=["50 % of it.", "More."]).splitlines()
    below = lines[lines.index(r"\end{tabular}}") + 1 :]
    assert below == [
        r"\par\medskip\footnotesize\raggedright",
        r"50 \% of it.\par",
        r"More.\par",
        r"\end{table}",
    ]
    assert r"\footnotesize" not in latex([["a", "1"]], ["n", "v"], caption="c")
