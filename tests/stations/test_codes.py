"""Stations by their code alone."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from quakesite.evaluation.labels import measured_vs30
from quakesite.stations.codes import one_per_code
from quakesite.stations.schema import STATIONS
from quakesite.tables import write_parquet
from quakesite.training.splits import read_vs30

ROWS = [
    {"station": "0101", "network": "TK", "vs30_m_s": 500.0, "n_records": 5},
    {"station": "0101", "network": "ZZ", "vs30_m_s": 300.0, "n_records": 0},
    {"station": "0102", "network": "TK", "vs30_m_s": 400.0, "n_records": 1},
]


def table() -> pa.Table:
    empty = {name: ([] if pa.types.is_list(STATIONS.field(name).type) else None) for name in STATIONS.names}
    return pa.Table.from_pylist([empty | row for row in ROWS], schema=STATIONS)


def test_of_two_networks_with_one_code_the_one_with_the_records_counts(tmp_path: Path) -> None:
    assert one_per_code(table())["network"].to_pylist() == ["TK", "TK"]
    write_parquet(table(), tmp_path / "stations.parquet")
    assert measured_vs30(tmp_path / "stations.parquet") == {"0101": 500.0, "0102": 400.0}
    assert read_vs30(tmp_path / "stations.parquet") == ({"0101": 500.0, "0102": 400.0}, [])


def test_a_table_without_a_station_stays_empty() -> None:
    assert one_per_code(STATIONS.empty_table()).num_rows == 0
