"""Bytes of a source, wherever it lies: a loose file, or a member of a zip, or of a zip within a zip."""

from __future__ import annotations

import io
import lzma
import re
import struct
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Mapping
from types import TracebackType
from typing import IO

LARGEST_MEMBER = 256 * 2**20
"""Bytes a file or a member may unpack to. An hour of three components at 200 Hz as text is 35 MB; more
than this is refused as a zip bomb."""

DEEPEST_NESTING = 4
"""Zips within zips that are followed."""

PIECE = 2**18
"""Bytes asked for at once: Python sets aside as many as it is asked for, however few there are."""

MOST_OPEN = 64
MOST_HELD = 128 * 2**20

BROKEN_ZIP = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    IndexError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    OSError,
    ValueError,
)
"""What `zipfile` raises on a broken, encrypted or exotic zip."""

_MEMBER = re.compile(r"(?<=\.zip)!", re.IGNORECASE)
_PART = re.compile(r"(\.(?:mseed|miniseed|msd|fseed|seed|xml))#([A-Za-z0-9]+(?:\.\d+)?)$", re.IGNORECASE)


class TooLarge(Exception):
    """A file or member holds more than `LARGEST_MEMBER` bytes."""


def part_of(source: str) -> str:
    """Returns which part of its file a source is: of `a.mseed#1211.2` the second record of station 1211."""
    match = _PART.search(source)
    return match[2] if match else ""


def without_part(source: str) -> str:
    """Returns the source of the whole file."""
    return _PART.sub(r"\1", source)


def split_source(source: str) -> list[str]:
    """Returns the path of a source's file and the members below it: `a.zip!b/c.asc` gives two."""
    return _MEMBER.split(without_part(source))


def file_name(source: str) -> str:
    """Returns the bare name of a source, without folders."""
    return re.split(r"[/\\]", split_source(source)[-1])[-1]


def read_head(handle: IO[bytes], size: int) -> bytes:
    """Returns the first `size` bytes that `handle` holds, or all if it holds fewer."""
    pieces: list[bytes] = []
    while size > 0 and (piece := handle.read(min(size, PIECE))):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def read_limited(handle: IO[bytes], limit: int = LARGEST_MEMBER) -> bytes:
    """Returns all that `handle` holds.

    Raises:
        TooLarge: it is more than `limit` bytes, whatever its directory entry claims.
    """
    pieces: list[bytes] = []
    left = limit + 1
    while left > 0 and (piece := handle.read(min(left, PIECE))):
        pieces.append(piece)
        left -= len(piece)
    if left <= 0:
        raise TooLarge(f"unpacks to more than {limit} bytes")
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


class Sources:
    """Reads sources; keeps zips open, since their members are read one after another.

    At most `MOST_OPEN` files, and `MOST_HELD` bytes of zips within zips; the least recently used leave first.
    """

    def __init__(self) -> None:
        self._zips: OrderedDict[tuple[str, ...], tuple[zipfile.ZipFile, int]] = OrderedDict()

    def read(self, source: str, limit: int = LARGEST_MEMBER) -> bytes:
        """Returns the bytes of `source`.

        Raises:
            OSError, zipfile.BadZipFile, ...: see `BROKEN_ZIP`.
            KeyError: no such member.
            TooLarge: more than `limit` bytes.
        """
        with self._open(source) as handle:
            return read_limited(handle, limit)

    def head(self, source: str, size: int) -> bytes:
        """Returns the first `size` bytes of `source`; raises as `read` does."""
        with self._open(source) as handle:
            return handle.read(size)

    def _open(self, source: str) -> IO[bytes]:
        parts = split_source(source)
        if len(parts) == 1:
            return open(parts[0], "rb", buffering=0)
        return self._zip(tuple(parts[:-1])).open(parts[-1])

    def _zip(self, parts: tuple[str, ...]) -> zipfile.ZipFile:
        if parts in self._zips:
            self._zips.move_to_end(parts)
            return self._zips[parts][0]
        if len(parts) == 1:
            opened, held = zipfile.ZipFile(parts[0]), 0
        else:
            with self._zip(parts[:-1]).open(parts[-1]) as handle:
                content = read_limited(handle)
            opened, held = zipfile.ZipFile(io.BytesIO(content)), len(content)
        self._zips[parts] = opened, held
        while len(self._zips) > 1 and (
            len(self._zips) > MOST_OPEN or sum(held for _, held in self._zips.values()) > MOST_HELD
        ):
            self._zips.popitem(last=False)[1][0].close()
        return opened

    def close(self) -> None:
        """Closes every zip."""
        while self._zips:
            self._zips.popitem()[1][0].close()

    def __enter__(self) -> Sources:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class InMemory(Sources):
    """Sources whose bytes are given: a file that was opened elsewhere, or never was one."""

    def __init__(self, contents: Mapping[str, bytes]) -> None:
        super().__init__()
        self._contents = contents

    def read(self, source: str, limit: int = LARGEST_MEMBER) -> bytes:
        """Returns the bytes given for `source`; raises as `Sources.read` does."""
        return read_limited(io.BytesIO(self._contents[without_part(source)]), limit)

    def head(self, source: str, size: int) -> bytes:
        """Returns the first `size` bytes given for `source`."""
        return self._contents[without_part(source)][:size]
