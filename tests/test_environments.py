"""The environments agree: pip installs what conda would, every dependency is pinned, no file is left out."""

from __future__ import annotations

import importlib.util
import re
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

# conda-forge's names where they differ from PyPI's
CONDA_NAMES = {"torch": "pytorch-cpu", "matplotlib": "matplotlib-base"}
# what conda-forge does not have, and conda leaves to pip
PIP_ALONE = {"seisbench"}


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
    conda = dict(entry.split(" =") for entry in listed if isinstance(entry, str) and " =" in entry)
    by_pip = dict(line.split("==") for entry in listed if isinstance(entry, dict) for line in entry["pip"])
    pins = pip_pins(root)
    # Snakemake runs outside the jobs' environment
    wanted = {name: pins[name] for name in dependencies(root) if name != "snakemake"}
    assert by_pip == {name: wanted.pop(name) for name in PIP_ALONE}
    assert "pip" in listed
    assert conda == {CONDA_NAMES.get(name, name): version for name, version in wanted.items()} | {
        "python": "3.12"
    }


def test_every_file_of_the_package_is_installed_with_it(root: Path) -> None:
    package = root / "src/quakesite"
    setup = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["setuptools"]
    installed = {path for pattern in setup["package-data"]["quakesite"] for path in package.glob(pattern)}
    files = {path for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    others = {path for path in files if path.suffix != ".py"}
    assert package / "py.typed" in others
    assert others - installed == set()


def test_python_that_makes_no_environment_is_told_what_to_install(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Debian and Ubuntu have it as long as python3-venv is not installed."""
    spec = importlib.util.spec_from_file_location("run_in_environment", root / "envs/run.py")
    assert spec is not None
    assert spec.loader is not None
    run = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(run)
    monkeypatch.setattr(run.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(sys, "argv", ["envs/run.py", "pytest"])
    monkeypatch.setenv("QUAKESITE_VENV", str(tmp_path / "venv"))
    with pytest.raises(
        SystemExit, match=r"no ensurepip.*; on Debian and Ubuntu: sudo apt install python3-venv"
    ):
        run.main()
    assert not (tmp_path / "venv").exists()
