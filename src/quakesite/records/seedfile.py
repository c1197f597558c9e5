"""The data records of a SEED file, checked one by one before ObsPy sees them.

ObsPy meets a damaged record with a bare `Exception`; and the control records of full SEED, which say nothing
about samples, it does not need. Format: FDSN, "SEED Reference Manual", version 2.4, chapter 8.
"""

from __future__ import annotations

import struct

FIXED_HEADER = 48
DATA_QUALITIES = b"DRQM"
CONTROL_KINDS = b"VAST"
SHORTEST, LONGEST = 7, 16
"""Powers of two that a record's length may be: 128 bytes to 64 kB."""

ENCODINGS = frozenset({1, 3, 4, 5, 10, 11})
"""16 and 32 bit integers, 32 and 64 bit floats, Steim 1 and 2."""


class SeedError(ValueError):
    """The file is no SEED file, or is damaged."""


def data_records(content: bytes) -> bytes:
    """Returns the data records of a SEED file, the control records left out.

    Raises:
        SeedError: a record that is none, of an encoding that is no plain number, or cut off.
    """
    kept: list[bytes] = []
    offset, control_length = 0, 0
    while offset < len(content):
        if len(content) - offset < FIXED_HEADER:
            raise SeedError(f"{len(content) - offset} bytes left over behind the last record")
        kind = content[offset + 6]
        if not content[offset : offset + 6].isdigit():
            raise SeedError(f"no SEED record at byte {offset}")
        if kind in CONTROL_KINDS:
            control_length = control_length or _control_length(content, offset)
            offset += control_length
            continue
        if kind not in DATA_QUALITIES:
            raise SeedError(f"a record of unknown kind at byte {offset}")
        length = _data_length(content, offset)
        if offset + length > len(content):
            raise SeedError("the last record is cut off")
        kept.append(content[offset : offset + length])
        offset += length
    if not kept:
        raise SeedError("no data record")
    return b"".join(kept)


def _control_length(content: bytes, offset: int) -> int:
    exponent = content[offset + 19 : offset + 21]
    if content[offset + 8 : offset + 11] != b"010" or not exponent.isdigit():
        raise SeedError("control records of unknown length")
    if not SHORTEST <= int(exponent) <= LONGEST:
        raise SeedError(f"control records of 2^{int(exponent)} bytes")
    return int(2 ** int(exponent))


def _data_length(content: bytes, offset: int) -> int:
    """Returns the length that blockette 1000 states, once everything ObsPy trusts has been checked."""
    order = ">" if 1900 <= struct.unpack_from(">H", content, offset + 20)[0] <= 2100 else "<"
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
