"""Tables of the `stations` stage."""

from __future__ import annotations

from enum import StrEnum

import pyarrow as pa


class Source(StrEnum):
    """Where a station's value comes from, in order of precedence."""

    REPORT = "report"
    TABLE = "table"
    HEADER = "header"


STATIONS = pa.schema(
    [
        pa.field("station", pa.string(), nullable=False),
        pa.field("network", pa.string(), nullable=False),
        pa.field("latitude", pa.float64(), metadata={"unit": "degree"}),
        pa.field("longitude", pa.float64(), metadata={"unit": "degree"}),
        pa.field("elevation_m", pa.float64()),
        pa.field("province", pa.string()),
        pa.field("vs30_m_s", pa.float64(), metadata={"about": "null where nobody has measured it"}),
        pa.field("vs30_source", pa.string(), metadata={"about": "report, table or header"}),
        pa.field("vs30_file", pa.string(), metadata={"about": "the file the value was read from"}),
        pa.field("site_class", pa.string(), metadata={"about": "NEHRP 2009: A, B, C, D or E"}),
        pa.field("f0_hz", pa.float64()),
        pa.field("n_records", pa.int64(), nullable=False),
    ]
)
"""One row per station that has records or stands in a table: `results/stations/stations.parquet`."""

CONFLICTS = pa.schema(
    [
        pa.field("station", pa.string(), nullable=False),
        pa.field("field", pa.string(), nullable=False),
        pa.field("kept_source", pa.string(), nullable=False),
        pa.field("kept_file", pa.string(), nullable=False),
        pa.field("kept_value", pa.float64(), nullable=False),
        pa.field("other_source", pa.string(), nullable=False),
        pa.field("other_file", pa.string(), nullable=False),
        pa.field("other_value", pa.float64(), nullable=False),
        pa.field("difference_pct", pa.float64(), nullable=False),
    ]
)
"""One row per disagreement between two sources: `results/stations/conflicts.csv`."""

CLASSES = ("A", "B", "C", "D", "E")


def site_class(vs30_m_s: float) -> str:
    """Returns the NEHRP 2009 site class (FEMA P-750): A >1500, B >760, C >360, D >=180, E <180 m/s."""
    for name, lower in (("A", 1500.0), ("B", 760.0), ("C", 360.0)):
        if vs30_m_s > lower:
            return name
    return "D" if vs30_m_s >= 180.0 else "E"
