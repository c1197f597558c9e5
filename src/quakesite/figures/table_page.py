"""A CSV table as one HTML file that can be sorted, searched and saved."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from html import escape
from math import floor, isfinite, log10
from pathlib import Path

from quakesite.figures.contents import SYNTHETIC, TABLES
from quakesite.figures.map_page import asset, embedded, page
from quakesite.figures.table_rows import read_lines
from quakesite.tables import atomic_open

MOST_ROWS = 3000
UNITS = (
    ("_m_s", " (m/s)"),
    ("_pct", " (%)"),
    ("_km2", " (km²)"),
    ("_km", " (km)"),
    ("_db", " (dB)"),
    ("_s", " (s)"),
    ("_cm_s2", " (cm/s²)"),
)
IN_M_S = ("vs30_measured", "vs30_predicted", "vs30_low", "vs30_high")
FRONT = {"skill": ("name", "verdict")}
DIGITS = 4
"""Significant ones that a number is shown with; the whole number is its title, and stands in the CSV."""

LEAST = 1e-4
DIGITS_OF = dict.fromkeys(("latitude", "longitude", "kept_value", "other_value"), 7)
"""Of columns in which small differences count."""

LONG = 60
BAD = {"collapsed", "leaked", "diverged", "too good"}


def write(source: str | Path, out: str | Path, *, synthetic: bool = False) -> None:
    """Writes the page of the CSV table `source` to `out`; of rejects, their counts by stage and reason.

    Raises:
        InputError: there is no such table, it has no header line, or a row is not as long as that.
    """
    with atomic_open(out) as handle:
        handle.write(render(source, synthetic=synthetic))


def render(source: str | Path, *, synthetic: bool = False) -> str:
    """Returns the page of the CSV table `source`; see `write`."""
    source = Path(source)
    text, header, rows = read_lines(source)
    name = source.stem
    if name == "rejects":
        header, rows = rejects_by_reason(header, rows)
        text = as_csv([header, *rows])
    header, rows = in_front(header, rows, FRONT.get(name, ()))
    title = TABLES[name].title if name in TABLES else name
    saved = {"name": source.name, "rows": len(rows), "text": text}
    mark = f'<p class="mark">{escape(SYNTHETIC)}</p>' if synthetic else ""
    return page(
        "table",
        title=escape(title),
        mark=mark,
        style=asset("table.css"),
        script=asset("table.js"),
        table=as_html(header, rows[:MOST_ROWS]),
        data=embedded(saved),
    )


def as_csv(rows: Sequence[Sequence[str]]) -> str:
    """Returns the rows as CSV."""
    handle = io.StringIO()
    csv.writer(handle, lineterminator="\n").writerows(rows)
    return handle.getvalue()


def rejects_by_reason(
    header: Sequence[str], rows: Sequence[Sequence[str]]
) -> tuple[list[str], list[list[str]]]:
    """Returns the rejects counted by stage and reason, each with one example, most frequent first."""
    stage, reason, source, detail = (header.index(name) for name in ("stage", "reason", "source", "detail"))
    counts = Counter((row[stage], row[reason]) for row in rows)
    examples: dict[tuple[str, str], str] = {}
    for row in rows:
        example = ": ".join(filter(None, (row[source].split("!")[-1].split(", ")[0], row[detail])))
        examples.setdefault((row[stage], row[reason]), example)
    ordered = sorted(counts, key=lambda key: (-counts[key], key))
    return ["stage", "reason", "number", "example"], [
        [*key, str(counts[key]), examples[key]] for key in ordered
    ]


def in_front(
    header: Sequence[str], rows: Sequence[Sequence[str]], columns: Sequence[str]
) -> tuple[list[str], list[list[str]]]:
    """Returns header and rows with these columns first."""
    order = sorted(
        range(len(header)),
        key=lambda at: columns.index(header[at]) if header[at] in columns else len(columns),
    )
    return [header[at] for at in order], [[row[at] for at in order] for row in rows]


def as_html(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Returns the table's inner HTML: numbers to the right, rows that warn of a model tinted."""
    numeric = [
        all(_is_number(row[at]) for row in rows) and any(row[at] for row in rows) for at in range(len(header))
    ]
    heads = "".join(
        f'<th scope="col"{_class(number)}><button>{escape(heading(name))}</button></th>'
        for name, number in zip(header, numeric, strict=True)
    )
    return (
        f"<thead><tr>{heads}</tr></thead><tbody>{''.join(_row(header, row, numeric) for row in rows)}</tbody>"
    )


def heading(column: str) -> str:
    """Returns a column's name as a heading, with its unit: `error_m_s` is `error (m/s)`."""
    if column in IN_M_S:
        return f"{column.replace('_', ' ')} (m/s)"
    for suffix, unit in UNITS:
        if column.endswith(suffix) and not column.startswith("within_"):
            return column.removesuffix(suffix).replace("_", " ") + unit
    return column.replace("_", " ")


def _row(header: Sequence[str], row: Sequence[str], numeric: Sequence[bool]) -> str:
    of_name = dict(zip(header, row, strict=True))
    kinds = []
    if of_name.get("collapsed") == "true" or of_name.get("verdict") in BAD:
        kinds.append("warn")
    if of_name.get("site_class") == "Total" and "experiment" in of_name:
        kinds.append("total")
    cells = "".join(
        _number_cell(cell, DIGITS_OF.get(name, DIGITS)) if number else _text_cell(cell)
        for name, cell, number in zip(header, row, numeric, strict=True)
    )
    return f'<tr class="{" ".join(kinds)}">{cells}</tr>' if kinds else f"<tr>{cells}</tr>"


def _class(number: bool) -> str:
    return ' class="number"' if number else ""


def _text_cell(cell: str) -> str:
    kind = ' class="long"' if len(cell) > LONG else ""
    return f"<td{kind}>{escape(cell)}</td>"


def _number_cell(cell: str, digits: int) -> str:
    if cell in ("NaN", ""):
        return '<td class="number">–</td>'
    shown = rounded(cell, digits)
    whole = f' title="{escape(cell)}"' if shown != cell else ""
    signed = f"−{shown[1:]}" if shown.startswith("-") else shown
    return f'<td class="number"{whole}>{escape(signed)}</td>'


def rounded(cell: str, digits: int = DIGITS) -> str:
    """Returns a written number with so many significant digits; whole ones and shorter ones as they are.

    Never 0 for a number that is not: 0.00041 stays, and what is less than `LEAST` is written as 4.1e-05.
    """
    value = float(cell)
    if cell.lstrip("+-").isdecimal() or not isfinite(value):
        return cell
    if value == 0.0:
        return "0"
    if abs(value) < LEAST:
        return f"{value:.{digits - 1}g}"
    fixed = f"{value:.{max(digits - 1 - floor(log10(abs(value))), 0)}f}"
    return min(fixed, cell, key=len)


def _is_number(cell: str) -> bool:
    if cell in ("", "NaN"):
        return True
    try:
        float(cell)
    except ValueError:
        return False
    return not (cell.startswith("0") and cell.isdecimal() and len(cell) > 1)
