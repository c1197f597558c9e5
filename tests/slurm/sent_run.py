"""A run of the workflow whose jobs go through a cluster."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import partial

from holding import windows_jobs_held
from one_node import Cluster, ends_with_this_process, wait_until
from workflow_checkout import Checkout

TARGETS = ("results/table2.csv", "results/rejects.csv")
SECONDS = 4 * 3600.0


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

    Half-way: its records are read and picked, its windows are held until it is gone.

    Raises:
        AssertionError: it does not end within hours, or there was no job to be killed.
    """
    (checkout.folder / "test_config.json").write_text(json.dumps(checkout.config))
    command = ends_with_this_process(sys.executable, "-m", "snakemake")
    command += [*TARGETS, "--configfile", "test_config.json"]
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
    process: subprocess.Popen[bytes] | None = None
    try:
        with windows_jobs_held(checkout) as held, said.open("wb") as out:
            process = subprocess.Popen(
                command,
                cwd=checkout.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
            wait_until(held.exists, "a job to kill", SECONDS, [process])
            killed = held.read_text().split()[1]
            wait_until(lambda: _cancelled(cluster, killed), f"the end of job {killed}", SECONDS, [process])
        process.wait(SECONDS)
    except (AssertionError, subprocess.TimeoutExpired) as error:
        raise AssertionError(f"{error}\n{said.read_text()[-6000:]}") from None
    finally:
        if process is not None:
            _end(process)
    jobs = {
        number: wait_until(partial(cluster.job, number), f"job {number}", SECONDS)
        for number, _ in wait_until(cluster.jobs, "the list of jobs", SECONDS)
    }
    return SentRun(checkout, process.returncode, said.read_text(), jobs, killed)


def _cancelled(cluster: Cluster, number: str) -> bool:
    """Cancels a job, and returns whether it has ended; a busy Slurm may not hear the first time."""
    if cluster.job(number).get("JobState") in ("CANCELLED", "COMPLETED", "FAILED"):
        return True
    cluster.ask("scancel", number)
    return False


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends Snakemake, if it still runs, and waits for it: politely, so that it cancels its jobs."""
    deadline = time.monotonic() + 60
    while process.poll() is None:
        process.terminate() if time.monotonic() < deadline else process.kill()
        time.sleep(1)
