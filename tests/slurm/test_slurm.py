"""The workflow on a cluster: a real Slurm of one node, the profile as it is delivered."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest
from one_node import Cluster
from sent_run import TARGETS, SentRun
from workflow_checkout import Checkout

from quakesite.doctor.cluster import check_slurm
from quakesite.doctor.finding import State

ROOT = Path(__file__).resolve().parents[2]
SHARDS = [f"results/windows/pga60/auto/{shard}-of-2.parquet" for shard in range(2)]


def minutes(limit: str) -> int:
    """Returns Slurm's hh:mm:ss or d-hh:mm:ss in minutes."""
    days, _, clock = limit.rpartition("-")
    hours, mins, _ = clock.split(":")
    return (int(days or 0) * 24 + int(hours)) * 60 + int(mins)


def megabytes(memory: str) -> int:
    """Returns Slurm's 1516M or 3G in MB."""
    return int(memory[:-1]) * {"M": 1, "G": 1024}[memory[-1]]


def test_the_embedded_default_goes_through_the_cluster(sent: SentRun) -> None:
    assert sent.status == 0, sent.output[-6000:]
    with (sent.checkout.folder / "results/table2.csv").open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert {row["experiment"] for row in rows} == {"beta_auto_pga"}
    assert [row["site_class"] for row in rows][-1] == "Total"
    assert all(float(row["absolute_mean_error_pct"]) > 0 for row in rows if row["site_class"] == "Total")


def test_a_killed_job_is_sent_again_with_more_memory_and_time(sent: SentRun) -> None:
    killed = sent.jobs[sent.killed]
    later = [job for job in sent.jobs_of("shard") if int(job["JobId"]) > int(sent.killed)]
    again = [job for job in later if minutes(job["TimeLimit"]) > minutes(killed["TimeLimit"])]
    assert killed["JobState"] == "CANCELLED"
    assert [job["JobState"] for job in again] == ["COMPLETED"]
    assert minutes(again[0]["TimeLimit"]) == pytest.approx(2 * minutes(killed["TimeLimit"]), abs=4)
    assert megabytes(again[0]["MinMemoryNode"]) == pytest.approx(
        2 * megabytes(killed["MinMemoryNode"]), abs=4
    )


def test_all_that_is_done_with_a_shard_is_one_job_of_one_core(sent: SentRun) -> None:
    done = {number: job for number, job in sent.jobs.items() if number != sent.killed}
    assert {job["JobState"] for job in done.values()} == {"COMPLETED"}
    assert {job["NumCPUs"] for job in done.values()} == {"1"}
    by_rule = {rule: len(sent.jobs_of(rule)) for rule in ("shard", "stations", "train")}
    assert by_rule == {"shard": 2 + 1, "stations": 1, "train": 1}
    assert len(sent.jobs) == sum(by_rule.values()), "a join or a table was sent to the cluster"


def test_training_gets_the_gpu_it_is_given(sent: SentRun) -> None:
    assert [job["TresPerNode"] for job in sent.jobs_of("train")] == ["gres:gpu:1"]
    assert not any("TresPerNode" in job for job in sent.jobs_of("shard"))


def test_a_run_without_slurm_finds_nothing_left_to_do(sent: SentRun) -> None:
    done = sent.checkout.snakemake("--dry-run", *TARGETS)
    assert "Nothing to be done" in done.stdout + done.stderr


def test_the_shards_are_those_of_a_run_on_this_machine(sent: SentRun, tmp_path: Path) -> None:
    folder = tmp_path / "quakesite"
    leave = shutil.ignore_patterns("results", ".snakemake")
    shutil.copytree(sent.checkout.folder, folder, ignore=leave, symlinks=True)
    done = Checkout(folder, sent.checkout.config).snakemake(*SHARDS)
    assert done.returncode == 0, done.stdout + done.stderr
    made = sorted(path.relative_to(folder) for path in (folder / "results").rglob("*.parquet"))
    assert {path.parts[1] for path in made} == {"records", "picks", "windows"}
    for path in made:
        assert (folder / path).read_bytes() == (sent.checkout.folder / path).read_bytes(), path


def test_doctor_finds_the_cluster_and_the_profile_fits_it(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in cluster.environment.items():
        monkeypatch.setenv(name, value)
    found = {one.check: one for one in check_slurm(ROOT / "workflow/profiles/slurm")}
    assert found["slurm"].state is State.OK, found["slurm"]
    assert "short" in found["slurm"].found
    assert found["slurm profile"].state is State.OK, found["slurm profile"]
    assert found["slurm status"].state is State.OK, found["slurm status"]
