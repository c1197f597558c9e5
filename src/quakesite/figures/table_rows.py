"""Tables as figures read them: rows that are whole, and numbers that can be drawn."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from math import isfinite
from pathlib import Path

from quakesite.errors import InputError

SHOWN_COLUMNS = 5


def finite(value: float | str | None) -> float | None:
    """Returns `value` as a number; None where it is empty, not a number or infinite."""
    if value is None or value == "":
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if isfinite(number) else None


def read_lines(source: str | Path) -> tuple[str, list[str], list[list[str]]]:
    """Returns the text, header and rows of a CSV table, each row as long as the header.

    Raises:
        InputError: there is no such table, it is no UTF-8 text, it has no header line, or a row is longer or
            shorter than that.
    """
    source = Path(source)
    try:
        text = source.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(source, "no such file", expected="a CSV table") from None
    except UnicodeDecodeError as error:
        raise InputError(source, f"no UTF-8 text ({error.reason})", expected="a CSV table") from None
    reader = csv.reader(text.splitlines(keepends=True))
    header: Sequence[str] | None = None
    rows = []
    for cells in reader:
        if header is None:
            header = cells
        elif cells and len(cells) != len(header):
            raise InputError(
                f"{source}, line {reader.line_num}",
                f"{len(cells)} cells",
                expected=f"{len(header)}, as in the header line",
            )
        elif cells:
            rows.append(cells)
    if header is None:
        raise InputError(source, "an empty file", expected="a CSV table with a header line")
    return text, list(header), rows


def read_rows(source: str | Path, needed: Sequence[str] = ()) -> list[dict[str, str]]:
    """Returns the rows of a CSV table by column, every value as its text.

    Raises:
        InputError: as `read_lines`, or a column that is needed is missing: it is another table.
    """
    _, header, rows = read_lines(source)
    missing = [name for name in needed if name not in header]
    if missing:
        found = ", ".join(header[:SHOWN_COLUMNS]) + (", ..." if len(header) > SHOWN_COLUMNS else "")
        raise InputError(
            source,
            "column missing",
            field=", ".join(missing),
            expected=f"the table that the figure is of; found {found}",
            action="see the example of --help",
        )
    return [dict(zip(header, cells, strict=True)) for cells in rows]
