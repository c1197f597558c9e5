"""The rows of a report's layer table: the heading found by its layout, the numbers below it read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from quakesite.stations.cell_values import LENGTHS, NUMBERING, SPEEDS, Value, quantity, value_of
from quakesite.stations.document import Cell, Line
from quakesite.stations.parsing import fold
from quakesite.stations.report_layouts import ColumnName, Layout

SUMMARY = re.compile(r"^\s*(genel\s+)?(toplam|ortalama|total|sum\b|σ|average|mean\b|v\s*s\s*[,_ ]?\(?\s*30)")
"""How the first cell of a row begins that sums the table up."""
SHORT_LABEL = 24
MARGIN = 15.0
"""Points; farther beside the columns than this a cell of a page is of something else."""

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

    `station` is the text of the station column, empty where there is none; `written` is that of the velocity,
    `beside` those of thickness and depths.
    """

    vs: float
    thickness: float | None
    top: float | None
    bottom: float | None
    open_below: bool
    place: str
    station: str = ""
    written: str = ""
    beside: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unread:
    """A row of the table that cannot be read: its place, what stands there, and what it lacks."""

    place: str
    shown: str
    lacks: str = ""


@dataclass(frozen=True)
class Rows:
    """The rows below a heading, up to the first that cannot be read, if there is one."""

    rows: tuple[Row, ...]
    unread: Unread | None = None


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
    return any(value_of(cell.text, layout, speed=False).is_read for cell in line.cells)


def _continues(line: Line, cells: Sequence[Cell], layout: Layout) -> bool:
    spoilt = (value_of(cell.text, layout, speed=False).begins_with_digit for cell in line.cells)
    return (
        not has_number(line, layout)
        and not any(spoilt)
        and all(
            any(cell.left < above.right and above.left < cell.right for above in cells) for cell in line.cells
        )
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


def rows_below(block: Sequence[Line], heading: Heading, layout: Layout) -> Rows:
    """Returns the rows below a heading.

    They end at the first line that is no row. Over a page end they go on where no more than a footer stood
    below the last row, and no more than a header above the next; or below the same heading once more. A row
    of which a cell cannot be read is none of the ends: it is returned as such.
    """
    scales: dict[ColumnName, float] = {
        name: heading.scale(layout, name) for name in heading.columns if name != "station"
    }
    rows: list[Row] = []
    page = block[heading.next_row - 1].page
    goes_on, repeated, on_page, others = True, False, 0, 0
    remark: Line | None = None
    below = block[heading.next_row :]
    for index, line in enumerate(below):
        if line.page != page:
            page = line.page
            goes_on = goes_on and others <= FOOTER_LINES
            repeated, on_page, others, remark = False, 0, 0, None
        if rows and not on_page and columns_of(line.cells, layout) == heading.columns:
            goes_on = repeated = True
            continue
        if _is_elsewhere(line, heading):
            if on_page and not others and (_sums_up(line, heading) or _is_field(line, layout)):
                remark, others = line, 1
            continue
        if goes_on and not (on_page and others):
            row = _row(line, heading, scales, layout)
            if isinstance(row, Unread) and not _numbers_page(below, index):
                return Rows(tuple(rows), row)
            if isinstance(row, Row):
                rows.append(row)
                on_page, others = on_page + 1, 0
                continue
            if "station" in heading.columns and _sums_up(line, heading):
                continue
            remark = line if on_page and len(line.cells) == 1 and not _sums_up(line, heading) else None
        elif remark is not None and others == 1:
            if isinstance(_row(line, heading, scales, layout), Row):
                return Rows(tuple(rows), Unread(remark.place, remark.text))
            remark = None
        others += 1
        if not on_page and not repeated and others > HEADER_LINES:
            goes_on = False
    return Rows(tuple(rows))


def _numbers_page(lines: Sequence[Line], index: int) -> bool:
    """Returns whether a line of a page is its number: alone in the first line or the last."""
    line = lines[index]
    if line.gridded or len(line.cells) > 1 or not line.text.isdigit():
        return False
    beside = [lines[place] for place in (index - 1, index + 1) if 0 <= place < len(lines)]
    return len(beside) < 2 or any(other.page != line.page for other in beside)


def _is_elsewhere(line: Line, heading: Heading) -> bool:
    """Returns whether a line of a page stands wholly beside the table: in another column of text."""
    return not line.gridded and not _within(line, heading)


def _within(line: Line, heading: Heading) -> list[Cell]:
    """Returns the line's cells that stand within the table's columns, as wide as their headings."""
    if line.gridded:
        return list(line.cells)
    own = [heading.cells[index] for index in heading.columns.values()]
    left, right = min(cell.left for cell in own) - MARGIN, max(cell.right for cell in own) + MARGIN
    return [cell for cell in line.cells if cell.left < right and left < cell.right]


def _sums_up(line: Line, heading: Heading) -> bool:
    """Returns whether the line is a sum or a mean: its first cell, or the one beside the table, says so."""
    within = _within(line, heading)
    first = line.cells.index(within[0]) if within else 0
    labels = [line.cells[0]] if line.gridded else [*line.cells[max(0, first - 1) : first], *within[:1]]
    labels = labels or [line.cells[0]]
    return any(
        SUMMARY.search(fold(cell.text)) and (cell in within or len(cell.text) <= SHORT_LABEL)
        for cell in labels
    )


def _is_field(line: Line, layout: Layout) -> bool:
    """Returns whether the line is a label of the layout and its value (`Date; 2015-05-12`)."""
    folded = fold(line.text)
    labels = (pattern for patterns in layout.field_patterns.values() for pattern in patterns)
    return any(pattern.match(folded) is not None for pattern in labels)


def _row(
    line: Line, heading: Heading, scales: dict[ColumnName, float], layout: Layout
) -> Row | Unread | None:
    """Returns the line as a row, null where it is none, and what is to blame where it is a broken one."""
    if _sums_up(line, heading):
        return None
    cells = _by_column(line, heading)
    values: dict[ColumnName, Value] = {}
    for name in heading.columns:
        if name == "station":
            continue
        value = value_of(cells[name].text if name in cells else "", layout, speed=name == "vs")
        stray = name in cells and not line.gridded and not value.is_read and not value.looks_numeric
        if stray and _apart(cells[name], heading.cells[heading.columns[name]])[0]:
            value = Value("")
        values[name] = value
    told = sum(value.tells for value in values.values())
    spoilt = [value for value in values.values() if not value.is_read and not value.is_empty]
    if not told and sum(value.looks_numeric for value in spoilt) < 2:
        return None
    if all(NUMBERING.fullmatch(value.text) for value in values.values()) or _is_field(line, layout):
        return None
    if spoilt:
        return Unread(line.place, spoilt[0].text)
    if values["vs"].is_empty:
        return Unread(line.place, line.text, "Vs")
    station = cells["station"].text if "station" in cells else ""
    alone = told == 1 and all(value.is_empty for name, value in values.items() if name != "vs")
    if alone and not line.gridded and sum(quantity(fold(cell.text)) is not None for cell in line.cells) < 2:
        return Unread(line.place, line.text, "thickness or depth")
    return _scaled(values, scales, line.place, station)


def _scaled(
    values: dict[ColumnName, Value], scales: dict[ColumnName, float], place: str, station: str
) -> Row:
    found: dict[str, float | None] = {"thickness": None, "top": None, "bottom": None}
    open_below = False
    for name, value in values.items():
        if name == "vs":
            continue
        scale = scales[name]
        open_below = open_below or value.is_open
        if value.top is not None:
            found["top"] = value.top * scale
        if value.bottom is not None:
            found["bottom"] = value.bottom * scale
        if value.number is not None:
            found["bottom" if name == "depth" else name] = value.number * scale
    vs = values["vs"].number
    if vs is None:
        raise ValueError(f"{place}: a row without a velocity")
    texts = tuple(value.text for name, value in values.items() if name != "vs")
    written = values["vs"].text if scales["vs"] == 1.0 else ""
    return Row(
        vs * scales["vs"],
        **found,
        open_below=open_below,
        place=place,
        station=station,
        written=written,
        beside=texts,
    )


def _by_column(line: Line, heading: Heading) -> dict[ColumnName, Cell]:
    """Returns the cell under each heading: in order where the numbers agree, else by where it stands."""
    if len(line.cells) == len(heading.cells) and not line.gridded:
        by_index = dict(enumerate(line.cells))
    else:
        nearest = []
        for cell in _within(line, heading):
            index = min(range(len(heading.cells)), key=lambda place: _apart(cell, heading.cells[place]))
            nearest.append((_apart(cell, heading.cells[index]), cell.left, index, cell))
        by_index = {}
        for (outside, _), _, index, cell in sorted(nearest, key=lambda found: found[:3]):
            if not line.gridded or not outside:
                by_index.setdefault(index, cell)
    return {name: by_index[index] for name, index in heading.columns.items() if index in by_index}


def _apart(cell: Cell, heading: Cell) -> tuple[float, float]:
    touching = cell.left < heading.right and heading.left < cell.right
    outside = 0.0 if touching else 1.0 + max(cell.left - heading.right, heading.left - cell.right)
    return outside, abs(cell.centre - heading.centre)
