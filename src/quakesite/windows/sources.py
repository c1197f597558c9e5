"""Where the bytes of tensors come from: a memory map, a file, an object store, or Arrow's decoder.

All of them fill the same way: `fill` starts the reading of some rows and returns what is left to be waited
for, so that the disk or the network works on all rows of a batch at once.
"""

from __future__ import annotations

import itertools
import mmap
import os
import re
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple, Protocol

import pyarrow.fs
import pyarrow.parquet as pq

PREFIX_BYTES = 4
"""Parquet writes the length of a binary value before it, as a little-endian integer of four bytes."""

LARGEST_GAP_BYTES = 2**18
"""Rows with no more than this between them are asked for at once: about what a store sends within the time
that it takes to answer a request."""

LARGEST_REQUEST_BYTES = 2**24
REQUESTS_AT_ONCE = 16

Wait = Callable[[], None]
Rows = Sequence[int]
Slots = Sequence[memoryview]


class Misplaced(ValueError):
    """A tensor is not where the footer of its file says."""


class Source(Protocol):
    """What fills slots of memory with the first bytes of tensors."""

    def fill(self, rows: Rows, slots: Slots) -> list[Wait]:
        """Starts to fill `slots` with the first bytes of the tensors of `rows`; call all it returns."""


class Places(NamedTuple):
    """A file whose tensors lie uncompressed at known places."""

    path: str
    starts: list[int]
    n_bytes: int


class MappedSource:
    """A file in memory: the fastest, and what was read counts as resident memory of the process."""

    def __init__(self, places: Places) -> None:
        self._starts = places.starts
        with open(places.path, "rb") as file:
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        content.madvise(mmap.MADV_WILLNEED)
        self._content = memoryview(content)

    def fill(self, rows: Rows, slots: Slots) -> list[Wait]:
        """Fills the slots at once."""
        content, starts = self._content, self._starts
        for row, slot in zip(rows, slots, strict=True):
            start = starts[row]
            slot[:] = content[start : start + slot.nbytes]
        return []


class FileSource:
    """A file read by place: the process keeps nothing of it. Rows on disk are read ahead all together."""

    def __init__(self, places: Places) -> None:
        self._starts, self._descriptor = places.starts, os.open(places.path, os.O_RDONLY)
        self._flags = getattr(os, "RWF_NOWAIT", 0)

    def fill(self, rows: Rows, slots: Slots) -> list[Wait]:
        """Fills the slots whose rows are in the page cache, and starts reading the others from the disk."""
        preadv, descriptor, starts, flags = os.preadv, self._descriptor, self._starts, self._flags
        late: list[Wait] = []
        for row, slot in zip(rows, slots, strict=True):
            start = starts[row]
            try:
                done = preadv(descriptor, (slot,), start, flags)
            except BlockingIOError:
                done = 0
            except OSError:
                if not flags:
                    raise
                self._flags, done = 0, 0  # a file system that cannot tell whether it would have to wait
            if done != slot.nbytes:
                _read_ahead(descriptor, start + done, slot.nbytes - done)
                late.append(partial(self._read, start + done, slot[done:]))
        return late

    def _read(self, start: int, slot: memoryview) -> None:
        done = 0
        while done < slot.nbytes:
            n_read = os.preadv(self._descriptor, (slot[done:],), start + done)
            if n_read == 0:
                raise EOFError("the shard ends before its tensor; was it overwritten while being read?")
            done += n_read

    def __del__(self) -> None:
        os.close(self._descriptor)


def _read_ahead(descriptor: int, start: int, n_bytes: int) -> None:
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(descriptor, start, n_bytes, os.POSIX_FADV_WILLNEED)


class RemoteSource:
    """An object in a store: neighbouring rows make one request, and requests run side by side."""

    def __init__(self, places: Places) -> None:
        filesystem, key = pyarrow.fs.FileSystem.from_uri(places.path)
        self._file = filesystem.open_input_file(key)
        self._places = places

    def fill(self, rows: Rows, slots: Slots) -> list[Wait]:
        """Sends the requests; each row comes with its length, which tells whether it is the right place."""
        order = sorted(range(len(rows)), key=rows.__getitem__)
        spans = [
            (self._places.starts[rows[i]] - PREFIX_BYTES, self._places.starts[rows[i]] + slots[i].nbytes, i)
            for i in order
        ]
        return [self._requested(together, slots) for together in coalesced(spans)]

    def _requested(self, together: list[tuple[int, int, int]], slots: Slots) -> Wait:
        first, last = together[0][0], max(end for _, end, _ in together)
        answer: Future[bytes] = _senders().submit(self._file.read_at, last - first, first)

        def wait() -> None:
            content = memoryview(answer.result())
            for start, end, i in together:
                place = start - first
                if int.from_bytes(content[place : place + PREFIX_BYTES], "little") != self._places.n_bytes:
                    raise Misplaced(self._places.path)
                slots[i][:] = content[place + PREFIX_BYTES : end - first]

        return wait


def coalesced(spans: Sequence[tuple[int, int, int]]) -> list[list[tuple[int, int, int]]]:
    """Returns ascending spans of bytes (first, end, anything), those together that one request shall get."""
    groups: list[list[tuple[int, int, int]]] = []
    for span in spans:
        near = groups and span[0] - groups[-1][-1][1] <= LARGEST_GAP_BYTES
        if near and span[1] - groups[-1][0][0] <= LARGEST_REQUEST_BYTES:
            groups[-1].append(span)
        else:
            groups.append([span])
    return groups


@cache
def _senders() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(REQUESTS_AT_ONCE, "quakesite-windows")


os.register_at_fork(after_in_child=_senders.cache_clear)  # threads do not survive a fork


class DecodedSource:
    """A file that another program wrote anew, compressed or in other pages: decoded by row group."""

    def __init__(self, path: str, column: str) -> None:
        self._path, self._column = path, column
        self._rows, self._tensors = range(0), list[memoryview]()

    def fill(self, rows: Rows, slots: Slots) -> list[Wait]:
        """Fills the slots at once, row group after row group; the last one is kept."""
        for row, slot in sorted(zip(rows, slots, strict=True), key=lambda pair: pair[0]):
            if row not in self._rows:
                self._rows, self._tensors = self._group_of(row)
            slot[:] = self._tensors[row - self._rows.start].cast("B")[: slot.nbytes]
        return []

    def _group_of(self, row: int) -> tuple[range, list[memoryview]]:
        with opened(self._path) as file:
            sizes = [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)]
            ends = list(itertools.accumulate(sizes))
            group = next(group for group, end in enumerate(ends) if row < end)
            column = file.read_row_group(group, [self._column]).column(0)
            values = [memoryview(value.as_buffer()) for value in column]
            return range(ends[group] - sizes[group], ends[group]), values


def opened(path: str) -> pq.ParquetFile:
    """Returns a Parquet file, local or behind a URI."""
    if not is_remote(path):
        return pq.ParquetFile(path)
    filesystem, key = pyarrow.fs.FileSystem.from_uri(path)
    return pq.ParquetFile(filesystem.open_input_file(key), pre_buffer=True)


def is_remote(path: str) -> bool:
    """Returns whether a path is a URI."""
    return "://" in path


def shown(path: str | Path) -> str:
    """Returns the path as messages may show it: a URI without the credentials that it may carry."""
    return re.sub(r"://([^/]*@)?([^?]*).*", r"://\2", str(path))


def wait_for_all(waits: Sequence[Wait]) -> None:
    """Waits for everything that was started."""
    for wait in waits:
        wait()
