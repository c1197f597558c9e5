"""Records with a P and an S at known times."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from quakesite.picks.schema import PICKS
from quakesite.records.schema import RECORDS, to_bytes
from quakesite.shards import shard_of

RATE_HZ, N_SAMPLES = 100.0, 4000
P_S, S_S = 12.0, 18.0
"""Where P and S arrive in every made-up record."""

N_SMALL, N_LARGE, N_SHARDS = 12, 36_000, 2
EVENT_TIME = dt.datetime(2020, 10, 30, 11, 51, 24, tzinfo=dt.UTC)


def name_of(number: int) -> tuple[str, str, str]:
    """Returns record_id, station and event of a record; there are 800 stations."""
    station = f"{number % 800:04d}"
    event = (EVENT_TIME + dt.timedelta(minutes=number // 800)).strftime("%Y%m%d%H%M%S")
    return f"{event}_{station}", station, event


def made_up_record(number: int, *, acceleration: bytes | None = None) -> dict[str, Any]:
    """Returns a row of the records table.

    Record 1 knows neither its origin time nor its distance, record 2 not
    when it starts.
    """
    record_id, station, stamp = name_of(number)
    event = EVENT_TIME + dt.timedelta(minutes=number // 800)
    if acceleration is None:
        rng = np.random.default_rng(number)
        samples = rng.normal(0, 0.05, (3, N_SAMPLES))
        for start_s, size, components in ((P_S, (0.5, 0.5, 2.0), 3), (S_S, (5.0, 4.0, 1.5), 3)):
            since = np.arange(N_SAMPLES) / RATE_HZ - start_s
            envelope = np.where(since >= 0, np.exp(-since / 4), 0.0)
            samples += np.array(size)[:, None] * envelope * rng.normal(0, 1, (components, N_SAMPLES))
        acceleration = to_bytes(samples)
    known = number != 1
    return {
        "record_id": record_id,
        "network": "TK",
        "station": station,
        "st_latitude": 38.4,
        "st_longitude": 27.1,
        "st_elevation_m": 10.0,
        "vs30_m_s": 400.0,
        "event_id": stamp,
        "event_time": event if known else None,
        "ev_latitude": 37.9,
        "ev_longitude": 26.8,
        "ev_depth_km": 10.0,
        "magnitude": 5.1,
        "magnitude_type": "Mw",
        "epicentral_distance_km": 40.0 if known else None,
        "back_azimuth_deg": 200.0,
        "form": "ap_Acc",
        "sources": ["E.asc", "N.asc", "U.asc"],
        "start_time": None if number == 2 else event - dt.timedelta(seconds=5),
        "sampling_rate_hz": RATE_HZ,
        "n_samples": len(acceleration) // 12,
        "pga_cm_s2": 12.0,
        "author_p_s": None,
        "author_s_s": None,
        "acceleration": acceleration,
    }


def write_shard(rows: list[dict[str, Any]], path: Path, row_group: int = 16) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = sorted(rows, key=lambda row: row["record_id"])
    pq.write_table(pa.Table.from_pylist(rows, schema=RECORDS), path, row_group_size=row_group)


def write_large(folder: Path, n_records: int, n_shards: int = 64) -> None:
    """Writes `n_records` records of half a second that differ in name only, and a P pick of each."""
    one = pa.Table.from_pylist([made_up_record(0, acceleration=to_bytes(np.zeros((3, 50))))], schema=RECORDS)
    many = one.take(pa.array(np.zeros(n_records, dtype=np.int64)))
    names = [name_of(number) for number in range(n_records)]
    for column, place in (("record_id", 0), ("station", 1), ("event_id", 2)):
        field = RECORDS.get_field_index(column)
        many = many.set_column(field, RECORDS.field(field), pa.array([name[place] for name in names]))
    shards: dict[str, list[int]] = {}
    for number, (_, station, _) in enumerate(names):
        shards.setdefault(shard_of(station, n_shards), []).append(number)
    (folder / "records").mkdir(parents=True)
    for shard, numbers in shards.items():
        pq.write_table(many.take(numbers), folder / "records" / f"{shard}.parquet", row_group_size=16)
    write_picks([(name[0], "eqtransformer", "P", 0.1, 0.9, []) for name in names], folder / "picks.parquet")


def write_picks(rows: list[tuple[str, str, str, float, float | None, list[str]]], path: Path) -> None:
    full = [(*row[:5], 30.0, row[5]) for row in rows]
    columns = dict(zip(PICKS.names, zip(*full, strict=True), strict=False))
    empty = {name: [None] * len(rows) for name in PICKS.names if name not in columns}
    pq.write_table(pa.table({**columns, **empty}, schema=PICKS), path)
