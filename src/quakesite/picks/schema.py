"""Tables of the `picks` stage."""

from __future__ import annotations

import pyarrow as pa

PICKS = pa.schema(
    [
        pa.field("record_id", pa.string(), nullable=False),
        pa.field("method", pa.string(), nullable=False, metadata={"about": "eqtransformer, manual, ..."}),
        pa.field("phase", pa.string(), nullable=False, metadata={"about": "P or S"}),
        pa.field(
            "time_s", pa.float64(), nullable=False, metadata={"about": "from the record's first sample"}
        ),
        pa.field("probability", pa.float64(), metadata={"about": "null where the method gives none"}),
        pa.field("snr_db", pa.float64(), metadata={"about": "of the record, from this method's P pick"}),
        pa.field("flags", pa.list_(pa.string()), nullable=False, metadata={"about": "implausibilities"}),
        pa.field("weights", pa.string(), metadata={"about": "the network's weights by name, e.g. original"}),
        pa.field("weights_sha256", pa.string(), metadata={"about": "of the file of the network's weights"}),
        pa.field("analyst", pa.string(), metadata={"about": "who picked, of picks made by hand"}),
        pa.field("uncertainty_s", pa.float64(), metadata={"about": "plus or minus, as the analyst says"}),
        pa.field("comment", pa.string(), metadata={"about": "the analyst's"}),
    ]
)
"""At most one row per record and phase, the most probable: `results/picks/{method}/{shard}.parquet`."""

CANDIDATES = pa.schema(
    [
        pa.field("record_id", pa.string(), nullable=False),
        pa.field("method", pa.string(), nullable=False),
        pa.field("phase", pa.string(), nullable=False, metadata={"about": "P, S or detection"}),
        pa.field(
            "time_s",
            pa.float64(),
            nullable=False,
            metadata={
                "about": "from the record's first sample; before it or behind the last: in the padding"
            },
        ),
        pa.field("probability", pa.float64()),
        pa.field("weights", pa.string(), metadata={"about": "the network's weights by name, e.g. original"}),
        pa.field("weights_sha256", pa.string(), metadata={"about": "of the file of the network's weights"}),
        pa.field("chosen", pa.bool_(), nullable=False, metadata={"about": "whether it stands in the picks"}),
    ]
)
"""Every arrival above its threshold, chosen or not, and the strongest detection; of rejected records, too."""

AGREEMENT = pa.schema(
    [
        pa.field("method", pa.string(), nullable=False),
        pa.field("reference", pa.string(), nullable=False),
        pa.field("phase", pa.string(), nullable=False, metadata={"about": "P or S"}),
        pa.field("by", pa.string(), nullable=False, metadata={"about": "all, flags, snr_db or distance_km"}),
        pa.field("bin", pa.string(), nullable=False, metadata={"about": "e.g. 20 to 30, or unknown"}),
        pa.field("n", pa.int64(), nullable=False, metadata={"about": "records both have picked"}),
        pa.field("n_method_only", pa.int64(), nullable=False),
        pa.field("n_reference_only", pa.int64(), nullable=False),
        pa.field("median_s", pa.float64(), metadata={"about": "of method minus reference"}),
        pa.field("mad_s", pa.float64(), metadata={"about": "median absolute deviation from the median"}),
        pa.field("within_0_1_s", pa.float64(), metadata={"about": "share of the n"}),
        pa.field("within_0_2_s", pa.float64(), metadata={"about": "share of the n"}),
        pa.field("within_0_5_s", pa.float64(), metadata={"about": "share of the n"}),
    ]
)
"""How far pick methods agree: `results/agreement.csv`, one row per pair, phase and bin."""
