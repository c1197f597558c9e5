"""A small run of the workflow's commands, made once for all workers, and a folder to try commands in."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import small_run


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small run. Tests must not change it."""
    return small_run.once(small_run.of_all_workers(tmp_path_factory.getbasetemp()))


@pytest.fixture(scope="module")
def workplace(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the small run, as the pages speak of it: `my_records`, `my.yaml`, reports of one's own."""
    folder = tmp_path_factory.mktemp("docs") / "work"
    shutil.copytree(finished, folder)
    return small_run.as_in_the_pages(folder)
