"""A run that is killed, met by a second one, or finds a damaged shard: one message, then the same results."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from holding import windows_jobs_held
from workflow_checkout import Checkout

NOBODY = 99_999_999
"""Above the largest number that Linux gives a process."""
SHARD = "results/windows/pga60/auto/0-of-4.parquet"


def test_killed_run_and_a_second_one_at_once_are_told_to_unlock_and_lose_nothing(
    checkout: Checkout, finished: Checkout
) -> None:
    (checkout.folder / SHARD).unlink()
    with windows_jobs_held(checkout) as held:
        first = start(checkout, SHARD)
        wait_for(held, first)
        second = checkout.snakemake(SHARD)
        assert second.returncode == 1
        told = second.stdout + second.stderr
        assert "cannot be locked" in told
        assert "--unlock" in told
        assert "Traceback" not in told
        assert first.poll() is None
        kill(first, int(held.read_text().split()[0]))
    left = checkout.folder / SHARD.replace("0-of-4.parquet", f".0-of-4.parquet.{NOBODY}.tmp")
    left.write_bytes(b"what the killed job was writing")
    own = left.with_name(".notes.tmp")
    own.write_bytes(b"the user's")
    assert "cannot be locked" in checkout.snakemake(SHARD).stderr
    assert checkout.snakemake("--unlock").returncode == 0
    done = checkout.snakemake(SHARD)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not left.exists()
    assert own.exists()
    assert (checkout.folder / SHARD).read_bytes() == (finished.folder / SHARD).read_bytes()


def test_damaged_shard_costs_one_line_and_is_mended_by_deleting_it(
    checkout: Checkout, finished: Checkout
) -> None:
    path, table = checkout.folder / SHARD, "results/table1.csv"
    content = bytearray(path.read_bytes())
    content[-200] ^= 1
    path.write_bytes(content)
    stopped = checkout.snakemake(table)
    assert stopped.returncode == 1
    told = stopped.stdout + stopped.stderr
    assert {line for line in told.splitlines() if line.startswith("quakesite: ") and SHARD in line}
    assert "Traceback" not in told
    path.unlink()
    done = checkout.snakemake(table)
    assert done.returncode == 0, done.stdout + done.stderr
    for name in (SHARD, table):
        assert (checkout.folder / name).read_bytes() == (finished.folder / name).read_bytes()


def start(checkout: Checkout, *targets: str) -> subprocess.Popen[bytes]:
    """Starts Snakemake in the checkout as the leader of a group of processes."""
    command = [
        sys.executable,
        "-m",
        "snakemake",
        *targets,
        "--cores",
        "2",
        "--configfile",
        "test_config.json",
    ]
    return subprocess.Popen(
        command,
        cwd=checkout.folder,
        env=checkout.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def kill(run: subprocess.Popen[bytes], job: int) -> None:
    """Ends Snakemake, what it started, and the process of its job, wherever that stands."""
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    with contextlib.suppress(ProcessLookupError):
        os.kill(job, signal.SIGKILL)


def wait_for(path: Path, process: subprocess.Popen[bytes]) -> None:
    """Waits until a file is there; a run that ends before has failed."""
    while not path.exists():
        assert process.poll() is None, "the run ended before its job began"
        time.sleep(0.05)
