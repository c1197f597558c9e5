"""Tables on disk: whole or not at all, and the same bytes for the same rows."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from quakesite.errors import InputError
from quakesite.rejects import SCHEMA, Reason, Reject, rejects_table
from quakesite.shards import n_shards_of, shard_name, shard_names, shard_of
from quakesite.tables import atomic_path, read_all, read_parquet, write_csv, write_parquet

NUMBERS = pa.schema([pa.field("a", pa.int64())])


def test_failed_write_leaves_the_old_file_and_no_temporary_one(tmp_path: Path) -> None:
    target = tmp_path / "table.txt"
    target.write_text("old")
    with pytest.raises(ZeroDivisionError), atomic_path(target) as temporary:
        temporary.write_text(f"half {1 // 0}")
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_same_rows_same_bytes(tmp_path: Path) -> None:
    table = pa.table({"a": [1, 2, None], "b": ["x", "ğ", ""]})
    for name in ("one", "two"):
        write_parquet(table, tmp_path / f"{name}.parquet")
        write_csv(table, tmp_path / f"{name}.csv")
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()
    assert (tmp_path / "one.csv").read_text(encoding="utf-8") == (tmp_path / "two.csv").read_text(
        encoding="utf-8"
    )


def test_table_that_is_no_parquet_is_one_clear_line(tmp_path: Path) -> None:
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"not parquet at all")
    with pytest.raises(
        InputError, match=r"broken\.parquet: cannot be read .*; expected a Parquet table; delete it"
    ):
        read_parquet(broken, NUMBERS)


def test_table_of_another_version_names_the_missing_column(tmp_path: Path) -> None:
    write_parquet(pa.table({"b": [1]}), tmp_path / "other.parquet")
    with pytest.raises(InputError, match="a: column missing"):
        read_parquet(tmp_path / "other.parquet", NUMBERS)


def test_no_tables_make_an_empty_one() -> None:
    assert read_all([], NUMBERS).schema == NUMBERS


def test_rejects_are_sorted_whatever_their_order() -> None:
    rows = [Reject("b", "x", "records", Reason.FLAT), Reject("a", "y", "records", Reason.DUPLICATE, "of c")]
    assert rejects_table(rows) == rejects_table(rows[::-1])
    assert rejects_table([]).schema == SCHEMA


def test_shard_of_a_station_is_told_from_its_code_and_their_number_alone() -> None:
    assert shard_of("0208", 8) == shard_of("0208", 8)
    assert {shard_of(f"{code:04d}", 4) for code in range(200)} == set(shard_names(4))
    assert shard_name(3, 64) == "03-of-64"
    assert n_shards_of("03-of-64") == 64
    with pytest.raises(InputError, match="3-of-8"):
        n_shards_of("9-of-8")
