"""Bytes of a source, wherever it lies: a loose file, or a member of a zip, or of a zip within a zip."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections import OrderedDict
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
    EOFError,
    NotImplementedError,
    RuntimeError,
    OSError,
    ValueError,
)
"""What `zipfile` raises on a broken, encrypted or exotic zip."""

_MEMBER = re.compile(r"(?<=\.zip)!", re.IGNORECASE)


class TooLarge(Exception):
    """A file or member holds more than `LARGEST_MEMBER` bytes."""


def split_source(source: str) -> list[str]:
    """Returns the path of a source's file and the members below it: `a.zip!b/c.asc` gives two parts."""
    return _MEMBER.split(source)


def file_name(source: str) -> str:
    """Returns the bare name of a source, without folders."""
    return re.split(r"[/\\]", split_source(source)[-1])[-1]


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
            return open(source, "rb")
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
