"""The table of the `windows` stage."""

from __future__ import annotations

import pyarrow as pa

SCHEMA_VERSION = "1"
CHANNELS = ("E", "N", "Z", "PS")

WINDOWS = pa.schema(
    [
        pa.field("record_id", pa.string(), nullable=False),
        pa.field("station", pa.string(), nullable=False),
        pa.field("event_id", pa.string(), nullable=False),
        pa.field("st_latitude", pa.float64(), metadata={"unit": "degree"}),
        pa.field("st_longitude", pa.float64(), metadata={"unit": "degree"}),
        pa.field("ev_latitude", pa.float64(), metadata={"unit": "degree"}),
        pa.field("ev_longitude", pa.float64(), metadata={"unit": "degree"}),
        pa.field("ev_depth_km", pa.float64()),
        pa.field("magnitude", pa.float64()),
        pa.field("epicentral_distance_km", pa.float64()),
        pa.field("back_azimuth_deg", pa.float64()),
        pa.field("pga_cm_s2", pa.float64(), nullable=False),
        pa.field("snr_db", pa.float64()),
        pa.field("p_sample", pa.float64(), metadata={"about": "P in the window, null without a pick"}),
        pa.field("s_sample", pa.float64(), metadata={"about": "S in the window, null without a pick"}),
        pa.field("start_s", pa.float64(), nullable=False, metadata={"about": "window start in the record"}),
        pa.field("filled_samples", pa.int64(), nullable=False, metadata={"about": "samples outside the record"}),
        pa.field(
            "tensor",
            pa.binary(),
            nullable=False,
            metadata={"about": "little-endian float32, C order; shape and channels in the table's metadata"},
        ),
    ]
)
"""One row per record: `results/windows/{window}/{annotation}/{shard}.parquet`. The tensor's shape, dimension
names, channel order, rate and units stand in the table's metadata (keys `tensor.*`)."""
