"""The data records of a SEED file, checked one by one before ObsPy sees them.

ObsPy meets a damaged record with a bare `Exception`; and the control records of full SEED, which say nothing
about samples, it does not need. Format: FDSN, "SEED Reference Manual", version 2.4, chapter 8.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

FIXED_HEADER = 48
DATA_QUALITIES = b"DRQM"
CONTROL_KINDS = b"VAST"
SHORTEST, LONGEST = 7, 16
"""Powers of two that a record's length may be: 128 bytes to 64 kB."""

ENCODINGS = frozenset({1, 3, 4, 5, 10, 11})
"""16 and 32 bit integers, 32 and 64 bit floats, Steim 1 and 2."""


SEPARATE = timedelta(seconds=10)
"""A hole in all channels of a station that is longer separates two records; a shorter one is a gap."""


class SeedError(ValueError):
    """The file is no SEED file, or is damaged."""


class SeedRecord(NamedTuple):
    """Where a record of a SEED file stands, in bytes, and what its header says.

    Those that hold no data have no station and no time. `channel` is location and channel code.
    """

    offset: int
    length: int
    station: str = ""
    network: str = ""
    channel: str = ""
    start: datetime | None = None
    end: datetime | None = None

    def content(self, file: bytes) -> bytes:
        """Returns the record itself, of the file it was found in."""
        return file[self.offset : self.offset + self.length]


class Part(NamedTuple):
    """What one station recorded without a hole: where its records stand, and the time its channels share."""

    places: tuple[tuple[int, int], ...]
    network: str
    start: datetime
    end: datetime


class Layout(NamedTuple):
    """Where everything stands in a SEED file: its parts by name, and the control records."""

    parts: dict[str, Part]
    control: tuple[tuple[int, int], ...]


def layout(content: bytes) -> Layout:
    """Returns where everything stands in a SEED file.

    Raises:
        SeedError: a record that is none, of an encoding that is no plain number, or cut off.
    """
    everything = records(content)
    return Layout(
        {name: _part(below) for name, below in _by_part(everything).items()},
        _places(record for record in everything if not record.station),
    )


def _part(below: list[SeedRecord]) -> Part:
    spans: dict[str, tuple[datetime, datetime]] = {}
    for one in below:
        if one.start is not None and one.end is not None:
            start, end = spans.get(one.channel, (one.start, one.end))
            spans[one.channel] = min(start, one.start), max(end, one.end)
    start, end = max(start for start, _ in spans.values()), min(end for _, end in spans.values())
    if end <= start:
        start, end = min(start for start, _ in spans.values()), max(end for _, end in spans.values())
    return Part(_places(below), below[0].network, start, end)


def _places(below: Iterable[SeedRecord]) -> tuple[tuple[int, int], ...]:
    """Returns offset and length of records, those that follow each other in the file as one."""
    places: list[tuple[int, int]] = []
    for one in below:
        if places and sum(places[-1]) == one.offset:
            places[-1] = places[-1][0], places[-1][1] + one.length
        else:
            places.append((one.offset, one.length))
    return tuple(places)


def control_records(content: bytes) -> bytes:
    """Returns the control records of a SEED file: full SEED describes its stations in them.

    Raises:
        SeedError: as `layout`.
    """
    return b"".join(record.content(content) for record in records(content) if not record.station)


def parts(content: bytes) -> dict[str, list[SeedRecord]]:
    """Returns the data records of a file by the part they belong to.

    A part is what one station recorded without a hole: `1211`, or `1211.1`, `1211.2`, ... in order of time
    where it recorded several times.

    Raises:
        SeedError: as `layout`.
    """
    return _by_part(records(content))


def _by_part(everything: Iterable[SeedRecord]) -> dict[str, list[SeedRecord]]:
    by_station: dict[str, list[SeedRecord]] = {}
    for record in everything:
        if record.station:
            by_station.setdefault(record.station, []).append(record)
    result: dict[str, list[SeedRecord]] = {}
    for station, below in sorted(by_station.items()):
        runs = list(_runs(below))
        for number, run in enumerate(runs, 1):
            result[station if len(runs) == 1 else f"{station}.{number}"] = run
    return result


def _runs(below: list[SeedRecord]) -> Iterator[list[SeedRecord]]:
    run: list[SeedRecord] = []
    end = None
    for record in sorted(below, key=lambda one: (one.start, one.end)):
        if run and end is not None and record.start is not None and record.start - end > SEPARATE:
            yield run
            run, end = [], None
        run.append(record)
        end = record.end if end is None or record.end is None else max(end, record.end)
    yield run


def records(content: bytes) -> list[SeedRecord]:
    """Returns all records of a SEED file, checked.

    Raises:
        SeedError: as `layout`.
    """
    kept: list[SeedRecord] = []
    offset, control_length = 0, 0
    while offset < len(content):
        if len(content) - offset < FIXED_HEADER:
            raise SeedError(f"{len(content) - offset} bytes left over behind the last record")
        kind = content[offset + 6]
        if not content[offset : offset + 6].isdigit():
            raise SeedError(f"no SEED record at byte {offset}")
        if kind in CONTROL_KINDS:
            control_length = control_length or _control_length(content, offset)
            kept.append(SeedRecord(offset, min(control_length, len(content) - offset)))
            offset += control_length
            continue
        if kind not in DATA_QUALITIES:
            raise SeedError(f"a record of unknown kind at byte {offset}")
        length = _data_length(content, offset)
        if offset + length > len(content):
            raise SeedError("the last record is cut off")
        kept.append(_data_record(content, offset, length))
        offset += length
    if not any(record.station for record in kept):
        raise SeedError("no data record")
    return kept


def _data_record(content: bytes, offset: int, length: int) -> SeedRecord:
    codes = content[offset + 8 : offset + 20]
    station = codes[:5].strip(b" \0")
    if not (station.isalnum() and codes.isascii()):
        raise SeedError(f"no station and channel codes at byte {offset + 8}")
    order = _byte_order(content, offset)
    year, day, hour, minute, second, _, parts_of_second, n_samples, factor, multiplier = struct.unpack_from(
        f"{order}HHBBBBHHhh", content, offset + 20
    )
    start = datetime(year, 1, 1, hour, minute, tzinfo=UTC)
    start += timedelta(days=day - 1, seconds=second + parts_of_second / 1e4)
    rate = abs(float(factor)) ** (1 if factor > 0 else -1) if factor else 0.0
    rate *= abs(float(multiplier)) ** (1 if multiplier > 0 else -1) if multiplier else 1.0
    duration = timedelta(seconds=min(n_samples / rate, 1e7)) if rate else timedelta()
    channel, network = codes[5:10].decode("ascii"), codes[10:].strip(b" \0").decode("ascii")
    return SeedRecord(offset, length, station.decode("ascii"), network, channel, start, start + duration)


def _byte_order(content: bytes, offset: int = 0) -> str:
    return ">" if 1900 <= struct.unpack_from(">H", content, offset + 20)[0] <= 2100 else "<"


def _control_length(content: bytes, offset: int) -> int:
    exponent = content[offset + 19 : offset + 21]
    if content[offset + 8 : offset + 11] != b"010" or not exponent.isdigit():
        raise SeedError("control records of unknown length")
    if not SHORTEST <= int(exponent) <= LONGEST:
        raise SeedError(f"control records of 2^{int(exponent)} bytes")
    return int(2 ** int(exponent))


def _data_length(content: bytes, offset: int) -> int:
    """Returns the length that blockette 1000 states, once everything ObsPy trusts has been checked."""
    order = _byte_order(content, offset)
    year, day, hour, minute, second = struct.unpack_from(f"{order}HHBBB", content, offset + 20)
    if not (1900 <= year <= 2100 and 1 <= day <= 366 and hour < 24 and minute < 60 and second <= 60):
        raise SeedError(f"no date at byte {offset + 20}")
    data, first = struct.unpack_from(f"{order}HH", content, offset + 44)
    blockette, seen = first, 0
    while blockette >= FIXED_HEADER and offset + blockette + 8 <= len(content) and seen < 32:
        kind, following = struct.unpack_from(f"{order}HH", content, offset + blockette)
        if kind == 1000:
            encoding, _, exponent = struct.unpack_from("BBB", content, offset + blockette + 4)
            if encoding not in ENCODINGS:
                raise SeedError(f"samples of encoding {encoding}")
            if not SHORTEST <= exponent <= LONGEST or data >= 2**exponent:
                raise SeedError(f"a record of 2^{exponent} bytes at byte {offset}")
            return int(2**exponent)
        blockette, seen = following, seen + 1
    raise SeedError(f"no blockette 1000 in the record at byte {offset}")
