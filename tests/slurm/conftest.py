"""The embedded default, sent through a real Slurm once, with one of its jobs killed on the way."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))

from one_node import Cluster, missing_programs, running_cluster
from sent_run import SentRun, send
from workflow_checkout import Checkout, copy_checkout, local_weights

SMALLEST = {
    "n_shards": 2,
    "demo": {"stations": 8, "events": 2},
    "training": {"trials": 1, "max_epochs": 1, "experiments": ["beta_auto_pga"]},
    "evaluation": {"bootstrap": 200},
}


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A cluster of this machine. Skips without Slurm; where CI is set, that is a failure."""
    if missing := missing_programs():
        reason = f"no Slurm here ({', '.join(missing)} missing): apt-get install slurm-wlm munge"
        if os.environ.get("CI", "").lower() in ("1", "true", "yes"):
            pytest.fail(reason)
        pytest.skip(reason)
    with running_cluster() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def sent(cluster: Cluster, root: Path, tmp_path_factory: pytest.TempPathFactory) -> SentRun:
    """The embedded default, made small, after it went through the cluster and one of its jobs was killed."""
    folder = copy_checkout(root, tmp_path_factory.mktemp("slurm") / "quakesite")
    checkout = Checkout(folder, SMALLEST | {"picks": {"weights": local_weights(root)}})
    return send(checkout, cluster)
