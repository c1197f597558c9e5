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
from quakesite.evaluation.metrics import Figures, Floats, TestRows, percentage_error, station_mean
from quakesite.evaluation.settings import EvaluationSettings
from quakesite.evaluation.table2 import figures_of

Kind = Literal["experiment", "baseline"]

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
    `p_constant` is the two-sided p of a sign-flip test over stations that model and constant err alike.
    """
    constant = _constant_rows([folds.rows for _, folds in models.values()])
    rows = [
        _row(BEST_CONSTANT, "baseline", figures_of(constant, settings), 1.0 if len(constant) else None, 0)
    ]
    for name, (kind, folds) in models.items():
        probability = _p_constant(folds.rows, settings)
        rows.append(_row(name, kind, figures_of(folds.rows, settings), probability, len(folds.leaked)))
    return rows


def _row(name: str, kind: Kind, figures: Figures, p_constant: float | None, n_leaked: int) -> Row:
    says = "the constant itself" if name == BEST_CONSTANT else verdict(figures, n_leaked)
    values = {
        **asdict(figures),
        "name": name,
        "kind": kind,
        "p_constant": float("nan") if p_constant is None else p_constant,
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


def _p_constant(rows: TestRows, settings: EvaluationSettings) -> float | None:
    if len(rows) == 0:
        return None
    error = station_mean(percentage_error(rows.predicted, rows.measured), rows.station)
    constant = station_mean(percentage_error(rows.constant, rows.measured), rows.station)
    return sign_flip_p(error - constant, resamples=settings.bootstrap, seed=settings.seed)


def sign_flip_p(difference: Floats, *, resamples: int, seed: int) -> float:
    """Returns the two-sided p value of a mean difference of zero, by random sign flips of the pairs.

    Fisher's randomisation test of paired differences (Good 2005, section 3.2), with the observed one counted
    in, so that p is never 0. NaN where a difference is.
    """
    if np.isnan(difference).any():
        return float("nan")
    signs = np.random.default_rng(seed).integers(0, 2, size=(resamples, len(difference))) * 2.0 - 1.0
    flipped = np.abs(signs @ difference)
    observed = abs(float(difference.sum()))
    return (1.0 + int(np.sum(flipped >= observed * (1.0 - 1e-12)))) / (1.0 + resamples)
