"""A report on several stations as one document for each: pages, sheets or blocks of rows."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from quakesite.stations.document import Document, Line
from quakesite.stations.layer_table import find_layers
from quakesite.stations.parsing import composed, fold
from quakesite.stations.report_layouts import Layout

SHEET = re.compile(r"^sheet (?P<title>.*), row \d+$")

StationOf = Callable[[Line], str | None]
"""Returns the code of the station that a line names, null where it names none."""


@dataclass(frozen=True)
class Part:
    """What a report says about one station, and its code where the lines alone tell it (else empty)."""

    document: Document
    station: str = ""


def parts_of(document: Document, layout: Layout, station_of: StationOf) -> tuple[list[Part], Document | None]:
    """Returns the report's parts, and the cover that stands before them, where there is one.

    A new part begins with each page of a PDF, each sheet or each row of a table that names another station
    than the one before. Only where at least two stations have a layer table of their own is a report on
    several; a neighbour that is merely mentioned does not divide it. Parts without a table whose station
    has one elsewhere are left out.
    """
    cuts = _cuts(document, layout, station_of)
    if len({code for _, code in cuts}) < 2:
        return [Part(document)], None
    ends = [start for start, _ in cuts[1:]] + [len(document.lines)]
    pieces = [
        Part(_between(document, start, end), code) for (start, code), end in zip(cuts, ends, strict=True)
    ]
    with_table = {piece.station for piece in pieces if _has_table(piece.document, layout)}
    if len(with_table) < 2:
        return [Part(document)], None
    cover = _between(document, 0, cuts[0][0]) if cuts[0][0] else None
    kept = [
        piece for piece in pieces if piece.station not in with_table or _has_table(piece.document, layout)
    ]
    return kept, cover


def _cuts(document: Document, layout: Layout, station_of: StationOf) -> list[tuple[int, str]]:
    """Returns where the lines of another station begin: index and code."""
    cuts: list[tuple[int, str]] = []
    gridded = bool(document.lines) and document.lines[0].gridded
    page, sheet, first_of_page, named = 0, "", 0, False
    for index, line in enumerate(document.lines):
        title = _sheet(line)
        code = None
        if title != sheet:
            sheet, code = title, _code_of_sheet(title, layout)
        if line.page != page:
            page, first_of_page, named = line.page, index, False
        if code is None and (gridded or not named):
            code = station_of(line)
        if code is not None:
            named = True
            if not cuts or cuts[-1][1] != code:
                cuts.append((index if gridded else first_of_page, code))
    return cuts


def _sheet(line: Line) -> str:
    matched = SHEET.match(line.place)
    return matched["title"] if matched else ""


def _code_of_sheet(title: str, layout: Layout) -> str | None:
    if layout.station_in_file_name is None:
        return None
    matched = re.search(layout.station_in_file_name, fold(composed(title)))
    return matched["value"] if matched else None


def _between(document: Document, start: int, end: int) -> Document:
    lines = document.lines[start:end]
    if lines and lines[0].gridded:
        return Document(document.path, lines, (lines,), document.hidden)
    pages = {line.page for line in lines}
    blocks = tuple(tuple(line for line in block if line.page in pages) for block in document.blocks)
    return Document(document.path, lines, tuple(filter(None, blocks)))


def _has_table(document: Document, layout: Layout) -> bool:
    return bool(find_layers(document, layout))
