"""Results that are kept in an object store, through Snakemake's storage plugin."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from workflow_checkout import Checkout, copy_checkout

BUCKET = "quakesite"
CONFIG = {"n_shards": 1, "demo": {"stations": 6, "events": 1}}
TARGETS = ["results/records/catalogue.parquet", "results/stations/stations.parquet"]


def run(checkout: Checkout, environment: dict[str, str]) -> str:
    """Runs Snakemake with the results in the bucket, and returns what it says."""
    (checkout.folder / "test_config.json").write_text(json.dumps(checkout.config))
    command = [sys.executable, "-m", "snakemake", *TARGETS, "--cores", "2"]
    command += ["--configfile", "test_config.json"]
    storage = ["--default-storage-provider", "s3", "--default-storage-prefix", f"s3://{BUCKET}/run"]
    paths = ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE")
    done = subprocess.run(
        [*command, *storage],
        cwd=checkout.folder,
        env=environment | {name: checkout.environment[name] for name in paths},
        capture_output=True,
        text=True,
        timeout=3600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_results_go_to_the_store_and_are_taken_from_there_again(store, root: Path, tmp_path: Path) -> None:
    pytest.importorskip("snakemake_storage_plugin_s3", reason="Snakemake's S3 plugin is not installed")
    import pyarrow.parquet as pq

    checkout = Checkout(copy_checkout(root, tmp_path / "quakesite"), CONFIG)
    run(checkout, store.environment)
    keys = store.keys()
    assert {f"run/{target}" for target in TARGETS} <= set(keys)
    assert not any("resources/" in key for key in keys), "the archive is read from this machine"
    assert not (checkout.folder / "results").exists()
    stations = pq.read_table(f"s3://key:secret@{BUCKET}/run/{TARGETS[1]}?{store.options}")
    assert stations.num_rows == CONFIG["demo"]["stations"]
    # The store tells times in whole seconds: a result may seem older than what it was made from just before.
    hour_ago = time.time() - 3600
    for made_first in (checkout.folder / "resources/demo").glob("*.*"):
        os.utime(made_first, (hour_ago, hour_ago))
    assert "Nothing to be done" in run(checkout, store.environment)
