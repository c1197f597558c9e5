"""Any record is read from its shard without reading the others."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from quakesite.annotate.index import RecordIndex
from quakesite.errors import InputError
from quakesite.records.schema import from_bytes


def shards(results: Path) -> list[Path]:
    return sorted((results / "records").glob("*-of-*.parquet"))


def test_records_of_all_shards_come_sorted_by_id(results: Path, record_ids: list[str]) -> None:
    assert RecordIndex(shards(results)).record_ids == record_ids


def test_every_record_is_the_one_that_its_shard_holds(results: Path) -> None:
    index = RecordIndex(shards(results))
    seen = 0
    for shard in shards(results):
        for row in pq.read_table(shard).to_pylist():
            record = index.read(row["record_id"])
            np.testing.assert_array_equal(record.acceleration, from_bytes(row["acceleration"]))
            assert record.metadata == {name: value for name, value in row.items() if name != "acceleration"}
            seen += 1
    assert seen == len(index)


def test_index_holds_36000_records(large_results: Path) -> None:
    index = RecordIndex(shards(large_results))
    assert len(index) == 36_000


def test_shard_written_anew_is_noticed_and_no_other_record_is_shown(results: Path, tmp_path: Path) -> None:
    copies = [Path(shutil.copy(shard, tmp_path)) for shard in shards(results)]
    index = RecordIndex(copies)
    table = pq.read_table(copies[0])
    first, last = table["record_id"][0].as_py(), table["record_id"][-1].as_py()
    pq.write_table(table.slice(1), copies[0], row_group_size=4)
    for record_id in (first, last):
        with pytest.raises(InputError, match="start quakesite annotate again"):
            index.read(record_id)


@pytest.mark.parametrize("content", [b"", b"PAR1 no, it is not"])
def test_broken_shard_is_named(tmp_path: Path, content: bytes) -> None:
    broken = tmp_path / "0-of-1.parquet"
    broken.write_bytes(content)
    with pytest.raises(InputError, match=r"0-of-1\.parquet"):
        RecordIndex([broken])


def test_same_record_in_two_shards_is_refused(results: Path, tmp_path: Path) -> None:
    first = shards(results)[0]
    with pytest.raises(InputError, match="two shards"):
        RecordIndex([first, shutil.copy(first, tmp_path)])
