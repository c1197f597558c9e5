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
from quakesite.evaluation.layout import Row
from quakesite.evaluation.metrics import Figures, TestRows, percentage_error, sign_flip_p, station_mean
from quakesite.evaluation.settings import EvaluationSettings
from quakesite.evaluation.table2 import figures_of

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
)
BEST_CONSTANT = "best_constant"


def skill_rows(models: Mapping[str, tuple[Kind, Folds]], settings: EvaluationSettings) -> list[Row]:
    """Returns the rows of `skill.csv`: the best constant first, then `models` in their order.

    The best constant stands on the test rows of all models together; each model's own row carries what the
    constant scores on that model's stations (`constant_error_pct`), which is what its skill is against.
    `p_constant` is the two-sided p of a sign-flip test over stations that model and constant err alike,
    `p_best_baseline` the same against the baseline with the smallest error per station, on the stations that
    both were tested on. The best baseline is chosen on those very stations, which favours it a little.
    """
    constant = _constant_rows([folds.rows for _, folds in models.values()])
    errors = {name: _station_errors(folds.rows) for name, (_, folds) in models.items()}
    best = _best_baseline(models, errors)
    rows = [_row(BEST_CONSTANT, "baseline", figures_of(constant, settings), NAN, 0)]
    for name, (kind, folds) in models.items():
        against_best = NAN if best is None or best == name else _p(errors[name], errors[best], settings)
        rows.append(_row(name, kind, figures_of(folds.rows, settings), against_best, len(folds.leaked)))
    return rows


def _best_baseline(models: Mapping[str, tuple[Kind, Folds]], errors: Mapping[str, Errors]) -> str | None:
    means = {
        name: float(np.mean(list(errors[name].values())))
        for name, (kind, folds) in models.items()
        if kind == "baseline" and errors[name] and not folds.leaked
    }
    return min(means, key=lambda name: (means[name], name)) if means else None


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


def _row(name: str, kind: Kind, figures: Figures, p_best_baseline: float, n_leaked: int) -> Row:
    says = "the constant itself" if name == BEST_CONSTANT else verdict(figures, n_leaked)
    values = {
        **asdict(figures),
        "name": name,
        "kind": kind,
        "p_best_baseline": p_best_baseline,
        "collapsed": None if name == BEST_CONSTANT else figures.collapsed,
        "n_leaked_stations": n_leaked,
        "verdict": says,
    }
    return {column: values[column] for column in COLUMNS}


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
