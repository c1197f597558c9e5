"""`coverage.csv`: whether the intervals hold what they promise, checked on stations with a measured Vs30.

The stations that one trial held out are given intervals made from the other trials' residuals alone, and
counted where their measured Vs30 lies inside: over all of them, and in groups, where nothing makes it come
out right. (Holding each station against the residuals of all others would be no check: how many it covers is
settled by their number.)
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from quakesite.evaluation.conformal import Calibrator, distribution, interval
from quakesite.evaluation.layout import Row
from quakesite.evaluation.pooling import Pooled
from quakesite.stations.schema import CLASSES, site_class

LEVELS = (0.5, 0.8, 0.9)
CONFIDENCE = 0.95
ALL = "all"
RECORDS = (("1 record", 1, 1), ("2 to 4 records", 2, 4), ("5 records and more", 5, math.inf))
COLUMNS = (
    "model",
    "coverage",
    "stations",
    "n_stations",
    "covered",
    "covered_low",
    "covered_high",
    "factor",
)


def coverage_rows(
    model: str,
    pooled: Mapping[str, Pooled],
    known: Sequence[Calibrator],
    vs30: Mapping[str, float],
    coverage: float,
) -> list[Row]:
    """Returns the rows of `coverage.csv` of one model; a group without stations has no row.

    For some levels over all stations; for the coverage asked for also by measured site class and by number
    of records. `covered` is the share of stations within their interval, with its binomial interval
    (Clopper and Pearson 1934, Biometrika 26, 404-413); `factor` the median of sqrt(high / low): 1.5 is an
    interval from Vs30 / 1.5 to Vs30 * 1.5. Stations for which the other trials are too few are not counted.

    Args:
        model: its name.
        pooled: its predictions by station.
        known: its calibration stations.
        vs30: measured Vs30 in m/s by station.
        coverage: asked for.
    """
    rows = []
    for level in sorted({*LEVELS, coverage}):
        ends = held_out_intervals(pooled, known, level)
        groups = {ALL: list(ends)}
        if level == coverage:
            for name in CLASSES:
                groups[f"class {name}"] = [one for one in ends if site_class(vs30[one]) == name]
            for label, low, high in RECORDS:
                groups[label] = [one for one in ends if low <= pooled[one].n_records <= high]
        rows += [
            _row(model, level, label, names, ends, vs30)
            for label, names in groups.items()
            if names or label == ALL
        ]
    return rows


def held_out_intervals(
    pooled: Mapping[str, Pooled], known: Sequence[Calibrator], level: float
) -> dict[str, tuple[float, float]]:
    """Returns the interval of each calibration station, in ln Vs30, made by the trials that did not test it.

    Args:
        pooled: predictions by station.
        known: the calibration stations.
        level: the coverage asked for.
    """
    found = {}
    for one in known:
        others = [other for other in known if one.members.isdisjoint(other.members)]
        ends = interval(distribution(pooled[one.station].of_member, others), level)
        if ends is not None:
            found[one.station] = ends
    return found


def _row(
    model: str,
    level: float,
    label: str,
    names: Sequence[str],
    ends: Mapping[str, tuple[float, float]],
    vs30: Mapping[str, float],
) -> Row:
    inside = sum(ends[name][0] <= math.log(vs30[name]) <= ends[name][1] for name in names)
    low, high = binomial_interval(inside, len(names)) if names else (math.nan, math.nan)
    widths = [ends[name][1] - ends[name][0] for name in names]
    return {
        "model": model,
        "coverage": level,
        "stations": label,
        "n_stations": len(names),
        "covered": inside / len(names) if names else math.nan,
        "covered_low": low,
        "covered_high": high,
        "factor": math.exp(float(np.median(widths)) / 2.0) if names else math.nan,
    }


def binomial_interval(hits: int, n: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Returns the interval of a share of `hits` in `n` trials (Clopper and Pearson 1934)."""
    from scipy.stats import beta

    tail = (1.0 - confidence) / 2.0
    low = 0.0 if hits == 0 else float(beta.ppf(tail, hits, n - hits + 1))
    high = 1.0 if hits == n else float(beta.ppf(1.0 - tail, hits + 1, n - hits))
    return low, high
