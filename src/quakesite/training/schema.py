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
"""One row per labelled record, whoever predicts it."""

TRIAL_PREDICTIONS = pa.schema(
    [
        *PREDICTIONS,
        pa.field("vs30_low", pa.float64(), nullable=False, metadata={"about": "5 % point, m/s; NaN: none"}),
        pa.field("vs30_high", pa.float64(), nullable=False, metadata={"about": "95 % point, m/s; NaN: none"}),
    ]
)
"""The same with the interval that targets `gaussian` and `quantile` learn:
`results/training/{experiment}/{trial}/predictions.parquet`."""

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

SETTINGS = (
    "preset",
    "network",
    "target",
    "dropout",
    "normalise",
    "augment",
    "balanced",
    "pool_records",
    "label_weights",
    "label_residual_ln",
    "segment_s",
    "batch_size",
    "learning_rate",
    "weight_decay",
    "schedule",
    "keep",
    "encoder_rate",
    "encoder_channels",
    "start_from_mean",
    "max_epochs",
    "patience",
    "split_by",
    "train_stations",
    "precision",
    "devices",
)
"""The settings that tell one trial from another, as they were when the preset's values were filled in."""

TRIALS = pa.schema(
    [
        pa.field("experiment", pa.string(), nullable=False),
        pa.field("variant", pa.string(), nullable=False, metadata={"about": "configured: none"}),
        pa.field("trial", pa.int64(), nullable=False),
        pa.field("seed", pa.int64(), nullable=False),
        *(pa.field(name, pa.string()) for name in SETTINGS),
        *(
            pa.field(f"n_{what}_{split}", pa.int64(), nullable=False)
            for split in ("train", "validation", "test")
            for what in ("stations", "windows")
        ),
        pa.field("epochs", pa.int64(), nullable=False),
        pa.field("best_epoch", pa.int64(), nullable=False),
        pa.field("validation_error_pct", pa.float64(), nullable=False, metadata={"about": "per window"}),
        pa.field("validation_error_station_pct", pa.float64(), nullable=False),
        pa.field("test_error_station_pct", pa.float64(), metadata={"about": "of the chosen variant alone"}),
        pa.field("collapsed", pa.bool_(), metadata={"about": "on the validation windows"}),
        pa.field("data_sha256", pa.string(), nullable=False),
        pa.field("missing", pa.string(), nullable=False, metadata={"about": "why nothing was trained"}),
    ]
)
"""One row per trial: `results/training/trials.csv`."""

SELECTION = pa.schema(
    [
        pa.field("experiment", pa.string(), nullable=False),
        pa.field("variant", pa.string(), nullable=False, metadata={"about": "the chosen one"}),
        pa.field("n_variants", pa.int64(), nullable=False),
        pa.field("n_trials", pa.int64(), nullable=False),
        pa.field(
            "validation_error_station_pct",
            pa.float64(),
            nullable=False,
            metadata={"about": "on the records that all variants are validated on"},
        ),
        pa.field("second_variant", pa.string()),
        pa.field("second_validation_error_station_pct", pa.float64()),
        pa.field("test_error_station_pct", pa.float64(), nullable=False),
    ]
)
"""One row per experiment: `results/selection.csv`."""
