"""AFAD's event list as a table."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from quakesite.download.answers import first, number, parsed, rows_of, text, truth
from quakesite.download.client import Client
from quakesite.download.faults import Fault, Passing, Reason
from quakesite.download.search import Area
from quakesite.download.settings import DownloadFields, DownloadSettings
from quakesite.download.spans import Span, gathered
from quakesite.errors import InputError
from quakesite.progress import track
from quakesite.tables import write_csv, write_parquet

SCHEMA = pa.schema(
    [
        pa.field("event_id", pa.string(), nullable=False),
        pa.field("time", pa.timestamp("us", "UTC"), nullable=False),
        pa.field("latitude", pa.float64()),
        pa.field("longitude", pa.float64()),
        pa.field("depth_km", pa.float64()),
        pa.field("magnitude", pa.float64()),
        pa.field("magnitude_type", pa.string(), nullable=False),
        pa.field("location", pa.string(), nullable=False),
        pa.field("country", pa.string(), nullable=False),
        pa.field("province", pa.string(), nullable=False),
        pa.field("district", pa.string(), nullable=False),
        pa.field("neighborhood", pa.string(), nullable=False),
        pa.field("rms_s", pa.float64()),
        pa.field("updated", pa.bool_(), nullable=False),
        pa.field("last_update", pa.string(), nullable=False),
    ]
)


@dataclass
class Events:
    """The events of a time span: `rows` of all answers = events + twice + rejected."""

    by_number: dict[str, dict[str, Any]] = field(default_factory=dict)
    rejected: list[tuple[str, str, str]] = field(default_factory=list)
    rows: int = 0
    twice: int = 0

    def table(self) -> pa.Table:
        """Returns the events as a table with `SCHEMA`, by time, then number.

        Raises:
            RuntimeError: a row was lost.
        """
        kept = len(self.by_number) + self.twice + len(self.rejected)
        if self.rows != kept:
            raise RuntimeError(f"{self.rows} rows of the event list, {kept} accounted for")
        ordered = sorted(self.by_number.values(), key=lambda row: (row["time"], row["event_id"]))
        return pa.Table.from_pylist(ordered, schema=SCHEMA)


def events(client: Client, settings: DownloadSettings, span: Span, area: Area) -> Events:
    """Returns AFAD's events of a time span, each once.

    The service cuts an answer at its limit before it sorts, so that a cut answer tells nothing of what is
    missing: spans whose answer reaches the limit are halved until none does.

    Raises:
        InputError: the service does not answer, or in words that are not understood, or has more events
            in one second than the limit.
    """
    found = Events()
    url = settings.event_url

    def ask(part: Span) -> list[Any]:
        try:
            with tempfile.TemporaryFile() as content:
                answer = client.ask("GET", url, content, query=query_of(settings, part, area))
                return rows_of(url, parsed(url, answer, content))
        except Fault as fault:
            later = "run the same command again later"
            changed = (
                "see docs/download.md: the service may have changed; download.event_url says what is asked"
            )
            action = later if isinstance(fault, Passing) else changed
            raise fault.as_input_error("JSON with a list of events", action) from fault

    def overflow(part: Span, rows: list[Any]) -> None:
        raise InputError(
            url,
            f"{len(rows)} events in the second from {part.start:%Y-%m-%d %H:%M:%S}",
            expected=f"fewer than download.event_limit = {settings.event_limit}",
            action="set a larger one",
        )

    for piece in track(span.pieces(settings.event_days), "events"):
        for rows in gathered(piece, ask, settings.event_limit, overflow):
            for row in rows:
                _add(found, row, settings.fields)
    if found.rows and not found.by_number:
        raise InputError(
            url,
            f"{found.rows} rows, none of them understood: {found.rejected[0][2]}",
            expected=f"{' or '.join(settings.fields.event_id)} and {' or '.join(settings.fields.time)}",
            action="set download.fields.event_id and download.fields.time to the right names",
        )
    return found


def query_of(settings: DownloadSettings, part: Span, area: Area) -> dict[str, str]:
    """Returns what is asked of the event service."""
    limits = {
        "minmag": area.min_magnitude,
        "maxmag": area.max_magnitude,
        "minlat": area.min_latitude,
        "maxlat": area.max_latitude,
        "minlon": area.min_longitude,
        "maxlon": area.max_longitude,
    }
    return {
        "start": part.start.strftime(settings.event_time_format),
        "end": part.end.strftime(settings.event_time_format),
        **{name: f"{value:g}" for name, value in limits.items() if value is not None},
        "limit": str(settings.event_limit),
        "orderby": "time",
        "format": "json",
    }


def _add(found: Events, row: Any, fields: DownloadFields) -> None:
    found.rows += 1
    if not isinstance(row, dict):
        found.rejected.append(("", Reason.NOT_UNDERSTOOD, f"a row that is {text(row)[:100]!r}"))
        return
    event_id = text(first(row, fields.event_id))
    stated = text(first(row, fields.time))
    time = _utc(stated)
    if not event_id or time is None:
        detail = f"time {stated!r}; has {text(', '.join(sorted(map(str, row))))[:300]}"
        found.rejected.append((event_id, Reason.NOT_UNDERSTOOD, detail))
        return
    if event_id in found.by_number:
        found.twice += 1
        return
    found.by_number[event_id] = {
        "event_id": event_id,
        "time": time,
        "latitude": number(row.get("latitude")),
        "longitude": number(row.get("longitude")),
        "depth_km": number(row.get("depth")),
        "magnitude": number(first(row, fields.magnitude)),
        "magnitude_type": text(first(row, ["type", "magnitudeType"])),
        **{name: text(row.get(name)) for name in ("location", "country", "province", "district")},
        "neighborhood": text(row.get("neighborhood")),
        "rms_s": number(row.get("rms")),
        "updated": truth(row.get("isEventUpdate")),
        "last_update": text(row.get("lastUpdateDate")),
    }


def _utc(stated: str) -> datetime | None:
    """Returns a time as AFAD states it: UTC, mostly without saying so."""
    try:
        moment = datetime.fromisoformat(stated)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def write_events(table: pa.Table, out: Path) -> None:
    """Writes the events to `out`: Parquet or CSV, as its suffix says.

    Raises:
        InputError: another suffix.
    """
    if out.suffix == ".parquet":
        write_parquet(table, out)
    else:
        index = table.schema.get_field_index("time")
        stated = [f"{moment:%Y-%m-%dT%H:%M:%S.%fZ}" for moment in table["time"].to_pylist()]
        write_csv(table.set_column(index, "time", pa.array(stated, pa.string())), out)
