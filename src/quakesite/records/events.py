"""Tables of events, as `quakesite download events` writes them, for records that know nothing of theirs.

miniSEED carries no hypocentre and no magnitude; all that is known of its event is the stamp in its name.
"""

from __future__ import annotations

import csv
import os
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from quakesite.errors import InputError
from quakesite.records.fields import FieldReader
from quakesite.records.geodesy import distance_and_azimuth
from quakesite.records.nsmn import magnitude_scale, of_scale
from quakesite.records.plausibility import origin_mismatch_s
from quakesite.records.record import Record

SAME_ORIGIN_S = 10.0
"""An origin that lies farther from the record's event time is of another event. Stamps are whole seconds, and
one event's lie up to some seconds apart where its origin was determined anew."""

COLUMNS = ("event_id", "time", "latitude", "longitude", "depth_km", "magnitude", "magnitude_type")


class Event(NamedTuple):
    """One event of a table; origin time in UTC."""

    time: datetime
    event_id: str
    latitude: float | None
    longitude: float | None
    depth_km: float | None
    magnitude: float | None
    magnitude_type: str


def with_event(record: Record, tables: Sequence[str]) -> Record:
    """Returns `record` with what it lacks of hypocentre, magnitude and distance filled in from `tables`.

    Its event is the nearest in time within `SAME_ORIGIN_S`, one of the record's own agency id before others.
    What the record's header tells stands.

    Raises:
        InputError: a table cannot be read.
    """
    if not tables:
        return record
    near = [event for path in tables for event in _near(record.event_time, events_of(path))]
    event = min(near, key=lambda event: _preference(event, record), default=None)
    if event is None:
        return record
    found: dict[str, Any] = {}
    if record.ev_latitude is None or record.ev_longitude is None:
        found |= {"ev_latitude": event.latitude, "ev_longitude": event.longitude}
    if record.ev_depth_km is None:
        found["ev_depth_km"] = event.depth_km
    if record.magnitude is None:
        found |= {"magnitude": event.magnitude}
        found |= of_scale(event.magnitude, magnitude_scale(event.magnitude_type))
    if record.agency_event_id is None:
        found["agency_event_id"] = event.event_id or None
    return _placed(replace(record, **found))


def events_of(path: str) -> list[Event]:
    """Returns the events of a CSV file, by time.

    Raises:
        InputError: no such file, a column that is missing, or a time that is none.
    """
    try:
        status = os.stat(path)
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", field="records.events") from error
    return _read(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=16)
def _read(path: str, mtime_ns: int, size: int) -> list[Event]:
    del mtime_ns, size
    with open(path, encoding="utf-8-sig", errors="replace", newline="") as handle:
        rows = csv.DictReader(handle)
        missing = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
        if missing:
            raise InputError(
                path,
                f"no column {', '.join(missing)}",
                field="records.events",
                expected="a table as `quakesite download events` writes it",
            )
        return sorted((_event(path, number, row) for number, row in enumerate(rows, 2)), key=lambda e: e[:2])


def _event(path: str, line: int, row: dict[str, Any]) -> Event:
    reader = FieldReader(path)
    text = str(row["time"] or "").strip()
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(path, f"line {line}: {text[:40]!r} is no time", field="time") from None
    time = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    return Event(
        time,
        str(row["event_id"] or "").strip(),
        reader.number(row["latitude"] or "", "latitude", -90, 90),
        reader.number(row["longitude"] or "", "longitude", -180, 180),
        reader.number(row["depth_km"] or "", "depth_km"),
        reader.number(row["magnitude"] or "", "magnitude", -2, 10),
        str(row["magnitude_type"] or ""),
    )


def _near(time: datetime | None, events: Sequence[Event]) -> list[Event]:
    """Returns the events, which come by time, whose origins lie within `SAME_ORIGIN_S` of `time`."""
    if time is None:
        return []
    reach = timedelta(seconds=SAME_ORIGIN_S)
    first = bisect_left(events, -reach, key=lambda event: event.time - time)
    last = bisect_right(events, reach, key=lambda event: event.time - time)
    return list(events[first:last])


def _preference(event: Event, record: Record) -> tuple[bool, timedelta, str]:
    time = record.event_time or event.time
    return event.event_id != record.agency_event_id, abs(event.time - time), event.event_id


def _placed(record: Record) -> Record:
    """Returns the record with the distance and what follows from it computed from its coordinates."""
    path = (record.st_latitude, record.st_longitude, record.ev_latitude, record.ev_longitude)
    if None in path:
        return record
    distance, azimuth = distance_and_azimuth(*path)  # type: ignore[arg-type]
    mismatch = origin_mismatch_s(
        record.event_time, record.start_time, record.duration_s, distance, record.ev_depth_km
    )
    return replace(
        record, epicentral_distance_km=distance, back_azimuth_deg=azimuth, origin_mismatch_s=mismatch
    )
