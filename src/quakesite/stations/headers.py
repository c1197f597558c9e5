"""What record headers say about their stations, from the metadata columns of the record shards."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from quakesite.progress import track
from quakesite.records.record import Metadata
from quakesite.records.schema import RECORDS
from quakesite.stations.schema import Source
from quakesite.stations.statements import Statement
from quakesite.tables import read_parquet

SAID = ("network", "station", "st_latitude", "st_longitude", "st_elevation_m", "vs30_m_s")
COLUMNS = [*SAID, "record_id", "event_time", "sources"]


def read_headers(shards: Sequence[str | Path]) -> list[Statement]:
    """Returns what the headers say, one statement per station and distinct wording, with its records counted.

    The file and date of a statement are those of the latest event whose record says it. Samples are not
    read.

    Raises:
        InputError: a shard cannot be read or misses a column.
    """
    said: dict[tuple[Any, ...], list[tuple[str, dt.datetime | None, str]]] = {}
    for shard in sorted({str(shard) for shard in shards}):
        columns = read_parquet(shard, RECORDS, columns=COLUMNS).to_pydict()
        for *wording, record_id, time, sources in zip(*(columns[name] for name in COLUMNS), strict=True):
            said.setdefault(tuple(wording), []).append((record_id, time, sources[0] if sources else shard))
    return [_statement(wording, records) for wording, records in said.items()]


def read_archive(archives: Sequence[str]) -> tuple[list[Statement], int]:
    """Returns what the headers of whole archives say, whatever the selection of records, and how many records
    could not be read.

    Of DYNA files the headers alone are read, of other forms whole records.

    Raises:
        InputError: an archive does not exist, or holds no record at all.
    """
    from quakesite.records.archive import scan
    from quakesite.records.asc import HEAD_SIZE, read_header
    from quakesite.records.candidates import SourceFile, candidates_of
    from quakesite.records.loading import load
    from quakesite.records.opening import Sources
    from quakesite.records.refusal import Refusal, unreadable

    files = [SourceFile(file.station, file.source, file.form) for file in scan(archives).found]
    said: dict[tuple[Any, ...], list[tuple[str, dt.datetime | None, str]]] = {}
    with Sources() as opened:
        candidates, refused = candidates_of(files, opened)
        n_unread = len(refused)
        for candidate in track(candidates, "headers"):
            source = candidate.sources[0]
            try:
                if candidate.form == "asc":
                    with unreadable(source):
                        about: Metadata = read_header(opened.head(source, HEAD_SIZE), source).metadata
                else:
                    about = load(candidate, opened)
            except Refusal:
                n_unread += 1
                continue
            time = about.event_time or about.start_time
            wording = tuple(getattr(about, name) for name in SAID)
            said.setdefault(wording, []).append((candidate.record_id or source, time, source))
    return [_statement(wording, records) for wording, records in said.items()], n_unread


def _statement(wording: tuple[Any, ...], records: list[tuple[str, dt.datetime | None, str]]) -> Statement:
    network, station, latitude, longitude, elevation, vs30 = wording
    record_id, _, source = max(records, key=lambda record: (record[0], record[2]))
    times = [began for _, began, _ in records if began is not None]
    located = latitude is not None and longitude is not None
    return Statement(
        source=Source.HEADER,
        network=network or None,
        station=station,
        file=source,
        place=f"record {record_id}",
        vs30_m_s=vs30,
        latitude=latitude if located else None,
        longitude=longitude if located else None,
        elevation_m=elevation,
        date=max(times).date() if times else None,
        first_date=min(times).date() if times else None,
        record_ids=tuple(sorted(record_id for record_id, _, _ in records)),
        n_records=len(records),
    )
