"""Tables on disk: atomic writes, declared schemas, the same bytes for the same rows."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from quakesite.errors import MAKE_ROOM, NO_ROOM, InputError, NotWritten
from quakesite.leftovers import leftovers_of, temporary_name
from quakesite.seal import Broken, check_seal, seal

SHOWN_COLUMNS = 5
"""As many missing columns are named, the others counted."""
NOT_THE_CONTENT = {
    errno.ENOENT: "make it, or correct its name",
    errno.EACCES: "get the right to read it",
    errno.EMFILE: "allow more open files (ulimit -n)",
    errno.EIO: "look at the disk",
}
"""What to do where the way to a file is at fault; deleting it would not help."""


NO_FLUSH_OF_FOLDERS = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP})
"""What some network file systems answer to the fsync of a folder: they have none, and need none."""


@contextmanager
def atomic_path(target: str | Path) -> Iterator[Path]:
    """Yields a temporary path beside `target`, which becomes `target` when the block ends well.

    The file is flushed to disk before the rename, so that a reader sees the old content, the new, or
    none, even after a power cut. When the block raises, the temporary file is removed.

    Raises:
        NotWritten: there is no room on the disk, or the folder may not be written to.
    """
    target = Path(target)
    temporary = target.with_name(temporary_name(target))
    with _disk_told(target, temporary):
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield temporary
            _fsync(temporary)
            os.replace(temporary, target)
            _fsync_folder(target.parent)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def atomic_folder(target: str | Path) -> Iterator[Path]:
    """Yields a new empty folder beside `target`, which takes its place when the block ends well.

    All files and folders in it are flushed to disk before the rename, so that under the name of `target`
    stands the old folder, the whole new one, or none, even after a power cut. When the block raises, the
    new folder is removed and the old one stays. What a killed process left of the same target is removed.
    Where `target` is a link, the folder that it leads to is replaced.

    Raises:
        NotWritten: there is no room on the disk, or the folder may not be written to.
    """
    target = Path(target)
    target = target.resolve() if target.is_symlink() else target
    fresh, old = (target.with_name(temporary_name(target, what)) for what in ("", "old"))
    with _disk_told(target, fresh):
        target.parent.mkdir(parents=True, exist_ok=True)
        for left in leftovers_of(target):
            shutil.rmtree(left, ignore_errors=True)
        fresh.mkdir()
        try:
            yield fresh
            _fsync_below(fresh)
            _exchange(fresh, target, old)
            _fsync_folder(target.parent)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
            shutil.rmtree(old, ignore_errors=True)


def _exchange(fresh: Path, target: Path, old: Path) -> None:
    """Gives `fresh` the name of `target`, and what had that the name of `old`; or changes nothing."""
    had_one = target.exists()
    if had_one:
        os.replace(target, old)
    try:
        os.replace(fresh, target)
    except OSError:
        if had_one:
            os.replace(old, target)
        raise


@contextmanager
def _disk_told(target: Path, temporary: Path) -> Iterator[None]:
    """Turns what the system says of a disk that does not take `target` into the one clear line."""
    try:
        yield
    except OSError as error:
        if error.errno in NO_ROOM:
            action = MAKE_ROOM
        elif isinstance(error, PermissionError) and _concerns(error, temporary, *target.parents):
            action = "get the right to write there, and run the same command again"
        else:
            raise
        why = (
            error.strerror if error.filename is not None or error.errno is None else os.strerror(error.errno)
        )
        raise NotWritten(target, f"cannot be written ({why})", action=action) from error


def _concerns(error: OSError, temporary: Path, *folders: Path) -> bool:
    """Returns whether an error names the temporary path, something in it, or one of the folders."""
    if error.filename is None:  # pyarrow's, which names the path in its text
        return temporary.name in str(error)
    path = Path(os.fsdecode(error.filename))
    return path in (temporary, *folders) or temporary in path.parents


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


def _fsync_folder(folder: Path) -> None:
    """Flushes the names in a folder; where the file system has no flush of folders, nothing is done."""
    try:
        _fsync(folder)
    except OSError as error:
        if error.errno not in NO_FLUSH_OF_FOLDERS:
            raise


def _fsync_below(folder: Path) -> None:
    """Flushes all files and folders below `folder`, and itself last."""
    for parent, _, names in os.walk(folder, topdown=False):
        for name in names:
            path = Path(parent, name)
            if not path.is_symlink():
                _fsync(path)
        _fsync_folder(Path(parent))


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
        found = "no such file" if isinstance(error, FileNotFoundError) else f"{what} ({error})"
        raise InputError(source, found, expected=expected, action=action) from error


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
            found, action = "column missing, written by another version", "delete the file and run again"
            if len(missing) > SHOWN_COLUMNS and len(missing) * 2 > len(wanted):
                found, action = "columns missing: this is another table", "give the right one"
            raise InputError(source, found, field=_named(missing), action=action)
        return file.read(columns=wanted)


def _named(columns: Sequence[str]) -> str:
    """Returns the first names, and how many there are more."""
    first, others = columns[:SHOWN_COLUMNS], columns[SHOWN_COLUMNS:]
    return ", ".join(first) + (f" and {len(others)} more" if others else "")


def read_all(sources: Sequence[str | Path], schema: pa.Schema) -> pa.Table:
    """Returns the tables at `sources`, in the order given, as one table with `schema`."""
    tables = [read_parquet(source, schema).cast(schema) for source in sources]
    return pa.concat_tables(tables) if tables else schema.empty_table()
