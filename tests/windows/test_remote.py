"""Shards behind a URI: read over S3's protocol from a server in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from object_store import Store, serving

from quakesite.errors import InputError
from quakesite.windows import open_shard
from quakesite.windows.dataset import WindowDataset, loader
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
