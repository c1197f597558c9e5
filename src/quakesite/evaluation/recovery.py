"""How well H/V and the first P motion recover what was put into the synthetic archive."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from quakesite.errors import InputError
from quakesite.evaluation.features.pwave import FIRST_MOTION_S
from quakesite.evaluation.layout import Row, markdown, number, read_csv, text
from quakesite.evaluation.pwave_published import published_vs30
from quakesite.evaluation.schema import HV_FREQUENCIES_HZ

COLUMNS = (
    "found",
    "put_in",
    "n_stations",
    "median_ratio",
    "within_10_pct",
    "within_25_pct",
    "std_ln_ratio",
    "correlation_ln",
)
NEEDED = ("station", "vs30_m_s", "f0_hz", "profile")
FEWEST = 3


def recovery_rows(features: pa.Table, truth: str | Path) -> list[Row]:
    """Returns what the features tell of each site beside what was put in, over the stations.

    The H/V peak is that of the mean of a station's curves, against f0; the surface velocity is the geometric
    mean over its records, against Vs30 and against the mean velocity over what S runs through from the
    surface down in `FIRST_MOTION_S`; `pwave_published` is Vs30 made from it.

    Args:
        features: `FEATURES` rows.
        truth: resources/demo/truth_stations.csv.

    Raises:
        InputError: it is no such table, or has fewer than three of the stations.
    """
    put_in = {row["station"]: row for row in read_csv(truth, NEEDED)}
    velocities: dict[str, list[float]] = {}
    curves: dict[str, list[list[float]]] = {}
    columns = ("station", "surface_velocity_m_s", "ln_hv")
    for station, velocity, curve in zip(*(features[name].to_pylist() for name in columns), strict=True):
        if station in put_in:
            curves.setdefault(station, []).append(curve)
            if velocity is not None:
                velocities.setdefault(station, []).append(velocity)
    if len(curves) < FEWEST:
        raise InputError(truth, f"{len(curves)} of the stations", expected="those of the features")
    peak = {name: float(HV_FREQUENCIES_HZ[np.argmax(np.mean(rows, axis=0))]) for name, rows in curves.items()}
    surface = {name: float(np.exp(np.mean(np.log(rows)))) for name, rows in velocities.items()}
    vs30 = {name: number(put_in[name], "vs30_m_s", truth) for name in curves}
    f0 = {name: number(put_in[name], "f0_hz", truth) for name in curves}
    near = {name: mean_velocity_of(_profile(put_in[name], truth), FIRST_MOTION_S) for name in curves}
    published = {name: value for name, value in published_vs30(features).items() if name in surface}
    of_s = f"mean velocity down to what S runs through in {FIRST_MOTION_S:g} s"
    return [
        _row("H/V peak", "f0", peak, f0),
        _row("surface velocity from P", of_s, surface, near),
        _row("surface velocity from P", "Vs30", surface, vs30),
        _row("pwave_published", "Vs30", published, vs30),
    ]


def mean_velocity_of(profile: tuple[Sequence[float], Sequence[float]], time_s: float) -> float:
    """Returns the mean velocity in m/s over what S runs through from the surface down in `time_s`.

    Args:
        profile: thickness in m of the layers; velocity in m/s of these and, last, of the half-space.
        time_s: in s.
    """
    depth, left = 0.0, time_s
    for thickness, velocity in zip((*profile[0], np.inf), profile[1], strict=True):
        taken = min(left, thickness / velocity)
        depth += taken * velocity
        left -= taken
    return depth / time_s


def _profile(row: Mapping[str, str], truth: str | Path) -> tuple[Sequence[float], Sequence[float]]:
    try:
        told = json.loads(row["profile"])
        return told["thickness_m"], told["vs_m_s"]
    except (ValueError, KeyError, TypeError):
        raise InputError(
            truth, "no profile", field=f"station {row['station']}", expected="JSON: thickness_m and vs_m_s"
        ) from None


def _row(found: str, put_in: str, values: Mapping[str, float], truth: Mapping[str, float]) -> Row:
    names = sorted(values)
    told, true = (np.log([one[name] for name in names]) for one in (values, truth))
    ratio = told - true
    enough = len(names) >= FEWEST
    vary = enough and told.std() > 0.0 and true.std() > 0.0
    return {
        "found": found,
        "put_in": put_in,
        "n_stations": len(names),
        "median_ratio": float(np.exp(np.median(ratio))) if enough else float("nan"),
        "within_10_pct": int(np.sum(np.abs(np.exp(ratio) - 1.0) <= 0.10)),
        "within_25_pct": int(np.sum(np.abs(np.exp(ratio) - 1.0) <= 0.25)),
        "std_ln_ratio": float(ratio.std()) if enough else float("nan"),
        "correlation_ln": float(np.corrcoef(told, true)[0, 1]) if vary else float("nan"),
    }


def as_markdown(rows: Sequence[Row]) -> str:
    """Returns the table for people."""
    header = ["found", "put in", "stations", "median ratio", "within 10 %", "within 25 %"]
    header += ["std of ln ratio", "correlation of ln"]
    return markdown([[text(row[name], 2) for name in COLUMNS] for row in rows], header)
