"""Shards on disk."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from quakesite.errors import InputError
from quakesite.records import Record, read
from quakesite.records.schema import RECORDS
from quakesite.records.store import iter_records, write_records

from .conftest import three, write


@pytest.fixture
def record(tmp_path: Path) -> Record:
    return read(write(tmp_path, three())[0])[0]


def test_what_is_written_is_read_back(tmp_path: Path, record: Record) -> None:
    records = [replace(record, record_id=f"{number:02d}") for number in range(5)]
    assert write_records(records, tmp_path / "s.parquet", row_group=2) == 5
    back = list(iter_records(tmp_path / "s.parquet"))
    assert [one.row() for one in back] == [one.row() for one in records]
    assert (
        back[3].acceleration.tobytes() == record.acceleration.astype(np.float32).astype(np.float64).tobytes()
    )
    file = pq.ParquetFile(tmp_path / "s.parquet")
    assert (file.num_row_groups, file.schema_arrow.names) == (3, RECORDS.names)


def test_records_out_of_order_are_a_bug(tmp_path: Path, record: Record) -> None:
    with pytest.raises(RuntimeError, match="comes after"):
        write_records([record, record], tmp_path / "s.parquet")
    assert not (tmp_path / "s.parquet").exists()


@pytest.mark.parametrize("content", [b"", b"no parquet"])
def test_what_is_no_shard_is_one_clear_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "s.parquet").write_bytes(content)
    with pytest.raises(InputError, match="expected a shard of records"):
        next(iter_records(tmp_path / "s.parquet"))


def test_a_table_without_samples_is_named_as_what_it_is(tmp_path: Path, record: Record) -> None:
    write_records([record], tmp_path / "s.parquet")
    pq.write_table(pq.read_table(tmp_path / "s.parquet").drop_columns("acceleration"), tmp_path / "c.parquet")
    with pytest.raises(InputError, match="without their samples, as the catalogue is") as caught:
        next(iter_records(tmp_path / "c.parquet"))
    assert "delete" not in str(caught.value)
