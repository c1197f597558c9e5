"""A small archive of made-up records, and running annotation pages to talk to."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from annotation_client import Serve, Served
from made_up_archive import (
    N_LARGE,
    N_SHARDS,
    N_SMALL,
    P_S,
    S_S,
    made_up_record,
    write_large,
    write_picks,
    write_shard,
)

from quakesite.annotate.desk import Desk
from quakesite.annotate.serving import open_desk
from quakesite.picks.schema import CANDIDATES
from quakesite.shards import shard_of
from quakesite.tables import write_parquet

PATIENCE_S = 300.0


@pytest.fixture(scope="session")
def record_ids() -> list[str]:
    """The small archive's records, in the order of the list."""
    return sorted(made_up_record(number)["record_id"] for number in range(N_SMALL))


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory, record_ids: list[str]) -> Path:
    """Twelve records in two shards, and automatic picks.

    The methods are 2 s apart in P on record 3, one misses S on record 5, and record 7 has no picks. Record 0
    has a rival P.
    """
    folder = tmp_path_factory.mktemp("small") / "results"
    rows = [made_up_record(number) for number in range(N_SMALL)]
    for number in range(N_SHARDS):
        shard = f"{number}-of-{N_SHARDS}"
        chosen = [row for row in rows if shard_of(row["station"], N_SHARDS) == shard]
        write_shard(chosen, folder / "records" / f"{shard}.parquet", row_group=4)
    picks = []
    for number, record_id in enumerate(record_ids):
        if number == 7:
            continue
        picks.append((record_id, "eqtransformer", "P", P_S + 0.02, 0.93, []))
        picks.append((record_id, "phasenet", "P", P_S + (2.0 if number == 3 else 0.0), 0.71, []))
        picks.append((record_id, "eqtransformer", "S", S_S - 0.03, 0.64, []))
        if number != 5:
            picks.append((record_id, "phasenet", "S", S_S, 0.55, []))
        picks.append((record_id, "manual", "P", P_S + 1.0, None, []))
    write_picks(picks, folder / "picks.parquet")
    columns = dict.fromkeys(CANDIDATES.names)
    rivals = [("P", P_S + 0.02, 0.93, True), ("P", 30.0, 0.41, False), ("P", -3.0, 0.5, False)]
    rivals.append(("detection", 12.5, 0.99, False))
    rows = [
        columns
        | {"record_id": record_ids[0], "method": "eqtransformer", "phase": phase, "time_s": time_s}
        | {"probability": probability, "chosen": chosen}
        for phase, time_s, probability, chosen in rivals
    ]
    write_parquet(pa.Table.from_pylist(rows, schema=CANDIDATES), folder / "candidates.parquet")
    return folder


@pytest.fixture(scope="session")
def large_results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """36,000 short records in 64 shards, each with an automatic P."""
    folder = tmp_path_factory.mktemp("large") / "results"
    write_large(folder, N_LARGE)
    return folder


@pytest.fixture
def desk(results: Path, tmp_path: Path) -> Iterator[Desk]:
    """The small archive before an annotator called Ayşe."""
    opened = open_desk(results, tmp_path / "annotations", "Ayşe")
    yield opened
    opened.notebook.close()


@pytest.fixture
def serve(results: Path, tmp_path: Path) -> Iterator[Serve]:
    """Starts servers, and stops them when the test ends."""
    running: list[Served] = []

    def start(*, annotator: str = "Ayşe", port: int = 0, results: Path = results) -> Served:
        ends = time.monotonic() + PATIENCE_S
        while True:
            try:
                running.append(Served(results, tmp_path / "annotations", annotator, port))
                return running[-1]
            except AssertionError as error:  # a port that was free a moment ago may be another program's now
                if not port or f"{port} is in use" not in str(error) or time.monotonic() > ends:
                    raise
                time.sleep(0.5)

    yield start
    for served in running:
        served.stop()
