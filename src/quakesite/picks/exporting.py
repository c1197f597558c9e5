"""Picks in the form of manual ones, to be looked at in a spreadsheet, corrected, and given back."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from quakesite.errors import InputError
from quakesite.picks.manual import COLUMNS
from quakesite.tables import write_csv


def write_csv_picks(picks: pa.Table, target: str | Path) -> None:
    """Writes picks as a table that `manual.read_manual` reads; the method stands for a missing analyst.

    Args:
        picks: a table with `schema.PICKS`, of one method.
        target: the CSV file.

    Raises:
        InputError: the picks are of several methods: two picks of one phase would clash.
    """
    methods = sorted(set(picks["method"].to_pylist()))
    if len(methods) > 1:
        raise InputError(
            target,
            f"picks by {', '.join(methods)}",
            expected="those of one method",
            action=f"export results/picks/{methods[0]}/...",
        )
    analyst = pc.coalesce(picks["analyst"], picks["method"])
    table = picks.select([*COLUMNS, "probability", "uncertainty_s", "comment"])
    table = table.add_column(len(COLUMNS), "analyst", analyst)
    write_csv(table.sort_by([(name, "ascending") for name in COLUMNS[:2]]), target)
