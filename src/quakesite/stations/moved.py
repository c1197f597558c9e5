"""Records that a station made where it stood before it moved."""

from __future__ import annotations

from pathlib import Path

from quakesite.stations.schema import STATIONS
from quakesite.tables import read_parquet


def records_before_move(stations: str | Path) -> frozenset[str]:
    """Returns the records made where their station stood before: its Vs30 is not that of their site.

    Raises:
        InputError: `stations` is no table of stations.
    """
    rows = read_parquet(stations, STATIONS, columns=["records_before_move"])[
        "records_before_move"
    ].to_pylist()
    return frozenset(record for records in rows for record in records or ())
