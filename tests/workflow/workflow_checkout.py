"""A copy of the checkout, run as a user would run it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

SMALL = {
    "n_shards": 4,
    "demo": {"stations": 12, "events": 2},
    "training": {
        "trials": 1,
        "max_epochs": 2,
        "experiments": ["alpha_man_pga", "beta_auto_pga", "gamma_ps_auto"],
    },
    "evaluation": {"bootstrap": 200},
}
HOURS_S = 4 * 3600.0
"""Seconds of a run on an idle machine are minutes on a busy one; this only ends what hangs."""
TARGETS = [
    *("table1.csv", "table2.csv", "skill.csv", "predictions.csv", "rejects.csv", "agreement.csv"),
    *("flatfile.csv", "counts.csv", "control.csv"),
]


@dataclass(frozen=True)
class Checkout:
    """A copy of the workflow and the package, with its own archive and results."""

    folder: Path
    config: dict[str, object]

    def with_config(self, **changed: object) -> Checkout:
        """Returns the same checkout, run with some sections of the configuration changed."""
        return Checkout(self.folder, merged(self.config, changed))

    def snakemake(
        self, *arguments: str, cores: int = 2, timeout: float = HOURS_S
    ) -> subprocess.CompletedProcess[str]:
        """Runs Snakemake in the checkout, as a user would."""
        config_file = self.folder / "test_config.json"
        config_file.write_text(json.dumps(self.config))
        command = [sys.executable, "-m", "snakemake", *arguments, "--cores", str(cores)]
        return subprocess.run(
            [*command, "--configfile", config_file.name],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def planned(self, *targets: str) -> list[tuple[str, dict[str, str]]]:
        """Returns the jobs that would run now, by rule, with their wildcards."""
        script = Path(__file__).with_name("planned_jobs.py")
        wanted = targets or tuple(f"results/{name}" for name in TARGETS)
        done = subprocess.run(
            [
                sys.executable,
                script,
                self.folder / "Snakefile",
                self.folder,
                json.dumps(self.config),
                *wanted,
            ],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=HOURS_S,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return [(rule, wildcards) for rule, wildcards in json.loads(done.stdout)]

    def planned_rules(self, *targets: str) -> dict[str, int]:
        """Returns how many jobs of each rule would run now."""
        counts: dict[str, int] = {}
        for rule, _ in self.planned(*targets):
            counts[rule] = counts.get(rule, 0) + 1
        return counts

    @property
    def environment(self) -> dict[str, str]:
        """The environment of this process, with the package of the checkout first."""
        return os.environ | {"PYTHONPATH": str(self.folder / "src"), "PYTHONDONTWRITEBYTECODE": "1"}


def merged(base: dict[str, object], changed: dict[str, object]) -> dict[str, object]:
    """Returns `base` with `changed` laid over it, section by section."""
    result = dict(base)
    for key, value in changed.items():
        below = result.get(key)
        result[key] = merged(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return result


def copy_checkout(root: Path, folder: Path) -> Path:
    """Copies what the workflow consists of to `folder`; the weights, where they are there, as well."""
    for name in ("src", "workflow", "profiles", "envs"):
        shutil.copytree(
            root / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info")
        )
    (folder / "resources").mkdir()
    for name in ("Snakefile", "config.yaml", "resources/ablation.csv"):
        shutil.copy2(root / name, folder / name)
    return folder


def local_weights(root: Path) -> str:
    """Returns where EQTransformer's weights are to be had without asking anyone, or `auto`."""
    shared = root.parent / "shared" / "data" / "weights"
    return str(shared) if shared.is_dir() else "auto"
