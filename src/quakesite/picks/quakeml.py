"""Picks as QuakeML, the form in which other seismological software reads and writes them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

import pyarrow as pa

from quakesite.errors import InputError
from quakesite.picks.manual import ManualPick, ManualPicks
from quakesite.progress import say
from quakesite.tables import atomic_path

if TYPE_CHECKING:
    from obspy.core.event import Event, Pick

RECORD_COLUMNS = (
    "record_id",
    "network",
    "station",
    "event_id",
    "event_time",
    "ev_latitude",
    "ev_longitude",
    "ev_depth_km",
    "start_time",
    "sampling_rate_hz",
    "n_samples",
)
NAMED_PHASES = {name: name[0] for name in ("P", "Pg", "Pn", "Pb", "S", "Sg", "Sn", "Sb")}
"""Names of direct and head waves, by the phase they count as."""

ID = "smi:local/quakesite"
OWN_PICK = re.compile(rf"{re.escape(ID)}/pick/([^/]+)/[^/]+/[PS]")
"""The resource id that `write_quakeml` gives a pick; it names the record."""

SAME_EVENT_S = 15.0
"""Largest difference between two catalogues' origin times of one earthquake."""

COMMENT = "comment: "


@dataclass(frozen=True, slots=True)
class AbsolutePick:
    """A pick as catalogues have it: at a station, in UTC.

    Attributes:
        station: its code.
        time: of the arrival.
        phase: P or S.
        record_id: the record it was made in, where quakesite wrote the file.
        event_time: origin time of the earthquake it is of, where the file has one.
        analyst: who made it.
        uncertainty_s: plus or minus.
        comment: the analyst's.
    """

    station: str
    time: datetime
    phase: str
    record_id: str | None = None
    event_time: datetime | None = None
    analyst: str | None = None
    uncertainty_s: float | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Exported:
    """How many picks were written, and how many could not be: QuakeML has times in UTC only."""

    written: int
    without_start_time: int
    without_record: int

    @property
    def left_out(self) -> str:
        """What was left out and why, as the end of a sentence."""
        parts = []
        if self.without_start_time:
            parts.append(f"{self.without_start_time} of records without a start time")
        if self.without_record:
            parts.append(f"{self.without_record} of records that are in no shard given")
        return f"; left out, because QuakeML has times in UTC: {', '.join(parts)}" if parts else ""


def read_quakeml(path: str | Path) -> list[AbsolutePick]:
    """Returns the P and S picks in the QuakeML file at `path`; other phases are counted and left alone.

    Raises:
        InputError: the file is not QuakeML.
    """
    import obspy
    from obspy.io.quakeml.core import _is_quakeml

    if not Path(path).is_file() or not _is_quakeml(str(path)):
        raise InputError(path, "not found, or not QuakeML", expected="a QuakeML file")
    found: list[AbsolutePick] = []
    others = 0
    for event in obspy.read_events(str(path), format="QUAKEML"):
        event_time = _origin_time(event)
        for pick in event.picks:
            if pick.phase_hint not in NAMED_PHASES or pick.waveform_id is None or pick.time is None:
                others += 1
            else:
                found.append(_absolute(pick, event_time))
    if others:
        say(f"{path}: {others} picks that are neither P nor S, or of no station, are left alone")
    return found


def _origin_time(event: Event) -> datetime | None:
    origin = event.preferred_origin() or next(iter(event.origins), None)
    if origin is None or origin.time is None:
        return None
    time: datetime = origin.time.datetime.replace(tzinfo=UTC)
    return time


def _absolute(pick: Pick, event_time: datetime | None) -> AbsolutePick:
    own = OWN_PICK.fullmatch(pick.resource_id.id) if pick.resource_id is not None else None
    texts = [(comment.text or "").strip() for comment in pick.comments]
    if own is not None:  # of the comments we write only one is the analyst's
        texts = [text.removeprefix(COMMENT) for text in texts if text.startswith(COMMENT)]
    return AbsolutePick(
        pick.waveform_id.station_code or "",
        pick.time.datetime.replace(tzinfo=UTC),
        NAMED_PHASES[pick.phase_hint],
        unquote(own[1]) if own is not None else None,
        event_time,
        (pick.creation_info.author if pick.creation_info else None) or None,
        pick.time_errors.uncertainty if pick.time_errors else None,
        "; ".join(filter(None, texts)) or None,
    )


def relative(
    picks: Iterable[AbsolutePick], records: Sequence[Mapping[str, Any]], path: str | Path
) -> ManualPicks:
    """Returns the picks by record and phase, in seconds from the record's first sample.

    A pick that quakesite wrote belongs to the record that it names. Any other belongs to the record of its
    station in whose time it lies and whose earthquake is its own, by origin time. Where the times of several
    records of a station overlap and no origin time tells, it is the record whose earthquake comes last
    before the pick. A pick that lies in none stands under the name its record would have, at 0 s.

    Args:
        picks: picks in UTC.
        records: rows with the columns `RECORD_COLUMNS`.
        path: where the picks were read from.

    Raises:
        InputError: a record has two picks of one phase.
    """
    by_station: dict[str, list[Mapping[str, Any]]] = {}
    for record in records:
        if record["start_time"] is not None:
            by_station.setdefault(record["station"], []).append(record)
    found: ManualPicks = {}
    for pick in picks:
        its_record = _record_of(pick, by_station.get(pick.station, []))
        record_id = pick.record_id or f"{pick.time:%Y%m%d%H%M%S}_{pick.station}"
        time_s = 0.0
        if its_record is not None:
            record_id = its_record["record_id"]
            time_s = (pick.time - its_record["start_time"]).total_seconds()
        of_record = found.setdefault(record_id, {})
        if pick.phase in of_record:
            raise InputError(path, f"{record_id} has a second {pick.phase}", action="keep one of each phase")
        of_record[pick.phase] = ManualPick(round(time_s, 6), pick.analyst, pick.uncertainty_s, pick.comment)
    return found


def _record_of(pick: AbsolutePick, records: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Returns the record of its station that a pick belongs to, or None."""
    if pick.record_id is not None:
        return next((record for record in records if record["record_id"] == pick.record_id), None)

    def is_inside(record: Mapping[str, Any]) -> bool:
        since_s = (pick.time - record["start_time"]).total_seconds()
        return bool(0 <= since_s <= (record["n_samples"] - 1) / record["sampling_rate_hz"])

    def may_be_its_event(record: Mapping[str, Any]) -> bool:
        of_record = record.get("event_time")
        if pick.event_time is None or of_record is None:
            return True
        return bool(abs((of_record - pick.event_time).total_seconds()) <= SAME_EVENT_S)

    inside = [record for record in records if is_inside(record) and may_be_its_event(record)]
    if len(inside) < 2:
        return inside[0] if inside else None
    if pick.event_time is not None and all(record.get("event_time") is not None for record in inside):
        return min(inside, key=lambda one: abs(one["event_time"] - pick.event_time))
    before = [(_began(record), record) for record in inside if _began(record) <= pick.time]
    return max(before, key=lambda one: one[0])[1] if before else None


def _began(record: Mapping[str, Any]) -> datetime:
    """Returns when the earthquake of a record was, or where that is unknown, when the record starts."""
    time: datetime = record.get("event_time") or record["start_time"]
    return time


def write_quakeml(picks: pa.Table, records: Sequence[Mapping[str, Any]], target: str | Path) -> Exported:
    """Writes picks to `target` as QuakeML; those of records without a start time are left out.

    Args:
        picks: a table with `schema.PICKS`.
        records: rows with the columns `RECORD_COLUMNS`, of all records picked.
        target: the file to write.

    Returns:
        How many were written, and how many not.
    """
    from obspy.core.event import Catalog, ResourceIdentifier

    by_id = {record["record_id"]: record for record in records}
    events: dict[str, Event] = {}
    written = timeless = unknown = 0
    for row in picks.to_pylist():
        record = by_id.get(row["record_id"])
        if record is None:
            unknown += 1
        elif record["start_time"] is None:
            timeless += 1
        else:
            event = events.setdefault(record["event_id"], _event(record))
            event.picks.append(_pick(row, record))
            written += 1
    catalogue = Catalog(
        [events[name] for name in sorted(events)], resource_id=ResourceIdentifier(f"{ID}/catalogue")
    )
    with atomic_path(target) as temporary:
        catalogue.write(str(temporary), format="QUAKEML")
    return Exported(written, timeless, unknown)


def _pick(row: Mapping[str, Any], record: Mapping[str, Any]) -> Pick:
    from obspy import UTCDateTime
    from obspy.core.event import (
        Comment,
        CreationInfo,
        Pick,
        QuantityError,
        ResourceIdentifier,
        WaveformStreamID,
    )

    name = f"{quote(row['record_id'], safe='')}/{row['method']}/{row['phase']}"
    said = {key: row[key] for key in ("probability", "snr_db", "flags", "weights", "comment")}
    uncertainty_s = row["uncertainty_s"]
    return Pick(
        resource_id=ResourceIdentifier(f"{ID}/pick/{name}"),
        time=UTCDateTime(record["start_time"]) + row["time_s"],
        time_errors=QuantityError() if uncertainty_s is None else QuantityError(uncertainty=uncertainty_s),
        waveform_id=WaveformStreamID(record["network"], record["station"]),
        phase_hint=row["phase"],
        method_id=ResourceIdentifier(f"{ID}/method/{row['method']}"),
        evaluation_mode="manual" if row["method"] in ("manual", "author") else "automatic",
        creation_info=CreationInfo(author=row["analyst"]) if row["analyst"] else None,
        comments=[
            Comment(text=f"{key}: {value}", resource_id=ResourceIdentifier(f"{ID}/comment/{name}/{key}"))
            for key, value in said.items()
            if value not in (None, [])
        ],
    )


def _event(record: Mapping[str, Any]) -> Event:
    from obspy import UTCDateTime
    from obspy.core.event import Event, Origin, ResourceIdentifier

    name = record["event_id"]
    event = Event(resource_id=ResourceIdentifier(f"{ID}/event/{name}"))
    if record["event_time"] is not None and record["ev_latitude"] is not None:
        depth_km = record["ev_depth_km"]
        event.origins.append(
            Origin(
                resource_id=ResourceIdentifier(f"{ID}/origin/{name}"),
                time=UTCDateTime(record["event_time"]),
                latitude=record["ev_latitude"],
                longitude=record["ev_longitude"],
                depth=None if depth_km is None else depth_km * 1000,
            )
        )
    return event
