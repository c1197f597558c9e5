"""`skill.csv`: every model and baseline by the same figures, with tests against the best constant.

A baseline is whatever writes `PREDICTIONS` under a name of its own; it needs no code here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Literal

import numpy as np

from quakesite.evaluation.audit import verdict
from quakesite.evaluation.folds import Folds
from quakesite.evaluation.labels import classes_of
from quakesite.evaluation.layout import Row, Value
from quakesite.evaluation.metrics import TestRows, percentage_error, sign_flip_p, station_mean
from quakesite.evaluation.settings import EvaluationSettings
from quakesite.evaluation.table2 import figures_of
from quakesite.stations.schema import CLASSES

Kind = Literal["experiment", "baseline"]
Errors = dict[str, float]
"""Mean absolute percentage error by station."""

NAN = float("nan")

COLUMNS = (
    "name",
    "kind",
    "n_stations",
    "n_records",
    "absolute_mean_error_pct",
    "absolute_mean_error_station_pct",
    "constant_error_pct",
    "skill",
    "skill_low",
    "skill_high",
    "p_constant",
    "p_best_baseline",
    "r2_ln_vs30",
    "rms_ln_vs30",
    "spread_m_s",
    "vs30_spread_m_s",
    "collapsed",
    "n_leaked_stations",
    "verdict",
    "error_station_low",
    "error_station_high",
    "best_baseline",
    "calibration_slope",
    "calibration_slope_low",
    "calibration_slope_high",
    "calibration_intercept",
    *(
        f"{what}_{name}"
        for name in CLASSES
        for what in ("n_stations", "error_station_pct", "constant_error_pct")
    ),
    "n_clipped",
)
BEST_CONSTANT = "best_constant"


def skill_rows(
    models: Mapping[str, tuple[Kind, Folds]], vs30: dict[str, float], settings: EvaluationSettings
) -> list[Row]:
    """Returns the rows of `skill.csv`: the best constant first, then `models` in their order.

    The best constant stands on the test rows of all models together; each model's own row carries what the
    constant scores on that model's stations (`constant_error_pct`), which is what its skill is against.
    `p_constant` is the two-sided p of a sign-flip test over stations that model and constant err alike,
    `p_best_baseline` the same against `best_baseline`, on the stations that both were tested on. That is the
    baseline with the largest skill among those tested on at least half of the stations; it is chosen on those
    very stations, which favours it a little.

    Args:
        models: kind and folds by name.
        vs30: measured Vs30 in m/s by station.
        settings: bootstrap, confidence and seed.
    """
    constant = _constant_rows([folds.rows for _, folds in models.values()])
    errors = {name: _station_errors(folds.rows) for name, (_, folds) in models.items()}
    best = _best_baseline(models)
    rows: list[Row] = [_row(BEST_CONSTANT, "baseline", constant, vs30, settings)]
    for name, (kind, folds) in models.items():
        row = _row(name, kind, folds.rows, vs30, settings, len(folds.leaked))
        if best not in (None, name):
            p = _p(errors[name], errors[best], settings)
            row |= {"p_best_baseline": p, "best_baseline": "" if np.isnan(p) else best}
        rows.append(row)
    return rows


def _best_baseline(models: Mapping[str, tuple[Kind, Folds]]) -> str | None:
    """Returns the baseline of the largest skill that half of the stations speak for; None without any."""
    tested = {name: len(np.unique(folds.rows.station)) for name, (_, folds) in models.items()}
    skills = {}
    for name, (kind, folds) in models.items():
        if kind == "baseline" and not folds.leaked and tested[name] >= max(1, max(tested.values()) / 2.0):
            rows = folds.rows
            of_constant = station_mean(percentage_error(rows.constant, rows.measured), rows.station).mean()
            of_model = station_mean(percentage_error(rows.predicted, rows.measured), rows.station).mean()
            skills[name] = 1.0 - float(of_model) / float(of_constant)
    known = {name: skill for name, skill in skills.items() if np.isfinite(skill)}
    return min(known, key=lambda name: (-known[name], name)) if known else None


def _station_errors(rows: TestRows) -> Errors:
    error = percentage_error(rows.predicted, rows.measured)
    if len(error) == 0:
        return {}
    means = station_mean(error, rows.station)
    return dict(zip(np.unique(rows.station).tolist(), means.tolist(), strict=True))


def _p(one: Errors, other: Errors, settings: EvaluationSettings) -> float:
    both = sorted(one.keys() & other.keys())
    if not both:
        return NAN
    difference = np.array([one[station] - other[station] for station in both])
    return sign_flip_p(difference, resamples=settings.bootstrap, seed=settings.seed)


def _row(
    name: str,
    kind: Kind,
    rows: TestRows,
    vs30: dict[str, float],
    settings: EvaluationSettings,
    n_leaked: int = 0,
) -> dict[str, Value]:
    figures = figures_of(rows, settings)
    says = "the constant itself" if name == BEST_CONSTANT else verdict(figures, n_leaked)
    values = {
        **asdict(figures),
        "name": name,
        "kind": kind,
        "p_best_baseline": NAN,
        "best_baseline": "",
        "collapsed": None if name == BEST_CONSTANT else figures.collapsed,
        "n_leaked_stations": n_leaked,
        "verdict": says,
        **_by_class(rows, vs30),
    }
    return {column: values[column] for column in COLUMNS}


def _by_class(rows: TestRows, vs30: dict[str, float]) -> dict[str, Value]:
    """Returns the stations of each class, and what model and best constant score there, per station."""
    classes = classes_of(rows.station, vs30)
    values: dict[str, Value] = {}
    for name in CLASSES:
        part = rows.where(classes == name)
        values[f"n_stations_{name}"] = len(np.unique(part.station))
        for what, predicted in (("error_station_pct", part.predicted), ("constant_error_pct", part.constant)):
            error = station_mean(percentage_error(predicted, part.measured), part.station)
            values[f"{what}_{name}"] = float(error.mean()) if len(error) else NAN
    return values


def _constant_rows(all_rows: list[TestRows]) -> TestRows:
    """Returns the best constant's own test rows: every (trial, record) that any model was tested on, once."""
    together = {
        (int(trial), record): (station, measured, constant)
        for rows in all_rows
        for trial, record, station, measured, constant in zip(
            rows.trial.tolist(),
            rows.record.tolist(),
            rows.station.tolist(),
            rows.measured.tolist(),
            rows.constant.tolist(),
            strict=True,
        )
    }
    keys = sorted(together)
    values = [together[key] for key in keys]
    constant = np.array([value[2] for value in values], dtype=np.float64)
    return TestRows(
        record=np.array([record for _, record in keys], dtype=np.str_),
        station=np.array([value[0] for value in values], dtype=np.str_),
        trial=np.array([trial for trial, _ in keys], dtype=np.int64),
        measured=np.array([value[1] for value in values], dtype=np.float64),
        predicted=constant,
        constant=constant,
    )
