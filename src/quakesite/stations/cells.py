"""Rows of cells from CSV and XLSX files, whatever their separator and encoding."""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from quakesite.errors import InputError
from quakesite.stations.parsing import composed

SEPARATORS = (";", "\t", ",")
FIRST_BYTES = 65_536

Row = tuple[str, list[object]]
"""Where a row stands (`row 5`, `sheet data, row 5`) and its cells."""


def rows(path: Path, *, first_only: bool = False) -> Iterator[Row]:
    """Yields the rows of a .csv or .xlsx file that are not empty.

    Args:
        path: the file; an .xlsx file's sheets follow one another.
        first_only: no more than the first such row of each sheet is read, which is quick.

    Raises:
        InputError: the file is missing, of another kind, or cannot be read.
    """
    if not path.is_file():
        raise InputError(path, "no such file")
    kind = path.suffix.lower()
    if kind not in {".csv", ".xlsx"}:
        raise InputError(
            path, f"a {kind or 'file without ending'}", expected=".xlsx or .csv", action="export it as one"
        )
    try:
        source = _xlsx_rows(path, first_only) if kind == ".xlsx" else _csv_rows(path, first_only)
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
        separator = max(SEPARATORS, key=lambda mark: len(next(csv.reader([first], delimiter=mark), [])))
    reader = csv.reader(io.StringIO("".join(lines), newline=""), delimiter=separator)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield f"row {reader.line_num}", [composed(cell).strip() for cell in cells]
                if first_only:
                    return
    except csv.Error as error:
        raise InputError(path, f"no CSV ({error}, row {reader.line_num})") from error


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


def _xlsx_rows(path: Path, first_only: bool) -> Iterator[Row]:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(path, read_only=True, data_only=True)
        try:
            for sheet in book.worksheets:
                prefix = f"sheet {sheet.title}, " if len(book.worksheets) > 1 else ""
                for index, cells in enumerate(sheet.iter_rows(values_only=True), 1):
                    if any(cell is not None and str(cell).strip() for cell in cells):
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


def _clean(cell: object) -> object:
    return composed(cell).strip() if isinstance(cell, str) else cell
