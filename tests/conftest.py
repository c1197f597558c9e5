"""Fixtures that all stages' tests share."""

from __future__ import annotations

import os
import re
import sys
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


OF_THE_MACHINE = re.compile(
    r"FORCE_COLOR|NO_COLOR|PY_COLORS|CLICOLOR\w*|GITHUB_ACTIONS|TERMINAL_WIDTH|MPLBACKEND|MATPLOTLIBRC"
    r"|SNAKEMAKE_PROFILE|(AWS|SLURM|SBATCH|SRUN|SQUEUE)_\w+"
)
"""Variables by which a machine changes what programs print, or whom they ask: no test means them."""

for name in [name for name in os.environ if OF_THE_MACHINE.fullmatch(name)]:
    del os.environ[name]
os.environ |= {"COLUMNS": "80", "LINES": "25", "CUDA_VISIBLE_DEVICES": ""}
for name in ("no_proxy", "NO_PROXY"):  # the servers that tests talk to are their own
    os.environ[name] = ",".join(filter(None, ("127.0.0.1,localhost", os.environ.get(name))))


@pytest.fixture(autouse=True)
def draws_do_not_depend_on_earlier_tests() -> None:
    """Draws that no test seeds are the same whichever tests this process has run before."""
    if (torch := sys.modules.get("torch")) is not None:
        torch.manual_seed(0)


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


@pytest.fixture
def flushed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The inodes that `os.fsync` was asked to flush, in their order."""
    done: list[int] = []
    fsync = os.fsync

    def watched(descriptor: int) -> None:
        fsync(descriptor)
        done.append(os.fstat(descriptor).st_ino)

    monkeypatch.setattr(os, "fsync", watched)
    return done


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
