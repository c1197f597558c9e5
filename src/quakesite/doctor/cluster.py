"""Slurm: its commands, its configuration, and whether it has what the profile asks for."""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from quakesite.doctor.finding import Finding, State, ok, warning
from quakesite.errors import InputError

COMMANDS = ("sinfo", "squeue", "sbatch")
PROFILE = Path("workflow/profiles/slurm")
SECONDS_TO_ANSWER = 8.0
NO_ACCOUNTING = ("accounting_storage/none", "(null)", "none", "")


@dataclass(frozen=True)
class Profile:
    """What a Snakemake profile says about Slurm."""

    path: Path
    settings: Mapping[str, Any]

    def asked(self, resource: str) -> set[str]:
        """Returns the values of `slurm_partition` or `slurm_account`, for all rules and for single ones."""
        each = self.settings.get("set-resources") or {}
        rules = each.values() if isinstance(each, Mapping) else each
        sections = [self.settings.get("default-resources"), *rules]
        return {value for section in sections for key, value in _pairs(section) if key.endswith(resource)}

    def setting(self, name: str) -> str:
        """Returns a plain setting as text, empty where there is none."""
        value = self.settings.get(name, self.settings.get(name.replace("-", "_"), ""))
        return str(value)


def _pairs(section: object) -> Iterator[tuple[str, str]]:
    """Yields the resources of a section, which may be a mapping or a list of `name=value`."""
    if isinstance(section, Mapping):
        yield from ((str(key), str(value)) for key, value in section.items())
    elif isinstance(section, str):
        key, _, value = section.partition("=")
        yield key.strip(), value.strip().strip("'\"")
    elif isinstance(section, list):
        for one in section:
            yield from _pairs(one)


def read_profile(folder: Path) -> Profile:
    """Returns the Snakemake profile in `folder`; of several versions of its file the last one.

    Raises:
        InputError: there is none, or it is no YAML mapping.
    """
    files = sorted(folder.glob("config*.yaml"))
    if not files:
        raise InputError(folder, "no config.yaml", expected="a folder of a Snakemake profile")
    try:
        values = yaml.safe_load(files[-1].read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(files[-1], f"cannot be read ({error})", expected="a Snakemake profile") from None
    if not isinstance(values, Mapping):
        raise InputError(files[-1], "no mapping", expected="a Snakemake profile")
    return Profile(files[-1], values)


class NoAnswer(Exception):
    """A command of Slurm's failed or did not end; the text says how."""


def _ask(*command: str, configured: bool = True) -> str:
    """Returns what a command prints; `configured` False takes Slurm's own variables away first."""
    environment = {key: value for key, value in os.environ.items() if configured or key[:6] != "SLURM_"}
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=SECONDS_TO_ANSWER,
            check=False,
            env=environment,
        )
    except subprocess.TimeoutExpired:
        raise NoAnswer(f"{command[0]} did not answer within {SECONDS_TO_ANSWER:.0f} s") from None
    except OSError as error:
        raise NoAnswer(f"{command[0]}: {error.strerror}") from None
    if done.returncode:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        said = lines[-1].removeprefix(f"{command[0]}: ") if lines else f"exit status {done.returncode}"
        raise NoAnswer(f"{command[0]}: {said}")
    return done.stdout


def check_slurm(given: Path | None) -> list[Finding]:
    """Checks that jobs can be submitted to Slurm and followed.

    Args:
        given: folder of the profile that will be used. Where none is given, the checkout's is looked at, and
            what is wrong is a warning: jobs may be meant to run here.
    """
    missing = [command for command in COMMANDS if shutil.which(command) is None]
    if missing:
        if given is None:
            return [ok("slurm", f"none here ({', '.join(missing)} not in PATH): jobs run on this machine")]
        action = "log in to the cluster's login node, or load its module, e.g. module load slurm"
        return [Finding("slurm", State.FAILED, f"{', '.join(missing)} not in PATH", action)]
    severity = State.WARNING if given is None else State.FAILED
    try:
        found = _ask("sinfo", "--noheader", "--format=%R %a")
    except NoAnswer as reason:
        return [Finding("slurm", severity, str(reason), _why_no_answer())]
    partitions = dict(line.split()[:2] for line in found.splitlines() if len(line.split()) > 1)
    findings = [ok("slurm", f"answers; partitions {', '.join(sorted(partitions))}")]
    findings.append(_check_configuration(severity))
    profile: Profile | None = None
    if given is not None or PROFILE.is_dir():
        try:
            profile = read_profile(given or PROFILE)
        except InputError as error:
            return [*findings, Finding("slurm profile", severity, str(error), "--profile names its folder")]
        findings.append(_check_partitions(profile, partitions, severity))
    findings.append(_check_status_command(profile, severity))
    return findings


def _why_no_answer() -> str:
    conf = os.environ.get("SLURM_CONF")
    if conf and not Path(conf).is_file():
        return f"SLURM_CONF is {conf}, which is not there: correct it"
    return "ask your site whether slurmctld runs, or set SLURM_CONF to its slurm.conf"


def _check_configuration(severity: State) -> Finding:
    """Checks that Slurm answers without SLURM_CONF: the plugin's inner job drops Slurm's variables."""
    check = "slurm.conf"
    if "SLURM_CONF" not in os.environ:
        return ok(check, "found without SLURM_CONF, so inside jobs too")
    try:
        _ask("sinfo", "--noheader", "--format=%R", configured=False)
    except NoAnswer as reason:
        return Finding(
            check,
            severity,
            f"found through SLURM_CONF alone, which does not reach into jobs ({reason})",
            f"link it on every node: ln -s {os.environ['SLURM_CONF']} /etc/slurm/slurm.conf",
        )
    return ok(check, "found with SLURM_CONF and without it, so inside jobs too")


def _check_partitions(profile: Profile, partitions: Mapping[str, str], severity: State) -> Finding:
    check = "slurm profile"
    asked = {name for value in profile.asked("slurm_partition") for name in value.split(",")}
    unknown = sorted(asked - set(partitions))
    if unknown:
        return Finding(
            check,
            severity,
            f"{profile.path}: no partition {', '.join(unknown)} here",
            f"slurm_partition: one of {', '.join(sorted(partitions))}",
        )
    down = sorted(name for name in asked if partitions[name] != "up")
    if down:
        state = f"partition {', '.join(down)} is {partitions[down[0]]}"
        return warning(
            check, f"{profile.path}: {state}", "jobs wait until it is up; use another, or ask your site"
        )
    accounts = profile.asked("slurm_account")
    mine = _accounts() if accounts else None
    if mine is not None and not accounts <= mine:
        wrong = ", ".join(sorted(accounts - mine))
        choice = (
            f"slurm_account: one of {', '.join(sorted(mine))}" if mine else "ask your site for an account"
        )
        return Finding(check, severity, f"{profile.path}: account {wrong} is not yours", choice)
    return ok(check, f"{profile.path}: partition {', '.join(sorted(asked)) or 'left to Slurm'}")


def _accounts() -> set[str] | None:
    """Returns the user's accounts; None where Slurm cannot tell."""
    if shutil.which("sacctmgr") is None:
        return None
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container may run under a number that has no name
        return None
    query = ("show", "associations", f"user={user}", "format=account")
    try:
        return set(_ask("sacctmgr", "--noheader", "--parsable2", *query).split())
    except NoAnswer:
        return None


def _check_status_command(profile: Profile | None, severity: State) -> Finding:
    """Checks that jobs can be followed: by squeue, or by sacct where the site keeps accounts."""
    check = "slurm status"
    try:
        _ask("squeue", "--noheader", "--me", "--format=%i")
    except NoAnswer as reason:
        return Finding(check, severity, str(reason), "ask your site; jobs could not be followed")
    if profile is None or profile.setting("slurm-status-command") == "squeue":
        return ok(check, "squeue answers")
    try:
        shown = _ask("scontrol", "show", "config")
    except NoAnswer as reason:
        return warning(check, f"squeue answers; {reason}", "put scontrol in PATH")
    values = {line.partition("=")[0].strip(): line.partition("=")[2].strip() for line in shown.splitlines()}
    if values.get("AccountingStorageType", "") in NO_ACCOUNTING:
        return Finding(
            check,
            severity,
            "this Slurm keeps no accounts, and the plugin would ask sacct for its jobs, for minutes",
            f"in {profile.path}: slurm-status-command: squeue",
        )
    try:
        _ask("sacct", "--noheader", "--parsable2", "--format=JobID", "--starttime=now")
    except NoAnswer as reason:
        action = f"in {profile.path}: slurm-status-command: squeue"
        return Finding(check, severity, f"squeue answers, and {reason}", action)
    return ok(check, "squeue and sacct answer")
