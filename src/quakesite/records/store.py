"""Shards of records as Parquet: written as a stream, read whole or row group by row group."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from quakesite.errors import InputError
from quakesite.records.record import Record
from quakesite.records.schema import METADATA, RECORDS, from_bytes, to_bytes
from quakesite.tables import open_parquet, sealed_path

ROW_GROUP = 16
"""Records per row group: with 150 kB per record about 2.5 MB held at once."""


def write_records(records: Iterable[Record], target: str | Path, *, row_group: int = ROW_GROUP) -> int:
    """Writes `records` to the Parquet file `target` as they come, and returns how many there were.

    The file appears when the last one is written. Samples are stored as float32 and, being noise to a
    compressor, uncompressed; the metadata columns are compressed. Equal records give equal bytes.

    Raises:
        RuntimeError: the records do not come in ascending order of `record_id`.
    """
    count, previous = 0, ""
    compression = {name: "NONE" if name == "acceleration" else "ZSTD" for name in RECORDS.names}
    compression["sources.list.element"] = compression.pop("sources")
    with (
        sealed_path(target) as temporary,
        pq.ParquetWriter(
            temporary,
            RECORDS,
            compression=compression,
            use_dictionary=[name for name in METADATA if name != "sources"],
            write_statistics=METADATA,
            write_page_checksum=True,
        ) as writer,
    ):
        waiting: list[Record] = []
        for record in records:
            if record.record_id <= previous:
                raise RuntimeError(f"{target}: record {record.record_id} comes after {previous}")
            previous = record.record_id
            waiting.append(record)
            count += 1
            if len(waiting) == row_group:
                writer.write_table(records_table(waiting), row_group_size=row_group)
                waiting.clear()
        if waiting:
            writer.write_table(records_table(waiting), row_group_size=row_group)
    return count


def records_table(records: Iterable[Record]) -> pa.Table:
    """Returns the records as a table with `schema.RECORDS`."""
    rows = [{**record.row(), "acceleration": to_bytes(record.acceleration)} for record in records]
    return pa.Table.from_pylist(rows, schema=RECORDS)


def iter_records(source: str | Path) -> Iterator[Record]:
    """Yields the records of a shard one by one, holding one row group in memory.

    Raises:
        InputError: the file is not Parquet, is damaged, or was written by another version.
    """
    with open_parquet(source, expected="a shard of records") as file:
        missing = [name for name in RECORDS.names if name not in file.schema_arrow.names]
        if missing == ["acceleration"]:
            raise InputError(
                source,
                "a table of records without their samples, as the catalogue is",
                field="acceleration",
                expected="a shard, as results/records/0-of-8.parquet",
            )
        if missing:
            raise InputError(
                source,
                "column missing, written by another version",
                field=", ".join(missing),
                action="delete the file and run again",
            )
        for group in range(file.num_row_groups):
            table = file.read_row_group(group, columns=RECORDS.names)
            samples = table.column("acceleration")
            for index, row in enumerate(table.drop_columns("acceleration").to_pylist()):
                acceleration = from_bytes(memoryview(samples[index].as_buffer())).astype(np.float64)
                yield Record(**row | {"sources": tuple(row["sources"])}, acceleration=acceleration)
