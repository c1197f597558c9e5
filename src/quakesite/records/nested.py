"""Zips within zips: opened in place where they are stored, else unpacked to memory, or to disk if large."""

from __future__ import annotations

import io
import struct
import tempfile
import zipfile
from typing import IO, NamedTuple

from quakesite.records.opening import BROKEN_ZIP, LARGEST_INNER_ZIP, LARGEST_MEMBER, PIECE, TooLarge

_LOCAL_HEADER = struct.Struct("<4s22x2H")
"""Signature of a member's local header, and the lengths of its name and of its extra field."""


class Inner(NamedTuple):
    """A zip within a zip, and the file it is read from, which its user closes.

    `size` is its size in bytes, `held` how many of them are in memory.
    """

    opened: zipfile.ZipFile
    file: IO[bytes]
    size: int
    held: int


def open_inner(outer: zipfile.ZipFile, info: zipfile.ZipInfo, limit: int | None = None) -> Inner:
    """Returns the zip that the member `info` of `outer` is; `outer` has to stay open meanwhile.

    A member that is stored without compression, as most tools do with zips, is read where it lies. Another
    is unpacked, to a temporary file if it is larger than `opening.LARGEST_MEMBER`.

    Args:
        outer: the zip that holds it.
        info: which of its members.
        limit: bytes it may have, `opening.LARGEST_INNER_ZIP` without.

    Raises:
        TooLarge: it has more.
        zipfile.BadZipFile, ...: see `opening.BROKEN_ZIP`.
    """
    limit = LARGEST_INNER_ZIP if limit is None else limit
    with outer.open(info) as handle:  # checks the local header
        if info.compress_type == zipfile.ZIP_STORED and outer.fp is not None:
            if info.file_size > limit:
                raise TooLarge(f"has more than {limit} bytes")
            window = io.BufferedReader(_Window(outer.fp, _start_of(outer.fp, info), info.file_size), PIECE)
            return Inner(zipfile.ZipFile(window), window, info.file_size, 0)
        content, size = _unpacked(handle, limit)
    try:
        return Inner(zipfile.ZipFile(content), content, size, size if size <= LARGEST_MEMBER else 0)
    except BROKEN_ZIP:
        content.close()
        raise


def _start_of(file: IO[bytes], info: zipfile.ZipInfo) -> int:
    file.seek(info.header_offset)
    _, name, extra = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
    return int(info.header_offset + _LOCAL_HEADER.size + name + extra)


def _unpacked(handle: IO[bytes], limit: int) -> tuple[IO[bytes], int]:
    size = 0
    content = tempfile.SpooledTemporaryFile(max_size=LARGEST_MEMBER)  # noqa: SIM115 - the zip keeps it
    while piece := handle.read(PIECE):
        size += len(piece)
        if size > limit:
            content.close()
            raise TooLarge(f"unpacks to more than {limit} bytes")
        content.write(piece)
    content.seek(0)
    return content, size


class _Window(io.RawIOBase):
    """A part of a file that others read too, as a file of its own."""

    def __init__(self, file: IO[bytes], start: int, size: int) -> None:
        self._file, self._start, self._size, self._at = file, start, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, origin + offset)
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        self._file.seek(self._start + self._at)
        piece = self._file.read(max(0, min(len(buffer), self._size - self._at)))
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)
