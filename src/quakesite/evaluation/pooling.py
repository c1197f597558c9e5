"""From predictions of records to one figure per station: Vs30, interval, class, and what to think of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from quakesite.evaluation.conformal import (
    Calibrator,
    calibrators_of,
    class_probabilities,
    distribution,
    interval,
)
from quakesite.evaluation.folds import SEEN
from quakesite.evaluation.metrics import SLOWEST_M_S
from quakesite.stations.schema import site_class


@dataclass(frozen=True, slots=True)
class Pooled:
    """One station's predictions, pooled over its records.

    Attributes:
        of_member: ln Vs30 by member (trial), the mean over the records.
        n_records: different records.
        out_of_fold: whether the members have not learnt from the station.
        n_clipped: predictions under `SLOWEST_M_S`, each of which counts as that.
    """

    of_member: Mapping[int, float]
    n_records: int
    out_of_fold: bool
    n_clipped: int = 0


@dataclass(frozen=True, slots=True)
class Estimate:
    """What is said about one station.

    Attributes:
        station: its code.
        vs30_m_s: predicted; the geometric mean over records and members.
        low_m_s, high_m_s: the interval; None where there are too few calibration stations for it.
        site_class: NEHRP class of `vs30_m_s`.
        class_probabilities: of each NEHRP class, A to E; their sum is 1.
        n_records: records it is made from.
        out_of_fold: whether the members have not learnt from the station.
        outside_data: whether its records are unlike those of the measured stations; None where there are
            too few of these to tell.
        outside_p: the p value behind it.
        model: who says so.
        coverage: what the interval is made to cover.
        beyond: how its records go beyond those the model was made from, such as `epicentral distance 203 km,
            seen 4 to 120 km`; told where records of one's own are predicted.
        n_clipped: predictions of records under `SLOWEST_M_S`, each of which counts as that.
    """

    station: str
    vs30_m_s: float
    low_m_s: float | None
    high_m_s: float | None
    site_class: str
    class_probabilities: Mapping[str, float]
    n_records: int
    out_of_fold: bool
    outside_data: bool | None
    outside_p: float | None
    model: str
    coverage: float
    beyond: tuple[str, ...] = ()
    n_clipped: int = 0


def pool(table: pa.Table) -> dict[str, Pooled]:
    """Returns the pooled predictions of each station in rows of the `PREDICTIONS` columns, sorted by station.

    A prediction under `SLOWEST_M_S` has no logarithm to speak of: it counts as that, and is counted.
    Members that have learnt from a station (its split is train or validation there) speak for it only where
    no other can.
    """
    of_station: dict[str, list[tuple[int, str, bool, float]]] = {}
    names = ("station", "trial", "record_id", "split", "vs30_predicted_m_s")
    for station, trial, record, split, value in zip(
        *(table[name].to_pylist() for name in names), strict=True
    ):
        of_station.setdefault(station, []).append((trial, record, split in SEEN, value))
    return {name: _pooled(rows) for name, rows in sorted(of_station.items())}


def _pooled(rows: Sequence[tuple[int, str, bool, float]]) -> Pooled:
    seen_by = {trial for trial, _, seen, _ in rows if seen}
    unseen = [row for row in rows if row[0] not in seen_by]
    kept = unseen or rows
    values: dict[int, list[float]] = {}
    for trial, _, _, vs30 in sorted(kept):
        values.setdefault(trial, []).append(math.log(max(vs30, SLOWEST_M_S)))
    of_member = {trial: float(np.mean(of_trial)) for trial, of_trial in values.items()}
    n_clipped = sum(vs30 < SLOWEST_M_S for _, _, _, vs30 in kept)
    return Pooled(of_member, len({record for _, record, _, _ in kept}), bool(unseen), n_clipped)


def calibrators(pooled: Mapping[str, Pooled], vs30: Mapping[str, float]) -> list[Calibrator]:
    """Returns the calibration stations: those measured that are predicted out of fold.

    Args:
        pooled: by station.
        vs30: measured Vs30 in m/s by station.
    """
    usable = {
        name: one.of_member
        for name, one in pooled.items()
        if one.out_of_fold and all(map(math.isfinite, one.of_member.values()))
    }
    return calibrators_of(usable, vs30)


def estimates(
    pooled: Mapping[str, Pooled],
    known: Sequence[Calibrator],
    outside_p: Mapping[str, float],
    *,
    model: str,
    coverage: float,
    outside_level: float,
) -> list[Estimate]:
    """Returns what a model says about each station, sorted; stations it has no number for are left out.

    Args:
        pooled: its predictions by station.
        known: its calibration stations.
        outside_p: p value by station.
        model: its name.
        coverage: of the intervals.
        outside_level: stations with a p value of at most this are outside.
    """
    return [
        _estimate(name, one, known, outside_p.get(name), model, coverage, outside_level)
        for name, one in sorted(pooled.items())
        if all(map(math.isfinite, one.of_member.values()))
    ]


def _estimate(
    name: str,
    pooled: Pooled,
    known: Sequence[Calibrator],
    outside_p: float | None,
    model: str,
    coverage: float,
    level: float,
) -> Estimate:
    values = distribution(pooled.of_member, known, without=name)
    vs30 = math.exp(float(np.mean(list(pooled.of_member.values()))))
    ends = interval(values, coverage)
    return Estimate(
        station=name,
        vs30_m_s=vs30,
        low_m_s=None if ends is None else math.exp(ends[0]),
        high_m_s=None if ends is None else math.exp(ends[1]),
        site_class=site_class(vs30),
        class_probabilities=class_probabilities(values),
        n_records=pooled.n_records,
        out_of_fold=pooled.out_of_fold,
        outside_data=None if outside_p is None else outside_p <= level,
        outside_p=outside_p,
        model=model,
        coverage=coverage,
        n_clipped=pooled.n_clipped,
    )
