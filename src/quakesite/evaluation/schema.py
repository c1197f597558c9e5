"""Tables of the `evaluation` stage."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

HV_FREQUENCIES_HZ = np.geomspace(0.2, 20.0, 32)
"""Frequencies of an H/V curve."""

SA_PERIODS_S = (0.2, 1.0)
"""Periods of the spectral accelerations."""

FEATURES = pa.schema(
    [
        pa.field("record_id", pa.string(), nullable=False),
        pa.field("station", pa.string(), nullable=False),
        pa.field("magnitude", pa.float64()),
        pa.field("epicentral_distance_km", pa.float64()),
        pa.field("ev_depth_km", pa.float64()),
        pa.field("pga_cm_s2", pa.float64(), nullable=False),
        pa.field("sa_0_2_s_cm_s2", pa.float64(), nullable=False, metadata={"about": "5 % damped, at 0.2 s"}),
        pa.field("sa_1_0_s_cm_s2", pa.float64(), nullable=False, metadata={"about": "5 % damped, at 1.0 s"}),
        pa.field(
            "surface_velocity_m_s",
            pa.float64(),
            metadata={"about": "from the first P motion; null without a pick, a location or an answer"},
        ),
        pa.field(
            "ln_hv",
            pa.list_(pa.float64(), len(HV_FREQUENCIES_HZ)),
            nullable=False,
            metadata={"about": "ln of H/V at 32 frequencies from 0.2 to 20 Hz, log-spaced"},
        ),
    ]
)
"""One row per record: `results/evaluation/features/{shard}.parquet`, what the baselines are trained on."""

UNMEASURED = "unmeasured"
"""The `split` of a prediction for a station whose Vs30 nobody has measured; its `vs30_m_s` is NaN."""

PREDICT = "predict"
"""The `stage` of what is refused of a user's own records, where it is not another stage's doing."""

OUTSIDE = pa.schema(
    [
        pa.field("station", pa.string(), nullable=False),
        pa.field("outside_p", pa.float64(), metadata={"about": "p value of lying outside the data"}),
    ]
)
"""What `results/evaluation/predicted/{experiment}.parquet` holds besides the columns of `PREDICTIONS`."""
