"""Tables on disk: atomic writes, declared schemas, the same bytes for the same rows."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from quakesite.errors import InputError


@contextmanager
def atomic_path(target: str | Path) -> Iterator[Path]:
    """Yields a temporary path beside `target`, which becomes `target` when the block ends well.

    The file is flushed to disk before the rename, so that a reader sees the old content, the new, or
    none, even after a power cut. When the block raises, the temporary file is removed.
    """
    target = Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        _fsync(temporary)
        os.replace(temporary, target)
        _fsync(target.parent)
    finally:
        temporary.unlink(missing_ok=True)


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
    """Writes `table` to `target` atomically, zstd-compressed."""
    with atomic_path(target) as temporary:
        pq.write_table(table, temporary, compression="zstd", row_group_size=row_group_rows)


def write_csv(table: pa.Table, target: str | Path) -> None:
    """Writes `table` to `target` atomically as CSV: header line, comma, `.` decimals, empty for null."""
    options = pa.csv.WriteOptions(quoting_style="needed")
    with atomic_path(target) as temporary:
        pa.csv.write_csv(table, temporary, options)


def read_parquet(source: str | Path, schema: pa.Schema, *, columns: Sequence[str] | None = None) -> pa.Table:
    """Returns the table at `source`, which must carry the columns of `schema`.

    Raises:
        InputError: the file is not Parquet, or misses a column of `schema` that was asked for.
    """
    wanted = list(columns) if columns is not None else schema.names
    try:
        file = pq.ParquetFile(source)
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(
            source, f"cannot be read ({error})", expected="a Parquet table", action="delete it and run again"
        ) from error
    with file:
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
