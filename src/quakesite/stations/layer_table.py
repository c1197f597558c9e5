"""The layers of a report: every table in it that is one, checked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from quakesite.rejects import Reason
from quakesite.stations.document import Document, ReportError
from quakesite.stations.layer_rows import (
    Row,
    Rows,
    Unread,
    columns_of,
    has_number,
    headings,
    is_whole,
    rows_below,
)
from quakesite.stations.marks import Marks, without_mark
from quakesite.stations.parsing import station_code
from quakesite.stations.profile import DEPTH_M, ROUNDING_M, Layer
from quakesite.stations.report_layouts import Layout

PLAUSIBLE_VS_M_S = (10.0, 6000.0)
MAX_DEPTH_M = 3000.0
MISFIT_M = 0.05


@dataclass(frozen=True)
class LayerTable:
    """A station's layers, from the surface down, and where each of their rows stands."""

    layers: tuple[Layer, ...]
    places: tuple[str, ...]

    @property
    def first_place(self) -> str:
        """Where the first layer stands."""
        return self.places[0]

    @property
    def last_place(self) -> str:
        """Where the last layer stands."""
        return self.places[-1]


@dataclass(frozen=True)
class LayerRows:
    """The rows of one station in a layer table; its code where the table has a station column, else empty.

    `unread` is the row at which reading ended because a cell of it cannot be read.
    """

    station: str
    rows: tuple[Row, ...]
    n_columns: int
    unread: Unread | None = None

    @property
    def first_place(self) -> str:
        """Where the first of its rows stands."""
        return self.rows[0].place if self.rows else self.unread.place if self.unread else ""

    def table(self) -> LayerTable:
        """Returns the rows as layers.

        Raises:
            ReportError: they cannot be the layers of a site, or one cannot be read; says why.
        """
        if self.unread is not None:
            detail = f"{self.unread.place} cannot be read: {self.unread.shown!r}"
            detail += f" without {self.unread.lacks}" if self.unread.lacks else ""
            raise ReportError(Reason.BAD_REPORT, detail)
        return _table(_with_thousands(self.rows))


def find_layers(document: Document, layout: Layout) -> list[list[LayerRows]]:
    """Returns the rows of each table in the report whose heading is the layout's, station by station.

    Where a table has a column of stations, an empty cell belongs to the station above. What stands in ruled
    lines and is text as well is one table.
    """
    found: list[tuple[Rows, int]] = []
    for block in document.blocks:
        for heading in headings(block, layout):
            rows = rows_below(block, heading, layout)
            if rows.rows or rows.unread:
                found.append((rows, len(heading.columns)))
    used: set[str] = set()
    tables: list[tuple[int, list[LayerRows]]] = []
    for index in sorted(range(len(found)), key=lambda place: (not found[place][0].rows, place)):
        rows, n_columns = found[index]
        places = {row.place for row in rows.rows} | ({rows.unread.place} if rows.unread else set())
        if not places & used:
            tables.append((index, _by_station(rows, n_columns)))
        used |= places
    return [groups for _, groups in sorted(tables, key=lambda table: table[0])]


def _by_station(rows: Rows, n_columns: int) -> list[LayerRows]:
    """Returns the rows of each station; what cannot be read belongs to the last one."""
    found: dict[str, list[Row]] = {}
    current = ""
    for row in rows.rows:
        written = row.station.strip()
        if station_code(written) is not None and (written.isupper() or any(map(str.isdigit, written))):
            current = row.station
        found.setdefault(current, []).append(row)
    found = found or {"": []}
    return [
        LayerRows(station, tuple(own), n_columns, rows.unread if own is found[current] else None)
        for station, own in found.items()
    ]


def _with_thousands(rows: Sequence[Row]) -> list[Row]:
    """Returns the rows, velocities like `1.300` read as 1300 m/s where the table's other numbers tell so."""
    marks = Marks()
    for row in rows:
        marks.see(row.written, PLAUSIBLE_VS_M_S[1], same_column=True)
        for text in row.beside:
            marks.see(text, MAX_DEPTH_M)
    return [
        replace(row, vs=without_mark(row.written) or row.vs) if marks.are_thousands(row.written) else row
        for row in rows
    ]


def _table(rows: Sequence[Row]) -> LayerTable:
    """Returns the rows as layers.

    Raises:
        ReportError: a gap or an overlap, a thickness that is not positive or contradicts the depths, a
            velocity that no ground has, a last layer above 30 m of which nothing says how deep it goes.
    """
    for row in rows[:-1]:
        if row.open_below and row.thickness is None and row.bottom is None:
            raise ReportError(Reason.BAD_REPORT, f"a layer without a thickness above others ({row.place})")
    spans, are_tops = _spans(rows)
    layers: list[tuple[Layer, str]] = []
    reached = 0.0
    for row, (top, bottom) in zip(rows, spans, strict=True):
        if top is not None and abs(top - reached) > MISFIT_M:
            raise ReportError(
                Reason.BAD_REPORT,
                f"a layer begins at {top:g} m, the one above ends at {reached:g} m ({row.place})",
            )
        thickness = row.thickness
        if bottom is not None:
            from_depths = bottom - (reached if top is None else top)
            if thickness is not None and abs(thickness - from_depths) > max(MISFIT_M, 0.02 * from_depths):
                detail = f"thickness {thickness:g} m, but {from_depths:g} m by its depths ({row.place})"
                raise ReportError(Reason.BAD_REPORT, detail)
            thickness = from_depths if thickness is None else thickness
        if thickness is None:
            if row is not rows[-1]:
                raise ReportError(
                    Reason.BAD_REPORT, f"a layer without a thickness above others ({row.place})"
                )
            if row.open_below or are_tops or reached >= DEPTH_M - ROUNDING_M:
                thickness = math.inf
            else:
                detail = f"the last layer has neither a thickness nor a sign of a half-space ({row.place})"
                raise ReportError(Reason.BAD_REPORT, detail)
        if thickness < 0 or (thickness == 0 and row.thickness is not None):
            raise ReportError(Reason.BAD_REPORT, f"a thickness of {thickness:g} m ({row.place})")
        low, high = PLAUSIBLE_VS_M_S
        if not low <= row.vs <= high:
            detail = f"Vs {row.vs:g} m/s is not within {low:g} to {high:g} ({row.place})"
            whole = without_mark(row.written)
            detail += f"; write {whole:g} if that is meant" if whole is not None else ""
            raise ReportError(Reason.BAD_REPORT, detail)
        reached += thickness
        if reached > MAX_DEPTH_M and math.isfinite(reached):
            raise ReportError(Reason.BAD_REPORT, f"a profile {reached:g} m deep ({row.place})")
        if thickness > 0:
            layers.append((Layer(thickness, row.vs), row.place))
    return LayerTable(tuple(layer for layer, _ in layers), tuple(place for _, place in layers))


def _spans(rows: Sequence[Row]) -> tuple[list[tuple[float | None, float | None]], bool]:
    """Returns each row's top and bottom in m, and whether one depth per row is its top.

    Where there is one depth per row: bottoms, unless the first is 0; then tops, the last of a half-space, or
    the two ends of each layer where depths repeat.
    """
    tops_only = all(row.bottom is None and row.top is not None for row in rows)
    depths_only = all(row.top is None for row in rows) and rows[0].bottom is not None
    if len(rows) > 1 and (tops_only or (depths_only and rows[0].bottom == 0 and rows[0].thickness is None)):
        tops = [row.top if tops_only else row.bottom for row in rows]
        if None in tops[:-1]:
            raise ReportError(Reason.BAD_REPORT, f"a layer without a depth ({rows[tops.index(None)].place})")
        repeat = len(set(tops)) < len(tops)
        ends = len(tops) % 2 == 0 and tops[1:-1:2] == tops[2::2] and not rows[-1].open_below
        if repeat and not ends:
            detail = f"depths that repeat, but are not the ends of each layer ({rows[-1].place})"
            raise ReportError(Reason.BAD_REPORT, detail)
        last = tops[-1] if repeat else None
        return list(zip(tops, [*tops[1:], last], strict=True)), True
    return [(row.top, row.bottom) for row in rows], False


def missing_column(document: Document, layout: Layout) -> str | None:
    """Returns which column a table lacks to be a layer table and where it stands, null without one."""
    for block in document.blocks:
        for line, below in pairwise(block):
            columns = columns_of(line.cells, layout)
            if len(line.cells) < 2 or not columns.keys() - {"station"} or not has_number(below, layout):
                continue
            found = ", ".join(cell.text for cell in line.cells)[:120]
            missing = "Vs" if "vs" not in columns else "thickness or depth"
            if not is_whole(columns):
                return f"{missing} ({line.place}; found: {found})"
    return None
