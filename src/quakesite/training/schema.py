"""Tables of the `training` stage."""

from __future__ import annotations

import pyarrow as pa

SPLITS = pa.schema(
    [
        pa.field("trial", pa.int64(), nullable=False, metadata={"about": "1, 2, ..."}),
        pa.field("station", pa.string(), nullable=False),
        pa.field("split", pa.string(), nullable=False, metadata={"about": "train, validation or test"}),
    ]
)
"""One row per trial and station with a Vs30, the same for all experiments: `results/training/splits.csv`."""

PREDICTIONS = pa.schema(
    [
        pa.field("experiment", pa.string(), nullable=False),
        pa.field("trial", pa.int64(), nullable=False),
        pa.field("record_id", pa.string(), nullable=False),
        pa.field("station", pa.string(), nullable=False),
        pa.field("split", pa.string(), nullable=False),
        pa.field("vs30_m_s", pa.float64(), nullable=False, metadata={"about": "measured"}),
        pa.field("vs30_predicted_m_s", pa.float64(), nullable=False),
    ]
)
"""One row per labelled record: `results/training/{experiment}/{trial}/predictions.parquet`."""

HISTORY = pa.schema(
    [
        pa.field("epoch", pa.int64(), nullable=False),
        pa.field("train_loss", pa.float64(), nullable=False),
        pa.field("validation_loss", pa.float64(), nullable=False),
        pa.field("train_error_m_s", pa.float64(), nullable=False, metadata={"about": "mean absolute"}),
        pa.field("validation_error_m_s", pa.float64(), nullable=False),
        pa.field("train_error_pct", pa.float64(), nullable=False),
        pa.field("validation_error_pct", pa.float64(), nullable=False),
    ]
)
"""One row per epoch: `results/training/{experiment}/{trial}/history.csv`."""
