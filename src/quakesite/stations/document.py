"""A report as lines of cells, whether it is a PDF, a CSV or an Excel file."""

from __future__ import annotations

import struct
import zlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quakesite.errors import InputError
from quakesite.rejects import Reason
from quakesite.stations.cells import rows
from quakesite.stations.parsing import composed

COLUMN_GAP = 1.6
"""Words farther apart than this many mean character widths stand in different columns: a blank is 0.6 of one
in proportional type and one in typewriter type, where columns are at least two blanks apart."""
RAISED_SIZE = 0.85
RAISED_BY = 0.15
"""A character is raised that is smaller than this part of the one before it and ends this part of its size
above its foot."""
BUCKET = 10
MAX_PAGES = 200
BROKEN_PDF = (
    OSError,
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    AssertionError,
    RecursionError,
    struct.error,
    zlib.error,
)
"""What pdfminer lets through from a file that is broken inside."""


class ReportError(ValueError):
    """A file that cannot be used as a report; says why."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Cell:
    """A piece of text and its extent across the page: points in a PDF, column numbers elsewhere."""

    text: str
    left: float
    right: float

    @property
    def centre(self) -> float:
        """The middle of its extent."""
        return (self.left + self.right) / 2


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a page, or a row of a table; `place` is where it stands (`page 2, line 14`, `row 5`).

    In a row of a table (`gridded`) the cells' extents are those of its columns.
    """

    cells: tuple[Cell, ...]
    page: int
    place: str
    gridded: bool = False

    @property
    def text(self) -> str:
        """The cells' text, two blanks between."""
        return "  ".join(cell.text for cell in self.cells)


@dataclass(frozen=True)
class Document:
    """A report's lines, and what can hold its layer table: its ruled tables together, then the lines."""

    path: Path
    lines: tuple[Line, ...]
    blocks: tuple[tuple[Line, ...], ...]
    hidden: tuple[str, ...] = ()
    """Sheets and rows of a workbook that are hidden, and therefore left out."""


def read_document(path: Path) -> Document:
    """Returns the report at `path` as lines of cells.

    Raises:
        ReportError: the file cannot be read, or is a PDF without text.
    """
    if path.suffix.lower() == ".pdf":
        return _read_pdf(path)
    lines = []
    hidden: list[str] = []
    try:
        for place, values in rows(path, hidden=hidden):
            cells = tuple(
                Cell(str(value), float(index), index + 1.0)
                for index, value in enumerate(values)
                if value is not None and str(value).strip()
            )
            lines.append(Line(cells, 1, place, gridded=True))
    except InputError as error:
        raise ReportError(Reason.UNREADABLE, error.found) from None
    return Document(path, tuple(lines), (tuple(lines),), tuple(hidden))


def _read_pdf(path: Path) -> Document:
    import pdfplumber
    from pdfminer.pdfexceptions import PDFException
    from pdfminer.psexceptions import PSException
    from pdfplumber.utils.exceptions import MalformedPDFException, PdfminerException

    lines: list[Line] = []
    ruled: list[Line] = []
    try:
        with pdfplumber.open(path) as pdf:
            n_pages = len(pdf.pages)
            if n_pages > MAX_PAGES:
                raise ReportError(Reason.TOO_LARGE, f"{n_pages} pages; {MAX_PAGES} is the limit")
            for number, page in enumerate(pdf.pages, 1):
                level = _without_raised(page)
                positioned = _lines_of(level, number)
                lines += [line for line, _, _ in positioned]
                if page.rects or page.lines or page.curves:
                    ruled += _ruled_rows(level, number, positioned)
                page.close()
    except ReportError:
        raise
    except (MalformedPDFException, PdfminerException, PDFException, PSException, *BROKEN_PDF) as error:
        detail = f"no PDF that can be read ({type(error).__name__}: {' '.join(str(error).split())[:120]})"
        raise ReportError(Reason.UNREADABLE, detail) from error
    if not lines:
        detail = f"{n_pages} page(s) without a text layer (images only); run a text recognition (OCR) first"
        raise ReportError(Reason.NO_TEXT_LAYER, detail)
    blocks = (tuple(ruled), tuple(lines)) if ruled else (tuple(lines),)
    return Document(path, tuple(lines), blocks)


def _without_raised(page: Any) -> Any:
    """Returns the page without small raised characters that follow others: footnote marks and powers.

    Subscripts stay, as in Vs30.
    """
    chars = [char for char in page.chars if char["text"].strip()]
    ending_at: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for char in chars:
        ending_at[int(char["x1"]) // BUCKET].append(char)
    largest = max((char["size"] for char in chars), default=0.0)
    raised: set[int] = set()
    for char in chars:
        if char["size"] < RAISED_SIZE * largest:
            bucket = int(char["x0"]) // BUCKET
            beside = (base for near in (-2, -1, 0, 1) for base in ending_at.get(bucket + near, ()))
            if any(_is_raised(char, base) for base in beside):
                raised.add(id(char))
    return page.filter(lambda item: id(item) not in raised) if raised else page


def _is_raised(char: dict[str, Any], base: dict[str, Any]) -> bool:
    size = base["size"]
    return bool(
        char["size"] < RAISED_SIZE * size
        and base["top"] - char["size"] < char["bottom"] < base["bottom"] - RAISED_BY * size
        and -0.2 * size < char["x0"] - base["x1"] < size
    )


def _lines_of(page: Any, number: int) -> list[tuple[Line, float, float]]:
    """Returns the lines of a page with the top and bottom of each, from the top down."""
    words = [word for word in page.extract_words(x_tolerance=1.5, y_tolerance=3) if word["upright"]]
    words.sort(key=lambda word: ((word["top"] + word["bottom"]) / 2, word["x0"]))
    grouped: list[list[dict[str, Any]]] = []
    for word in words:
        middle = (word["top"] + word["bottom"]) / 2
        if grouped:
            first = grouped[-1][0]
            if middle - (first["top"] + first["bottom"]) / 2 <= 0.4 * (first["bottom"] - first["top"]):
                grouped[-1].append(word)
                continue
        grouped.append([word])
    lines = []
    for index, group in enumerate(grouped, 1):
        group.sort(key=lambda word: word["x0"])
        line = Line(tuple(_cells_of(group)), number, f"page {number}, line {index}")
        lines.append((line, min(word["top"] for word in group), max(word["bottom"] for word in group)))
    return lines


def _cells_of(words: Sequence[dict[str, Any]]) -> Iterable[Cell]:
    widths = sum(word["x1"] - word["x0"] for word in words)
    gap = COLUMN_GAP * widths / max(1, sum(len(word["text"]) for word in words))
    start = 0
    for index in range(1, len(words) + 1):
        if index == len(words) or words[index]["x0"] - words[index - 1]["x1"] > gap:
            group = words[start:index]
            text = composed(" ".join(word["text"] for word in group))
            yield Cell(text, float(group[0]["x0"]), float(group[-1]["x1"]))
            start = index


def _ruled_rows(page: Any, number: int, lines: Sequence[tuple[Line, float, float]]) -> list[Line]:
    """Returns the rows of a page's ruled tables; a row's place is that of its first line."""
    found = []
    for table in page.find_tables():
        for row, texts in zip(table.rows, table.extract(), strict=True):
            cells = tuple(
                Cell(composed(" ".join(text.split())), float(index), index + 1.0)
                for index, text in enumerate(texts)
                if text is not None and text.strip()
            )
            top, bottom = row.bbox[1], row.bbox[3]
            place = next(
                (line.place for line, high, low in lines if top <= (high + low) / 2 <= bottom),
                f"page {number}",
            )
            if cells:
                found.append(Line(_widened(cells, texts), number, place, gridded=True))
    return found


def _widened(cells: tuple[Cell, ...], texts: Sequence[str | None]) -> tuple[Cell, ...]:
    """Returns the cells with those that span several columns (null beside them) as wide as they are."""
    wide = []
    for cell in cells:
        right = int(cell.right)
        while right < len(texts) and texts[right] is None:
            right += 1
        wide.append(Cell(cell.text, cell.left, float(right)))
    return tuple(wide)
