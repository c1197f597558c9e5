"""The results of a run in which nothing passed: every table with its columns and no rows."""

from __future__ import annotations

import csv
from pathlib import Path

from made_up_run import N_SHARDS, make

from quakesite.evaluation.schema import FEATURES
from quakesite.picks.schema import PICKS
from quakesite.records.schema import CATALOGUE, RECORDS
from quakesite.shards import shard_names
from quakesite.stations.schema import STATIONS
from quakesite.tables import write_parquet
from quakesite.windows.schema import WINDOWS, Description


def empty(results: Path) -> None:
    """Writes the tables of a made-up run without their rows under `results`."""
    make(results, 1)
    for path in results.rglob("*.csv"):
        header = path.read_text(encoding="utf-8").splitlines()[0]
        path.write_text(header + "\n", encoding="utf-8")
    _leave_the_constant(results / "skill.csv")
    windows = WINDOWS.with_metadata(Description("pga60", "{}", 6000, 100.0).as_metadata("test"))
    tables = {
        "stations/stations.parquet": STATIONS,
        "records/catalogue.parquet": CATALOGUE,
        "picks.parquet": PICKS,
    }
    for shard in shard_names(N_SHARDS):
        tables |= {
            f"evaluation/features/{shard}.parquet": FEATURES,
            f"records/{shard}.parquet": RECORDS,
            f"windows/pga60/auto/{shard}.parquet": windows,
        }
    for name, schema in tables.items():
        write_parquet(schema.empty_table(), results / name)


def _leave_the_constant(path: Path) -> None:
    """Leaves the row of the best constant, which stands in the table of every run."""
    columns = path.read_text(encoding="utf-8").splitlines()[0].split(",")
    known = {"name": "best_constant", "kind": "baseline", "collapsed": "", "verdict": "the constant itself"}
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerows([columns, [known.get(column, "NaN") for column in columns]])
