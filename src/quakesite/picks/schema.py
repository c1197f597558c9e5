"""Tables of the `picks` stage."""

from __future__ import annotations

import pyarrow as pa

PICKS = pa.schema(
    [
        pa.field("record_id", pa.string(), nullable=False),
        pa.field("method", pa.string(), nullable=False, metadata={"about": "eqtransformer, manual, ..."}),
        pa.field("phase", pa.string(), nullable=False, metadata={"about": "P or S"}),
        pa.field("time_s", pa.float64(), nullable=False, metadata={"about": "from the record's first sample"}),
        pa.field("probability", pa.float64(), metadata={"about": "null where the method gives none"}),
        pa.field("snr_db", pa.float64(), metadata={"about": "of the record, from this method's P pick"}),
        pa.field("flags", pa.list_(pa.string()), nullable=False, metadata={"about": "implausibilities"}),
        pa.field("weights_sha256", pa.string(), metadata={"about": "of the network's weights"}),
    ]
)
"""At most one row per record and phase, the most probable: `results/picks/{method}/{shard}.parquet`."""
