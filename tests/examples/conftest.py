"""The small run that the documentation is tried on."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "docs"))

import small_run


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small run. Tests must not change it."""
    return small_run.once(small_run.of_all_workers(tmp_path_factory.getbasetemp()))
