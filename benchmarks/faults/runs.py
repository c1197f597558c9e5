"""A small run of the workflow that can be started, killed, looked at and compared with an untouched one."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from checkout import Checkout

SMALL: dict[str, object] = {
    "n_shards": 2,
    "demo": {"stations": 12, "events": 2},
    "training": {"trials": 1, "max_epochs": 2, "experiments": ["alpha_auto_p15", "gamma_ps_auto"]},
    "evaluation": {"bootstrap": 200},
}
TARGETS = [
    *("table1.csv", "table2.csv", "skill.csv", "predictions.csv", "control.csv", "regions.csv"),
    *("learning_curve.csv", "rejects.csv", "agreement.csv", "flatfile.csv", "counts.csv"),
    *("figures/fig1.svg", "figures/map.html", "stations/stations.parquet"),
]
NOT_COMPARED = ("logs", "benchmarks")
"""Below `results`: times and machine, another in each run."""
LONGEST = 1800.0


@dataclass(frozen=True)
class Said:
    """What a run of Snakemake came to, and what it wrote on the terminal."""

    status: int
    text: str

    @property
    def ours(self) -> list[str]:
        """Our own messages, each once."""
        return sorted({line.strip() for line in self.text.splitlines() if line.startswith("quakesite: ")})

    @property
    def locked(self) -> bool:
        """Whether Snakemake said that the folder is locked, and how to unlock it."""
        return "cannot be locked" in self.text and "--unlock" in self.text

    @property
    def traceback(self) -> bool:
        """Whether the user was shown a traceback."""
        return "Traceback (most recent call last)" in self.text


@dataclass(frozen=True)
class Run:
    """A checkout in which a small run is made and harmed."""

    checkout: Checkout

    @property
    def folder(self) -> Path:
        """The checkout."""
        return self.checkout.folder

    @property
    def results(self) -> Path:
        """Its results."""
        return self.folder / "results"

    def start(self, *arguments: str, before: Sequence[str] = ()) -> subprocess.Popen[bytes]:
        """Starts Snakemake as the leader of a session, writing to `terminal.log`."""
        targets = arguments or tuple(f"results/{name}" for name in TARGETS)
        with (self.folder / "terminal.log").open("wb") as terminal:
            return subprocess.Popen(
                [*before, *self.checkout.command(*targets)],
                cwd=self.folder,
                env=self.checkout.environment,
                stdout=terminal,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def run(self, *arguments: str, before: Sequence[str] = ()) -> Said:
        """Runs Snakemake to its end."""
        process = self.start(*arguments, before=before)
        process.wait(LONGEST)
        return Said(process.returncode, (self.folder / "terminal.log").read_text(errors="replace"))

    def unlock(self) -> None:
        """Does what the message about the lock says."""
        done = self.run("--unlock")
        if done.status:
            raise SystemExit(f"--unlock failed:\n{done.text}")

    def copy(self, folder: Path) -> Run:
        """Returns a copy of this checkout and its results, times of files included."""
        shutil.copytree(self.folder, folder, symlinks=True, copy_function=shutil.copy2)
        return Run(Checkout(folder, self.checkout.config))

    def digests(self) -> dict[str, str]:
        """Returns the digest of every result and of the synthetic archive; logs and timings left out."""
        found = {}
        for root in (self.results, self.folder / "resources"):
            for path in sorted(root.rglob("*")):
                relative = path.relative_to(self.folder)
                if path.is_file() and not (
                    relative.parts[0] == "results" and relative.parts[1] in NOT_COMPARED
                ):
                    found[str(relative)] = hashlib.sha256(path.read_bytes()).hexdigest()
        return found


def small_run(folder: Path, weights: str) -> Run:
    """Returns a checkout for a small run; nothing has run in it."""
    return Run(Checkout.copied(folder, small_config(weights)))


def small_config(weights: str) -> dict[str, object]:
    """Returns the configuration of a small run."""
    return SMALL | {"picks": {"weights": weights}}


def kill(process: subprocess.Popen[bytes]) -> None:
    """Ends a run as a power cut does: SIGKILL to every process of its session."""
    for _ in range(200):
        members = _of_session(process.pid)
        for member in members:
            try:
                os.kill(member, signal.SIGKILL)
            except ProcessLookupError:
                continue
        if not members:
            break
        process.poll()
        time.sleep(0.05)
    process.wait(60)


def _of_session(session: int) -> list[int]:
    """Returns the processes of a session that are alive."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            found.append(int(status.parent.name))
    return found


def difference(found: dict[str, str], expected: dict[str, str]) -> list[str]:
    """Returns the files that are not as in the untouched run."""
    return sorted(name for name in found.keys() | expected.keys() if found.get(name) != expected.get(name))


def without_numbers(text: str) -> str:
    """Returns a message with the checkout's folder left out."""
    return re.sub(r"/\S*?/(results|resources)/", r"\1/", text)
