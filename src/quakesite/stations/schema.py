"""Tables of the `stations` stage."""

from __future__ import annotations

from enum import StrEnum

import pyarrow as pa

PLAUSIBLE_VS30_M_S = (80.0, 3000.0)


class Source(StrEnum):
    """Where a station's value comes from, in order of precedence."""

    REPORT = "report"
    TABLE = "table"
    HEADER = "header"


class Standing(StrEnum):
    """What became of one source's word on a station: the `status` of its evidence, or how that begins."""

    KEPT = "kept"
    AGREES = "agrees"
    DISAGREES = "disagrees"
    NO_VS30 = "no Vs30"
    MOVED = "no Vs30, of where it stood before"
    REFUSED = "refused"  # behind it `: ` and why

    @classmethod
    def of(cls, status: str) -> Standing:
        """Returns the standing that a status tells."""
        return cls.REFUSED if status.startswith(f"{cls.REFUSED}: ") else cls(status)


EVIDENCE = pa.struct(
    [
        pa.field("source", pa.string(), nullable=False),
        pa.field("file", pa.string(), nullable=False),
        pa.field("place", pa.string(), nullable=False),
        pa.field("vs30_m_s", pa.float64()),
        pa.field("latitude", pa.float64()),
        pa.field("longitude", pa.float64()),
        pa.field("date", pa.date32()),
        pa.field("n_records", pa.int64(), nullable=False),
        pa.field("status", pa.string(), nullable=False),
        pa.field("flags", pa.string(), nullable=False, metadata={"about": "`;` between"}),
        pa.field("notes", pa.string(), nullable=False, metadata={"about": "where each number stands"}),
    ]
)
"""What one source says about a station, and what became of it: the trail behind `stations explain`."""

ORIGIN = pa.struct(
    [
        pa.field("field", pa.string(), nullable=False, metadata={"about": "a column of the stations table"}),
        pa.field("source", pa.string(), nullable=False, metadata={"about": "a `Source`, or feature"}),
        pa.field("file", pa.string(), nullable=False),
        pa.field("place", pa.string(), nullable=False),
        pa.field("distance_m", pa.float64(), metadata={"about": "from the station to the feature"}),
    ]
)
"""Where one value of a station was read from."""

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
        pa.field("vs30_place", pa.string(), metadata={"about": "page and line, row, or record in that file"}),
        pa.field(
            "vs30_date", pa.date32(), metadata={"about": "of measurement, installation or latest event"}
        ),
        pa.field("vs30_method", pa.string(), metadata={"about": "as the source names it, e.g. MASW"}),
        pa.field("vs30_flags", pa.string(), metadata={"about": "what to know about the value, `;` between"}),
        pa.field("vs30_n_methods", pa.int64(), metadata={"about": "methods that the value rests on"}),
        pa.field("vs30_sigma_ln", pa.float64(), metadata={"about": "standard deviation of ln Vs30"}),
        pa.field(
            "vs30_sigma_basis",
            pa.string(),
            metadata={"about": "what it rests on: stated, methods (masw+mam) or the source (table)"},
        ),
        pa.field("site_class", pa.string(), metadata={"about": "NEHRP 2009: A, B, C, D or E"}),
        pa.field("site_class_ec8", pa.string(), metadata={"about": "EN 1998-1:2004 by Vs30 alone: A to D"}),
        pa.field("site_class_tbdy", pa.string(), metadata={"about": "TBDY 2018 by Vs30 alone: ZA to ZE"}),
        pa.field(
            "profile_depth_m", pa.float64(), metadata={"about": "where the profile ends (or half-space)"}
        ),
        pa.field("vsz_m_s", pa.float64(), metadata={"about": "time-averaged down to profile_depth_m"}),
        pa.field("z1_m", pa.float64(), metadata={"about": "depth to Vs 1000 m/s, null where not reached"}),
        pa.field("f0_hz", pa.float64()),
        pa.field("tp_s", pa.float64(), metadata={"about": "predominant period"}),
        pa.field("slope", pa.float64(), metadata={"unit": "m/m", "about": "rise over run"}),
        pa.field("slope_class", pa.string(), metadata={"about": "TADAS's code, e.g. S0 or T1"}),
        pa.field("geology", pa.string(), metadata={"about": "as the map names it"}),
        pa.field("lithology", pa.string(), metadata={"about": "as the map names it"}),
        pa.field("installed", pa.date32(), metadata={"about": "as the station table states it"}),
        pa.field("removed", pa.date32(), metadata={"about": "null while the station is open"}),
        pa.field("status", pa.string(), metadata={"about": "as the station table states it, e.g. Active"}),
        pa.field("n_records", pa.int64(), nullable=False),
        pa.field(
            "records_before_move",
            pa.list_(pa.string()),
            metadata={"about": "records made where the station stood before; its Vs30 is not theirs"},
        ),
        pa.field("origins", pa.list_(ORIGIN), metadata={"about": "where each value was read"}),
        pa.field("evidence", pa.list_(EVIDENCE), metadata={"about": "what each source says"}),
    ]
)
"""One row per station that has records or stands in a table: `results/stations/stations.parquet`.

Sorted by station code; where two networks use one code, the one that all its records name (else TK, else the
first) comes first and holds the records, since records are joined by the code alone."""

CONFLICTS = pa.schema(
    [
        pa.field("station", pa.string(), nullable=False),
        pa.field("network", pa.string(), nullable=False),
        pa.field(
            "field", pa.string(), nullable=False, metadata={"about": "vs30_m_s, coordinates, moved or closed"}
        ),
        pa.field("kept_source", pa.string(), nullable=False),
        pa.field("kept_file", pa.string(), nullable=False),
        pa.field("kept_value", pa.float64(), metadata={"about": "m/s; null for coordinates"}),
        pa.field("other_source", pa.string(), nullable=False),
        pa.field("other_file", pa.string(), nullable=False),
        pa.field("other_value", pa.float64(), metadata={"about": "m/s; null for coordinates"}),
        pa.field(
            "difference_pct", pa.float64(), metadata={"about": "of the kept value; null for coordinates"}
        ),
        pa.field("difference_km", pa.float64(), metadata={"about": "between two coordinates, else null"}),
        pa.field("detail", pa.string(), nullable=False),
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


def site_class_ec8(vs30_m_s: float) -> str:
    """Returns the ground type (EN 1998-1:2004, table 3.1): A >800, B 360-800, C 180-360, D <180 m/s.

    By Vs30 alone: type E (5 to 20 m of soft ground over rock), S1 and S2 need more than Vs30.
    """
    for name, lower in (("A", 800.0), ("B", 360.0)):
        if vs30_m_s > lower:
            return name
    return "C" if vs30_m_s >= 180.0 else "D"


def site_class_tbdy(vs30_m_s: float) -> str:
    """Returns the soil class by Vs30 alone (TBDY 2018, table 16.1): ZA, ZB, ZC, ZD, ZE at NEHRP's limits.

    Class ZF needs a site-specific study.
    """
    return f"Z{site_class(vs30_m_s)}"
