"""Rows of cells from CSV and XLSX files, whatever their separator and encoding."""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from quakesite.errors import InputError, nothing_there
from quakesite.stations.parsing import composed

SEPARATORS = (";", "\t", ",")
"""The first counts where two are as good."""
SAMPLED_LINES = 50
DECIMAL_COMMAS = re.compile(r"\d,\d+\s*[;\t]|[;\t]\s*[-+]?\d+,\d")
"""Beside one of the other separators a comma within a number is a decimal mark."""
FIRST_BYTES = 65_536

Row = tuple[str, list[object]]
"""Where a row stands (`row 5`, `sheet data, row 5`) and its cells."""


def rows(path: Path, *, first_only: bool = False, hidden: list[str] | None = None) -> Iterator[Row]:
    """Yields the rows of a .csv or .xlsx file that are not empty.

    Args:
        path: the file; an .xlsx file's visible sheets follow one another.
        first_only: no more than the first such row of each sheet is read, which is quick.
        hidden: hidden rows are left out as well, and they and the hidden sheets are appended here.

    Raises:
        InputError: the file is missing, of another kind, or cannot be read.
    """
    if not path.is_file():
        raise nothing_there(path, "a table (.xlsx, .csv)", "correct its name")
    kind = path.suffix.lower()
    if kind not in {".csv", ".xlsx"}:
        raise InputError(
            path, f"a {kind or 'file without ending'}", expected=".xlsx or .csv", action="export it as one"
        )
    try:
        source = _xlsx_rows(path, first_only, hidden) if kind == ".xlsx" else _csv_rows(path, first_only)
        yield from source
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})") from error


def _csv_rows(path: Path, first_only: bool) -> Iterator[Row]:
    with path.open("rb") as handle:
        content = handle.read(FIRST_BYTES if first_only else -1)
    lines = decoded(content).splitlines(keepends=True)
    first = next((line for line in lines if line.strip()), "")
    if first.lower().startswith("sep="):
        separator = first.strip()[4:] or ","
        lines = ["\n" if line is first else line for line in lines]
    else:
        separator = _separator([line for line in lines if line.strip()][:SAMPLED_LINES])
    reader = csv.reader(io.StringIO("".join(lines), newline=""), delimiter=separator)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield f"row {reader.line_num}", [composed(cell).strip() for cell in cells]
                if first_only:
                    return
    except csv.Error as error:
        raise InputError(path, f"no CSV ({error}, row {reader.line_num})") from error


def _separator(lines: list[str]) -> str:
    """Returns the mark that cuts most of the lines into one number of columns, two or more."""
    alike = {mark: _alike(lines, mark) for mark in SEPARATORS}
    if any(map(DECIMAL_COMMAS.search, lines)) and 3 * max(alike[";"], alike["\t"])[0] >= alike[","][0]:
        del alike[","]
    return max(alike, key=lambda mark: alike[mark])


def _alike(lines: list[str], mark: str) -> tuple[int, int]:
    """Returns how many lines have the commonest number of columns over one, and that number."""
    try:
        widths = Counter(len(cells) for cells in csv.reader(lines, delimiter=mark) if len(cells) > 1)
    except csv.Error:
        return 0, 0
    return max(((count, width) for width, count in widths.items()), default=(0, 0))


def decoded(content: bytes) -> str:
    """Returns the text of a file: UTF-8 or UTF-16 where it is that, else Windows-1254 (Turkish)."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.start > len(content) - 4 and len(content) == FIRST_BYTES:  # cut within a character
            return content[: error.start].decode("utf-8-sig")
        return content.decode("cp1254", errors="replace")


BROKEN_WORKBOOK = (
    zipfile.BadZipFile,
    zlib.error,
    SyntaxError,  # broken XML
    EOFError,
    IndexError,
    KeyError,
    NotImplementedError,
    RuntimeError,  # an encrypted zip
    TypeError,
    ValueError,
)
"""What openpyxl lets through from a file that is broken inside."""


LARGEST_WORKBOOK = 32 * 2**20
"""Bytes a workbook may unpack to; TADAS's list of all stations has 0.7 MB. openpyxl takes thirty times it."""


def _check_size(path: Path) -> None:
    with suppress(zipfile.BadZipFile, OSError), zipfile.ZipFile(path) as parts:
        unpacked = sum(part.file_size for part in parts.infolist())
        if unpacked > LARGEST_WORKBOOK:
            found = f"unpacks to {unpacked / 2**20:.0f} MB"
            raise InputError(path, found, expected="at most 32 MB", action="export it as .csv")


def _xlsx_rows(path: Path, first_only: bool, hidden: list[str] | None) -> Iterator[Row]:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    _check_size(path)
    try:
        book = load_workbook(path, read_only=True, data_only=True)
        try:
            visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
            if hidden is not None:
                hidden += [f"sheet {sheet.title}" for sheet in book.worksheets if sheet not in visible]
            for sheet in visible:
                prefix = f"sheet {sheet.title}, " if len(visible) > 1 else ""
                left_out = set() if hidden is None else _hidden_rows(book, sheet)
                for index, cells in enumerate(sheet.iter_rows(values_only=True), 1):
                    if hidden is not None and index in left_out:
                        hidden.append(f"{prefix}row {index}")
                    elif any(cell is not None and str(cell).strip() for cell in cells):
                        yield f"{prefix}row {index}", [_clean(cell) for cell in cells]
                        if first_only:
                            break
        finally:
            book.close()
    except (InvalidFileException, *BROKEN_WORKBOOK) as error:
        detail = " ".join(str(error).split())[:120]
        raise InputError(
            path, f"no Excel workbook ({detail})", expected=".xlsx", action="export it again"
        ) from error


def _hidden_rows(book: Any, sheet: Any) -> set[int]:
    """Returns the numbers of a sheet's hidden rows, which openpyxl does not tell of a sheet it streams."""
    found: set[int] = set()
    with book._archive.open(sheet._worksheet_path) as part:
        content = part.read()
    if b"hidden=" not in content:
        return found
    for number, element in enumerate(re.finditer(rb"<(?:\w+:)?row\b([^>]*)>", content), 1):
        attributes = dict(re.findall(rb'([\w:]+)="([^"]*)"', element[1]))
        if attributes.get(b"hidden") in (b"1", b"true"):
            found.add(int(attributes.get(b"r", number)))
    return found


def _clean(cell: object) -> object:
    return composed(cell).strip() if isinstance(cell, str) else cell
