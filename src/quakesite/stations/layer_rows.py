"""The rows of a report's layer table: the heading found by its layout, the numbers below it read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from quakesite.stations.document import Cell, Line
from quakesite.stations.parsing import fold, is_absent, number
from quakesite.stations.report_layouts import ColumnName, Layout

LENGTHS = (
    (r"\bkm\b", 1000.0),
    (r"\bcm\b", 0.01),
    (r"\bmm\b", 0.001),
    (r"\b(ft|feet)\b", 0.3048),
    (r"\bm\b", 1.0),
)
SPEEDS = (
    (r"\bkm\s*[/ ]\s*s", 1000.0),
    (r"\bcm\s*[/ ]\s*s", 0.01),
    (r"\b(ft|feet)\s*[/ ]\s*s|\bfps\b", 0.3048),
    (r"\bm\s*[/ ]\s*s", 1.0),
)
RANGE = re.compile(
    r"^\s*(?P<top>\d[\d.,]*)\s*(?:m\s*|ft\s*)?(?:-|…|\.\.+|to|ile)\s*(?P<bottom>\d[\d.,]*|\D+)?\s*(?:m|ft)?\s*$"
)
DEEPER = re.compile(r"^\s*(?:>\s*(?P<over>\d[\d.,]*)|(?P<plus>\d[\d.,]*)\s*\+)\s*(?:m|ft)?\s*$")
LEADING_NUMBER = re.compile(r"^\s*(?P<value>[\d.,]*\d)\s*(?:±.*|\+/?-.*|(?:k?c?m|ft)(?:\s*/\s*s\w*)?)?\s*$")

SUMMARY = re.compile(r"\b(toplam|ortalama|total|average|mean|v\s*s\s*\(?30)")

HEADING_LINES = 3
HEADER_LINES = 5
FOOTER_LINES = 2


@dataclass(frozen=True)
class Heading:
    """A heading: which of its cells is which column, and the number of the row below it."""

    columns: dict[ColumnName, int]
    cells: tuple[Cell, ...]
    next_row: int

    def scale(self, layout: Layout, name: ColumnName) -> float:
        """Returns what a column's numbers are to be multiplied by to be in m or m/s."""
        heading = _folded(self.cells[self.columns[name]].text)
        units = SPEEDS if name == "vs" else LENGTHS
        for pattern, factor in units:
            if re.search(pattern, heading):
                return factor
        stated = layout.columns[name].unit
        return next((factor for pattern, factor in units if stated and re.search(pattern, stated)), 1.0)


@dataclass(frozen=True)
class Row:
    """One row in m and m/s; `open_below` where it says that the layer has no bottom.

    `station` is the text of the station column, empty where there is none.
    """

    vs: float
    thickness: float | None
    top: float | None
    bottom: float | None
    open_below: bool
    place: str
    station: str = ""


def _folded(text: str) -> str:
    return fold(text).replace("_", " ")


def headings(block: Sequence[Line], layout: Layout) -> Iterator[Heading]:
    """Yields what can be the heading of a layer table, of one line before those of several."""
    for height in range(1, HEADING_LINES + 1):
        for start in range(len(block) - height + 1):
            lines = block[start : start + height]
            if len({line.page for line in lines}) > 1 or any(has_number(line, layout) for line in lines):
                continue
            cells = _merged(lines)
            if not is_whole(columns_of(cells, layout)):
                continue
            end = start + height
            while end < len(block) and end < start + HEADING_LINES and _continues(block[end], cells, layout):
                cells = _merged([Line(cells, block[end].page, ""), block[end]])
                end += 1
            yield Heading(columns_of(cells, layout), cells, end)


def has_number(line: Line, layout: Layout) -> bool:
    """Returns whether a cell of the line is a number, or stands for one (`-`, `half-space`)."""
    return any(_quantity(cell.text) is not None or _is_open(cell.text, layout) for cell in line.cells)


def _continues(line: Line, cells: Sequence[Cell], layout: Layout) -> bool:
    return not has_number(line, layout) and all(
        any(cell.left < above.right and above.left < cell.right for above in cells) for cell in line.cells
    )


def _merged(lines: Sequence[Line]) -> tuple[Cell, ...]:
    """Returns the cells of several heading lines as one, joined where they stand below each other."""
    base = max((line.cells for line in lines), key=len)
    texts: list[list[str]] = [[] for _ in base]
    alone: list[Cell] = []
    for line in lines:
        for cell in line.cells:
            below = [
                index for index, own in enumerate(base) if cell.left < own.right and own.left < cell.right
            ]
            for index in below:
                texts[index].append(cell.text)
            if not below:
                alone.append(cell)
    joined = [Cell(" ".join(text), own.left, own.right) for text, own in zip(texts, base, strict=True)]
    return tuple(sorted([*joined, *alone], key=lambda cell: cell.left))


def columns_of(cells: Sequence[Cell], layout: Layout) -> dict[ColumnName, int]:
    """Returns the index of the first cell that is each column's heading."""
    found: dict[ColumnName, int] = {}
    taken: set[int] = set()
    for name in ("vs", "thickness", "top", "bottom", "depth", "station"):
        column = layout.columns.get(name)
        for index, cell in enumerate(cells):
            if column is not None and index not in taken and column.matches(_folded(cell.text)):
                found[name] = index
                taken.add(index)
                break
    return found


def is_whole(columns: dict[ColumnName, int]) -> bool:
    """Returns whether layers can be read from these columns."""
    return "vs" in columns and bool(columns.keys() & {"thickness", "depth", "bottom", "top"})


def rows_below(block: Sequence[Line], heading: Heading, layout: Layout) -> list[Row]:
    """Returns the rows below a heading.

    They end at the first line that is no row. Over a page end they go on where no more than a footer stood
    below the last row, and no more than a header above the next; or below the same heading once more.
    """
    scales: dict[ColumnName, float] = {
        name: heading.scale(layout, name) for name in heading.columns if name != "station"
    }
    rows: list[Row] = []
    page = block[heading.next_row - 1].page
    goes_on, repeated, on_page, others = True, False, 0, 0
    for line in block[heading.next_row :]:
        if line.page != page:
            page = line.page
            goes_on = goes_on and others <= FOOTER_LINES
            repeated, on_page, others = False, 0, 0
        if rows and not on_page and columns_of(line.cells, layout) == heading.columns:
            goes_on = repeated = True
            continue
        if goes_on and not (on_page and others):
            row = _row(line, heading, scales, layout)
            if row is not None:
                rows.append(row)
                on_page, others = on_page + 1, 0
                continue
        others += 1
        if not on_page and not repeated and others > HEADER_LINES:
            goes_on = False
    return rows


def _row(line: Line, heading: Heading, scales: dict[ColumnName, float], layout: Layout) -> Row | None:
    texts = _by_column(line, heading)
    vs = _quantity(texts.get("vs", ""))
    if vs is None or SUMMARY.search(fold(line.text)) or (len(texts) == 1 and not line.gridded):
        return None
    values: dict[str, float | None] = {"thickness": None, "top": None, "bottom": None}
    open_below = False
    for name in heading.columns:
        if name in ("vs", "station"):
            continue
        text = texts.get(name, "")
        kind = "bottom" if name == "depth" else name
        span, deeper = RANGE.match(fold(text)), DEEPER.match(fold(text))
        if span is not None and span["bottom"] is not None:
            values["top"] = _scaled(span["top"], scales[name])
            if span["bottom"][0].isdigit():
                values["bottom"] = _scaled(span["bottom"], scales[name])
            else:
                open_below = True
        elif span is not None:
            values["top"], open_below = _scaled(span["top"], scales[name]), True
        elif deeper is not None:
            values["top"] = _scaled(deeper["over"] or deeper["plus"], scales[name])
            open_below = True
        elif _is_open(text, layout):
            open_below = True
        else:
            quantity = _quantity(text)
            if quantity is None:
                return None
            values[kind] = quantity * scales[name]
    station = texts.get("station", "")
    return Row(vs * scales["vs"], **values, open_below=open_below, place=line.place, station=station)


def _by_column(line: Line, heading: Heading) -> dict[ColumnName, str]:
    """Returns the text under each heading: in order where the numbers agree, else by where it stands."""
    if len(line.cells) == len(heading.cells) and not line.gridded:
        by_index = dict(enumerate(line.cells))
    else:
        by_index = {}
        for cell in line.cells:
            nearest = min(range(len(heading.cells)), key=lambda index: _apart(cell, heading.cells[index]))
            if not line.gridded or not _apart(cell, heading.cells[nearest])[0]:
                by_index.setdefault(nearest, cell)
    return {name: by_index[index].text for name, index in heading.columns.items() if index in by_index}


def _apart(cell: Cell, heading: Cell) -> tuple[float, float]:
    touching = cell.left < heading.right and heading.left < cell.right
    outside = 0.0 if touching else 1.0 + max(cell.left - heading.right, heading.left - cell.right)
    return outside, abs(cell.centre - heading.centre)


def _quantity(text: str) -> float | None:
    matched = LEADING_NUMBER.match(fold(text))
    return _scaled(matched["value"], 1.0) if matched else None


def _scaled(text: str, factor: float) -> float | None:
    try:
        value = number(text)
    except ValueError:
        return None
    return None if value is None else value * factor


def _is_open(text: str, layout: Layout) -> bool:
    folded = fold(text)
    return is_absent(text) or any(re.search(pattern, folded) for pattern in layout.half_space)
