"""Methods of an earlier configuration are not counted with those of this run."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from quakesite.evaluation.corridor import steps
from quakesite.picks.schema import PICKS
from quakesite.tables import write_parquet


def test_summary_counts_the_methods_of_this_configuration_only(tmp_path: Path) -> None:
    def picks(method: str) -> pa.Table:
        row = {"record_id": "r", "method": method, "phase": "P", "time_s": 1.0, "flags": []}
        return pa.Table.from_pylist([row], schema=PICKS)

    for method in ("eqtransformer", "kalkan"):
        write_parquet(picks(method), tmp_path / f"picks/{method}/0-of-1.parquet")
    write_parquet(PICKS.empty_table(), tmp_path / "picks/author/0-of-1.parquet")
    write_parquet(picks("eqtransformer"), tmp_path / "picks.parquet")
    counted = {step.what: step.kept for step in steps(tmp_path, 1)}
    assert counted["P picks, eqtransformer"] == 1
    assert counted["P picks, author"] == 0  # of this run, for all that its table tells
    assert "P picks, kalkan" not in counted
