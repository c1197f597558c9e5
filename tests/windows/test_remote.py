"""Shards behind a URI: read over S3's protocol from a server in this process."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from object_store import Store, serving

from quakesite.errors import InputError
from quakesite.training.data import parts_of
from quakesite.training.experiments import EXPERIMENTS
from quakesite.windows import open_shard
from quakesite.windows.caching import local_copies
from quakesite.windows.dataset import WindowDataset, loader
from quakesite.windows.identity import shown
from quakesite.windows.sources import LARGEST_GAP_BYTES, LARGEST_REQUEST_BYTES, coalesced

TENSORS = np.random.default_rng(8).standard_normal((70, 4, 50)).astype(np.float32)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A server that runs meanwhile."""
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with serving(tmp_path / "written") as running:
        yield running


def test_dataset_over_s3_equals_the_local_one(write_tensors: Callable[..., Path], store: Store) -> None:
    path = write_tensors(TENSORS)
    remote, local = WindowDataset([store.uri(path)]), WindowDataset([path])
    assert (remote.remote, local.remote) == (True, False)
    assert remote.table.equals(local.table)
    for one, other in zip(
        loader(remote, remote.batches(32, seed=1)), loader(local, local.batches(32, seed=1)), strict=True
    ):
        assert torch.equal(one.tensors, other.tensors)


def test_only_the_wanted_bytes_cross_the_network(write_tensors: Callable[..., Path], store: Store) -> None:
    shard = open_shard(store.uri(write_tensors(TENSORS)))
    store.ranges.clear()
    shard.read([33], channels=3)
    ((first, last),) = [map(int, wanted.removeprefix("bytes=").split("-")) for wanted in store.ranges]
    assert last - first + 1 == 4 + 3 * 50 * 4  # the row's length, and three channels


def test_opening_asks_for_the_footer_and_the_metadata_only(
    write_tensors: Callable[..., Path], store: Store
) -> None:
    open_shard(store.uri(write_tensors(TENSORS)))
    assert len(store.ranges) <= 4


def test_neighbouring_rows_are_one_request(write_tensors: Callable[..., Path], store: Store) -> None:
    shard = open_shard(store.uri(write_tensors(TENSORS)))
    store.ranges.clear()
    np.testing.assert_array_equal(shard.read([63, 5, 64, 6, 7]), TENSORS[[63, 5, 64, 6, 7]])
    assert len(store.ranges) == 1


def test_requests_join_over_small_gaps_and_stay_below_the_largest() -> None:
    near, far = LARGEST_GAP_BYTES, 10 * LARGEST_GAP_BYTES
    spans = [(0, 10, 0), (10 + near, 20 + near, 1), (20 + near + far, 30 + near + far, 2)]
    assert coalesced(spans) == [spans[:2], spans[2:]]
    whole = LARGEST_REQUEST_BYTES
    assert coalesced([(0, whole, 0), (whole, 2 * whole, 1)]) == [[(0, whole, 0)], [(whole, 2 * whole, 1)]]
    assert coalesced([]) == []


def test_cached_shards_cost_one_copy_and_no_request_afterwards(
    write_tensors: Callable[..., Path], store: Store, tmp_path: Path
) -> None:
    path = write_tensors(TENSORS)
    dataset = WindowDataset([store.uri(path)], cache=tmp_path / "cache")
    assert not dataset.remote
    assert len(store.ranges) == 1
    np.testing.assert_array_equal(dataset.batch(range(70)).tensors.numpy(), TENSORS)
    again = WindowDataset([store.uri(path)], cache=tmp_path / "cache")
    np.testing.assert_array_equal(again.batch([9]).tensors.numpy(), TENSORS[[9]])
    assert len(store.ranges) == 1
    write_tensors(TENSORS[:30])
    assert len(WindowDataset([store.uri(path)], cache=tmp_path / "cache")) == 30
    with pytest.raises(InputError, match="no such file"):
        WindowDataset([store.uri(Path("absent.parquet"))], cache=tmp_path / "cache")


def test_remote_shard_whose_rows_lie_elsewhere_is_decoded(
    write_tensors: Callable[..., Path], store: Store
) -> None:
    path = write_tensors(TENSORS)
    table = pq.read_table(path)
    pq.write_table(
        table, path, compression="none", use_dictionary=False, data_page_size=1, write_batch_size=10
    )
    shard = open_shard(store.uri(path))
    np.testing.assert_array_equal(shard.read([69, 3]), TENSORS[[69, 3]])
    assert not shard.addressable


def test_absent_object_is_one_clear_line_without_the_credentials(store: Store) -> None:
    with pytest.raises(InputError, match="no such file") as refused:
        open_shard(store.uri(Path("absent.parquet")))
    assert "s3://bucket/absent.parquet" in str(refused.value)
    assert "secret" not in str(refused.value)


def replaced_object(write_tensors: Callable[..., Path]) -> None:
    write_tensors(TENSORS[::-1], [f"2021010100{i:04d}_0001" for i in range(70)])


@pytest.mark.parametrize("compression", ["none", "zstd"])
@pytest.mark.parametrize("read_before", [False, True])
def test_object_replaced_while_it_is_open_is_refused(
    write_tensors: Callable[..., Path], store: Store, compression: str, read_before: bool
) -> None:
    path = write_tensors(TENSORS)
    if compression != "none":
        pq.write_table(pq.read_table(path), path, compression=compression, row_group_size=10)
    dataset = WindowDataset([store.uri(path)])
    if read_before:
        np.testing.assert_array_equal(dataset.batch([5]).tensors.numpy(), TENSORS[[5]])
    replaced_object(write_tensors)
    with pytest.raises(InputError, match=r"s3://bucket/0-of-1.parquet: was replaced since it was opened"):
        dataset.batch([69])


def test_object_replaced_by_one_of_equal_size_is_refused_and_copied_anew(
    write_tensors: Callable[..., Path], store: Store, tmp_path: Path
) -> None:
    path = write_tensors(TENSORS)
    size = path.stat().st_size
    dataset = WindowDataset([store.uri(path)])
    copied = WindowDataset([store.uri(path)], cache=tmp_path / "cache").batch([5])
    np.testing.assert_array_equal(copied.tensors.numpy(), TENSORS[[5]])
    write_tensors(TENSORS[::-1])
    assert path.stat().st_size == size
    with pytest.raises(InputError, match="was replaced since it was opened"):
        dataset.batch([5])
    anew = WindowDataset([store.uri(path)], cache=tmp_path / "cache").batch([5])
    np.testing.assert_array_equal(anew.tensors.numpy(), TENSORS[::-1][[5]])


def test_object_cut_short_while_it_is_open_is_refused(
    write_tensors: Callable[..., Path], store: Store
) -> None:
    path = write_tensors(TENSORS)
    dataset = WindowDataset([store.uri(path)])
    dataset.batch([5])
    write_tensors(TENSORS[:2])
    with pytest.raises(InputError, match="was replaced since it was opened"):
        dataset.batch([69])


def test_copies_of_one_name_in_two_stores_are_two_copies(
    write_tensors: Callable[..., Path], store: Store, tmp_path: Path
) -> None:
    path = write_tensors(TENSORS)
    uris = [store.uri(path), store.uri(path).replace("us-east-1", "eu-west-1")]
    copies = local_copies(uris, tmp_path / "c")
    assert len(set(copies)) == 2
    Path(copies[0]).write_bytes(b"cut short")
    assert local_copies(uris, tmp_path / "c") == copies
    assert {Path(copy).read_bytes() for copy in copies} == {path.read_bytes()}


@pytest.mark.parametrize(
    "uri",
    [
        "s3://key:se/cr+et@bucket/x.parquet?bad=1",
        "s3://key:se%2Fcr%2Bet@bucket/x.parquet?bad=1",
        "s3://key:se/cr+et@bucket/x.parquet?endpoint_override=127.0.0.1%3A1&scheme=http&region=x",
    ],
)
@pytest.mark.parametrize("cached", [False, True])
def test_no_message_carries_credentials(
    uri: str, cached: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(InputError) as refused:
        WindowDataset([uri], cache=tmp_path / "cache" if cached else None)
    assert refused.value.__cause__ is None
    assert not re.search("cr.et|cr%2Bet", str(refused.value))
    assert not re.search("snakemake|again|delete", str(refused.value))
    assert shown("s3://bucket/a@b/x.parquet?scheme=http") == "s3://bucket/a@b/x.parquet"


def test_training_reads_its_windows_from_a_store_too(
    write_tensors: Callable[..., Path], store: Store
) -> None:
    uris: list[str | Path] = [store.uri(write_tensors(TENSORS))]
    splits = {f"{i:04d}": ("train", "validation", "test")[i % 3] for i in range(5)}
    vs30 = dict.fromkeys(splits, 400.0)
    parts = parts_of(EXPERIMENTS["beta_auto_pga"], uris, uris, splits, vs30, memory_bytes=0)
    assert {name: (len(part), part.remote) for name, part in parts.items()} == {
        "train": (28, True),
        "validation": (28, True),
        "test": (14, True),
    }
    tensors, _ = next(iter(parts["test"].loader(3)))
    np.testing.assert_array_equal(tensors.numpy(), TENSORS[[2, 7, 12], :3])
