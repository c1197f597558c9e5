"""Fixtures that all stages' tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real AFAD records, kept beside the checkout; they are not part of it."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the real records (../shared/data) are not on this machine")
    return folder


# The fixtures whose making takes the longest: a whole run of the workflow.
RUNS_OF_THE_WORKFLOW = {"finished", "real"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the runs of the workflow first, and keeps what shares a run, or else a file, on one worker."""

    def runs_in(item: pytest.Item) -> set[str]:
        return RUNS_OF_THE_WORKFLOW.intersection(getattr(item, "fixturenames", ()))

    items.sort(key=lambda item: not runs_in(item))
    for item in items:
        shared = min(runs_in(item), default=str(item.path))
        item.add_marker(pytest.mark.xdist_group(shared))
