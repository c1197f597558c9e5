"""What is written comes back bit by bit: through our reader, and through readers that know nothing of us."""

from __future__ import annotations

import errno
import json
import pickle
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from quakesite.errors import InputError
from quakesite.windows import open_shard, read_tensors

Writer = Callable[..., Path]


@pytest.fixture
def tensors() -> np.ndarray:
    return np.random.default_rng(5).standard_normal((150, 4, 90)).astype(np.float32)


@hypothesis_settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    tensors=st.tuples(st.integers(1, 70), st.just(4), st.integers(1, 9)).flatmap(
        lambda shape: arrays.arrays(np.float32, shape, elements=st.floats(width=32))
    )
)
def test_round_trip_is_bit_exact(write_tensors: Writer, tensors: np.ndarray) -> None:
    read = read_tensors(write_tensors(tensors))
    assert read.tobytes() == tensors.tobytes()
    assert read.shape == tensors.shape


def test_rows_are_found_by_their_place_in_the_file(write_tensors: Writer, tensors: np.ndarray) -> None:
    shard = open_shard(write_tensors(tensors))
    assert shard.addressable
    rows = [149, 0, 64, 63, 64]
    np.testing.assert_array_equal(shard.read(rows), tensors[rows])
    np.testing.assert_array_equal(shard.read(rows, channels=3), tensors[rows, :3])
    with pytest.raises(IndexError):
        shard.read([150])


def test_pandas_gets_the_array_from_the_documented_schema(write_tensors: Writer, tensors: np.ndarray) -> None:
    path = write_tensors(tensors)
    shape = json.loads(pq.read_schema(path).metadata[b"tensor.shape"])
    column = pd.read_parquet(path)["tensor"]
    got = np.stack([np.frombuffer(value, "<f4").reshape(shape) for value in column])
    np.testing.assert_array_equal(got, tensors)


def test_plain_pyarrow_gets_the_array_from_the_documented_schema(
    write_tensors: Writer, tensors: np.ndarray
) -> None:
    table = pq.read_table(write_tensors(tensors), columns=["tensor"])
    shape = json.loads(table.schema.metadata[b"tensor.shape"])
    got = [np.frombuffer(value.as_buffer(), "<f4").reshape(shape) for value in table["tensor"]]
    np.testing.assert_array_equal(got, tensors)


@pytest.mark.parametrize("library", ["polars", "duckdb", "datasets"])
def test_other_libraries_get_the_array_too(
    write_tensors: Writer, tensors: np.ndarray, library: str, tmp_path: Path
) -> None:
    module = pytest.importorskip(library, reason=f"{library} is not installed")
    path = write_tensors(tensors)
    if library == "polars":
        values = module.read_parquet(path)["tensor"].to_list()
    elif library == "duckdb":
        query = f"select tensor from '{path}' order by record_id"
        values = [row[0] for row in module.sql(query).fetchall()]
    else:
        values = module.Dataset.from_parquet(str(path), cache_dir=str(tmp_path / "cache"))["tensor"]
    got = np.stack([np.frombuffer(value, "<f4").reshape(4, -1) for value in values])
    np.testing.assert_array_equal(got, tensors)


@pytest.mark.parametrize(
    "layout",
    [
        {"compression": "zstd", "use_dictionary": False},
        {"compression": "none", "use_dictionary": True},
        {"compression": "none", "use_dictionary": False, "row_group_size": 7, "data_page_version": "2.0"},
        {"compression": "none", "use_dictionary": False, "data_page_size": 100, "write_batch_size": 10},
    ],
)
def test_file_rewritten_by_another_program_is_read_all_the_same(
    write_tensors: Writer, tensors: np.ndarray, layout: dict[str, object]
) -> None:
    path = write_tensors(tensors)
    pq.write_table(pq.read_table(path), path, **layout)
    np.testing.assert_array_equal(read_tensors(path), tensors)
    np.testing.assert_array_equal(open_shard(path).read([149, 3], channels=3), tensors[[149, 3], :3])


def test_open_shard_can_be_pickled(write_tensors: Writer, tensors: np.ndarray) -> None:
    shard = open_shard(write_tensors(tensors))
    shard.read([0])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(shard)).read([9]), tensors[[9]])  # noqa: S301


def restamped(path: Path, **changes: str | None) -> Path:
    table = pq.read_table(path)
    stored = {key: value for key, value in table.schema.metadata.items() if key.decode() not in changes}
    stored |= {key.encode(): value.encode() for key, value in changes.items() if value is not None}
    pq.write_table(table.replace_schema_metadata(stored), path)
    return path


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"schema.version": "0"}, "schema.version 0"),
        ({"schema.version": "3"}, "schema.version 3"),
        ({"schema.version": None}, "no schema.version"),
        ({"tensor.channels": '["E", "N", "U", "PS"]'}, "tensor.channels"),
        ({"tensor.dtype": "<f8"}, "tensor.dtype <f8"),
        ({"tensor.shape": "[3, 90]"}, "tensor.shape"),
        ({"tensor.shape": "ninety"}, "not understood"),
        ({"tensor.rate_hz": None}, "not understood"),
    ],
)
def test_shard_of_another_version_is_refused_with_the_command_that_rebuilds_it(
    write_tensors: Writer, tensors: np.ndarray, changes: dict[str, str | None], found: str
) -> None:
    path = restamped(write_tensors(tensors), **changes)
    with pytest.raises(InputError) as refused:
        open_shard(path)
    assert found in str(refused.value)
    assert "expected a shard of windows of schema.version 2" in str(refused.value)
    assert "quakesite windows shard" in str(refused.value)


def test_command_that_rebuilds_a_shard_names_it_as_the_workflow_does(
    write_tensors: Writer, tensors: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "run/results/windows/pga60/auto/0-of-1.parquet"
    target.parent.mkdir(parents=True)
    restamped(write_tensors(tensors), **{"schema.version": "1"}).rename(target)
    command = "`snakemake --cores all --force results/windows/pga60/auto/0-of-1.parquet`"
    with pytest.raises(InputError) as refused:
        open_shard(target)
    assert f"in {tmp_path / 'run'}, {command} makes it again" in str(refused.value)
    monkeypatch.chdir(tmp_path / "run")
    with pytest.raises(InputError) as refused:
        open_shard("results/windows/pga60/auto/0-of-1.parquet")
    assert f"version 2; {command} makes it again" in str(refused.value)
    with pytest.raises(InputError) as refused:
        open_shard(
            "results/windows/pga60/auto/0-of-1.parquet", copy_of="s3://key:secret@bucket/0-of-1.parquet"
        )
    assert "put a new shard at s3://bucket/0-of-1.parquet" in str(refused.value)
    assert "snakemake" not in str(refused.value)


def test_what_is_not_the_shards_fault_never_advises_to_make_it_again(
    write_tensors: Writer, tensors: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_tensors(tensors)
    with pytest.raises(InputError, match=r"is a folder.*; give the files in it"):
        open_shard(path.parent)

    def failing(_: str) -> pq.ParquetFile:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr("quakesite.windows.reading.opened", failing)
    with pytest.raises(InputError, match=r"cannot be opened.*Too many open files") as refused:
        open_shard(path)
    assert not re.search("delete|again|snakemake|rebuild", str(refused.value))


def test_what_is_no_shard_is_refused(tmp_path: Path, write_tensors: Writer, tensors: np.ndarray) -> None:
    with pytest.raises(InputError, match="no such file"):
        open_shard(tmp_path / "absent.parquet")
    text = tmp_path / "text.parquet"
    text.write_text("not Parquet at all")
    with pytest.raises(InputError, match=r"is not Parquet, or damaged .* `quakesite windows shard`"):
        open_shard(text)
    cut = tmp_path / "cut.parquet"
    cut.write_bytes(write_tensors(tensors).read_bytes()[:5000])
    with pytest.raises(InputError, match="is not Parquet, or damaged"):
        open_shard(cut)
    other = tmp_path / "other.parquet"
    pq.write_table(pa.table({"x": [1]}), other)
    with pytest.raises(InputError, match=r"no schema\.version"):
        open_shard(other)
    path = write_tensors(tensors)
    pq.write_table(pq.read_table(path).drop_columns("snr_db"), path)
    with pytest.raises(InputError, match="no column snr_db"):
        open_shard(path)
