"""Where the bytes of tensors come from: a memory map, a file, an object store, or Arrow's decoder.

All of them fill the same way: `fill` starts the reading of some rows and returns what is left to be waited
for, so that the disk or the network works on all rows of a batch at once.
"""

from __future__ import annotations

import errno
import itertools
import mmap
import os
import weakref
from collections.abc import Callable, Sequence
from concurrent import futures
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache, partial
from typing import NamedTuple, Protocol

import pyarrow.parquet as pq

from quakesite.seal import check_seal
from quakesite.windows.identity import (
    Identity,
    identity_of,
    is_remote,
    of_descriptor,
    of_object,
    open_object,
    replaced,
)

PREFIX_BYTES = 4
"""Parquet writes the length of a binary value before it, as a little-endian integer of four bytes."""

LARGEST_GAP_BYTES = 2**18
"""Rows with no more than this between them are asked for at once: about what a store sends within the time
that it takes to answer a request."""

MOST_BUFFERS = 256
"""Rows that one call of the system reads; it takes two pieces of memory for each, 1,024 at most."""

LARGEST_REQUEST_BYTES = 2**24
REQUESTS_AT_ONCE = 16
NO_SUCH_FLAG = {errno.EOPNOTSUPP, errno.ENOTSUP, errno.EINVAL, errno.ENOSYS}

Wait = Callable[[], None]
Rows = Sequence[int]
Slots = Sequence[memoryview]


class Misplaced(ValueError):
    """A tensor is not where the footer of its file says."""


class Source(Protocol):
    """What fills slots of memory with the first bytes of tensors."""

    def fill(self, rows: Rows, slots: Slots) -> list[Wait]:
        """Starts to fill `slots` with the first bytes of the tensors of `rows`; call all it returns.

        Raises:
            InputError: the file is another one than when the shard was opened.
        """


class Places(NamedTuple):
    """A file whose tensors lie uncompressed at known places."""

    path: str
    starts: list[int]
    n_bytes: int
    identity: Identity


class _Descriptor:
    """A file open for reading, the one that the shard was opened from."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self.number = os.open(places.path, os.O_RDONLY)
        weakref.finalize(self, os.close, self.number)
        self.check()

    def check(self) -> None:
        """Stops where the file was written to since."""
        if of_descriptor(self.number) != self._places.identity:
            raise replaced(self._places.path)


class MappedSource:
    """A file in memory: the fastest, and what was read counts as resident memory of the process.

    The file is looked at before each batch. One that is cut short within the microseconds of a batch's
    copying still ends the process with SIGBUS, as it does every program that maps a file.
    """

    def __init__(self, places: Places) -> None:
        self._starts, self._file = places.starts, _Descriptor(places)
        content = mmap.mmap(self._file.number, 0, access=mmap.ACCESS_READ)
        if hasattr(mmap, "MADV_WILLNEED"):  # not everywhere
            content.madvise(mmap.MADV_WILLNEED)
        self._content = memoryview(content)

    def fill(self, rows: Rows, slots: Slots) -> list[Wait]:
        """Fills the slots at once."""
        self._file.check()
        content, starts = self._content, self._starts
        for row, slot in zip(rows, slots, strict=True):
            start = starts[row]
            slot[:] = content[start : start + slot.nbytes]
        return []


class FileSource:
    """A file read by place: the process keeps nothing of it. Rows on disk are read ahead all together."""

    def __init__(self, places: Places) -> None:
        self._starts, self._file = places.starts, _Descriptor(places)
        self._stride = PREFIX_BYTES + places.n_bytes
        self._path = places.path
        self._flags = getattr(os, "RWF_NOWAIT", 0)

    def fill(self, rows: Rows, slots: Slots) -> list[Wait]:
        """Fills the slots whose rows are in the page cache, and starts reading the others from the disk.

        Rows that follow each other in the file are read by one call, straight into their slots.
        """
        self._file.check()
        starts, number, stride = self._starts, self._file.number, self._stride
        at, end, late = 0, len(rows), list[Wait]()
        while at < end:
            first, start = at, starts[rows[at]]
            at += 1
            most = min(end, first + MOST_BUFFERS)
            while at < most and starts[rows[at]] - start == (at - first) * stride:
                at += 1
            buffers = (slots[first],) if at == first + 1 else self._buffers(slots[first:at])
            n_bytes = (at - first - 1) * stride + slots[first].nbytes
            try:
                done = os.preadv(number, buffers, start, self._flags)
            except OSError as error:
                done = self._not_at_once(error)
            if done != n_bytes:
                _read_ahead(number, start + done, n_bytes - done)
                late.append(partial(self._read, start, done, buffers))
        return late

    def _not_at_once(self, error: OSError) -> int:
        if error.errno != errno.EAGAIN:  # a row that is not in the page cache
            if not self._flags or error.errno not in NO_SUCH_FLAG:
                raise error
            self._flags = 0  # a file system that cannot tell whether it would have to wait
        return 0

    def _buffers(self, slots: Slots) -> tuple[memoryview, ...]:
        """Returns the slots with room between them for what lies between their rows."""
        between = memoryview(bytearray(self._stride - slots[0].nbytes))
        return tuple(one for slot in slots for one in (slot, between))[:-1]

    def _read(self, start: int, done: int, buffers: tuple[memoryview, ...]) -> None:
        for buffer in buffers:
            skipped = min(done, buffer.nbytes)
            done -= skipped
            at, rest = start + skipped, buffer[skipped:]
            start += buffer.nbytes
            while rest:
                n_read = os.preadv(self._file.number, (rest,), at)
                if n_read == 0:
                    raise replaced(self._path)
                at, rest = at + n_read, rest[n_read:]


def _read_ahead(descriptor: int, start: int, n_bytes: int) -> None:
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(descriptor, start, n_bytes, os.POSIX_FADV_WILLNEED)


class RemoteSource:
    """An object in a store: neighbouring rows make one request, and requests run side by side.

    Behind the requests of a batch goes one more, which asks whether the object is still the same.
    """

    def __init__(self, places: Places) -> None:
        self._file = open_object(places.path)
        self._places = places
        if of_object(self._file) != places.identity:
            raise replaced(places.path)

    def fill(self, rows: Rows, slots: Slots) -> list[Wait]:
        """Sends the requests; each row comes with its length, which tells whether it is the right place."""
        order = sorted(range(len(rows)), key=rows.__getitem__)
        spans = [
            (self._places.starts[rows[i]] - PREFIX_BYTES, self._places.starts[rows[i]] + slots[i].nbytes, i)
            for i in order
        ]
        groups = coalesced(spans)
        answers = [self._asked(together) for together in groups]
        same = _senders().submit(self._same_after, answers)

        def wait() -> None:
            contents = [answer.result() for answer in answers]
            if not same.result():
                raise replaced(self._places.path)
            for together, content in zip(groups, contents, strict=True):
                self._filled(together, memoryview(content), slots)

        return [wait]

    def _asked(self, together: list[tuple[int, int, int]]) -> Future[bytes]:
        first, last = together[0][0], max(end for _, end, _ in together)
        return _senders().submit(self._file.read_at, last - first, first)

    def _same_after(self, answers: list[Future[bytes]]) -> bool:
        futures.wait(answers)
        return identity_of(self._places.path) == self._places.identity

    def _filled(self, together: list[tuple[int, int, int]], content: memoryview, slots: Slots) -> None:
        first = together[0][0]
        for start, end, i in together:
            place = start - first
            if int.from_bytes(content[place : place + PREFIX_BYTES], "little") != self._places.n_bytes:
                raise Misplaced(self._places.path)
            slots[i][:] = content[place + PREFIX_BYTES : end - first]


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

    def __init__(self, path: str, column: str, identity: Identity) -> None:
        self._path, self._column, self._identity = path, column, identity
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
            group = next((group for group, end in enumerate(ends) if row < end), 0)
            column = file.read_row_group(group, [self._column]).column(0)
        if identity_of(self._path) != self._identity:
            raise replaced(self._path)
        values = [memoryview(value.as_buffer()) for value in column]
        return range(ends[group] - sizes[group], ends[group]), values


def opened(path: str) -> pq.ParquetFile:
    """Returns a Parquet file, local or behind a URI; its pages are checked as they are read.

    Raises:
        Broken: the footer of a local file is not the one that was written.
    """
    if is_remote(path):
        return pq.ParquetFile(open_object(path), pre_buffer=True, page_checksum_verification=True)
    check_seal(path)
    return pq.ParquetFile(path, page_checksum_verification=True)


def wait_for_all(waits: Sequence[Wait]) -> None:
    """Waits for everything that was started."""
    for wait in waits:
        wait()
