"""Records, picks and shards that the tests of the `windows` stage make themselves."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from quakesite.picks.schema import PICKS
from quakesite.records.record import Record
from quakesite.records.schema import RECORDS
from quakesite.records.store import write_records
from quakesite.tables import write_parquet
from quakesite.windows.schema import WINDOWS, Description
from quakesite.windows.settings import WindowsSettings
from quakesite.windows.sharding import make_shard, write_windows

sys.path.insert(0, str(Path(__file__).parent))  # for object_store, which several files here use

RecordMaker = Callable[..., Record]
ShardMaker = Callable[..., Path]


def record(
    record_id: str = "20200101000000_0001",
    *,
    n_samples: int = 9000,
    rate_hz: float = 100.0,
    acceleration: Any = None,
    **fields: Any,
) -> Record:
    """Returns a record of float32-representable noise, its PGA where the noise has it."""
    event_id, _, station = record_id.partition("_")
    if acceleration is None:
        noise = np.random.default_rng([int(event_id), n_samples]).standard_normal((3, n_samples))
        acceleration = noise.astype(np.float32)
    acceleration = np.asarray(acceleration, np.float64)
    values: dict[str, Any] = dict.fromkeys(RECORDS.names)
    values |= {
        "record_id": record_id,
        "network": "TK",
        "station": station,
        "event_id": event_id,
        "form": "mp_Acc",
        "sources": (f"{record_id}.asc",),
        "sampling_rate_hz": rate_hz,
        "n_samples": acceleration.shape[1],
        "pga_cm_s2": float(np.sqrt((acceleration**2).sum(axis=0)).max()),
        "acceleration": acceleration,
    }
    return Record(**values | fields)


@pytest.fixture
def make_record() -> RecordMaker:
    """Makes one record in memory."""
    return record


@pytest.fixture
def make_picks(tmp_path: Path) -> Callable[..., Path]:
    """Writes a shard of picks: {record_id: (p_s, s_s)} or (p_s, s_s, snr_db), None for no pick."""

    def write(picks: Mapping[str, Sequence[float | None]], method: str = "eqtransformer") -> Path:
        rows = [
            {
                "record_id": record_id,
                "method": method,
                "phase": phase,
                "time_s": time_s,
                "snr_db": values[2] if len(values) > 2 else None,
                "flags": [],
            }
            for record_id, values in picks.items()
            for phase, time_s in zip("PS", values[:2], strict=True)
            if time_s is not None
        ]
        target = tmp_path / "picks" / method / "0-of-1.parquet"
        write_parquet(pa.Table.from_pylist(rows, schema=PICKS), target)
        return target

    return write


@pytest.fixture
def shard(tmp_path: Path, make_picks: Callable[..., Path]) -> Callable[..., tuple[Path, Path]]:
    """Runs the stage on records and picks; returns the windows' and the rejects' path."""

    def run(
        records: Sequence[Record],
        picks: Mapping[str, Sequence[float | None]] | None = None,
        *,
        window: str = "pga60",
        method: str = "eqtransformer",
        settings: WindowsSettings | None = None,
        name: str = "0-of-1",
        **options: Any,
    ) -> tuple[Path, Path]:
        source = tmp_path / "records" / f"{name}.parquet"
        write_records(records, source)
        out, rejects = tmp_path / window / f"{name}.parquet", tmp_path / "rejects" / f"{name}.parquet"
        make_shard(
            source,
            make_picks(picks or {}, method),
            window,
            settings or WindowsSettings(),
            out,
            rejects,
            **options,
        )
        return out, rejects

    return run


@pytest.fixture
def write_tensors(tmp_path: Path) -> ShardMaker:
    """Writes given tensors (n, 4, samples) as a shard, bypassing the cutting."""

    def write(
        tensors: Any,
        record_ids: Sequence[str] | None = None,
        *,
        name: str = "0-of-1",
        stations: Sequence[str] | None = None,
        rate_hz: float = 100.0,
        picked: bool = True,
    ) -> Path:
        tensors = np.asarray(tensors, np.float32)
        ids = record_ids or [f"2020010100{i:04d}_{i % 5:04d}" for i in range(len(tensors))]
        rows = [
            dict.fromkeys(WINDOWS.names)
            | {
                "record_id": record_id,
                "station": stations[i] if stations else record_id.partition("_")[2],
                "event_id": record_id.partition("_")[0],
                "pga_cm_s2": 1.0,
                "p_sample": 1.0 if picked or i % 2 else None,
                "s_sample": 2.0 if picked else None,
                "start_s": 0.0,
                "filled_samples": 0,
                "tensor": tensor.tobytes(),
            }
            for i, (record_id, tensor) in enumerate(zip(ids, tensors, strict=True))
        ]
        about = Description("test", "{}", tensors.shape[2], rate_hz)
        target = tmp_path / "written" / f"{name}.parquet"
        write_windows(rows, about, target)
        return target

    return write
