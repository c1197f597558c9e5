"""Tables as text: CSV with fixed decimals (the same bytes for the same rows), Markdown and LaTeX."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from quakesite.errors import InputError
from quakesite.tables import atomic_open

Value = str | int | float | bool | None
Row = Mapping[str, Value]

LATEX_SPECIAL = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}


def text(value: Value, decimals: int = 4) -> str:
    """Returns `value` as a table shows it: `NaN`, true/false, empty for None, floats with fixed decimals."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if math.isnan(value):
            return "NaN"
        written = f"{value:.{decimals}f}"
        return written.removeprefix("-") if float(written) == 0.0 else written
    return str(value)


def p_value(value: Value, decimals: int = 3) -> str:
    """Returns a p value as a table shows it: `0.012`, or `< 0.001`, as no p is zero."""
    least = 10.0**-decimals
    small = isinstance(value, float) and value < least
    return f"< {least:.{decimals}f}" if small else text(value, decimals)


def p_text(value: Value, decimals: int = 3) -> str:
    """Returns a p value as a sentence says it: `p 0.012`, `p < 0.001`."""
    return f"p {p_value(value, decimals)}"


def write_csv(rows: Sequence[Row], columns: Sequence[str], target: str | Path, *, decimals: int = 4) -> None:
    """Writes `rows` to `target` atomically as CSV with a header line; see `text` for the values."""
    with atomic_open(target) as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([text(row[name], decimals) for name in columns] for row in rows)


def read_csv(source: str | Path, columns: Sequence[str] = ()) -> list[dict[str, str]]:
    """Returns the rows of a CSV written here, every value as its text.

    Args:
        source: the file.
        columns: those that it must have.

    Raises:
        InputError: there is no such file, it is no text, a column is missing, or a line has more or fewer
            values than the header.
    """
    try:
        with Path(source).open(encoding="utf-8-sig", newline="") as handle:
            lines = list(csv.reader(handle))
    except FileNotFoundError:
        raise InputError(source, "no such file", expected="a CSV table") from None
    except (UnicodeDecodeError, csv.Error, IsADirectoryError) as error:
        raise InputError(source, f"cannot be read ({error})", expected="a CSV table in UTF-8") from None
    header = lines[0] if lines else []
    missing = [name for name in columns if name not in header]
    if missing:
        raise InputError(source, "column missing", field=", ".join(missing), expected=", ".join(columns))
    for number, line in enumerate(lines[1:], start=2):
        if line and len(line) != len(header):
            found = f"line {number} has {len(line)} values"
            raise InputError(source, found, expected=f"{len(header)}, as the header")
    return [dict(zip(header, line, strict=True)) for line in lines[1:] if line]


def number(row: Mapping[str, str], column: str, source: str | Path) -> float:
    """Returns a value of a row of `read_csv` as a number.

    Raises:
        InputError: it is none, or not a finite one.
    """
    try:
        value = float(row[column])
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(source, repr(row[column]), field=column, expected="a number")
    return value


def markdown(rows: Sequence[Sequence[str]], header: Sequence[str], notes: Sequence[str] = ()) -> str:
    """Returns a Markdown table; text to the left, numbers to the right."""
    aligned = ["---:" if _numeric(rows, column) else "---" for column in range(len(header))]
    lines = [header, aligned, *rows]
    body = ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines]
    return "\n".join([*body, *([""] if notes else []), *notes]) + "\n"


def latex(
    rows: Sequence[Sequence[str]], header: Sequence[str], *, caption: str, notes: Sequence[str] = ()
) -> str:
    r"""Returns a LaTeX `table` in the `booktabs` style, as wide as the text.

    An empty row becomes a `\midrule`.
    """
    kinds = "".join("r" if _numeric(rows, column) else "l" for column in range(len(header)))
    lines = [
        r"% needs \usepackage{booktabs,graphicx}",
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{latex_escaped(caption)}}}",
        r"\resizebox{\linewidth}{!}{%",
        rf"\begin{{tabular}}{{{kinds}}}",
        r"\toprule",
        " & ".join(map(latex_escaped, header)) + r" \\",
        r"\midrule",
        *(" & ".join(map(latex_escaped, row)) + r" \\" if any(row) else r"\midrule" for row in rows),
        r"\bottomrule",
        r"\end{tabular}}",
        *([r"\par\medskip\footnotesize\raggedright"] if notes else []),
        *(rf"{latex_escaped(note)}\par" for note in notes),
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def latex_escaped(written: str) -> str:
    """Returns `written` with LaTeX's special characters escaped."""
    return "".join(LATEX_SPECIAL.get(character, character) for character in written)


def _numeric(rows: Sequence[Sequence[str]], column: int) -> bool:
    cells = [row[column].rstrip("%").removeprefix("< ") for row in rows if row[column]]
    return bool(cells) and all(_is_number(cell) for cell in cells)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return cell in {"-", "–"}
    return True
