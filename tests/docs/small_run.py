"""A run of the workflow's commands on a very small synthetic archive, in this process: seconds, not minutes.

The picks are Kalkan's and the training is one epoch of one experiment, so that nothing has to be fetched.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from blocks import ROOT, blocks_of
from filelock import FileLock

DEMO = {"stations": 8, "events": 1}
TRAINING = {"max_epochs": 1, "batch_size": 8, "start_from_mean": True, "trials": 1}
R = "results"
SHARD = "0-of-1"
PREDICTED = f"{R}/evaluation/predicted/beta_auto_pga.parquet"

MY_YAML = """\
archive: [downloads/archive]
stations: {tables: [downloads/stations.xlsx], reports: [downloads/reports]}
"""
"""The configuration that the tutorial writes."""

PRINTED = {"my_picker.py": "new-pick-method.md", "my_network.py": "new-model.md"}
"""Files that how-to pages let their reader write, and the page."""

STEPS = (
    "demo make --settings {demo} --out resources/demo",
    f"records index resources/demo/archive --n-shards 1 --out {R}/records/sources.parquet"
    f" --rejects {R}/records/rejects/archive.parquet",
    f"records shard {SHARD} resources/demo/archive --settings {{records}} --out {R}/records/{SHARD}.parquet"
    f" --rejects {R}/records/rejects/{SHARD}.parquet",
    f"records catalogue {R}/records/{SHARD}.parquet --out {R}/records/catalogue.parquet",
    f"stations join {R}/records/{SHARD}.parquet --settings {{stations}} --out {R}/stations/stations.parquet"
    f" --conflicts {R}/stations/conflicts.csv --comparison {R}/stations/comparison.csv"
    f" --rejects {R}/stations/rejects.parquet",
    f"picks shard {R}/records/{SHARD}.parquet --method kalkan --out {R}/picks/kalkan/{SHARD}.parquet"
    f" --rejects {R}/picks/rejects/kalkan/{SHARD}.parquet",
    f"picks join {R}/picks/kalkan/{SHARD}.parquet --out {R}/picks.parquet",
    f"windows shard {R}/records/{SHARD}.parquet {R}/picks/kalkan/{SHARD}.parquet --window pga60"
    f" --out {R}/windows/pga60/auto/{SHARD}.parquet --rejects {R}/windows/rejects/pga60/auto/{SHARD}.parquet",
    f"training splits {R}/stations/stations.parquet --trial 1 --seed 0 --out {R}/training/splits/1.csv",
    f"training train beta_auto_pga --trial 1 --train-windows {R}/windows/pga60/auto/{SHARD}.parquet"
    f" --test-windows {R}/windows/pga60/auto/{SHARD}.parquet --stations {R}/stations/stations.parquet"
    f" --splits {R}/training/splits/1.csv --settings {{training}} --out-dir {R}/training/beta_auto_pga/1",
    f"evaluation model beta_auto_pga --trials {R}/training/beta_auto_pga/1"
    f" --windows {R}/windows/pga60/auto/{SHARD}.parquet --stations {R}/stations/stations.parquet"
    f" --synthetic --out-dir {R}/models/beta_auto_pga --predicted {PREDICTED}",
    f"evaluation features {R}/records/{SHARD}.parquet --picks {R}/picks/kalkan/{SHARD}.parquet"
    f" --out {R}/evaluation/features/{SHARD}.parquet",
    f"evaluation baselines {R}/evaluation/features/{SHARD}.parquet --stations {R}/stations/stations.parquet"
    f" --splits {R}/training/splits/1.csv --out-dir {R}/evaluation/baselines",
    f"evaluation forests --baselines {R}/evaluation/baselines --trials 1 --synthetic"
    f" --features {R}/evaluation/features/{SHARD}.parquet --catalogue {R}/records/catalogue.parquet"
    f" --stations {R}/stations/stations.parquet --out-dir {R}/models",
    f"evaluation predictions {R}/training/beta_auto_pga/1/predictions.parquet --predicted {PREDICTED}"
    f" --features {R}/evaluation/features/{SHARD}.parquet --stations {R}/stations/stations.parquet"
    f" --synthetic --out {R}/predictions.csv --geojson {R}/predictions.geojson --coverage {R}/coverage.csv"
    f" --baselines {R}/evaluation/baselines/hvsr_forest.parquet --ranking {R}/ranking.csv",
)


def make(folder: Path) -> None:
    """Runs the stages one after the other in `folder`."""
    stations = {"tables": ["resources/demo/stations.xlsx"], "reports": ["resources/demo/reports"]}
    sections = {
        "demo": DEMO,
        "records": {},
        "stations": stations,
        "training": TRAINING,
    }
    texts = {name: shlex.quote(json.dumps(section)) for name, section in sections.items()}
    with working_in(folder):
        for step in STEPS:
            status = quakesite(shlex.split(step.format(**texts)))
            if status:
                raise RuntimeError(f"quakesite {step}: exit status {status}")


def quakesite(arguments: list[str]) -> int:
    """Runs a `quakesite` command within this process; returns its exit status."""
    from quakesite.cli import main

    with mock.patch.object(sys, "argv", ["quakesite", *arguments]):
        try:
            main()
        except SystemExit as ended:
            return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    return 0


@contextmanager
def working_in(folder: Path) -> Iterator[None]:
    """Makes `folder` the working directory for a while."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def of_all_workers(base: Path) -> Path:
    """Returns the folder that the workers of these tests share; `base` is the one for temporary files.

    Without workers that is `base` itself: what lies above it outlives these tests, and may be of other code.
    """
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


def once(folder: Path) -> Path:
    """Returns the folder of a run below `folder`, made by whichever worker asks first."""
    made = folder / "small_run"
    with FileLock(folder / "small_run.lock"):
        if not (made / "done").exists():
            made.mkdir(exist_ok=True)
            make(made)
            (made / "done").touch()
    return made


def printed(page: str, language: str = "python") -> str:
    """Returns the first block in a language of a how-to page."""
    return next(block.text for block in blocks_of(ROOT / "docs/how-to" / page) if block.language == language)


def as_in_the_pages(folder: Path) -> Path:
    """Gives the run in `folder` the names that the pages use; returns it."""
    for path in sorted((folder / R).rglob(f"{SHARD}.*")):
        path.rename(path.with_name(path.name.replace(SHARD, "0-of-8")))
    shutil.copytree(ROOT / "examples", folder / "examples")
    for name, page in PRINTED.items():
        (folder / name).write_text(printed(page), encoding="utf-8")
    archive = folder / "resources/demo/archive"
    shutil.copytree(archive, folder / "my_records")
    shutil.copytree(archive, folder / "downloads/archive")
    for name in ("reports", "masw"):
        shutil.copytree(folder / "resources/demo/reports", folder / "downloads" / name)
    shutil.copy2(folder / "resources/demo/stations.xlsx", folder / "downloads/stations.xlsx")
    with zipfile.ZipFile(folder / "my_records.zip", "w") as packed:
        for path in sorted(archive.rglob("*.asc")):
            packed.write(path, path.name)
    for export in sorted(archive.glob("*.zip")):
        with zipfile.ZipFile(export) as downloaded:
            for name in downloaded.namelist():
                if name.endswith(".asc"):
                    (folder / Path(name).name).write_bytes(downloaded.read(name))
    (folder / "my.yaml").write_text(MY_YAML, encoding="utf-8")
    return folder
