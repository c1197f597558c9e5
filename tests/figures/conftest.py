"""A made-up run with all of its figures drawn, and a browser to look at pages with."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from quakesite.figures.numbers import RunNumbers

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "annotate"), str(HERE.parent / "workflow")]

N_STATIONS = 40


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunNumbers:
    """The numbers of a made-up run of 40 stations; its tables lie under `run.results`."""
    from made_up_run import N_SHARDS, make

    results = tmp_path_factory.mktemp("made_up_run") / "results"
    make(results, N_STATIONS)
    return RunNumbers(results, N_SHARDS, synthetic=True)


@pytest.fixture(scope="session")
def drawn(run: RunNumbers) -> Path:
    """The folder of the made-up run's figures, pages of tables and map."""
    from drawing import draw_all

    draw_all(run.results)
    return run.results / "figures"


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A headless Chromium."""
    pytest.importorskip("selenium")
    from chromium import missing, start

    if missing():
        pytest.skip(f"{missing()} is not installed")
    started = start(tmp_path_factory.mktemp("chromium"), (1500, 900))
    yield started
    started.quit()
