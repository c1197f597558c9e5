"""What an archive holds, told without reading it: used while the Snakefile is parsed.

Folders are walked with `os.scandir`, zips are listed through their central directory, and zips within
zips through the inner one's, unpacked in memory only. Nothing here imports NumPy or Arrow.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from quakesite.errors import InputError
from quakesite.records import peeking
from quakesite.records.naming import form_of, other_than_acceleration, station_code, station_of
from quakesite.records.nested import open_inner
from quakesite.records.opening import (
    BROKEN_ZIP,
    DEEPEST_NESTING,
    LARGEST_INNER_ZIP,
    LARGEST_MEMBER,
    TooLarge,
    read_head,
    without_part,
)
from quakesite.shards import shard_of

MOST_UNPACKED = 20
"""How many times its own size the zips within a zip may unpack to, all together; LARGEST_MEMBER is allowed
to any. Zips hardly shrink when they are zipped again."""

TIMESTAMP = ".snakemake_timestamp"
"""What Snakemake leaves in a folder that one of its rules made."""

LOCK, LEDGER = "download.lock", "download.jsonl"
BOOKKEEPING = frozenset({LEDGER, LOCK, "refused.csv", "waveforms.csv"})
"""What `quakesite download` keeps beside records; known by the ledger that lies in the same folder. The lock
lies alone in a copy of an object store."""


class Found(NamedTuple):
    """A file that a reader is meant for, of one station.

    `source` is its path as the archive was given, `relative` the same within the archive; members of zips
    stand after `!`, and one record or station of a file that holds several after `#`. `size` is in bytes,
    unpacked; `mtime_ns` is that of the file or of the enclosing zip.
    """

    station: str
    form: str
    source: str
    relative: str
    size: int
    mtime_ns: int


class Refused(NamedTuple):
    """A file of the archive that is no record; `reason` is a value of `quakesite.rejects.Reason`."""

    source: str
    reason: str
    detail: str


@dataclass(frozen=True)
class Scan:
    """Everything an archive holds, in an order that depends on the names alone."""

    found: list[Found] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)

    @cached_property
    def stations(self) -> list[str]:
        """The stations that have files, sorted."""
        return sorted({file.station for file in self.found})

    def digest(self, shard_name: str, n_shards: int) -> str:
        """Returns a short digest of the files of one shard: their names, sizes and modification times."""
        return self._digests(n_shards).get(shard_name, _hexdigest([]))

    def _digests(self, n_shards: int) -> dict[str, str]:
        cache: dict[int, dict[str, str]] = self.__dict__.setdefault("_digest_cache", {})
        if n_shards not in cache:
            shard_of_station = {station: shard_of(station, n_shards) for station in self.stations}
            lines: dict[str, list[str]] = {}
            for file in self.found:
                line = f"{file.relative}\0{file.size}\0{file.mtime_ns}\n"
                lines.setdefault(shard_of_station[file.station], []).append(line)
            cache[n_shards] = {shard: _hexdigest(sorted(below)) for shard, below in lines.items()}
        return cache[n_shards]


def _hexdigest(lines: list[str]) -> str:
    return hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def scan(archives: Sequence[str]) -> Scan:
    """Returns what the folders and zips in `archives` hold.

    Raises:
        InputError: one of them does not exist, is neither a folder nor a zip, is a URI, or holds no record.
    """
    result = Scan()
    for archive in archives:
        before, known = len(result.found), len(result.refused)
        if "://" in archive:
            raise InputError(
                "archive",
                "in an object store",
                field=f"{archive.partition('://')[0]}://...",
                expected="a folder or a zip of records",
                action="copy it first: quakesite download archive URI --folder FOLDER (docs/storage.md)",
            )
        if os.path.isdir(archive):
            root = os.path.realpath(archive)
            for item in _walk(archive, "", root):
                _add(result, item)
        elif os.path.isfile(archive):
            for item in _file(archive, os.path.basename(archive), os.stat(archive)):
                _add(result, item)
        else:
            raise InputError(
                "archive",
                "not found",
                field=str(archive),
                expected="a folder or a zip of records",
                action="correct `archive` in the configuration",
            )
        # Overlapping archives list a file twice; it counts once.
        listed = {one.source for one in result.refused[:known]}
        result.refused[known:] = [one for one in result.refused[known:] if one.source not in listed]
        if len(result.found) == before:
            raise InputError(
                "archive",
                "holds no record",
                field=str(archive),
                expected="TADAS .asc, NSMN .txt, .mat or miniSEED files, loose or in zips",
            )
    found = {(file.station, file.source): file for file in sorted(result.found, reverse=True)}
    return _without_idle_inventories(Scan(sorted(found.values()), result.refused))


def _without_idle_inventories(everything: Scan) -> Scan:
    """Returns the scan without the stations of StationXML files of which nothing here needs a description.

    Only miniSEED does. A whole network's inventory would else have a row for each of its stations; so it has
    one that counts them. Files of one station stay: their shard tells what became of them.
    """
    waiting = {file.station for file in everything.found if file.form == "mseed"}
    found: list[Found] = []
    idle: dict[str, int] = {}
    for file in everything.found:
        whole = without_part(file.source)
        if file.form != "stationxml" or whole == file.source or file.station in waiting:
            found.append(file)
        else:
            idle[whole] = idle.get(whole, 0) + 1
    refused = [
        Refused(whole, "not_a_record", f"a StationXML: {count} of its stations have no miniSEED here")
        for whole, count in idle.items()
    ]
    return Scan(found, sorted([*everything.refused, *refused]))


def _add(result: Scan, item: Found | Refused) -> None:
    if not (item.source.isascii() or _is_unicode(item.source)):
        item = Refused(_shown(item.source), "unsafe_path", "a name that is no UTF-8; rename it")
    if isinstance(item, Found):
        result.found.append(item)
    else:
        result.refused.append(item)


def _is_unicode(name: str) -> bool:
    """Whether a name can be written to a table: bytes that are no UTF-8 come from the disk as surrogates."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _shown(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode()


def _walk(folder: str, relative: str, root: str) -> Iterator[Found | Refused]:
    try:
        with os.scandir(folder) as entries:
            listed = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        yield Refused(folder, "unreadable", error.strerror or str(error))
        return
    names = {entry.name for entry in listed}
    for entry in listed:
        if entry.name in (TIMESTAMP, LOCK) or (LEDGER in names and entry.name in BOOKKEEPING):
            continue
        if ambiguous := _refused_as_ambiguous(entry.path, entry.name, names):
            yield ambiguous
            continue
        below = f"{relative}{entry.name}"
        try:
            if entry.is_symlink():
                yield _link(entry, root)
            elif entry.is_dir(follow_symlinks=False):
                yield from _walk(entry.path, f"{below}/", root)
            elif entry.is_file(follow_symlinks=False):
                yield from _file(entry.path, below, entry.stat(follow_symlinks=False))
            else:
                yield Refused(entry.path, "not_a_record", "a device, pipe or socket")
        except OSError as error:
            yield Refused(entry.path, "unreadable", error.strerror or str(error))


def _refused_as_ambiguous(source: str, name: str, others: Set[str]) -> Refused | None:
    """Refuses `a.zip!b` beside `a.zip`: sources of the one would be called like those of the other."""
    at = name.lower().find(".zip!")
    if at < 0 or name[: at + 4] not in others:
        return None
    return Refused(source, "unsafe_path", f"named like a member of {name[: at + 4]} beside it; rename it")


def _link(entry: os.DirEntry[str], root: str) -> Refused:
    target = os.path.realpath(entry.path)
    if os.path.commonpath([target, root]) == root:
        return Refused(
            entry.path,
            "duplicate",
            f"a link to {_shown(os.path.relpath(target, root))}, read in its own place",
        )
    return Refused(
        entry.path, "unsafe_path", f"a link out of the archive, to {_shown(target)}; list that in `archive`"
    )


def _file(path: str, relative: str, stat: os.stat_result) -> Iterator[Found | Refused]:
    if path[-4:].lower() == ".zip":
        yield from _zip_file(path, relative, stat)
        return
    name = os.path.basename(path)
    form = form_of(name)
    refused = _refused_by_name(path, name, form, stat.st_size)
    if refused:
        yield refused
        return
    station = station_of(name)
    if station:
        yield Found(station, form, path, relative, stat.st_size, stat.st_mtime_ns)
        return
    with open(path, "rb") as handle:
        head = read_head(handle, peeking.head_size(form))
    yield from _peeked(head, Found("", form, path, relative, stat.st_size, stat.st_mtime_ns))


def _zip_file(path: str, relative: str, stat: os.stat_result) -> Iterator[Found | Refused]:
    budget = _Budget(max(LARGEST_MEMBER, MOST_UNPACKED * stat.st_size))
    try:
        with zipfile.ZipFile(path) as opened:
            yield from _members(opened, path, relative, stat.st_mtime_ns, 1, budget)
    except BROKEN_ZIP as error:
        yield Refused(path, "unreadable", f"broken zip: {error}")


class _Budget:
    """The bytes that the zips within one zip may still unpack to."""

    def __init__(self, left: int) -> None:
        self.left = left


def _members(
    opened: zipfile.ZipFile, path: str, relative: str, mtime_ns: int, depth: int, budget: _Budget
) -> Iterator[Found | Refused]:
    names = {info.filename for info in opened.infolist()}
    if all(name.endswith("/") for name in names):
        yield Refused(path, "not_a_record", "a zip without any file in it")
    seen: set[str] = set()
    for number, info in enumerate(opened.infolist(), 1):
        source, below = f"{path}!{info.filename}", f"{relative}!{info.filename}"
        if info.filename.endswith("/"):
            continue
        if info.filename in seen:
            detail = f"a second member of this name, number {number} in the zip; the first counts"
            yield Refused(source, "duplicate", detail)
            continue
        seen.add(info.filename)
        refused = _refused_member(info, source) or _refused_as_ambiguous(source, info.filename, names)
        if refused:
            yield refused
            continue
        name = info.filename.rsplit("/", 1)[-1]
        try:
            if name[-4:].lower() == ".zip":
                yield from _nested(opened, info, source, below, mtime_ns, depth, budget)
                continue
            form = form_of(name)
            refused = _refused_by_name(source, info.filename, form, info.file_size)
            if refused:
                yield refused
                continue
            station = station_of(name)
            found = Found(station, form, source, below, info.file_size, mtime_ns)
            if station:
                yield found
                continue
            with opened.open(info) as handle:
                head = read_head(handle, peeking.head_size(form))
            yield from _peeked(head, found)
        except BROKEN_ZIP as error:
            yield Refused(source, "unreadable", f"broken member: {error}")


def _nested(
    opened: zipfile.ZipFile,
    info: zipfile.ZipInfo,
    source: str,
    below: str,
    mtime_ns: int,
    depth: int,
    budget: _Budget,
) -> Iterator[Found | Refused]:
    if depth >= DEEPEST_NESTING:
        yield Refused(source, "too_large", f"nested deeper than {DEEPEST_NESTING} zips")
        return
    limit = min(LARGEST_INNER_ZIP, budget.left)
    try:
        inner = open_inner(opened, info, limit)
    except TooLarge as error:
        budget.left -= limit
        detail = f"{error}; unpack the zip it is in"
        if limit < LARGEST_INNER_ZIP:
            detail = "the zips within the zip unpack to far more than its size; unpack it"
        yield Refused(source, "too_large", detail)
        return
    budget.left -= inner.size
    with inner.file, inner.opened:
        yield from _members(inner.opened, source, below, mtime_ns, depth + 1, budget)


def _refused_member(info: zipfile.ZipInfo, source: str) -> Refused | None:
    name = info.filename
    if not name:
        return Refused(source, "unsafe_path", "a member without a name")
    if name.startswith(("/", "\\")) or name[1:2] == ":" or ".." in name.replace("\\", "/").split("/"):
        return Refused(source, "unsafe_path", "an absolute name, or one that leaves its folder")
    if (info.external_attr >> 16) & 0o170000 == 0o120000:
        return Refused(source, "unsafe_path", "a link inside a zip")
    if info.flag_bits & 1:
        return Refused(source, "unreadable", "encrypted")
    return None


def _refused_by_name(source: str, name: str, form: str, size: int) -> Refused | None:
    if "__MACOSX/" in name or name.rsplit("/", 1)[-1].startswith("._"):
        return Refused(source, "not_a_record", "a macOS twin of a file, without data")
    if not form:
        return Refused(source, "not_a_record", "no reader is meant for this kind of file")
    if other := other_than_acceleration(name.rsplit("/", 1)[-1]):
        return Refused(source, "unsupported", f"{other}, not acceleration")
    if size > LARGEST_MEMBER:
        return Refused(source, "too_large", f"{size} bytes, limit {LARGEST_MEMBER}")
    return None


def _peeked(head: bytes, found: Found) -> Iterator[Found | Refused]:
    form, stations = peeking.stations_in(head, found.form)
    if not stations:
        what = "neither its name nor its first bytes are those of a record"
        yield Refused(found.source, "not_a_record", what)
    for part in stations:
        source = found.source if len(stations) == 1 else f"{found.source}#{part}"
        yield found._replace(station=station_code(part.partition(".")[0]), form=form, source=source)
