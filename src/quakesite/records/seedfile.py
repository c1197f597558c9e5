"""The data records of a SEED file, checked one by one before ObsPy sees them.

ObsPy meets a damaged record with a bare `Exception`; and the control records of full SEED, which say nothing
about samples, it does not need. Format: FDSN, "SEED Reference Manual", version 2.4, chapter 8.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
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
    """One record of a SEED file; those that hold no data have no station and no time."""

    content: bytes
    station: str = ""
    start: datetime | None = None
    end: datetime | None = None


def data_records(content: bytes) -> bytes:
    """Returns the data records of a SEED file, the control records left out.

    Raises:
        SeedError: a record that is none, of an encoding that is no plain number, or cut off.
    """
    return b"".join(record.content for record in records(content) if record.station)


def control_records(content: bytes) -> bytes:
    """Returns the control records of a SEED file: full SEED describes its stations in them.

    Raises:
        SeedError: as `data_records`.
    """
    return b"".join(record.content for record in records(content) if not record.station)


def parts(content: bytes) -> dict[str, list[SeedRecord]]:
    """Returns the data records of a file by the part they belong to.

    A part is what one station recorded without a hole: `1211`, or `1211.1`, `1211.2`, ... in order of time
    where it recorded several times.

    Raises:
        SeedError: as `data_records`.
    """
    by_station: dict[str, list[SeedRecord]] = {}
    for record in records(content):
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
        SeedError: as `data_records`.
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
            kept.append(SeedRecord(content[offset : offset + control_length]))
            offset += control_length
            continue
        if kind not in DATA_QUALITIES:
            raise SeedError(f"a record of unknown kind at byte {offset}")
        length = _data_length(content, offset)
        if offset + length > len(content):
            raise SeedError("the last record is cut off")
        kept.append(_data_record(content[offset : offset + length], offset))
        offset += length
    if not any(record.station for record in kept):
        raise SeedError("no data record")
    return kept


def _data_record(content: bytes, offset: int) -> SeedRecord:
    station = content[8:13].strip(b" \0")
    if not (station.isalnum() and content[8:20].isascii()):
        raise SeedError(f"no station and channel codes at byte {offset + 8}")
    order = _byte_order(content)
    year, day, hour, minute, second, _, parts_of_second = struct.unpack_from(f"{order}HHBBBBH", content, 20)
    n_samples, factor, multiplier = struct.unpack_from(f"{order}Hhh", content, 30)
    start = datetime(year, 1, 1, hour, minute, tzinfo=UTC)
    start += timedelta(days=day - 1, seconds=second + parts_of_second / 1e4)
    rate = abs(float(factor)) ** (1 if factor > 0 else -1) if factor else 0.0
    rate *= abs(float(multiplier)) ** (1 if multiplier > 0 else -1) if multiplier else 1.0
    length = timedelta(seconds=min(n_samples / rate, 1e7)) if rate else timedelta()
    return SeedRecord(content, station.decode("ascii"), start, start + length)


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
