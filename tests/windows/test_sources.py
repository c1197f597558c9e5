"""The local ways of reading: equal content, whether mapped or not, from memory or from the disk."""

from __future__ import annotations

import os
import resource
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from quakesite.windows import open_shard
from quakesite.windows.dataset import WindowDataset

Writer = Callable[..., Path]
TENSORS = np.random.default_rng(7).standard_normal((150, 4, 900)).astype(np.float32)


def evicted(path: Path) -> Path:
    """Takes the file out of the page cache."""
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(descriptor)
    return path


@pytest.mark.parametrize("map_bytes", [0, 2**30])
@pytest.mark.parametrize("channels", [3, 4])
def test_mapped_or_not_the_windows_are_the_same(write_tensors: Writer, map_bytes: int, channels: int) -> None:
    path = evicted(write_tensors(TENSORS))
    dataset = WindowDataset([path], map_bytes=map_bytes, channels=channels)
    rows = np.random.default_rng(0).permutation(150)
    for _ in ("from the disk", "from the page cache"):
        np.testing.assert_array_equal(dataset.batch(rows).tensors.numpy(), TENSORS[rows, :channels])


def test_three_channels_take_no_memory_for_the_fourth(write_tensors: Writer) -> None:
    batch = WindowDataset([write_tensors(TENSORS)], channels=3).batch(range(10))
    assert batch.tensors.untyped_storage().nbytes() == 10 * 3 * 900 * 4
    assert batch.tensors.is_contiguous()


def test_a_row_asked_for_twice_comes_twice(write_tensors: Writer) -> None:
    dataset = WindowDataset([write_tensors(TENSORS)])
    np.testing.assert_array_equal(dataset.batch([7, 100, 7]).tensors.numpy(), TENSORS[[7, 100, 7]])


def test_shards_above_the_limit_are_not_mapped(write_tensors: Writer) -> None:
    path = write_tensors(TENSORS)
    size = path.stat().st_size

    def mapped(limit: int) -> bool:
        dataset = WindowDataset([path], map_bytes=limit)
        dataset.batch([0])
        return str(path) in Path("/proc/self/maps").read_text()

    if not Path("/proc/self/maps").exists():
        pytest.skip("needs /proc")
    assert not mapped(size - 1)
    assert mapped(size)


def test_file_system_that_cannot_tell_whether_it_would_wait_is_read_all_the_same(
    write_tensors: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    preadv = os.preadv

    def refusing(descriptor: int, buffers: object, offset: int, flags: int = 0) -> int:
        if flags:
            raise OSError(95, "Operation not supported")
        return preadv(descriptor, buffers, offset)  # type: ignore[arg-type]

    monkeypatch.setattr("os.preadv", refusing)
    np.testing.assert_array_equal(open_shard(write_tensors(TENSORS)).read([149, 0]), TENSORS[[149, 0]])


def test_shard_cut_short_while_open_is_an_error(write_tensors: Writer) -> None:
    path = write_tensors(TENSORS)
    shard = open_shard(path)
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(EOFError, match="overwritten"):
        shard.read([149])


def test_open_files_are_closed_again(write_tensors: Writer) -> None:
    path = write_tensors(TENSORS[:2])
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(min(limit, 50)):
        open_shard(path).read([0])
    assert len(os.listdir("/proc/self/fd")) <= before + 2
