"""Reading shards of windows: any row at random, at the speed of a plain file.

The tensors lie uncompressed in one data page per row group, each behind its length (four bytes), so that
the footer alone tells where every tensor starts; `quakesite.windows.sources` fetches them from there. A file
that another program wrote anew (compressed, or in other pages) is decoded by Arrow, slower and with the same
result.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from quakesite.errors import InputError
from quakesite.windows.schema import DTYPE, METADATA, TENSOR, WINDOWS, Description, Outdated
from quakesite.windows.sources import (
    PREFIX_BYTES,
    DecodedSource,
    FileSource,
    MappedSource,
    Misplaced,
    Places,
    RemoteSource,
    Source,
    Wait,
    is_remote,
    opened,
    shown,
    wait_for_all,
)

Floats = npt.NDArray[np.float32]
PLAIN_ONLY = {"PLAIN", "RLE", "BIT_PACKED"}


class Shard:
    """One shard of windows, open for reading. Safe to use after a fork and to pickle.

    Attributes:
        path: where it is; a path, or a URI (`s3://bucket/key`), its credentials left out.
        description: what its tensors are.
        metadata: every column but the tensors, in the order of the file.
        mapped: read from a memory map of the file where that is possible; set it before reading.
    """

    def __init__(
        self, path: str | Path, description: Description, metadata: pa.Table, starts: list[int] | None
    ) -> None:
        self.path, self._path = shown(path), str(path)
        self.description, self.metadata = description, metadata
        self.mapped = False
        self._starts, self._n_rows = starts, int(metadata.num_rows)
        self._source: Source | None = None

    def __len__(self) -> int:
        return self._n_rows

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_source": None}

    @property
    def addressable(self) -> bool:
        """Whether tensors are fetched by their place in the file, without decoding."""
        return self._starts is not None

    @property
    def remote(self) -> bool:
        """Whether it is read over the network."""
        return is_remote(self._path)

    def fill(self, rows: Sequence[int], slots: Sequence[memoryview]) -> list[Wait]:
        """Starts to fill each slot with the first bytes of a tensor, and returns what to call for the rest.

        Args:
            rows: numbers of the rows in the file, not checked.
            slots: writable memory of bytes, one per row, no longer than a tensor.
        """
        if self._source is None:
            self._source = self._opened()
        waits = self._source.fill(rows, slots)
        return [partial(self._wait, waits, rows, slots)] if self.remote else waits

    def _opened(self) -> Source:
        if self._starts is None:
            return DecodedSource(self._path, TENSOR)
        places = Places(self._path, self._starts, self.description.n_bytes)
        if self.remote:
            return RemoteSource(places)
        return MappedSource(places) if self.mapped else FileSource(places)

    def _wait(self, waits: Sequence[Wait], rows: Sequence[int], slots: Sequence[memoryview]) -> None:
        try:
            wait_for_all(waits)
        except Misplaced:
            self._starts, self._source = None, DecodedSource(self._path, TENSOR)
            wait_for_all(self._source.fill(rows, slots))

    def read(self, rows: Sequence[int] | None = None, channels: int | None = None) -> Floats:
        """Returns the tensors of `rows` (default: all), shape (rows, channels, n_samples), in cm/s^2.

        Of fewer than all channels, nothing but the leading ones is read.

        Raises:
            IndexError: there is no such row.
        """
        wanted = range(len(self)) if rows is None else [int(row) for row in rows]
        if wanted and not (min(wanted) >= 0 and max(wanted) < len(self)):
            raise IndexError(f"{self.path}: rows {min(wanted)} to {max(wanted)} of {len(self)}")
        n_channels, n_samples = self.description.shape
        out = np.empty((len(wanted), channels or n_channels, n_samples), DTYPE)
        wait_for_all(self.fill(wanted, slots_of(out)))
        return out


def slots_of(out: Floats) -> list[memoryview]:
    """Returns the memory of each row of a C-contiguous array, as bytes."""
    if not out.size:
        return []
    view, size = out.reshape(-1).view(np.uint8).data, out[0].nbytes
    return [view[first : first + size] for first in range(0, len(view), size)]


def open_shard(path: str | Path) -> Shard:
    """Returns the shard of windows at `path`, a file or a URI (`s3://bucket/key`), open for reading.

    Raises:
        InputError: it is not Parquet, not a shard of windows, or one of another schema version.
    """
    path, name = str(path), shown(path)
    command = f"`snakemake --cores all {name}` (it runs `quakesite windows shard`)"
    rebuild = f"delete it and rebuild it with {command}"
    try:
        file = opened(path)
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
    stride = PREFIX_BYTES + n_bytes
    column = file.schema_arrow.names.index(TENSOR)
    if file.schema.column(column).max_definition_level > 0:
        return None
    starts: list[int] = []
    ends: list[int] = []
    for group in range(file.num_row_groups):
        chunk = file.metadata.row_group(group).column(column)
        page_header = chunk.total_compressed_size - chunk.num_values * stride
        plain = chunk.compression == "UNCOMPRESSED" and set(chunk.encodings) <= PLAIN_ONLY
        if not plain or chunk.has_dictionary_page or page_header <= 0:
            return None
        first = chunk.data_page_offset + page_header + PREFIX_BYTES
        starts += range(first, first + chunk.num_values * stride, stride)
        ends += {len(starts) - chunk.num_values, len(starts) - 1}
    if is_remote(path):  # its rows are checked as they come, since each request costs
        return starts
    with open(path, "rb", buffering=0) as content:
        for row in ends:
            content.seek(starts[row] - PREFIX_BYTES)
            if int.from_bytes(content.read(PREFIX_BYTES), "little") != n_bytes:
                return None
    return starts
