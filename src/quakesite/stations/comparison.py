"""Record headers against the station list: how many stations agree, and which do not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

import pyarrow as pa

from quakesite.stations.conflicts import difference_pct
from quakesite.stations.schema import Source, Standing

EQUAL_M_S = 0.5
OUT = frozenset({Standing.REFUSED, Standing.MOVED})
"""What so stands counts as no value."""


class Outcome(StrEnum):
    """What came of a station with records, in the order in which they are counted."""

    EQUAL = "equal"
    NEAR = "a few m/s"
    APART = "apart"  # over `conflict_pct`
    LIST_ONLY = "list only"
    HEADER_ONLY = "header only"
    NEITHER = "no Vs30 in either"
    NOT_LISTED = "not in the list"


COMPARISON = pa.schema(
    [
        pa.field("station", pa.string(), nullable=False),
        pa.field("network", pa.string(), nullable=False),
        pa.field("outcome", pa.string(), nullable=False, metadata={"about": "one of `Outcome`"}),
        pa.field("list_vs30_m_s", pa.float64()),
        pa.field("header_vs30_m_s", pa.float64(), metadata={"about": "the one farthest from the list's"}),
        pa.field("difference_m_s", pa.float64(), metadata={"about": "header minus list"}),
        pa.field("difference_pct", pa.float64(), metadata={"about": "of the list's value, without sign"}),
        pa.field("n_records", pa.int64(), nullable=False),
    ]
)
"""One row per station that has records: `results/stations/comparison.csv`."""


def compare(stations: Iterable[Mapping[str, Any]], conflict_pct: float) -> pa.Table:
    """Returns the comparison of header and list (`COMPARISON`) for every station with records.

    Of several values in a station's headers the one that differs most from the list counts. Values that were
    refused, and those of where the station stood before, count as none.

    Args:
        stations: rows of `STATIONS`.
        conflict_pct: above this many per cent two values are apart.
    """
    return pa.Table.from_pylist(
        [_row(row, conflict_pct) for row in stations if row["n_records"] > 0], schema=COMPARISON
    )


def _row(row: Mapping[str, Any], conflict_pct: float) -> dict[str, Any]:
    said = [one for one in row["evidence"] or () if Standing.of(one["status"]) not in OUT]
    tables = [one for one in row["evidence"] or () if one["source"] == Source.TABLE]
    listed = next(
        (one["vs30_m_s"] for one in said if one["source"] == Source.TABLE and one["vs30_m_s"]), None
    )
    headers = [one["vs30_m_s"] for one in said if one["source"] == Source.HEADER and one["vs30_m_s"]]
    if listed is None:
        header = headers[0] if headers else None
        outcome = Outcome.NEITHER if header is None else Outcome.HEADER_ONLY
        outcome, pct = outcome if tables else Outcome.NOT_LISTED, None
    elif not headers:
        header, pct, outcome = None, None, Outcome.LIST_ONLY
    else:
        header = max(headers, key=lambda value: (abs(value - listed), value))
        pct = difference_pct(listed, header)
        outcome = Outcome.APART if pct > conflict_pct else Outcome.NEAR
        outcome = Outcome.EQUAL if abs(header - listed) < EQUAL_M_S else outcome
    return {
        "station": row["station"],
        "network": row["network"],
        "outcome": str(outcome),
        "list_vs30_m_s": listed,
        "header_vs30_m_s": header,
        "difference_m_s": None if header is None or listed is None else header - listed,
        "difference_pct": None if pct is None else round(pct, 2),
        "n_records": row["n_records"],
    }


def counts(comparison: pa.Table) -> dict[str, int]:
    """Returns how many stations came to each outcome, in the order of `Outcome`."""
    found = Counter(comparison["outcome"].to_pylist())
    return {str(outcome): found[outcome] for outcome in Outcome}


def names_apart(comparison: pa.Table) -> list[str]:
    """Returns the stations that are apart, with both values."""
    return [
        f"{row['network']} {row['station']}: list {row['list_vs30_m_s']:g} m/s, "
        f"header {row['header_vs30_m_s']:g} m/s ({row['difference_pct']:.1f} %)"
        for row in comparison.to_pylist()
        if row["outcome"] == Outcome.APART
    ]
