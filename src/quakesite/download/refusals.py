"""Tables of what was refused, with the columns of `results/rejects.csv`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa

from quakesite.rejects import SCHEMA
from quakesite.tables import write_csv

STAGE = "download"


def write_refusals(path: Path, rows: Iterable[tuple[str, str, str, str]]) -> None:
    """Writes what was refused to `path`, sorted.

    Args:
        path: a CSV.
        rows: for each refusal the record (empty where it has no name), where it stands, reason and detail.
    """
    ordered = sorted((record, source, STAGE, str(reason), detail) for record, source, reason, detail in rows)
    columns = [pa.array([row[index] for row in ordered], pa.string()) for index in range(len(SCHEMA))]
    write_csv(pa.table(columns, schema=SCHEMA), path)
