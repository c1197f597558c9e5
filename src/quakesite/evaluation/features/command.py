"""`quakesite evaluation features`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def features(
    records: Annotated[Path, typer.Argument(help="records/{shard}.parquet.")],
    out: Annotated[Path, typer.Option(help="Parquet table to write, one row per record.")],
    picks: Annotated[
        Path | None,
        typer.Option(help="picks/{method}/{shard}.parquet of the same shard, for the first P motion."),
    ] = None,
) -> None:
    """Write what the baselines are trained on: H/V, first P motion, spectral accelerations, PGA, source."""
    from quakesite.evaluation.features.table import features_of, p_times
    from quakesite.tables import write_parquet

    write_parquet(features_of(records, p_times(picks) if picks else {}), out)
