"""Slurm: there, not there, silent, without accounts or the profile's partition. Its commands are scripts."""

from __future__ import annotations

import re
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from quakesite.doctor import cluster
from quakesite.doctor.cluster import check_slurm, read_profile
from quakesite.doctor.finding import Finding, State
from quakesite.errors import InputError

FINE = {
    "sinfo": "echo main up; echo gpu down; echo long up",
    "squeue": "true",
    "sbatch": "true",
    "sacct": "true",
    "sacctmgr": "echo physics",
    "scontrol": "echo 'AccountingStorageType   = accounting_storage/slurmdbd'",
}
PROFILE = {"executor": "slurm", "default-resources": ["slurm_partition=main", "mem_mb=2000"]}
NO_CLUSTER = "echo 'fatal: Could not establish a configuration source' >&2; exit 1"

PATIENCE_S = 300.0
"""A script of one line may take long on a busy machine."""

Install = Callable[..., None]


@pytest.fixture
def slurm(here: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Puts scripts in place of Slurm's commands; without any argument those of a cluster that is fine."""
    folder = here / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    found = cluster.shutil.which
    monkeypatch.setattr(cluster.shutil, "which", lambda name: found(name, path=str(folder)))
    monkeypatch.setattr(cluster, "SECONDS_TO_ANSWER", PATIENCE_S)
    monkeypatch.setenv("LOGNAME", "ayse")  # who has no name on this machine has no account either
    monkeypatch.delenv("SLURM_CONF", raising=False)

    def install(**scripts: str) -> None:
        for name, script in (FINE | scripts).items():
            (folder / name).write_text(f"#!/bin/sh\n{script}\n")
            (folder / name).chmod((folder / name).stat().st_mode | stat.S_IXUSR)

    return install


@pytest.fixture
def profile(here: Path) -> Callable[..., Path]:
    """Makes a profile."""

    def make(**values: object) -> Path:
        folder = here / "profile"
        folder.mkdir(exist_ok=True)
        (folder / "config.yaml").write_text(yaml.safe_dump(PROFILE | values))
        return folder

    return make


def states(findings: list[Finding]) -> dict[str, State]:
    return {finding.check: finding.state for finding in findings}


@pytest.mark.usefixtures("slurm")
def test_no_slurm_is_fine_unless_a_profile_asks_for_it(profile: Callable[..., Path]) -> None:
    assert states(check_slurm(None)) == {"slurm": State.OK}
    (found,) = check_slurm(profile())
    assert (found.state, found.found) == (State.FAILED, "sinfo, squeue, sbatch not in PATH")


def test_a_cluster_that_is_fine(slurm: Install, profile: Callable[..., Path]) -> None:
    slurm()
    findings = check_slurm(profile())
    assert {one.state for one in findings} == {State.OK}
    assert [one.check for one in findings] == ["slurm", "slurm.conf", "slurm profile", "slurm status"]
    assert findings[0].found == "answers; partitions gpu, long, main"


def test_commands_without_a_cluster(
    slurm: Install, profile: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    slurm(sinfo=NO_CLUSTER)
    assert states(check_slurm(None)) == {"slurm": State.WARNING}
    (found,) = check_slurm(profile())
    assert found.state is State.FAILED
    assert "Could not establish a configuration source" in found.found
    monkeypatch.setenv("SLURM_CONF", "/no/slurm.conf")
    (found,) = check_slurm(profile())
    assert found.action == "SLURM_CONF is /no/slurm.conf, which is not there: correct it"


def test_a_command_that_never_answers_is_given_up(
    slurm: Install, profile: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = subprocess.run

    def impatient(command: tuple[str, ...], **options: Any) -> subprocess.CompletedProcess[str]:
        return run(command, **options | ({"timeout": 0.1} if command[0] == "squeue" else {}))

    monkeypatch.setattr(cluster.subprocess, "run", impatient)
    slurm(squeue="exec sleep 600")
    findings = check_slurm(profile())
    assert states(findings)["slurm status"] is State.FAILED
    assert findings[-1].found.startswith("squeue did not answer")


def test_a_configuration_that_does_not_reach_into_jobs_fails(
    slurm: Install, profile: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    slurm(sinfo=f'[ -n "$SLURM_CONF" ] || {{ {NO_CLUSTER}; }}; {FINE["sinfo"]}')
    monkeypatch.setenv("SLURM_CONF", "/my/slurm.conf")
    found = check_slurm(profile())[1]
    assert found.state is State.FAILED
    assert found.action.endswith("ln -s /my/slurm.conf /etc/slurm/slurm.conf")
    slurm()
    assert check_slurm(profile())[1].state is State.OK


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"default-resources": ["slurm_partition=gone"]}, "no partition gone here"),
        ({"default-resources": {"slurm_partition": "main,gone"}}, "no partition gone here"),
        ({"set-resources": {"train": {"slurm_partition": "gpux"}}}, "no partition gpux here"),
        ({"default-resources": ["slurm_account=biology"]}, "account biology is not yours"),
    ],
)
def test_a_profile_that_asks_for_what_is_not_there_fails(
    slurm: Install, profile: Callable[..., Path], values: dict[str, object], said: str
) -> None:
    slurm()
    found = check_slurm(profile(**values))[2]
    assert (found.state, said in found.found) == (State.FAILED, True)


def test_a_partition_that_is_down_is_a_warning_and_ones_own_account_is_fine(
    slurm: Install, profile: Callable[..., Path]
) -> None:
    slurm()
    assert check_slurm(profile(**{"default-resources": ["slurm_partition=gpu"]}))[2].state is State.WARNING
    mine = ["slurm_partition=long", "slurm_account=physics"]
    assert check_slurm(profile(**{"default-resources": mine}))[2].state is State.OK
    slurm(sacctmgr="exit 1")  # nobody can tell
    assert check_slurm(profile(**{"default-resources": ["slurm_account=biology"]}))[2].state is State.OK


def test_who_has_no_name_is_not_asked_for_accounts(
    slurm: Install, profile: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found: 12345")

    slurm()
    monkeypatch.setattr(cluster.getpass, "getuser", nameless)
    assert check_slurm(profile(**{"default-resources": ["slurm_account=biology"]}))[2].state is State.OK


def test_without_accounting_the_profile_has_to_say_squeue(
    slurm: Install, profile: Callable[..., Path]
) -> None:
    slurm(scontrol="echo 'AccountingStorageType = accounting_storage/none'", sacct="exit 1")
    found = check_slurm(profile())[-1]
    assert (found.state, "slurm-status-command: squeue" in found.action) == (State.FAILED, True)
    assert check_slurm(profile(**{"slurm-status-command": "squeue"}))[-1].state is State.OK


def test_accounting_that_does_not_answer_fails(slurm: Install, profile: Callable[..., Path]) -> None:
    slurm(sacct="echo 'Connection refused' >&2; exit 1")
    found = check_slurm(profile())[-1]
    assert (found.state, "Connection refused" in found.found) == (State.FAILED, True)
    slurm(scontrol="exit 1")
    assert check_slurm(profile())[-1].state is State.WARNING


def test_a_profile_that_is_none_fails(slurm: Install, here: Path) -> None:
    slurm()
    assert states(check_slurm(here / "nowhere"))["slurm profile"] is State.FAILED
    for text in ("a: [", "- a\n"):
        (here / "config.yaml").write_text(text)
        with pytest.raises(InputError, match=r"config\.yaml"):
            read_profile(here)


def test_the_profile_of_the_checkout_is_read(root: Path) -> None:
    profile = read_profile(root / "workflow/profiles/slurm")
    assert profile.setting("executor") == "slurm"
    assert profile.setting("slurm-status-command") == "squeue"
    assert profile.asked("mem_mb") == {"2000"}


def test_every_rule_that_trains_is_given_the_gpu_that_the_profile_offers(root: Path, here: Path) -> None:
    text = (root / "workflow/profiles/slurm/config.yaml").read_text(encoding="utf-8")
    offer = re.search(r"^# set-resources:\n(#   .*\n)+", text, re.MULTILINE)
    assert offer is not None
    (here / "config.yaml").write_text(re.sub(r"(?m)^# ", "", offer[0]))
    offered = read_profile(here).settings["set-resources"]
    rules = (root / "workflow/rules/training.smk").read_text(encoding="utf-8")
    trains = set(re.findall(r"^(?:rule|use rule \w+ as) ((?:pre)?train\w*)", rules, re.MULTILINE))
    assert trains == {"train", "pretrain", "train_variant", "pretrain_variant"}
    assert set(offered) == trains
    assert all(asked["gres"] == "gpu:1" for asked in offered.values())
