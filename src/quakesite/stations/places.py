"""Where a station stands, where it stood before, and which statements are about which of the two."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from quakesite.records.geodesy import distance_and_azimuth
from quakesite.stations.schema import Source
from quakesite.stations.statements import Statement

APART_KM = 1.0
PRECEDENCE = (Source.TABLE, Source.HEADER, Source.REPORT)
"""Whose coordinates count: a report states where the array was laid out, not where the sensor stands."""


@dataclass(frozen=True)
class Places:
    """The statements with coordinates by precedence (the first one's count), those that are about a place
    where the station stood before, and how far in km the others are from the place that counts."""

    located: list[Statement]
    moved: list[Statement]
    apart_km: list[tuple[Statement, float]]

    def has_moved(self, row: Statement) -> bool:
        """Returns whether the statement is about a place where the station stood before."""
        return any(row is other for other in self.moved)

    def km_away(self, row: Statement) -> float | None:
        """Returns how far from the station the statement's coordinates are, null up to 1 km."""
        return next((km for other, km in self.apart_km if other is row), None)


def is_located(row: Statement) -> bool:
    """Returns whether the statement gives coordinates."""
    return row.latitude is not None and row.longitude is not None


def apart_km(one: Statement, other: Statement) -> float:
    """Returns the distance between two statements' coordinates in km, on the ellipsoid."""
    if one.latitude is None or one.longitude is None or other.latitude is None or other.longitude is None:
        raise ValueError("a distance needs two coordinates")
    return distance_and_azimuth(one.latitude, one.longitude, other.latitude, other.longitude)[0]


def places(ranked: Sequence[Statement]) -> Places:
    """Returns where one station stands and stood.

    Its place is that of the station table, else of its latest records, else of a report. Another one, over
    1 km away, is where it stood before if the dates can tell: the row is of a closed station while the one
    that counts is open, or its date (of the measurement, the installation, the latest record) is before the
    first date at the place that counts (of the installation, or of a record, if earlier). A report alone,
    whose coordinates may be mistyped, proves no move. Once a move is known, reports and headers without
    coordinates are told by their date alone.

    Args:
        ranked: one station's statements, in their order within each source.
    """
    located = [row for source in PRECEDENCE for row in ranked if row.source is source and is_located(row)]
    if not located:
        return Places([], [], [])
    kept = located[0]
    distances = [(row, apart_km(kept, row)) for row in located[1:]]
    far = [(row, km) for row, km in distances if km > APART_KM]
    here = [kept, *(row for row, km in distances if km <= APART_KM)]
    since = _since(here)
    before = [row for row, _ in far if _before(row, since) or (row.removed and not kept.removed)]
    moved = before if any(row.source is not Source.REPORT for row in before) else []
    if moved:
        moved += [
            row
            for row in ranked
            if not is_located(row) and row.source is not Source.TABLE and _before(row, since)
        ]
    return Places(located, moved, far)


def _since(here: Sequence[Statement]) -> dt.date | None:
    began = [row.first_date or row.date for row in here if row.source is not Source.REPORT]
    return min((date for date in began if date is not None), default=None)


def _before(row: Statement, since: dt.date | None) -> bool:
    return since is not None and row.date is not None and row.date < since
