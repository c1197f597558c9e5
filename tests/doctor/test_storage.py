"""Disk, memory, writing, clock, file system, locks and left-overs: what is right, and what is not."""

from __future__ import annotations

import errno
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from quakesite.config import Config, resolve
from quakesite.doctor import machine, storage
from quakesite.doctor.estimate import job_bytes, records_of, results_bytes, windows_bytes
from quakesite.doctor.finding import State
from quakesite.doctor.machine import check_memory, cores, memory_bytes
from quakesite.doctor.storage import (
    check_file_system,
    check_locks,
    check_space,
    check_unfinished,
    check_writing,
    kind_of,
)
from quakesite.preflight import scan_archive
from quakesite.records.archive import Found, Scan

MOUNTS = """
22 1 259:1 / / rw,relatime shared:1 - ext4 /dev/root rw
30 22 0:40 / /home rw - nfs4 server:/home rw
31 22 0:41 / /dev/shm rw - tmpfs tmpfs rw
32 22 0:42 / /my\\040disk rw - lustre mds:/work rw
"""


def test_space_is_enough_tight_or_too_little(here: Path) -> None:
    assert check_space("results", 1000, free=2000).state is State.OK
    assert check_space("results", 1000, free=1200).state is State.WARNING
    assert check_space("results", 1000, free=900).state is State.FAILED
    assert check_space("results", 1000).state is State.OK


def test_results_that_are_there_already_need_no_space(here: Path) -> None:
    (here / "results").mkdir()
    (here / "results" / "some").write_bytes(bytes(800))
    assert check_space("results", 1000, free=900).state is State.OK


def test_the_estimate_is_no_less_than_real_records_took(shared_data: Path, here: Path) -> None:
    """Measured: `quakesite records shard 0-of-1` over each folder, without a limit of distance."""
    for folder, measured in (("tadas", 16_847_249), ("nsmn", 429_739), ("afad1218", 1_117_978)):
        scan = scan_archive((str(shared_data / folder),), 8).files
        of_records = results_bytes(resolve({"archive": [folder]}), scan) - results_bytes(
            resolve({"archive": [folder]}), Scan([one._replace(size=0) for one in scan.found])
        )
        assert 0.95 * measured < of_records < 1.2 * measured


def test_the_estimate_grows_with_records_windows_and_models(config: Callable[..., Config]) -> None:
    files = [Found("0208", "mat", f"{n}.mat", f"{n}.mat", 200_000, 0) for n in range(100)]
    scan, twice = Scan(files), Scan(files * 2)
    assert records_of(scan) == 100
    assert windows_bytes(config(), 100, ["pga60"]) == 100 * 96_000  # 4 x 6000 float32
    grown = results_bytes(config(), twice) - results_bytes(config(), scan)
    assert grown == 100 * (0.46 * 200_000 + 96_000 + 24_000 + 4_000)
    assert results_bytes(config(training={"trials": 5}), scan) > results_bytes(config(), scan)
    assert job_bytes(config(), twice) - job_bytes(config(), scan) == 100 * 96_000
    assert job_bytes(config(), None) < job_bytes(config(), scan)
    assert results_bytes(resolve({}), None) > 190_000_000


def test_memory_is_enough_for_all_cores_for_some_or_for_none() -> None:
    assert check_memory(10, machine=40, n_cores=4).state is State.OK
    some = check_memory(10_000_000, machine=25_000_000, n_cores=4)
    assert (some.state, some.action) == (State.WARNING, "use --cores 2 --resources mem_mb=25")
    assert check_memory(10, machine=9, n_cores=4).state is State.FAILED


def test_the_memory_of_a_control_group_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    limit = tmp_path / "memory.max"
    limit.write_text("max\n")
    monkeypatch.setattr(machine, "CGROUP_LIMITS", (limit, tmp_path / "none"))
    whole = memory_bytes()
    limit.write_text("123456789\n")
    assert memory_bytes() == 123456789 < whole
    assert cores() >= 1


def test_writing_leaves_nothing_behind(here: Path) -> None:
    findings = check_writing("results/of/mine")
    assert [one.state for one in findings] == [State.OK, State.OK]
    assert list(here.iterdir()) == []


def test_a_folder_that_cannot_be_written_fails() -> None:
    (found,) = check_writing("/proc/quakesite")
    assert found.state is State.FAILED


@pytest.mark.parametrize("call", ["replace", "fsync"])
def test_a_file_system_without_rename_or_fsync_fails(
    here: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EOPNOTSUPP, "Operation not supported")

    monkeypatch.setattr(os, call, refuse)
    (found,) = check_writing("results")
    assert (found.state, "not supported" in found.found) == (State.FAILED, True)
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(("behind_s", "side"), [(1e6, "behind"), (-1e6, "ahead of")])
def test_clocks_that_disagree_are_a_warning(here: Path, behind_s: float, side: str) -> None:
    _, clock = check_writing("results", now=time.time() + behind_s)
    assert clock.state is State.WARNING
    told = re.search(rf"is (\d+) s {side} this machine", clock.found)
    assert told is not None
    assert int(told[1]) == pytest.approx(1e6, abs=1000)  # writing may take a while


def test_a_disk_that_takes_long_to_sync_is_not_a_clock_that_is_wrong(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time()
    before_and_after = iter([now - 3600, now + 3600])
    monkeypatch.setattr(storage, "time", SimpleNamespace(time=lambda: next(before_and_after)))
    assert [one.state for one in check_writing("results")] == [State.OK, State.OK]


def test_the_kind_of_file_system_is_that_of_the_nearest_mount() -> None:
    for place, kind in (
        ("/", "ext4"),
        ("/homes/me", "ext4"),
        ("/home/me", "nfs4"),
        ("/my disk/a", "lustre"),
        ("/dev/shm", "tmpfs"),
    ):
        assert kind_of(Path(place), MOUNTS) == kind


def test_network_file_systems_and_memory_are_warnings(here: Path) -> None:
    for kind, hint in (("nfs4", "--latency-wait 60"), ("tmpfs", "gone after a restart")):
        found = check_file_system("results", f"22 1 0:1 / / rw - {kind} server:/x rw\n")
        assert (found.state, hint in found.action) == (State.WARNING, True)
    assert check_file_system("results", "22 1 0:1 / / rw - xfs /dev/sda rw\n").state is State.OK


def test_a_lock_fails(here: Path) -> None:
    assert check_locks().state is State.OK
    locks = here / ".snakemake" / "locks"
    locks.mkdir(parents=True)
    assert check_locks().state is State.OK
    (locks / "0.output.lock").touch()
    found = check_locks()
    assert (found.state, "snakemake --unlock" in found.action) == (State.FAILED, True)


def test_what_a_killed_run_left_is_a_warning(here: Path) -> None:
    shards = here / "results" / "records"
    shards.mkdir(parents=True)
    (shards / ".of-the-user.tmp").touch()
    (shards / "0-of-8.parquet").touch()
    assert check_unfinished("results").state is State.OK
    (shards / ".1-of-8.parquet.99999999.tmp").write_bytes(bytes(2000))
    found = check_unfinished("results")
    assert found.state is State.WARNING
    assert "1 temporary file(s) of jobs that ended, 2 kB, like results/records/.1-of-8" in found.found
    mark = here / ".snakemake" / "incomplete" / "cmVzdWx0cw=="
    mark.parent.mkdir(parents=True)
    mark.touch()
    assert "1 output(s) are marked unfinished" in check_unfinished("results").found
