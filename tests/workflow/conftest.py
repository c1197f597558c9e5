"""A checkout of its own, run once on a small synthetic archive; tests then ask what would run again."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from workflow_checkout import SMALL, TARGETS, Checkout, copy_checkout, local_weights, merged


@pytest.fixture(scope="session")
def finished(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A checkout whose small synthetic archive went through the whole workflow. Tests must not change it."""
    folder = copy_checkout(root, tmp_path_factory.mktemp("finished") / "quakesite")
    checkout = Checkout(folder, merged(SMALL, {"picks": {"weights": local_weights(root)}}))
    done = checkout.snakemake(*(f"results/{name}" for name in TARGETS))
    assert done.returncode == 0, done.stdout + done.stderr
    return checkout


@pytest.fixture
def checkout(finished: Checkout, tmp_path: Path) -> Checkout:
    """A copy of the finished checkout, times of files included, to be changed."""
    folder = tmp_path / "quakesite"
    shutil.copytree(finished.folder, folder, symlinks=True, copy_function=shutil.copy2)
    return Checkout(folder, finished.config)
