"""What the Snakemake workflow catalogue and snakedeploy ask of a workflow; rules that come from a forge."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from snakemake.common.configfile import load_configfile

from quakesite.config import resolve

REPOSITORY, TAG = "someone/quakesite", "v0.1.0"
FETCHED = ("Snakefile", "config.yaml", "resources/ablation.csv")
"""What lies outside `workflow` and is read while the rules are."""

DEPLOYED = f"""\
configfile: "config/config.yaml"

module quakesite:
    snakefile:
        github("{REPOSITORY}", path="workflow/Snakefile", tag="{TAG}")
    config:
        config

use rule * from quakesite
"""
"""The Snakefile that snakedeploy 0.17 writes."""


def test_catalogue_finds_the_files_that_it_asks_for(root: Path) -> None:
    assert (root / "workflow/Snakefile").is_file()
    assert (root / "config/README.md").is_file()
    usage = yaml.safe_load((root / ".snakemake-workflow-catalog.yml").read_text())["usage"]
    assert set(usage) == {"mandatory-flags", "software-stack-deployment", "report"}
    readme = (root / "README.md").read_text(encoding="utf-8").lower()
    assert "snakemake" in readme
    assert "workflow" in readme


def test_configuration_that_is_deployed_is_the_one_of_the_checkout(root: Path) -> None:
    deployed = root / "config/config.yaml"
    assert deployed.read_bytes() == (root / "config.yaml").read_bytes()
    assert resolve(load_configfile(deployed)) == resolve({})


def test_configuration_that_its_readme_shows_is_valid(root: Path) -> None:
    text = (root / "config/README.md").read_text(encoding="utf-8")
    (shown,) = text.split("```yaml\n")[1:]
    config = resolve(yaml.safe_load(shown.partition("```")[0]))
    assert config.archive == ["downloads/records"]
    assert not config.uses_demo


def test_rules_from_a_forge_plan_the_whole_workflow(root: Path, tmp_path: Path) -> None:
    if shutil.which("git") is None:
        pytest.skip("no git here: apt-get install git")
    forge = repository(root, tmp_path / "forge" / f"{REPOSITORY}.git", tmp_path / "checkout")
    folder = tmp_path / "deployed"
    for name, text in (("config/config.yaml", "n_shards: 2\n"), ("workflow/Snakefile", DEPLOYED)):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text(text)
    environment = {name: value for name, value in os.environ.items() if name != "GITHUB_TOKEN"}
    environment |= {
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{forge.parents[1].as_uri()}/.insteadOf",
        "GIT_CONFIG_VALUE_0": "https://github.com/",
    }
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--dry-run", "--quiet", "rules", "--cores", "1"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=3600,
        check=False,
    )
    planned = done.stdout + done.stderr
    assert done.returncode == 0, planned
    counts = dict(words for line in planned.splitlines() if len(words := line.split()) == 2)
    assert counts["default"] == "1"
    assert counts["records"] == "2"
    assert counts["table2"] == counts["station_map"] == "1"


def repository(root: Path, bare: Path, checkout: Path) -> Path:
    """Returns `bare`, made to be a repository of the workflow's files with one tag."""
    shutil.copytree(root / "workflow", checkout / "workflow")
    shutil.copytree(root / "envs", checkout / "envs")
    for name in FETCHED:
        (checkout / name).parent.mkdir(exist_ok=True)
        shutil.copy2(root / name, checkout / name)
    nobody = ("-c", "user.name=nobody", "-c", "user.email=nobody@localhost", "-c", "commit.gpgsign=false")
    for command in (
        ("init", "--quiet"),
        ("add", "--all"),
        (*nobody, "commit", "--quiet", "--message", "the workflow"),
        (*nobody, "tag", "--no-sign", TAG),
        ("clone", "--quiet", "--bare", ".", str(bare)),
    ):
        subprocess.run(["git", *command], cwd=checkout, check=True)
    return bare
