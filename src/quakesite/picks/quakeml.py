"""Picks as QuakeML, the form in which other seismological software reads and writes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from quakesite.errors import InputError
from quakesite.progress import say
from quakesite.tables import atomic_path

if TYPE_CHECKING:
    from obspy.core.event import Event

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
PHASES = {name: name[0] for name in ("P", "Pg", "Pn", "Pb", "S", "Sg", "Sn", "Sb")}
"""Names of direct and head waves, by the phase they count as."""

ID = "smi:local/quakesite"


@dataclass(frozen=True, slots=True)
class AbsolutePick:
    """A pick as catalogues have it: at a station, in UTC."""

    station: str
    time: datetime
    phase: str


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
        for pick in event.picks:
            if pick.phase_hint not in PHASES or pick.waveform_id is None or pick.time is None:
                others += 1
                continue
            time = pick.time.datetime.replace(tzinfo=UTC)
            found.append(AbsolutePick(pick.waveform_id.station_code or "", time, PHASES[pick.phase_hint]))
    if others:
        say(f"{path}: {others} picks that are neither P nor S, or of no station, are left alone")
    return found


def relative(
    picks: Iterable[AbsolutePick], records: Sequence[Mapping[str, Any]], path: str | Path
) -> dict[str, dict[str, float]]:
    """Returns the picks by record and phase, in seconds from the record's first sample.

    A pick belongs to the record of its station in whose time it lies. One that lies in none stands under
    the name its record would have, at 0 s.

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
    found: dict[str, dict[str, float]] = {}
    for pick in picks:
        record_id, time_s = f"{pick.time:%Y%m%d%H%M%S}_{pick.station}", 0.0
        for record in by_station.get(pick.station, []):
            since = (pick.time - record["start_time"]).total_seconds()
            if 0 <= since <= (record["n_samples"] - 1) / record["sampling_rate_hz"]:
                record_id, time_s = record["record_id"], since
        of_record = found.setdefault(record_id, {})
        if pick.phase in of_record:
            raise InputError(path, f"{record_id} has a second {pick.phase}", action="keep one of each phase")
        of_record[pick.phase] = round(time_s, 6)
    return found


def write_quakeml(picks: pa.Table, records: Sequence[Mapping[str, Any]], target: str | Path) -> int:
    """Writes picks to `target` as QuakeML, and returns how many; those without a start time are left out.

    Args:
        picks: a table with `schema.PICKS`.
        records: rows with the columns `RECORD_COLUMNS`, of all records picked.
        target: the file to write.
    """
    from obspy import UTCDateTime
    from obspy.core.event import Catalog, Comment, Pick, ResourceIdentifier, WaveformStreamID

    by_id = {record["record_id"]: record for record in records if record["start_time"] is not None}
    events: dict[str, Event] = {}
    written = 0
    for row in picks.to_pylist():
        record = by_id.get(row["record_id"])
        if record is None:
            continue
        event = events.setdefault(record["event_id"], _event(record))
        name = f"{row['record_id']}/{row['method']}/{row['phase']}"
        comments = [("probability", row["probability"]), ("snr_db", row["snr_db"]), ("flags", row["flags"])]
        event.picks.append(
            Pick(
                resource_id=ResourceIdentifier(f"{ID}/pick/{name}"),
                time=UTCDateTime(record["start_time"]) + row["time_s"],
                waveform_id=WaveformStreamID(record["network"], record["station"]),
                phase_hint=row["phase"],
                method_id=ResourceIdentifier(f"{ID}/method/{row['method']}"),
                evaluation_mode="manual" if row["method"] in ("manual", "author") else "automatic",
                comments=[
                    Comment(
                        text=f"{key}: {value}",
                        resource_id=ResourceIdentifier(f"{ID}/comment/{name}/{key}"),
                    )
                    for key, value in comments
                    if value not in (None, [])
                ],
            )
        )
        written += 1
    catalogue = Catalog(
        [events[name] for name in sorted(events)], resource_id=ResourceIdentifier(f"{ID}/catalogue")
    )
    with atomic_path(target) as temporary:
        catalogue.write(str(temporary), format="QUAKEML")
    return written


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
