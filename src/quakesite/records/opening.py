"""Bytes of a source, wherever it lies: a loose file, or a member of a zip, or of a zip within a zip."""

from __future__ import annotations

import io
import lzma
import os
import re
import struct
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import IO, Any, TypeVar

LARGEST_MEMBER = 256 * 2**20
"""Bytes a file or a member may unpack to. An hour of three components at 200 Hz as text is 35 MB; more
than this is refused as a zip bomb."""

LARGEST_INNER_ZIP = 2**34
"""Bytes a zip within a zip may have: 16 GB, a large earthquake's records several times over."""

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
    OverflowError,
)
"""What `zipfile` raises on a broken, encrypted or exotic zip."""

Made = TypeVar("Made")

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
    """Returns the path of a source's file and the members below it: `a.zip!b/c.asc` gives two.

    It goes by the name alone: a folder may be called `a.zip!b`, which only the disk can tell (`Sources`).
    """
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


class _Zip:
    """A zip that is open: its members by name, of a name that comes twice the first (as in `archive`)."""

    def __init__(self, opened: zipfile.ZipFile, file: IO[bytes] | None = None, held: int = 0) -> None:
        self.opened, self.held, self._file = opened, held, file
        self.members = {info.filename: info for info in reversed(opened.infolist())}

    def close(self) -> None:
        self.opened.close()
        if self._file is not None:
            self._file.close()


class Sources:
    """Reads sources; keeps zips open, since their members are read one after another.

    At most `MOST_OPEN` files, and `MOST_HELD` bytes of zips within zips; the least recently used leave first.
    What is costly to make of a source can be kept here as well (`remembered`).
    """

    def __init__(self) -> None:
        self._zips: OrderedDict[tuple[str, ...], _Zip] = OrderedDict()
        self._made: dict[str, OrderedDict[str, Any]] = {}

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

    def pieces(self, source: str, places: Sequence[tuple[int, int]]) -> bytes:
        """Returns the bytes at these `(offset, length)`, one after another; raises as `read` does."""
        with self._open(source) as handle:
            found: dict[tuple[int, int], bytes] = {}
            for offset, length in sorted(set(places)):
                handle.seek(offset)
                found[offset, length] = read_head(handle, length)
        return b"".join(found[place] for place in places)

    def remembered(self, kind: str, source: str, most: int, make: Callable[[], Made]) -> Made:
        """Returns what `make` makes of `source`: made anew if it is none of the `most` last of its `kind`."""
        made = self._made.setdefault(kind, OrderedDict())
        if source not in made:
            made[source] = make()
            if len(made) > most:
                made.popitem(last=False)
        made.move_to_end(source)
        value: Made = made[source]
        return value

    def _open(self, source: str) -> IO[bytes]:
        path, *members = _located(split_source(source))
        if not members:
            return open(path, "rb", buffering=0)
        return self._member((path,), members)

    def _member(self, holder: tuple[str, ...], names: list[str]) -> IO[bytes]:
        """Opens a member, by the shortest of the names that `names` can be read as which is there."""
        at = self._zip(holder)
        for count in range(1, len(names)):
            if (name := "!".join(names[:count])) in at.members:
                return self._member((*holder, name), names[count:])
        return at.opened.open(at.members["!".join(names)])

    def _zip(self, parts: tuple[str, ...]) -> _Zip:
        if parts in self._zips:
            for depth in range(1, len(parts) + 1):  # an inner zip may be read through the outer one
                self._zips.move_to_end(parts[:depth])
            return self._zips[parts]
        if len(parts) == 1:
            at = _Zip(zipfile.ZipFile(parts[0]))
        else:
            from quakesite.records.nested import open_inner

            outer = self._zip(parts[:-1])
            inner = open_inner(outer.opened, outer.members[parts[-1]])
            at = _Zip(inner.opened, inner.file, inner.held)
        self._zips[parts] = at
        while len(self._zips) > len(parts) and (
            len(self._zips) > MOST_OPEN or sum(one.held for one in self._zips.values()) > MOST_HELD
        ):
            self._drop(next(iter(self._zips)))
        return at

    def _drop(self, parts: tuple[str, ...]) -> None:
        """Closes a zip, and before it those within."""
        for inner in [one for one in self._zips if one[: len(parts)] == parts][::-1]:
            self._zips.pop(inner).close()

    def close(self) -> None:
        """Closes every zip, and forgets what is remembered."""
        self._made.clear()
        while self._zips:
            self._drop(next(iter(self._zips)))

    def __enter__(self) -> Sources:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _located(parts: list[str]) -> list[str]:
    """Returns the path of the file on disk and the members below it: folders' names may hold `.zip!`."""
    if len(parts) == 1:
        return parts
    for count in range(1, len(parts)):
        if os.path.isfile(path := "!".join(parts[:count])):
            return [path, *parts[count:]]
    whole = "!".join(parts)
    return [whole] if os.path.exists(whole) else parts


class InMemory(Sources):
    """Sources whose bytes are given: a file that was opened elsewhere, or never was one."""

    def __init__(self, contents: Mapping[str, bytes]) -> None:
        super().__init__()
        self._contents = contents

    def _open(self, source: str) -> IO[bytes]:
        return io.BytesIO(self._contents[without_part(source)])
