"""The search for records in TADAS: what is asked, and the rows of the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from quakesite.download.answers import first, is_record_name, number, rows_of, text, truth
from quakesite.download.faults import Fault, Reason
from quakesite.download.guest import Guest, search_trouble
from quakesite.download.settings import DownloadFields, DownloadSettings
from quakesite.download.spans import Span, gathered
from quakesite.errors import InputError
from quakesite.progress import say, track
from quakesite.records.naming import station_code, station_of


@dataclass(frozen=True)
class Area:
    """Limits of a search; null means none.

    Latitudes and longitudes in degrees.
    """

    min_magnitude: float | None = None
    max_magnitude: float | None = None
    min_latitude: float | None = None
    max_latitude: float | None = None
    min_longitude: float | None = None
    max_longitude: float | None = None

    def __post_init__(self) -> None:
        for name in ("magnitude", "latitude", "longitude"):
            low, high = getattr(self, f"min_{name}"), getattr(self, f"max_{name}")
            if low is not None and high is not None and low > high:
                raise InputError(f"--min-{name}", f"{low:g}", expected=f"at most --max-{name} {high:g}")


@dataclass(frozen=True)
class Query:
    """Which records are searched.

    Attributes:
        span: of the events' origin times.
        area: limits on the events.
        stations: codes, all if empty; the service is not asked for them, its answer is sifted.
        event: the event's number at AFAD, any if empty.
        max_distance_km: largest epicentral distance.
    """

    span: Span
    area: Area = field(default_factory=Area)
    stations: frozenset[str] = frozenset()
    event: str = ""
    max_distance_km: float | None = None


@dataclass(frozen=True, slots=True)
class Waveform:
    """One record as the search tells it. `record` is the name under which it is exported; `level` is `mp`
    (processed by hand), `ap` (automatically) or `unprocessed`. Distance in km, PGA in cm/s^2."""

    record: str
    station: str = ""
    event: str = ""
    time: str = ""
    magnitude: float | None = None
    epicentral_distance_km: float | None = None
    pga_cm_s2: float | None = None
    level: str = "ap"


SCHEMA = pa.schema(
    [
        pa.field("record", pa.string(), nullable=False),
        pa.field("station", pa.string(), nullable=False),
        pa.field("event", pa.string(), nullable=False),
        pa.field("time", pa.string(), nullable=False),
        pa.field("magnitude", pa.float64()),
        pa.field("epicentral_distance_km", pa.float64()),
        pa.field("pga_cm_s2", pa.float64()),
        pa.field("level", pa.string(), nullable=False),
    ]
)


@dataclass
class Found:
    """What a search brought: `rows` = records + twice + sifted out + rejected."""

    waveforms: dict[str, Waveform] = field(default_factory=dict)
    rejected: list[tuple[str, str, str]] = field(default_factory=list)
    rows: int = 0
    twice: int = 0
    sifted_out: int = 0

    def balanced(self) -> Found:
        """Returns itself, if no row is lost."""
        kept = len(self.waveforms) + self.twice + self.sifted_out + len(self.rejected)
        if self.rows != kept:
            raise RuntimeError(f"{self.rows} rows of the search, {kept} accounted for")
        return self


def search(guest: Guest, settings: DownloadSettings, query: Query) -> Found:
    """Returns the records that TADAS has for `query`, each once.

    Raises:
        InputError: the service does not answer, or in words that are not understood.
    """
    found = Found()
    url = settings.search_url

    def ask(part: Span) -> list[Any]:
        try:
            return rows_of(url, guest.search(body_of(query, part, settings.search_time_format)))
        except Fault as fault:
            raise search_trouble(fault) from fault

    def overflow(part: Span, rows: list[Any]) -> None:
        say(
            f"{url}: {len(rows)} records in the second from {part.start:%Y-%m-%d %H:%M:%S}; more than "
            f"download.search_limit = {settings.search_limit}, taken as they are"
        )

    for piece in track(query.span.pieces(settings.search_days), "searching"):
        for rows in gathered(piece, ask, settings.search_limit, overflow):
            for row in rows:
                _add(found, row, query, settings.fields)
    if found.rows and not found.waveforms and len(found.rejected) == found.rows:
        seen = found.rejected[0][2]
        raise InputError(
            url,
            f"{found.rows} rows, none of them understood: {seen}",
            expected=f"a record's name under {' or '.join(settings.fields.record)}",
            action="set download.fields.record to the right name",
        )
    return found.balanced()


def body_of(query: Query, part: Span, time_format: str) -> dict[str, Any]:
    """Returns the JSON that asks for the records of a time span.

    Limits that are not set are sent as null: left out, TADAS's own page's default of magnitude 3 has been
    seen to apply.
    """
    area = query.area
    return {
        "startDate": part.start.strftime(time_format),
        "endDate": part.end.strftime(time_format),
        "fromMagnitude": area.min_magnitude,
        "toMagnitude": area.max_magnitude,
        "fromLatitude": area.min_latitude,
        "toLatitude": area.max_latitude,
        "fromLongitude": area.min_longitude,
        "toLongitude": area.max_longitude,
        "fromRepi": None,
        "toRepi": query.max_distance_km,
        "eaEventId": query.event or None,
        "waveformId": 0,
    }


def _add(found: Found, row: Any, query: Query, fields: DownloadFields) -> None:
    found.rows += 1
    if not isinstance(row, dict):
        found.rejected.append(("", Reason.NOT_UNDERSTOOD, f"a row that is {text(row)[:100]!r}"))
        return
    name = first(row, fields.record)
    record = name if isinstance(name, str) else ""
    if not record:
        keys = text(", ".join(sorted(map(str, row))))
        found.rejected.append(("", Reason.NOT_UNDERSTOOD, f"a row without a record's name: {keys[:300]}"))
        return
    if not is_record_name(record):
        found.rejected.append((text(record), Reason.UNSAFE_NAME, "the search's name for a record"))
        return
    waveform = _waveform(record, row, fields)
    if query.stations and station_code(waveform.station) not in query.stations:
        found.sifted_out += 1
    elif record in found.waveforms:
        found.twice += 1
    else:
        found.waveforms[record] = waveform


def _waveform(record: str, row: dict[str, Any], fields: DownloadFields) -> Waveform:
    level = "mp" if truth(first(row, fields.manual)) else "ap"
    return Waveform(
        record=record,
        station=text(first(row, fields.station)) or station_of(record),
        event=text(first(row, fields.event)),
        time=text(first(row, fields.time)),
        magnitude=number(first(row, fields.magnitude)),
        epicentral_distance_km=number(first(row, fields.epicentral_distance_km)),
        pga_cm_s2=number(first(row, fields.pga)),
        level="unprocessed" if truth(first(row, fields.unprocessed)) else level,
    )


def waveforms_table(waveforms: Sequence[Waveform]) -> pa.Table:
    """Returns records as a table with `SCHEMA`, sorted by name."""
    ordered = sorted(waveforms, key=lambda waveform: waveform.record)
    columns = {name: [getattr(waveform, name) for waveform in ordered] for name in SCHEMA.names}
    return pa.table(columns, schema=SCHEMA)
