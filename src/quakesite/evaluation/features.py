"""What the baselines are trained on: one row of spectral and source features per record."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from quakesite.errors import InputError
from quakesite.evaluation.schema import FEATURES, HV_FREQUENCIES_HZ, SA_PERIODS_S
from quakesite.evaluation.spectra import ln_hv, spectral_acceleration
from quakesite.records.schema import RECORDS, from_bytes

COLUMNS = [
    "record_id",
    "station",
    "magnitude",
    "epicentral_distance_km",
    "ev_depth_km",
    "pga_cm_s2",
    "sampling_rate_hz",
    "acceleration",
]
RECORDS_AT_ONCE = 32


def features_of(records: str | Path) -> pa.Table:
    """Returns the features (`FEATURES`) of every record of a shard, in its order.

    Raises:
        InputError: a column of `RECORDS` is missing.
    """
    rows = []
    with pq.ParquetFile(records) as shard:
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
                row["ln_hv"] = ln_hv(acceleration, rate_hz, HV_FREQUENCIES_HZ).tolist()
                rows.append(row)
    return pa.Table.from_pylist(rows, schema=FEATURES)
