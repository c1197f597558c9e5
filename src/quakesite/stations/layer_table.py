"""The layers of a report: the first table in it that is one, checked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from quakesite.rejects import Reason
from quakesite.stations.document import Document, ReportError
from quakesite.stations.layer_rows import Row, columns_of, has_number, headings, is_whole, rows_below
from quakesite.stations.parsing import station_code
from quakesite.stations.profile import Layer
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
    """The rows of one station in a layer table; its code where the table has a station column, else empty."""

    station: str
    rows: tuple[Row, ...]
    n_columns: int

    def table(self) -> LayerTable:
        """Returns the rows as layers.

        Raises:
            ReportError: they cannot be the layers of a site; says why.
        """
        layers = _layers(self.rows)
        return LayerTable(tuple(layer for layer, _ in layers), tuple(place for _, place in layers))


def find_layers(document: Document, layout: Layout) -> list[LayerRows]:
    """Returns the rows of the first table in the report whose heading is the layout's, station by station.

    Where it has a column of stations, an empty cell belongs to the station above.

    Raises:
        ReportError: there is no such table (says which column is missing).
    """
    for block in document.blocks:
        for heading in headings(block, layout):
            rows = rows_below(block, heading, layout)
            if rows:
                return [
                    LayerRows(station, tuple(own), len(heading.columns)) for station, own in _by_station(rows)
                ]
    raise ReportError(Reason.BAD_REPORT, _what_is_missing(document, layout))


def _by_station(rows: Sequence[Row]) -> list[tuple[str, list[Row]]]:
    found: dict[str, list[Row]] = {}
    current = ""
    for row in rows:
        written = row.station.strip()
        if station_code(written) is not None and (written.isupper() or any(map(str.isdigit, written))):
            current = row.station
        found.setdefault(current, []).append(row)
    return list(found.items())


def _layers(rows: Sequence[Row]) -> list[tuple[Layer, str]]:
    """Returns the rows as layers, each with its place.

    Raises:
        ReportError: a gap or an overlap, a thickness that is not positive or contradicts the depths, a
            velocity that no ground has.
    """
    spans = _spans(rows)
    layers = []
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
            thickness = math.inf
        if thickness < 0 or (thickness == 0 and row.thickness is not None):
            raise ReportError(Reason.BAD_REPORT, f"a thickness of {thickness:g} m ({row.place})")
        low, high = PLAUSIBLE_VS_M_S
        if not low <= row.vs <= high:
            raise ReportError(
                Reason.BAD_REPORT, f"Vs {row.vs:g} m/s is not within {low:g} to {high:g} ({row.place})"
            )
        reached += thickness
        if reached > MAX_DEPTH_M and math.isfinite(reached):
            raise ReportError(Reason.BAD_REPORT, f"a profile {reached:g} m deep ({row.place})")
        if thickness > 0:
            layers.append((Layer(thickness, row.vs), row.place))
    return layers


def _spans(rows: Sequence[Row]) -> list[tuple[float | None, float | None]]:
    """Returns each row's top and bottom in m.

    Where there is one depth per row: bottoms, unless the first is 0; then tops, the last of a half-space, or
    the two ends of each layer where depths repeat.
    """
    tops_only = all(row.bottom is None and row.top is not None for row in rows)
    depths_only = all(row.top is None for row in rows) and rows[0].bottom is not None
    if len(rows) > 1 and (tops_only or (depths_only and rows[0].bottom == 0 and rows[0].thickness is None)):
        tops = [row.top if tops_only else row.bottom for row in rows]
        if None in tops[:-1]:
            raise ReportError(Reason.BAD_REPORT, f"a layer without a depth ({rows[tops.index(None)].place})")
        last = None if tops[-1] not in tops[:-1] and len(set(tops)) == len(tops) else tops[-1]
        return list(zip(tops, [*tops[1:], last], strict=True))
    return [(row.top, row.bottom) for row in rows]


def _what_is_missing(document: Document, layout: Layout) -> str:
    for block in document.blocks:
        for line, below in pairwise(block):
            columns = columns_of(line.cells, layout)
            if len(line.cells) < 2 or not columns.keys() - {"station"} or not has_number(below, layout):
                continue
            found = ", ".join(cell.text for cell in line.cells)[:120]
            missing = "Vs" if "vs" not in columns else "thickness or depth"
            if not is_whole(columns):
                return f"column missing: {missing} ({line.place}; found: {found})"
    return "no layer table (a Vs column beside a thickness or depth column)"
