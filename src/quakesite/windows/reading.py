"""Reading shards of windows: any row at random, at the speed of a plain file.

The tensors lie uncompressed in one data page per row group, each behind its length (four bytes), so that
the footer alone tells where every tensor starts; `quakesite.windows.sources` fetches them from there. A file
that another program wrote anew (compressed, or in other pages) is decoded by Arrow, slower and with the same
result.

The first time that a process reads tensors of a local shard by place, the whole shard is read once and
compared with its checksums: a damaged one is never trained on.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from quakesite.errors import InputError
from quakesite.seal import Broken
from quakesite.tables import is_damage
from quakesite.windows.identity import Identity, identity_of, is_remote, replaced, shown, told
from quakesite.windows.openfiles import OpenFiles, most_files
from quakesite.windows.schema import (
    DTYPE,
    METADATA,
    SCHEMA_VERSION,
    TENSOR,
    WINDOWS,
    Description,
    Outdated,
)
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
    opened,
    wait_for_all,
)

Floats = npt.NDArray[np.float32]
PLAIN_ONLY = {"PLAIN", "RLE", "BIT_PACKED"}
LAYERS = 5
"""Of a shard's path: results/windows/{window}/{annotation}/{shard}.parquet."""

Result = TypeVar("Result")
OPEN: OpenFiles[tuple[str, Identity, str], Source] = OpenFiles(most_files)
"""What shards are read through, shared by all datasets of the process."""
SOUND: set[tuple[str, Identity]] = set()
"""The shards whose tensors this process has compared with their checksums."""


class Shard:
    """One shard of windows, open for reading. Safe to use after a fork and to pickle.

    Attributes:
        path: where it is; a path, or a URI (`s3://bucket/key`), its credentials left out.
        description: what its tensors are.
        metadata: every column but the tensors, in the order of the file.
        mapped: read from a memory map of the file, unless its rows have to be decoded or it is remote; set it
            before reading.
    """

    path: str
    description: Description
    metadata: pa.Table
    mapped: bool

    def __init__(
        self,
        path: str | Path,
        description: Description,
        metadata: pa.Table,
        starts: list[int] | None,
        identity: Identity,
        copy_of: str = "",
    ) -> None:
        self.path, self._path = shown(path), str(path)
        self.description, self.metadata = description, metadata
        self.mapped = False
        self._starts, self._n_rows = starts, int(metadata.num_rows)
        self._identity, self._copy_of = identity, copy_of

    def __len__(self) -> int:
        return self._n_rows

    @property
    def n_bytes(self) -> int:
        """Bytes of its tensors."""
        return self._n_rows * self.description.n_bytes

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

        Raises:
            InputError: the file was replaced since the shard was opened, is damaged, or cannot be read.
        """
        if not rows:
            return []
        waits = self._named(lambda: self._source().fill(rows, slots))
        return [partial(self._wait, waits, rows, slots)] if waits else []

    def _source(self) -> Source:
        way = "decoded" if self._starts is None else "mapped" if self.mapped else "by place"
        return OPEN.get((self._path, self._identity, way), self._opened)

    def _opened(self) -> Source:
        if self._starts is None:
            return DecodedSource(self._path, TENSOR, self._identity)
        places = Places(self._path, self._starts, self.description.n_bytes, self._identity)
        if self.remote:
            return RemoteSource(places)
        if (self._path, self._identity) not in SOUND:
            self._compare_with_checksums()
            SOUND.add((self._path, self._identity))
        return MappedSource(places) if self.mapped else FileSource(places)

    def _compare_with_checksums(self) -> None:
        try:
            with opened(self._path) as file:
                for group in range(file.num_row_groups):
                    file.read_row_group(group, [TENSOR])
        except (pa.ArrowException, OSError) as error:
            if getattr(error, "errno", None) is not None:  # the disk's, not the content's
                raise
            raise Broken(str(error)) from None

    def _wait(self, waits: Sequence[Wait], rows: Sequence[int], slots: Sequence[memoryview]) -> None:
        try:
            self._named(lambda: wait_for_all(waits))
        except Misplaced:
            self._starts = None
            self._named(lambda: wait_for_all(self._source().fill(rows, slots)))

    def _named(self, do: Callable[[], Result]) -> Result:
        """Returns what `do` does; its errors name the file, and say so where it is another one by now."""
        try:
            return do()
        except (pa.ArrowException, OSError, Broken) as error:
            try:
                changed = identity_of(self._path) != self._identity
            except OSError:
                changed = isinstance(error, FileNotFoundError)
            if changed:
                raise replaced(self._path) from None
            if is_damage(error):
                found = f"is damaged ({told(error, self._path)})"
                raise InputError(
                    self.path, found, action=_how_to_rebuild(self._path, self._copy_of)
                ) from None
            action = "look at the disk or the network, and start again"
            raise InputError(
                self.path, f"cannot be read ({told(error, self._path)})", action=action
            ) from None

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


def open_shard(path: str | Path, *, copy_of: str = "") -> Shard:
    """Returns the shard of windows at `path`, a file or a URI (`s3://bucket/key`), open for reading.

    Args:
        path: where it is.
        copy_of: the URI that it is a copy of, where it is one; for what messages advise.

    Raises:
        InputError: it cannot be opened, is not Parquet, not a shard of windows, or one of another schema
            version. The command that makes it again is named only where making it again will help.
    """
    path, name = str(path), shown(path)
    expected = f"a shard of windows of schema.version {SCHEMA_VERSION}"
    rebuild = _how_to_rebuild(path, copy_of)
    try:
        identity = identity_of(path)
        with opened(path) as file:
            schema = file.schema_arrow
            description = Description.from_metadata(schema.metadata)
            _check_columns(schema)
            metadata = file.read(columns=METADATA).replace_schema_metadata(None)
            starts = _starts(file, path, description.n_bytes)
            return Shard(path, description, metadata, starts, identity, copy_of)
    except FileNotFoundError:
        action = "" if is_remote(path) else rebuild
        raise InputError(name, "no such file", expected=expected, action=action) from None
    except Outdated as error:
        raise InputError(name, str(error), expected=expected, action=rebuild) from None
    except (pa.ArrowException, OSError, Broken) as error:
        if not is_remote(path) and os.path.isdir(path):
            what = "is a folder"
            raise InputError(name, what, expected=expected, action="give the files in it") from None
        if _is_damaged(error, path):
            found = f"is not Parquet, or damaged ({told(error, path)})"
            raise InputError(name, found, expected=expected, action=rebuild) from None
        raise InputError(name, f"cannot be opened ({told(error, path)})", expected=expected) from None


def _is_damaged(error: Exception, path: str) -> bool:
    """Returns whether the content of a file is at fault, and not the way to it."""
    if is_damage(error):
        return True
    if is_remote(path):
        return isinstance(error, pa.ArrowInvalid) and "Parquet" in str(error)
    if isinstance(error, OSError) and error.errno is not None:
        return False
    return isinstance(error, (pa.ArrowInvalid, OSError))


def _how_to_rebuild(path: str, copy_of: str) -> str:
    """Returns what to do so that another file is at `path`."""
    if copy_of:
        return f"put a new shard at {shown(copy_of)}, which is then copied anew"
    if is_remote(path):
        return "copy it there anew from where it was made"
    parts = Path(path).absolute().parts
    if len(parts) < LAYERS or parts[-4] != "windows":
        return "make it again with `quakesite windows shard`"
    folder, target = Path(*parts[:-5]), Path(*parts[-5:])
    where = "" if folder == Path.cwd() else f"in {folder}, "
    return (
        f"{where}`snakemake --cores all --force {target}` makes it again (it runs `quakesite windows shard`)"
    )


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
