"""The loader that training uses."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from quakesite.errors import InputError
from quakesite.windows.dataset import Batch, WindowDataset, loader
from quakesite.windows.schema import METADATA

Writer = Callable[..., Path]
TENSORS = np.random.default_rng(6).standard_normal((100, 4, 50)).astype(np.float32)
IDS = [f"2020010100{i:04d}_{i % 5:04d}" for i in range(100)]
VS30 = {f"{i:04d}": 300.0 + 10 * i for i in range(5)}


@pytest.fixture
def paths(write_tensors: Writer) -> list[Path]:
    """The windows in two shards: every third, and the others."""
    third = [i for i in range(100) if i % 3 == 0]
    others = [i for i in range(100) if i % 3]
    return [
        write_tensors(TENSORS[rows], [IDS[i] for i in rows], name=name)
        for name, rows in (("0-of-2", others), ("1-of-2", third))
    ]


def test_item_is_a_tensor_its_label_and_its_index(paths: list[Path]) -> None:
    dataset = WindowDataset(paths, VS30)
    tensor, label, index = dataset[7]
    np.testing.assert_array_equal(tensor.numpy(), TENSORS[7])
    assert (tensor.dtype, tuple(tensor.shape), dataset.shape) == (torch.float32, (4, 50), (4, 50))
    assert (label, index) == (320.0, 7)
    assert dataset[-1].row == 99
    with pytest.raises(IndexError):
        dataset[100]


def test_order_does_not_depend_on_the_shards(paths: list[Path], write_tensors: Writer) -> None:
    split, whole = WindowDataset(paths[::-1]), WindowDataset([write_tensors(TENSORS, IDS, name="whole")])
    assert split.table.equals(whole.table)
    assert split.table["record_id"].to_pylist() == IDS
    assert split.table.column_names == METADATA
    everything = range(100)
    assert torch.equal(split.batch(everything).tensors, whole.batch(everything).tensors)


def test_labels_are_joined_by_station_and_unlabelled_stations_left_out(paths: list[Path]) -> None:
    dataset = WindowDataset(paths, {"0001": 400.0, "0003": math.nan, "9999": 100.0})
    assert set(dataset.table["station"].to_pylist()) == {"0001"}
    assert dataset.labels.tolist() == [400.0] * 20
    assert len(WindowDataset(paths)) == 100
    assert math.isnan(WindowDataset(paths)[0].label)


def test_split_keeps_its_stations_only(paths: list[Path]) -> None:
    dataset = WindowDataset(paths, VS30, stations={"0002", "0004", "absent"})
    assert [dataset[i].label for i in range(3)] == [320.0, 340.0, 320.0]
    assert len(dataset) == 40
    assert len(WindowDataset(paths, VS30, stations=[])) == 0


def test_windows_without_both_picks_can_be_left_out(write_tensors: Writer) -> None:
    unpicked = write_tensors(TENSORS, IDS, picked=False)
    assert len(WindowDataset([unpicked])) == 100
    assert len(WindowDataset([unpicked], require_ps=True)) == 0
    picked = write_tensors(TENSORS, IDS, name="picked")
    assert len(WindowDataset([picked], require_ps=True)) == 100


def test_three_channels_are_the_first_three(paths: list[Path]) -> None:
    dataset = WindowDataset(paths, VS30, channels=3)
    batch = dataset.batch([4, 90])
    np.testing.assert_array_equal(batch.tensors.numpy(), TENSORS[[4, 90], :3])
    assert batch.tensors.is_contiguous()
    with pytest.raises(ValueError, match="channels 2"):
        WindowDataset(paths, channels=2)


def test_what_is_handed_out_can_be_written_to_without_touching_the_shard(paths: list[Path]) -> None:
    dataset = WindowDataset(paths)
    dataset[5].tensor.zero_()
    np.testing.assert_array_equal(dataset[5].tensor.numpy(), TENSORS[5])


def test_default_collation_and_ready_batches_agree(paths: list[Path]) -> None:
    dataset = WindowDataset(paths, VS30)
    collated = next(iter(DataLoader(dataset, batch_size=8)))
    ready = dataset[[0, 1, 2, 3, 4, 5, 6, 7]]
    assert isinstance(ready, Batch)
    for one, other in zip(collated, ready, strict=True):
        assert torch.equal(one.to(other.dtype), other)


def batches_of(dataset: WindowDataset, workers: int, done: int = 0, balanced: bool = False) -> list[Batch]:
    batches = dataset.batches(16, seed=3, balanced=balanced)
    batches.resume(2, done)
    return list(loader(dataset, batches, workers=workers))


@pytest.mark.parametrize("balanced", [False, True])
def test_number_of_workers_changes_nothing(paths: list[Path], balanced: bool) -> None:
    dataset = WindowDataset(paths, VS30)
    alone, helped = (batches_of(dataset, workers, balanced=balanced) for workers in (0, 2))
    assert [len(batch.labels) for batch in alone] == [16] * 6 + [4]
    for one, other in zip(alone, helped, strict=True):
        assert all(torch.equal(*pair) for pair in zip(one, other, strict=True))


def test_every_window_of_a_batch_keeps_its_own_label_and_index(paths: list[Path]) -> None:
    for batch in batches_of(WindowDataset(paths, VS30), 0):
        rows = batch.indices.tolist()
        np.testing.assert_array_equal(batch.tensors.numpy(), TENSORS[rows])
        assert batch.labels.tolist() == [VS30[IDS[row].partition("_")[2]] for row in rows]


def test_resumed_epoch_gives_the_rest_of_the_batches(paths: list[Path]) -> None:
    dataset = WindowDataset(paths, VS30)
    whole, rest = batches_of(dataset, 0), batches_of(dataset, 2, done=4)
    assert [batch.indices.tolist() for batch in rest] == [batch.indices.tolist() for batch in whole[4:]]


def test_dataset_can_be_sent_to_spawned_workers(paths: list[Path]) -> None:
    dataset = WindowDataset(paths, VS30)
    dataset.batch([0])
    copy = pickle.loads(pickle.dumps(dataset))  # noqa: S301
    assert torch.equal(copy[9].tensor, dataset[9].tensor)


def test_no_shards_and_empty_shards_give_an_empty_dataset(write_tensors: Writer) -> None:
    assert len(WindowDataset([])) == 0
    empty = write_tensors(np.empty((0, 4, 50)), [], name="empty")
    dataset = WindowDataset([empty], VS30)
    assert (len(dataset), dataset.shape) == (0, (4, 50))
    assert list(loader(dataset, dataset.batches(4))) == []
    assert tuple(dataset.batch([]).tensors.shape) == (0, 4, 50)
    full = write_tensors(TENSORS, IDS)
    assert len(WindowDataset([empty, full], VS30)) == 100
    assert tuple(WindowDataset([full]).batch([]).tensors.shape) == (0, 4, 50)


def test_shards_that_do_not_belong_together_are_refused(write_tensors: Writer) -> None:
    full = write_tensors(TENSORS, IDS)
    short = write_tensors(TENSORS[:, :, :40], IDS, name="short")
    with pytest.raises(InputError, match="n_samples: 40; expected 50"):
        WindowDataset([full, short])
    with pytest.raises(InputError, match=f"{IDS[0]} is there twice"):
        WindowDataset([full, write_tensors(TENSORS[:1], IDS[:1], name="again")])
