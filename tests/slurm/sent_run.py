"""A run of the workflow whose jobs go through a cluster."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from one_node import Cluster, wait_until
from workflow_checkout import Checkout

TARGETS = ("results/table2.csv", "results/rejects.csv")
SECONDS = 900.0
KILLED_RULE = "rule_shard"


@dataclass(frozen=True)
class SentRun:
    """What became of a run: its folder, what Snakemake said, and what Slurm knows of every job."""

    checkout: Checkout
    status: int
    output: str
    jobs: dict[str, dict[str, str]]
    killed: str

    def jobs_of(self, rule: str) -> list[dict[str, str]]:
        """Returns the jobs of a rule or group, in the order they were sent."""
        numbers = sorted(self.jobs, key=int)
        return [
            self.jobs[number] for number in numbers if self.jobs[number]["Comment"].startswith(f"rule_{rule}")
        ]


def send(checkout: Checkout, cluster: Cluster) -> SentRun:
    """Sends the workflow through the cluster with the profile, and kills one job of a shard half-way.

    Raises:
        AssertionError: it does not end within 15 minutes, or there was no job to be killed.
    """
    (checkout.folder / "test_config.json").write_text(json.dumps(checkout.config))
    command = [sys.executable, "-m", "snakemake", *TARGETS, "--configfile", "test_config.json"]
    command += [
        "--workflow-profile",
        "workflow/profiles/slurm",
        "--slurm-init-seconds-before-status-checks=2",
    ]
    command += ["--set-resources", "train:gres=gpu:1"]
    said = checkout.folder / "snakemake.out"
    environment = (
        checkout.environment | cluster.environment | {"PYTHONPATH": checkout.environment["PYTHONPATH"]}
    )
    with said.open("wb") as out:
        process = subprocess.Popen(
            command,
            cwd=checkout.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        killed = _kill_one(cluster, process, checkout.folder / "results/records")
        process.wait(SECONDS)
    except (AssertionError, subprocess.TimeoutExpired) as error:
        raise AssertionError(f"{error}\n{said.read_text()[-6000:]}") from None
    finally:
        _end(process)
    jobs = {number: cluster.job(number) for number, _ in cluster.jobs()}
    return SentRun(checkout, process.returncode, said.read_text(), jobs, killed)


def _kill_one(cluster: Cluster, process: subprocess.Popen[bytes], records: Path) -> str:
    """Cancels a job of a shard once records are read: half-way, for its picks and windows are then to come.

    Should that job end just before, the next is taken.
    """
    tried: set[str] = set()

    def cancelled() -> str:
        if not any(records.glob("*.parquet")):
            return ""
        for number, comment in cluster.jobs("RUNNING"):
            if comment.startswith(KILLED_RULE) and number not in tried:
                tried.add(number)
                cluster.ask("scancel", number)
                if _end_of(cluster, number) == "CANCELLED":
                    return number
        return ""

    return str(wait_until(cancelled, "a job to kill", SECONDS, [process]))


def _end_of(cluster: Cluster, number: str) -> str:
    """Returns the state that a job ended in."""
    states = {"CANCELLED", "COMPLETED", "FAILED"}
    found = wait_until(
        lambda: states & {cluster.job(number).get("JobState", "")}, f"the end of job {number}", 120
    )
    assert isinstance(found, set)
    return str(found.pop())


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends Snakemake, if it still runs, and waits for it: politely, so that it cancels its jobs."""
    deadline = time.monotonic() + 60
    while process.poll() is None:
        process.terminate() if time.monotonic() < deadline else process.kill()
        time.sleep(1)
