"""The stage itself: an archive indexed, and a shard's files made records, as a stream."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Sequence, Set
from pathlib import Path

import pyarrow as pa

from quakesite.progress import say, track
from quakesite.records.archive import Scan, scan
from quakesite.records.candidates import SourceFile, candidates_of
from quakesite.records.choosing import Version, choose, groups_of_versions, versions_of
from quakesite.records.collisions import without_collisions
from quakesite.records.opening import Sources
from quakesite.records.record import Record
from quakesite.records.schema import SOURCES
from quakesite.records.settings import RecordsSettings
from quakesite.records.store import write_records
from quakesite.rejects import SCHEMA as REJECTS
from quakesite.rejects import Reason, Reject, rejects_table
from quakesite.shards import n_shards_of, shard_of
from quakesite.tables import write_parquet


def index(archives: Sequence[str], n_shards: int, out: str | Path, rejects: str | Path) -> None:
    """Writes one row per file of the archives that a reader is meant for, and the other files as rejects.

    Raises:
        InputError: an archive that does not exist, or in which there is no record at all.
    """
    found = scan(archives)
    write_parquet(sources_table(found, n_shards), out)
    refused = [Reject("", file.source, "records", Reason(file.reason), file.detail) for file in found.refused]
    write_parquet(rejects_table(refused), rejects)
    say(f"archive: {len(found.found)} files of {len(found.stations)} stations, {len(refused)} refused")


def sources_table(found: Scan, n_shards: int) -> pa.Table:
    """Returns the files of a scan as a table with `schema.SOURCES`, sorted."""
    rows = sorted((shard_of(f.station, n_shards), f.station, f.source, f.form, f.size) for f in found.found)
    return pa.Table.from_pylist([dict(zip(SOURCES.names, row, strict=True)) for row in rows], schema=SOURCES)


def shard(
    name: str, archives: Sequence[str], settings: RecordsSettings, out: str | Path, rejects: str | Path
) -> None:
    """Writes the records of one shard, and what was refused of its files.

    The records stream into the file in ascending order of `record_id`; memory does not grow with the shard.

    Raises:
        InputError: the shard's name is wrong; an archive does not exist, or holds no record at all.
        RuntimeError: a file is neither in a record nor among the rejects.
    """
    n_shards = n_shards_of(name)
    found = scan(archives).found
    files = [SourceFile(f.station, f.source, f.form) for f in found if shard_of(f.station, n_shards) == name]
    refused: list[Reject] = []
    used: set[str] = set()
    with Sources() as opened:
        records = ordered_records(files, settings, opened, refused, used, what=f"records {name}")
        count = write_records(records, out)
    check_balance([file.source for file in files], used, refused)
    refused_table = rejects_table(refused)
    write_parquet(refused_table if len(refused_table) else REJECTS.empty_table(), rejects)
    say(f"records {name}: {count} records kept, {len(refused)} of {len(files)} files refused")


def check_balance(files: Sequence[str], used: Set[str], refused: Sequence[Reject]) -> None:
    """Checks that every file is either in a record or refused, and no file twice.

    Raises:
        RuntimeError: it does not balance.
    """
    accounted = Counter(reject.source for reject in refused) + Counter(used)
    odd = sorted((accounted - Counter(files)) + (Counter(files) - accounted))
    if odd:
        total = accounted.total()
        raise RuntimeError(
            f"{len(files)} files in, {total} in records or refused; the first amiss is {odd[0]}"
        )


def ordered_records(
    files: Sequence[SourceFile],
    settings: RecordsSettings,
    opened: Sources,
    refused: list[Reject],
    used: set[str],
    what: str = "",
) -> Iterator[Record]:
    """Yields the records that `files` make, in ascending order of `record_id`.

    What is refused is appended to `refused`, the files of what is yielded to `used`.
    """
    inventories = {file.source for file in files if file.form == "stationxml"}
    candidates, rejects = candidates_of(files, opened)
    refused += rejects
    versions, rejects = without_collisions(versions_of(candidates, opened), opened)
    refused += rejects
    groups = groups_of_versions(versions, opened)
    waiting: list[tuple[str, int, Record]] = []
    taken: set[str] = set()
    for number, group in enumerate(track(groups, what) if what else groups):
        while waiting and waiting[0][0] < _first_id(group):
            yield heapq.heappop(waiting)[2]
        for record, rejects in choose(group, settings, opened):
            refused += rejects
            if record is None:
                continue
            if record.record_id in taken:
                detail = "another record of this event at this station was kept"
                lost = (source for source in record.sources if source not in inventories)
                refused += [Reject(record.record_id, s, "records", Reason.DUPLICATE, detail) for s in lost]
                continue
            taken.add(record.record_id)
            used.update(record.sources)
            heapq.heappush(waiting, (record.record_id, number, record))
    for source in sorted(inventories - used):
        detail = "a StationXML that no record of its station needed"
        refused.append(Reject("", source, "records", Reason.NOT_A_RECORD, detail))
    while waiting:
        yield heapq.heappop(waiting)[2]


def _first_id(group: Sequence[Version]) -> str:
    """The smallest id a record of this group or of a later one can have; groups come sorted by it."""
    return min(version.candidate.record_id for version in group)
