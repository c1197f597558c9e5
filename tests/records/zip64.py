"""Zips whose directory puts members where no file can reach."""

from __future__ import annotations

import io
import struct
import zipfile


def far_away(files: dict[str, bytes], offset: int = 2**63 + 5) -> bytes:
    """A zip whose zip64 extra fields say that each member starts at `offset`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            info.extra = struct.pack("<HHQ", 1, 8, 0)
            opened.writestr(info, content)
    raw = bytearray(buffer.getvalue())
    at = raw.find(b"PK\x01\x02")
    while at >= 0:
        name_length = struct.unpack_from("<H", raw, at + 28)[0]
        struct.pack_into("<L", raw, at + 42, 0xFFFFFFFF)
        struct.pack_into("<HHQ", raw, at + 46 + name_length, 1, 8, offset)
        at = raw.find(b"PK\x01\x02", at + 4)
    return bytes(raw)
