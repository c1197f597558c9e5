"""`predictions.csv`: Vs30 for every station that a model has records of, measured or not, with an interval.

A measured station is predicted by the trials that held it out, one that nobody has measured by all trials:
both are `out_of_fold`. A measured one that no trial tested is predicted by models that have seen it.
Interval and class probabilities are those of `conformal`, `outside_data` is told by `support`. `site_class`
is that of the predicted Vs30. A station that the best model has no records of is predicted by the next
best; `model` says which.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from quakesite.errors import InputError
from quakesite.evaluation.conformal import Calibrator
from quakesite.evaluation.folds import Folds
from quakesite.evaluation.layout import Row
from quakesite.evaluation.metrics import (
    SLOWEST_M_S,
    Floats,
    best_constant,
    percentage_error,
    station_mean,
)
from quakesite.evaluation.pooling import Estimate, Pooled, calibrators, estimates, pool
from quakesite.evaluation.schema import OUTSIDE
from quakesite.evaluation.settings import EvaluationSettings
from quakesite.evaluation.support import TABLE_FEATURES, support_of, table_features
from quakesite.stations.codes import one_per_code
from quakesite.stations.schema import CLASSES
from quakesite.tables import read_parquet
from quakesite.training.experiments import EXPERIMENTS
from quakesite.training.schema import PREDICTIONS

BEST = "best"
CONTRACT = (
    "station",
    "network",
    "latitude",
    "longitude",
    "vs30_measured",
    "vs30_predicted",
    "vs30_low",
    "vs30_high",
    "n_records",
    "site_class",
    "out_of_fold",
)
COLUMNS = (
    *CONTRACT,
    "model",
    "coverage",
    *(f"probability_{name.lower()}" for name in CLASSES),
    "outside_data",
    "outside_p",
)


@dataclass(frozen=True, slots=True)
class Said:
    """What one model says.

    Attributes:
        model: its name.
        pooled: its predictions by station.
        known: its calibration stations.
        outside_p: p value by station, of lying outside what it has seen.
    """

    model: str
    pooled: Mapping[str, Pooled]
    known: Sequence[Calibrator]
    outside_p: Mapping[str, float]


def ranked(models: Mapping[str, Folds], wanted: str = BEST) -> dict[str, float]:
    """Returns the skill of the models that make the product, the best first; a wanted one comes before all.

    By skill on validation stations: 1 - error per station over that of the best constant of the train
    stations. Test stations have no say. Experiments tested on picks by hand are left out unless wanted:
    nobody picks every record by hand.

    Raises:
        InputError: `wanted` is none of `models`.
    """
    if wanted not in (BEST, *models):
        raise InputError("evaluation.product", repr(wanted), expected=f"one of {', '.join((BEST, *models))}")
    skills = {
        name: skill
        for name, folds in models.items()
        if (name == wanted or not _by_hand(name)) and np.isfinite(skill := validation_skill(folds.table))
    }
    return {name: skills[name] for name in sorted(skills, key=lambda one: (one != wanted, -skills[one], one))}


def _by_hand(name: str) -> bool:
    return name in EXPERIMENTS and EXPERIMENTS[name].test_annotation == "manual"


def validation_skill(table: pa.Table) -> float:
    """Returns a model's skill on its validation stations, all trials together; NaN without any.

    Args:
        table: its rows of `PREDICTIONS`.
    """
    errors, constants = [], []
    for trial in pc.unique(table["trial"]).to_pylist():
        of_trial = table.filter(pc.equal(table["trial"], trial))
        train, validation = (
            of_trial.filter(pc.equal(of_trial["split"], split)) for split in ("train", "validation")
        )
        if not len(train) or not len(validation):
            continue
        constant = best_constant(_per_station(train, train["vs30_m_s"].to_numpy()))
        measured = validation["vs30_m_s"].to_numpy()
        of_model = percentage_error(validation["vs30_predicted_m_s"].to_numpy(), measured)
        errors.append(_per_station(validation, of_model))
        constants.append(
            _per_station(validation, percentage_error(np.full(len(measured), constant), measured))
        )
    if not errors or not np.concatenate(constants).any():
        return float("nan")
    return 1.0 - float(np.concatenate(errors).mean() / np.concatenate(constants).mean())


def _per_station(table: pa.Table, values: Floats) -> Floats:
    return station_mean(values, np.array(table["station"].to_pylist(), dtype=np.str_))


def said_by(
    name: str,
    folds: Folds,
    vs30: Mapping[str, float],
    outside_p: Mapping[str, float],
    table: pa.Table | None = None,
) -> Said:
    """Returns what a model says of every station that it has records of.

    Args:
        name: the model's.
        folds: its predictions in training.
        vs30: measured Vs30 in m/s by station.
        outside_p: p value by station.
        table: its predictions for all stations (`PREDICTIONS` columns), where not those in `folds`.
    """
    pooled = pool(folds.table if table is None else table)
    return Said(name, pooled, calibrators(pooled, vs30), outside_p)


def read_predicted(sources: Sequence[str | Path]) -> dict[str, tuple[pa.Table, dict[str, float]]]:
    """Returns, by experiment, the rows of all stations and the p value of each station.

    Args:
        sources: evaluation/predicted/{experiment}.parquet.
    """
    found = {}
    for source in sources:
        table = read_parquet(source, PREDICTIONS)
        outside = read_parquet(source, OUTSIDE)
        pairs = zip(outside["station"].to_pylist(), outside["outside_p"].to_pylist(), strict=True)
        if len(table):
            found[str(table["experiment"][0])] = (table, {name: p for name, p in pairs if p is not None})
    return found


def outside_of_features(features: pa.Table, measured: Mapping[str, float], level: float) -> dict[str, float]:
    """Returns the p value of each station of `FEATURES` rows, which the baselines are trained on."""
    stations = features["station"].to_pylist()
    values = table_features(features)
    return support_of(values, stations, set(measured), TABLE_FEATURES).p_values(values, stations, level)


def product(said: Sequence[Said], settings: EvaluationSettings) -> list[Estimate]:
    """Returns one estimate per station, by the first model that has records of it, sorted by station."""
    found: dict[str, Estimate] = {}
    for one in said:
        for estimate in estimates(
            one.pooled,
            one.known,
            one.outside_p,
            model=one.model,
            coverage=settings.coverage,
            outside_level=settings.outside_level,
        ):
            found.setdefault(estimate.station, estimate)
    return [found[name] for name in sorted(found)]


def product_rows(found: Sequence[Estimate], stations: pa.Table) -> list[Row]:
    """Returns the rows of `predictions.csv`.

    Args:
        found: one per station.
        stations: `STATIONS` rows.
    """
    places = {row["station"]: row for row in one_per_code(stations).to_pylist()}
    return [
        row_of(
            one,
            network=places[one.station]["network"],
            latitude=places[one.station]["latitude"],
            longitude=places[one.station]["longitude"],
            vs30_measured=places[one.station]["vs30_m_s"],
        )
        for one in found
    ]


def row_of(
    one: Estimate,
    *,
    network: str,
    latitude: float | None,
    longitude: float | None,
    vs30_measured: float | None,
) -> Row:
    """Returns a row of `predictions.csv` (`COLUMNS`)."""
    values: dict[str, Any] = {
        "station": one.station,
        "network": network,
        "latitude": latitude,
        "longitude": longitude,
        "vs30_measured": vs30_measured,
        "vs30_predicted": one.vs30_m_s,
        "vs30_low": one.low_m_s,
        "vs30_high": one.high_m_s,
        "n_records": one.n_records,
        "site_class": one.site_class,
        "out_of_fold": one.out_of_fold,
        "model": one.model,
        "coverage": one.coverage,
        **{f"probability_{name.lower()}": p for name, p in one.class_probabilities.items()},
        "outside_data": one.outside_data,
        "outside_p": one.outside_p,
    }
    return {column: values[column] for column in COLUMNS}


def clipped_words(number: int) -> str:
    """Returns how many predictions of records have no logarithm to speak of, and what becomes of them."""
    return f"{number} predictions of records under {SLOWEST_M_S:g} m/s count as {SLOWEST_M_S:g} m/s"


def summary(found: Sequence[Estimate], measured: Mapping[str, float]) -> str:
    """Returns one line on what the product is made of."""
    held_out = sum(one.out_of_fold for one in found)
    unmeasured = sum(one.station not in measured for one in found)
    outside = sum(one.outside_data is True for one in found)
    models = sorted({one.model for one in found}, key=lambda name: [one.model for one in found].index(name))
    n_clipped = sum(one.n_clipped for one in found)
    return (
        f"predictions: {', '.join(models)}, {held_out} stations out of fold ({unmeasured} of them without a "
        f"measured Vs30), {len(found) - held_out} seen in training, {outside} outside the data"
    ) + (f"; {clipped_words(n_clipped)}" if n_clipped else "")
