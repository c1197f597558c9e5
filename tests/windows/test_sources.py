"""The local ways of reading: equal content, whether mapped or not, from memory or from the disk."""

from __future__ import annotations

import errno
import gc
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from quakesite.errors import InputError
from quakesite.windows import mounts, open_shard
from quakesite.windows.dataset import WindowDataset, loader
from quakesite.windows.openfiles import OpenFiles, most_files

Writer = Callable[..., Path]
TENSORS = np.random.default_rng(7).standard_normal((150, 4, 900)).astype(np.float32)


def evicted(path: Path) -> Path:
    """Takes the file out of the page cache."""
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(descriptor)
    return path


@pytest.mark.parametrize("mapped", [False, True])
@pytest.mark.parametrize("channels", [3, 4])
def test_mapped_or_not_the_windows_are_the_same(write_tensors: Writer, mapped: bool, channels: int) -> None:
    path = evicted(write_tensors(TENSORS))
    dataset = WindowDataset([path], mapped=mapped, channels=channels)
    rows = np.random.default_rng(0).permutation(150)
    rows[30:60] = np.arange(50, 80)  # neighbours, over the end of a row group
    for _ in ("from the disk", "from the page cache"):
        np.testing.assert_array_equal(dataset.batch(rows).tensors.numpy(), TENSORS[rows, :channels])


def test_three_channels_take_no_memory_for_the_fourth(write_tensors: Writer) -> None:
    batch = WindowDataset([write_tensors(TENSORS)], channels=3).batch(range(10))
    assert batch.tensors.untyped_storage().nbytes() == 10 * 3 * 900 * 4
    assert batch.tensors.is_contiguous()


def test_a_row_asked_for_twice_comes_twice(write_tensors: Writer) -> None:
    dataset = WindowDataset([write_tensors(TENSORS)])
    np.testing.assert_array_equal(dataset.batch([7, 100, 7]).tensors.numpy(), TENSORS[[7, 100, 7]])


def test_shards_are_mapped_on_local_file_systems_up_to_a_limit(
    write_tensors: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [write_tensors(TENSORS)]

    def mapped(choice: bool | None = None) -> bool:
        dataset = WindowDataset(paths, mapped=choice)
        dataset.batch([0])
        return dataset._shards[0].mapped

    for kind, local in (
        ("ext4", True),
        ("nfs4", False),
        ("fuse.x", False),
        ("lustre", False),
        ("", False),
    ):
        monkeypatch.setattr("quakesite.windows.mounts._type_of", lambda folder, kind=kind: kind)
        assert (mapped(), mapped(True), mapped(False)) == (local, True, False)
    monkeypatch.setattr("quakesite.windows.mounts._type_of", lambda folder: "ext4")
    for limit, within in ((TENSORS.nbytes, True), (TENSORS.nbytes - 1, False)):
        monkeypatch.setattr("quakesite.windows.dataset.MAPPED_BYTES", limit)
        assert (mapped(), mapped(True), mapped(False)) == (within, True, False)


def test_file_system_of_a_folder_is_that_of_the_nearest_mount(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = (
        "1 0 8:1 / / rw - ext4 /dev/a rw",
        "2 1 0:5 / /data rw,x shared:1 - nfs4 server:/data rw",
        "3 2 8:2 / /data/my\\040disk rw - xfs /dev/b rw",
        "4 2 8:2 / /data/fast rw - fuse.x /dev/b rw",
        "5 2 8:2 / /data/fast rw - btrfs /dev/c rw",
    )
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: "\n".join(lines))
    monkeypatch.setattr(Path, "exists", lambda _: True)
    expected = {
        "/": "ext4", "/database/x": "ext4", "/data": "nfs4", "/data/x": "nfs4", "/data/my disk/x": "xfs",
        "/data/fast": "btrfs",
    }  # fmt: skip
    assert {folder: mounts._type_of.__wrapped__(folder) for folder in expected} == expected


@pytest.mark.parametrize("mapped", [False, True])
def test_nothing_read_by_place_stays_resident(write_tensors: Writer, mapped: bool) -> None:
    if not Path("/proc/self/statm").exists():
        pytest.skip("needs /proc")

    def of_files() -> int:
        return int(Path("/proc/self/statm").read_text().split()[2]) * os.sysconf("SC_PAGE_SIZE")

    big = np.zeros((300, 4, 6000), np.float32)
    dataset = WindowDataset([write_tensors(big)], mapped=mapped)
    dataset.batch([0])
    before = of_files()
    for first in range(0, 300, 10):
        dataset.batch(range(first, first + 10))
    stayed = of_files() - before
    assert stayed > 0.5 * big.nbytes if mapped else stayed < 2**20


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


def test_any_other_error_of_reading_is_one_line_that_names_the_file(
    write_tensors: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> int:
        raise OSError(errno.EIO, "Input/output error")

    path = write_tensors(TENSORS)
    dataset = WindowDataset([path], mapped=False)
    monkeypatch.setattr("os.preadv", failing)
    for _ in range(2):
        with pytest.raises(InputError, match="Input/output error") as stopped:
            dataset.batch([1])
        assert str(path) in str(stopped.value)


def rewritten(path: Path, how: str) -> None:
    """Puts other windows in the place of a shard, in a way that leaves its size."""
    other = path.with_name("other.parquet")
    if how == "renamed":
        os.replace(other, path)
    elif how == "in place":
        written_later(path, other.read_bytes())
    else:
        os.truncate(path, path.stat().st_size // 2)


def written_later(path: Path, content: bytes) -> None:
    """Writes to a file in place; its time tells so, however coarse the clock of the file system."""
    later = path.stat().st_mtime_ns + 10**10
    path.write_bytes(content)
    os.utime(path, ns=(later, later))


@pytest.mark.parametrize("how", ["renamed", "in place", "cut short"])
@pytest.mark.parametrize("way", ["mapped", "by place", "decoded"])
@pytest.mark.parametrize("workers", [0, 1])
def test_shard_replaced_since_it_was_opened_is_refused(
    write_tensors: Writer, how: str, way: str, workers: int
) -> None:
    path = write_tensors(TENSORS)
    write_tensors(TENSORS[::-1], [f"2021010100{i:04d}_0001" for i in range(150)], name="other")
    if way == "decoded":
        for one in (path, path.with_name("other.parquet")):
            pq.write_table(pq.read_table(one), one, compression="zstd")
    dataset = WindowDataset([path], mapped=way == "mapped")
    rewritten(path, how)
    with pytest.raises(InputError if workers == 0 else Exception, match="was replaced since it was opened"):
        list(loader(dataset, dataset.batches(8), workers=workers))


@pytest.mark.parametrize("way", ["mapped", "by place"])
def test_shard_written_to_between_two_batches_is_refused_and_a_renamed_one_read_on(
    write_tensors: Writer, way: str
) -> None:
    path = write_tensors(TENSORS)
    write_tensors(TENSORS[::-1], [f"2021010100{i:04d}_0001" for i in range(150)], name="other")
    dataset = WindowDataset([path], mapped=way == "mapped")
    dataset.batch([0])
    kept = path.read_bytes()
    rewritten(path, "renamed")
    np.testing.assert_array_equal(dataset.batch([5]).tensors.numpy(), TENSORS[[5]])
    again = WindowDataset([path], mapped=way == "mapped")
    np.testing.assert_array_equal(again.batch([5]).tensors.numpy(), TENSORS[::-1][[5]])
    written_later(path, kept)
    with pytest.raises(InputError, match=r"was replaced since it was opened; start the training again"):
        again.batch([6])


def test_mapped_shard_cut_short_does_not_end_the_process(write_tensors: Writer) -> None:
    path = write_tensors(TENSORS)
    code = f"""
import os
from quakesite.windows import mounts, open_shard
shard = open_shard({str(path)!r})
shard.mapped = True
shard.read([0])
os.truncate({str(path)!r}, 5000)
try:
    shard.read([149])
except ValueError as refused:
    print(refused)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, "was replaced since" in done.stdout) == (0, True), done.stderr


def test_files_used_longest_ago_are_closed_and_splits_share_theirs(write_tensors: Writer) -> None:
    ids = [[f"2020010100{i:04d}_{k:04d}" for i in range(2)] for k in range(12)]
    paths = [write_tensors(TENSORS[:2], own, name=f"{k}") for k, own in enumerate(ids)]
    files = OpenFiles[str, object](lambda: 3)
    opened = [files.get(str(path), object) for path in paths]
    assert files.get(str(paths[11]), object) is opened[11]
    assert files.get(str(paths[0]), object) is not opened[0]
    descriptors = Path("/proc/self/fd")
    if not descriptors.exists():
        pytest.skip("needs /proc")
    gc.collect()
    first, second = WindowDataset(paths), WindowDataset(paths)
    first.batch(range(24))
    before = len(os.listdir(descriptors))
    second.batch(range(24))
    assert len(os.listdir(descriptors)) <= before


@pytest.mark.parametrize("mapped", [False, True])
def test_more_shards_than_files_may_be_open_are_read(
    write_tensors: Writer, monkeypatch: pytest.MonkeyPatch, mapped: bool
) -> None:
    ids = [[f"2020010100{i:04d}_{k:04d}" for i in range(2)] for k in range(60)]
    paths = [write_tensors(TENSORS[:2], own, name=f"{k}") for k, own in enumerate(ids)]
    dataset = WindowDataset(paths, mapped=mapped)
    gc.collect()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) + 80, hard))
    try:
        assert most_files() < 60
        tensors = dataset.batch(range(120)).tensors.numpy()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    np.testing.assert_array_equal(tensors, np.repeat(TENSORS[:2], 60, axis=0))
