"""The environments agree: what pip installs is what conda would, and every dependency is pinned."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import yaml

# conda-forge's names where they differ from PyPI's
CONDA_NAMES = {"torch": "pytorch-cpu", "matplotlib": "matplotlib-base"}


def pip_pins(root: Path) -> dict[str, str]:
    lines = (root / "envs/constraints.txt").read_text().splitlines()
    return dict(line.lower().split("==") for line in lines if "==" in line)


def dependencies(root: Path) -> list[str]:
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    return [re.split(r"[<>=\[ ]", line)[0].lower() for line in project["dependencies"]]


def test_every_dependency_is_pinned(root: Path) -> None:
    pins = pip_pins(root)
    assert [name for name in dependencies(root) if name not in pins] == []


def test_conda_environment_has_the_same_versions_of_all_that_the_jobs_need(root: Path) -> None:
    listed = yaml.safe_load((root / "envs/quakesite.yaml").read_text())["dependencies"]
    conda = dict(line.split(" =") for line in listed if " =" in line)
    pins = pip_pins(root)
    # Snakemake runs outside the jobs' environment
    wanted = {CONDA_NAMES.get(name, name): pins[name] for name in dependencies(root) if name != "snakemake"}
    assert conda == wanted | {"python": "3.12"}
