"""Fixtures that all stages' tests share."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parents[1]

# The same examples on every run, however busy the machine: a red test is a change's doing. To look for new
# ones: pytest --hypothesis-profile=default --hypothesis-seed=random.
settings.register_profile(
    "same", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("same")


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


RUNS_OF_THE_WORKFLOW = {
    "finished": ["test_jobs", "test_results", "test_reports_rerun", "test_faults"],
    "real": ["test_real_records"],
    "slurm": ["test_slurm"],
}
"""The fixtures that take the longest to make or are there once on a machine, and their files."""


def run_behind(nodeid: str) -> str | None:
    """The run of the workflow that a test needs, if any."""
    name = Path(nodeid.split("::")[0]).stem
    return next((run for run, files in RUNS_OF_THE_WORKFLOW.items() if name in files), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the runs of the workflow first, so that nothing is left to wait for at the end."""
    items.sort(key=lambda item: (run_behind(item.nodeid) is None, run_behind(item.nodeid) or ""))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Keeps on one worker what shares a run of the workflow, or else a file."""
    from xdist.scheduler import LoadScopeScheduling

    class ByRun(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return run_behind(nodeid) or nodeid.split("::")[0]

    return ByRun(config, log)
