"""A copy of this checkout, in which benchmarks run the workflow as a user would."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("src", "workflow", "profiles", "envs")
FILES = ("Snakefile", "config.yaml")


class Measured(NamedTuple):
    """What a command took: seconds by the clock and of processor time (children included), peak memory."""

    seconds: float
    cpu_seconds: float
    peak_mb: float
    output: str
    status: int


@dataclass(frozen=True)
class Checkout:
    """A folder with the workflow and the package, the configuration to run them with, and results."""

    folder: Path
    config: dict[str, object]

    @classmethod
    def copied(cls, folder: Path, config: dict[str, object], root: Path = ROOT) -> Checkout:
        """Returns a fresh copy of the checkout at `root`, without results, in `folder`."""
        for name in FOLDERS:
            ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
            shutil.copytree(root / name, folder / name, ignore=ignored)
        kept = [path for path in (root / "resources").glob("*") if path.is_file()]
        (folder / "resources").mkdir()
        for path in kept:
            shutil.copy2(path, folder / "resources")
        for name in FILES:
            shutil.copy2(root / name, folder / name)
        return cls(folder, config)

    @property
    def environment(self) -> dict[str, str]:
        """This process's environment, with the package of the copy first and one thread per process."""
        own = {"PYTHONPATH": str(self.folder / "src"), "OMP_NUM_THREADS": "1"}
        return {**os.environ, **own}

    def command(self, *arguments: str, cores: int = 2) -> list[str]:
        """Returns the Snakemake command line with this configuration."""
        config_file = self.folder / "given.json"
        config_file.write_text(json.dumps(self.config))
        snakemake = [sys.executable, "-m", "snakemake", *arguments]
        return [*snakemake, "--cores", str(cores), "--configfile", config_file.name]

    def snakemake(self, *arguments: str, cores: int = 2) -> Measured:
        """Runs Snakemake here and returns what it took."""
        return self.measured(self.command(*arguments, cores=cores))

    def python(self, *arguments: str) -> Measured:
        """Runs Python here and returns what it took."""
        return self.measured([sys.executable, *arguments])

    def measured(self, command: Sequence[str]) -> Measured:
        """Runs a command here and returns what it took; peak memory is that of its largest process."""
        started = time.perf_counter()
        log = self.folder / "measured.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                command, cwd=self.folder, env=self.environment, stdout=output, stderr=subprocess.STDOUT
            )
            _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        return Measured(
            time.perf_counter() - started,
            usage.ru_utime + usage.ru_stime,
            usage.ru_maxrss / 1024,
            log.read_text(encoding="utf-8", errors="replace"),
            process.returncode,
        )


def between_markers(text: str, marker: str, table: str) -> str:
    """Returns the text with `table` between the lines `<!-- marker -->` and `<!-- /marker -->`."""
    start, end = f"<!-- {marker} -->\n", f"<!-- /{marker} -->"
    before, found, rest = text.partition(start)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise SystemExit(f"no lines {start.strip()} and {end} to write the table between")
    return f"{before}{start}{table}{end}{after}"
