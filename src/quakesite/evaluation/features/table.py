"""What the baselines are trained on: one row of spectral and source features per record."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from quakesite.errors import InputError
from quakesite.evaluation.features.pwave import ray_parameter_s_km, surface_velocity_m_s
from quakesite.evaluation.features.spectra import ln_hv, spectral_acceleration
from quakesite.evaluation.schema import FEATURES, HV_FREQUENCIES_HZ, SA_PERIODS_S
from quakesite.picks.schema import PICKS
from quakesite.records.schema import RECORDS, from_bytes
from quakesite.tables import open_parquet, read_parquet

COLUMNS = [
    "record_id",
    "station",
    "magnitude",
    "epicentral_distance_km",
    "ev_depth_km",
    "pga_cm_s2",
    "back_azimuth_deg",
    "sampling_rate_hz",
    "acceleration",
]
RECORDS_AT_ONCE = 32


def p_times(picks: str | Path) -> dict[str, float]:
    """Returns the P pick, in s from the first sample, by record of a shard of picks."""
    table = read_parquet(picks, PICKS, columns=["record_id", "phase", "time_s"])
    rows = zip(*(table[name].to_pylist() for name in table.column_names), strict=True)
    return {record: time for record, phase, time in rows if phase == "P"}


def features_of(records: str | Path, p_s: Mapping[str, float]) -> pa.Table:
    """Returns the features (`FEATURES`) of every record of a shard, in its order.

    Args:
        records: shard of the `RECORDS` schema.
        p_s: P pick by record, in s from its first sample.

    Raises:
        InputError: a column of `RECORDS` is missing.
    """
    rows = []
    with open_parquet(records, expected="a shard of records") as shard:
        missing = [name for name in COLUMNS if name not in shard.schema_arrow.names]
        if missing:
            raise InputError(
                records, "column missing", field=", ".join(missing), expected=", ".join(RECORDS.names)
            )
        for batch in shard.iter_batches(RECORDS_AT_ONCE, columns=COLUMNS):
            for row in batch.to_pylist():
                acceleration, rate_hz = from_bytes(row.pop("acceleration")), row.pop("sampling_rate_hz")
                for name, period in zip(("sa_0_2_s_cm_s2", "sa_1_0_s_cm_s2"), SA_PERIODS_S, strict=True):
                    row[name] = spectral_acceleration(acceleration, rate_hz, period)
                row["surface_velocity_m_s"] = _surface_velocity(row, acceleration, rate_hz, p_s)
                row["ln_hv"] = ln_hv(acceleration, rate_hz, HV_FREQUENCIES_HZ).tolist()
                rows.append(row)
    return pa.Table.from_pylist(rows, schema=FEATURES)


def _surface_velocity(
    row: Mapping[str, Any], acceleration: npt.NDArray[np.float32], rate_hz: float, p_s: Mapping[str, float]
) -> float | None:
    place = (row["epicentral_distance_km"], row["ev_depth_km"], row["back_azimuth_deg"])
    if row["record_id"] not in p_s or None in place:
        return None
    distance_km, depth_km, back_azimuth_deg = place
    if distance_km <= 0.0:
        return None
    ray_parameter = ray_parameter_s_km(distance_km, depth_km)
    return surface_velocity_m_s(acceleration, rate_hz, p_s[row["record_id"]], back_azimuth_deg, ray_parameter)
