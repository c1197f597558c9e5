"""Manual picks: what an expert would have marked, the truth with a human's scatter."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from quakesite.demo.asc import SYNTHETIC
from quakesite.demo.draws import spread, stream

SHARE = 0.2
SIGMA_S = {"P": 0.05, "S": 0.12}
CLASS = {"P": 0, "S": 1}
"""Uncertainty classes of that scatter, as `quakesite annotate` has them: within 0.05 s, within 0.1 s."""

LEAST_SNR_DB = 25.0
STATIONS_LEFT_OUT = 10
"""Every tenth station has none."""

MANUAL = pa.schema(
    [
        pa.field("record_id", pa.string(), nullable=False),
        pa.field("phase", pa.string(), nullable=False),
        pa.field("time_s", pa.float64(), nullable=False),
        pa.field("analyst", pa.string(), nullable=False),
        pa.field("uncertainty_class", pa.int64(), nullable=False),
        pa.field("comment", pa.string(), nullable=False),
    ]
)


def manual_picks(
    seed: int, station_index: int, truth: Sequence[dict[str, object]]
) -> list[dict[str, object]]:
    """Returns the picks made at one station: of about a fifth of its records, one at least, clear ones first.

    Args:
        truth: the rows of `truth.TRUTH` of that station.
    """
    good = [row for row in truth if row["expected"] == "record"]
    wanted = int(SHARE * len(truth) + spread(seed, "manual", station_index))
    if not good or station_index % STATIONS_LEFT_OUT == STATIONS_LEFT_OUT - 1:
        return []
    rng = stream(seed, "manual", station_index)
    shuffled = [good[i] for i in rng.permutation(len(good))]
    shuffled.sort(key=lambda row: bool(row["below_25_db"]))
    picks = []
    for row in sorted(shuffled[: max(wanted, 1)], key=lambda row: str(row["record_id"])):
        analyst = f"demo-{rng.integers(1, 3)}"
        for phase, column in (("P", "p_time_s"), ("S", "s_time_s")):
            error = float(rng.normal(0.0, SIGMA_S[phase]))
            picks.append(
                {
                    "record_id": row["record_id"],
                    "phase": phase,
                    "time_s": round(float(str(row[column])) + error, 2),
                    "analyst": analyst,
                    "uncertainty_class": CLASS[phase],
                    "comment": SYNTHETIC,
                }
            )
    return picks
