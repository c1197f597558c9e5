"""Tables on disk: atomic writes, declared schemas, the same bytes for the same rows."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from quakesite.errors import MAKE_ROOM, NO_ROOM, InputError, NotWritten
from quakesite.seal import Broken, check_seal, seal

NOT_THE_CONTENT = {
    errno.ENOENT: "make it, or correct its name",
    errno.EACCES: "get the right to read it",
    errno.EMFILE: "allow more open files (ulimit -n)",
    errno.EIO: "look at the disk",
}
"""What to do where the way to a file is at fault; deleting it would not help."""


@contextmanager
def atomic_path(target: str | Path) -> Iterator[Path]:
    """Yields a temporary path beside `target`, which becomes `target` when the block ends well.

    The file is flushed to disk before the rename, so that a reader sees the old content, the new, or
    none, even after a power cut. When the block raises, the temporary file is removed.

    Raises:
        NotWritten: there is no room on the disk, or the folder may not be written to.
    """
    target = Path(target)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield temporary
            _fsync(temporary)
            os.replace(temporary, target)
            _fsync(target.parent)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        if error.errno in NO_ROOM:
            action = MAKE_ROOM
        elif isinstance(error, PermissionError) and _concerns(error, temporary, *target.parents):
            action = "get the right to write there, and run the same command again"
        else:
            raise
        raise NotWritten(target, f"cannot be written ({error.strerror})", action=action) from error


def _concerns(error: OSError, *paths: Path) -> bool:
    """Returns whether an error names one of the paths."""
    return error.filename is not None and Path(os.fsdecode(error.filename)) in paths


@contextmanager
def sealed_path(target: str | Path) -> Iterator[Path]:
    """Yields a temporary path as `atomic_path` does, for a Parquet file; it is sealed when the block ends."""
    with atomic_path(target) as temporary:
        yield temporary
        seal(temporary)


@contextmanager
def atomic_open(target: str | Path, mode: str = "w") -> Iterator[IO[str]]:
    """Yields an open UTF-8 text file that becomes `target` when the block ends well."""
    with atomic_path(target) as temporary, temporary.open(mode, encoding="utf-8", newline="\n") as handle:
        yield handle


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_parquet(table: pa.Table, target: str | Path, *, row_group_rows: int | None = None) -> None:
    """Writes `table` to `target` atomically, zstd-compressed, with checksums of its pages and footer."""
    with sealed_path(target) as temporary:
        pq.write_table(
            table, temporary, compression="zstd", row_group_size=row_group_rows, write_page_checksum=True
        )


def write_csv(table: pa.Table, target: str | Path) -> None:
    """Writes `table` to `target` atomically as CSV: header line, comma, `.` decimals, empty for null."""
    options = pa.csv.WriteOptions(quoting_style="needed")
    with atomic_path(target) as temporary:
        pa.csv.write_csv(table, temporary, options)


@contextmanager
def open_parquet(
    source: str | Path, *, expected: str = "a Parquet table", action: str = "delete it and run again"
) -> Iterator[pq.ParquetFile]:
    """Yields the Parquet file at `source`; what is read of it in the block is checked against its checksums.

    Args:
        source: where it is.
        expected, action: what the message says of a file that cannot be read.

    Raises:
        InputError: the file cannot be opened or is not Parquet; or, from reading in the block, it is damaged.
            Errors of the block that are not this file's (a full disk, another file) are passed on.
    """
    try:
        check_seal(source)
        with pq.ParquetFile(source, page_checksum_verification=True) as file:
            yield file
    except (pa.ArrowException, OSError, Broken) as error:
        if not _is_of(error, source):
            raise
        what = "is damaged" if is_damage(error) else "cannot be read"
        if isinstance(error, MemoryError):
            action = f"allow more memory; where that does not help, {action}"
        elif isinstance(error, OSError) and error.errno in NOT_THE_CONTENT:
            action = NOT_THE_CONTENT[error.errno]
        raise InputError(source, f"{what} ({error})", expected=expected, action=action) from error


def _is_of(error: Exception, source: str | Path) -> bool:
    """Returns whether an error in a block that reads `source` can be of reading it."""
    if isinstance(error, OSError):
        return error.errno not in NO_ROOM and error.filename in (None, str(source))
    return True


def is_damage(error: Exception) -> bool:
    """Returns whether reading failed because bytes of the file are not those that were written."""
    return isinstance(error, Broken) or "CRC checksum" in str(error)


def read_parquet(source: str | Path, schema: pa.Schema, *, columns: Sequence[str] | None = None) -> pa.Table:
    """Returns the table at `source`, which must carry the columns of `schema`.

    Raises:
        InputError: the file is not Parquet, is damaged, or misses a column of `schema` that was asked for.
    """
    wanted = list(columns) if columns is not None else schema.names
    with open_parquet(source) as file:
        missing = [name for name in wanted if name not in file.schema_arrow.names]
        if missing:
            raise InputError(
                source,
                "column missing, written by another version",
                field=", ".join(missing),
                action="delete the file and run again",
            )
        return file.read(columns=wanted)


def read_all(sources: Sequence[str | Path], schema: pa.Schema) -> pa.Table:
    """Returns the tables at `sources`, in the order given, as one table with `schema`."""
    tables = [read_parquet(source, schema).cast(schema) for source in sources]
    return pa.concat_tables(tables) if tables else schema.empty_table()
