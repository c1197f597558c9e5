"""Whether a record can be of the event that its header names."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime

from quakesite.records.record import Record
from quakesite.records.settings import RecordsSettings

FASTEST_KM_S = 8.2
"""P in the uppermost mantle; no wave of a regional event comes sooner."""

SLOWEST_KM_S = 2.0
"""Later than at this speed even the surface waves in sediments have passed."""


def origin_mismatch_s(
    event_time: datetime | None,
    start_time: datetime | None,
    duration_s: float,
    epicentral_km: float | None,
    depth_km: float | None,
) -> float | None:
    """Returns by how many seconds a record misses the waves of its event; 0 where it may hold them.

    Positive where the record ends before the first of them can arrive, or starts after the last has. None
    where a time or the distance is unknown. An unknown depth counts as 0.

    Args:
        event_time: origin time.
        start_time: time of the first sample.
        duration_s: of the record.
        epicentral_km: epicentral distance.
        depth_km: of the hypocentre.
    """
    if event_time is None or start_time is None or epicentral_km is None:
        return None
    start_s = (start_time - event_time).total_seconds()
    distance_km = math.hypot(epicentral_km, depth_km or 0.0)
    early = distance_km / FASTEST_KM_S - (start_s + duration_s)
    late = start_s - distance_km / SLOWEST_KM_S
    return max(0.0, early, late)


def implausibilities(record: Record, settings: RecordsSettings) -> Iterator[str]:
    """Yields what cannot be about the event or the place of `record`, by the limits that are set."""
    for value, span, what in (
        (record.ev_depth_km, settings.plausible_depth_km, "km deep"),
        (record.magnitude, settings.plausible_magnitude, "is the magnitude"),
    ):
        if span is not None and value is not None and not span[0] <= value <= span[1]:
            yield f"{value:g} {what}, plausible are {span[0]:g} to {span[1]:g}"
    if settings.reject_zero_coordinates:
        for what, place in (
            ("the epicentre", (record.ev_latitude, record.ev_longitude)),
            ("the station", (record.st_latitude, record.st_longitude)),
        ):
            if place == (0.0, 0.0):
                yield f"{what} is at 0 N 0 E, which means unknown"
    limit, mismatch = settings.max_origin_mismatch_s, record.origin_mismatch_s
    if limit is not None and mismatch is not None and mismatch > limit:
        yield f"the record misses its event's waves by {mismatch:.0f} s, at most {limit:g} wanted"
