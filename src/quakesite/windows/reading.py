"""Reading shards of windows: any row at random, at the speed of a plain file.

The tensors lie uncompressed in one data page per row group, each behind its length (four bytes), so that
the footer alone tells where every tensor starts. They are fetched from there with `pread`, which neither
decodes nor keeps pages of the file in the process's memory. A file that another program wrote anew
(compressed, or in other pages) is read through Arrow, slower and with the same result.
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.fs
import pyarrow.parquet as pq

from quakesite.errors import InputError
from quakesite.windows.schema import DTYPE, METADATA, TENSOR, WINDOWS, Description, Outdated

Floats = npt.NDArray[np.float32]
Fetch = Callable[[int, Floats], None]
LENGTH_PREFIX = struct.Struct("<I")
PLAIN_ONLY = {"PLAIN", "RLE", "BIT_PACKED"}


class Shard:
    """One shard of windows, open for reading. Safe to use after a fork and to pickle.

    Attributes:
        path: where it is; a path, or a URI (`s3://bucket/key`), its credentials left out.
        description: what its tensors are.
        metadata: every column but the tensors, in the order of the file.
    """

    def __init__(
        self, path: str | Path, description: Description, metadata: pa.Table, starts: list[int] | None
    ) -> None:
        self.path, self._path = shown(path), str(path)
        self.description, self.metadata = description, metadata
        self._starts, self._n_rows = starts, int(metadata.num_rows)
        self._fetch: Fetch | None = None
        self._group: tuple[range, list[memoryview]] | None = None

    def __len__(self) -> int:
        return self._n_rows

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_fetch": None, "_group": None}

    @property
    def addressable(self) -> bool:
        """Whether tensors are fetched by their place in the file, without decoding."""
        return self._starts is not None

    def read_into(self, row: int, out: Floats) -> None:
        """Fills `out` with the tensor of `row`, in cm/s^2.

        Args:
            row: number of the row in the file.
            out: C-contiguous, (4, n_samples), or fewer leading channels: only those are then read.

        Raises:
            IndexError: there is no such row.
        """
        if not 0 <= row < self._n_rows:
            raise IndexError(f"{self.path}: row {row} of {len(self)}")
        self.fetch(row, out)

    @property
    def fetch(self) -> Fetch:
        """`read_into` for loops that read many: a plain function, which does not check the row."""
        if self._fetch is None:
            if self._starts is None:
                self._fetch = self._fetch_decoded
            else:
                self._fetch = _open(self._path).fetcher(self._starts)
        return self._fetch

    def read(self, rows: Sequence[int] | None = None, channels: int | None = None) -> Floats:
        """Returns the tensors of `rows` (default: all), shape (rows, channels, n_samples), in cm/s^2."""
        wanted = range(len(self)) if rows is None else rows
        n_channels, n_samples = self.description.shape
        out = np.empty((len(wanted), channels or n_channels, n_samples), DTYPE)
        for slot, row in zip(out, wanted, strict=True):
            self.read_into(row, slot)
        return out

    def _fetch_decoded(self, row: int, out: Floats) -> None:
        if self._group is None or row not in self._group[0]:
            self._group = self._read_group_of(row)
        rows, tensors = self._group
        out.reshape(-1)[:] = np.frombuffer(tensors[row - rows.start], DTYPE)[: out.size]

    def _read_group_of(self, row: int) -> tuple[range, list[memoryview]]:
        with _parquet(self._path) as file:
            rows, group = range(0), -1
            while row not in rows:
                group += 1
                rows = range(rows.stop, rows.stop + file.metadata.row_group(group).num_rows)
            column = file.read_row_group(group, [TENSOR]).column(0)
            return rows, [memoryview(value.as_buffer()) for value in column]


class _Local:
    def __init__(self, path: str) -> None:
        self.descriptor = os.open(path, os.O_RDONLY)

    def read_into(self, start: int, out: memoryview) -> None:
        done = os.preadv(self.descriptor, (out,), start)
        while done < out.nbytes:
            n_read = os.preadv(self.descriptor, (out.cast("B")[done:],), start + done)
            if n_read == 0:
                raise EOFError("the shard ends before its tensor; was it overwritten while being read?")
            done += n_read

    def fetcher(self, starts: list[int]) -> Fetch:
        preadv, descriptor = os.preadv, self.descriptor

        def fetch(row: int, out: Any) -> None:
            if preadv(descriptor, (out,), starts[row]) != out.nbytes:
                self.read_into(starts[row], out.data)

        return fetch

    def __del__(self) -> None:
        os.close(self.descriptor)


class _Remote:
    def __init__(self, path: str) -> None:
        filesystem, key = pyarrow.fs.FileSystem.from_uri(path)
        self.file = filesystem.open_input_file(key)

    def read_into(self, start: int, out: memoryview) -> None:
        out.cast("B")[:] = self.file.read_at(out.nbytes, start)

    def fetcher(self, starts: list[int]) -> Fetch:
        return lambda row, out: self.read_into(starts[row], out.data)


def _open(path: str) -> _Local | _Remote:
    return _Remote(path) if "://" in path else _Local(path)


def _parquet(path: str) -> pq.ParquetFile:
    if "://" not in path:
        return pq.ParquetFile(path)
    filesystem, key = pyarrow.fs.FileSystem.from_uri(path)
    return pq.ParquetFile(key, filesystem=filesystem)


def shown(path: str | Path) -> str:
    """Returns the path as messages may show it: a URI without the credentials that it may carry."""
    return re.sub(r"://([^/]*@)?([^?]*).*", r"://\2", str(path))


def open_shard(path: str | Path) -> Shard:
    """Returns the shard of windows at `path`, a file or a URI (`s3://bucket/key`), open for reading.

    Raises:
        InputError: it is not Parquet, not a shard of windows, or one of another schema version.
    """
    path, name = str(path), shown(path)
    command = f"`snakemake --cores all {name}` (it runs `quakesite windows shard`)"
    rebuild = f"delete it and rebuild it with {command}"
    try:
        file = _parquet(path)
    except FileNotFoundError:
        raise InputError(name, "no such file", action=f"make it with {command}") from None
    except (pa.ArrowInvalid, OSError) as error:
        found = f"cannot be read ({error})"
        raise InputError(name, found, expected="a shard of windows", action=rebuild) from error
    with file:
        schema = file.schema_arrow
        try:
            description = Description.from_metadata(schema.metadata)
            _check_columns(schema)
        except Outdated as error:
            expected = "a shard of windows of this version"
            raise InputError(name, str(error), expected=expected, action=rebuild) from None
        metadata = file.read(columns=METADATA).replace_schema_metadata(None)
        return Shard(path, description, metadata, _starts(file, path, description.n_bytes))


def _check_columns(schema: pa.Schema) -> None:
    missing = [name for name in WINDOWS.names if name not in schema.names]
    if missing:
        raise Outdated(f"no column {', '.join(missing)}")


def read_tensors(path: str | Path, rows: Sequence[int] | None = None) -> Floats:
    """Returns the tensors of a shard (all, or those of `rows`), shape (rows, 4, n_samples), float32, cm/s^2.

    Raises:
        InputError: as `open_shard`.
    """
    return open_shard(path).read(rows)


def _starts(file: pq.ParquetFile, path: str, n_bytes: int) -> list[int] | None:
    """Returns where each tensor starts in the file; None where the footer cannot tell."""
    stride = LENGTH_PREFIX.size + n_bytes
    column = file.schema_arrow.names.index(TENSOR)
    if file.schema.column(column).max_definition_level > 0:
        return None
    source = _open(path)
    starts: list[int] = []
    for group in range(file.num_row_groups):
        chunk = file.metadata.row_group(group).column(column)
        page_header = chunk.total_compressed_size - chunk.num_values * stride
        plain = chunk.compression == "UNCOMPRESSED" and set(chunk.encodings) <= PLAIN_ONLY
        if not plain or chunk.has_dictionary_page or page_header <= 0:
            return None
        first = chunk.data_page_offset + page_header
        for row in {0, chunk.num_values - 1}:
            prefix = bytearray(LENGTH_PREFIX.size)
            source.read_into(first + row * stride, memoryview(prefix))
            if LENGTH_PREFIX.unpack(prefix)[0] != n_bytes:
                return None
        starts += (first + LENGTH_PREFIX.size + stride * row for row in range(chunk.num_values))
    return starts
