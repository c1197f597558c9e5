"""Whether the class probabilities come true: `class_reliability.csv` and `class_skill.csv`.

As in `coverage`, a station that one trial held out is given probabilities made from the other trials'
residuals alone. The Brier score (Brier 1950, Mon. Weather Rev. 78, 1-3) is the mean over stations of the sum
over the classes of (probability - outcome)^2: 0 where the right class has all the probability, 2 where a
wrong one has. It is held against climatology: for every station the frequencies of the classes among those
same other stations, made into probabilities in the same way.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from quakesite.evaluation.conformal import Calibrator, class_probabilities, distribution
from quakesite.evaluation.coverage import binomial_interval
from quakesite.evaluation.folds import Folds
from quakesite.evaluation.layout import Row
from quakesite.evaluation.metrics import Floats, skill_interval
from quakesite.evaluation.pooling import Pooled, calibrators, pool
from quakesite.evaluation.settings import EvaluationSettings
from quakesite.stations.schema import CLASSES, site_class

EDGES = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0)
ALL = "all"
COLUMNS = (
    "model",
    "site_class",
    "probability_from",
    "probability_to",
    "n",
    "mean_probability",
    "frequency",
    "frequency_low",
    "frequency_high",
)
SKILL_COLUMNS = (
    "model",
    "n_stations",
    "brier",
    "brier_climatology",
    "brier_skill",
    "brier_skill_low",
    "brier_skill_high",
    "right_class",
    "right_class_climatology",
)


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Class probabilities of stations that were held out; one row per station, by name.

    Attributes:
        predicted, climatology: (stations, classes), the rows' sums are 1.
        happened: (stations, classes), 1 in the measured class, else 0.
    """

    predicted: Floats
    climatology: Floats
    happened: Floats

    def __len__(self) -> int:
        return len(self.happened)


def held_out_probabilities(
    pooled: Mapping[str, Pooled], known: Sequence[Calibrator], vs30: Mapping[str, float]
) -> HeldOut:
    """Returns the probabilities of each calibration station, made by the trials that did not test it.

    Stations for which there are no other trials are left out.

    Args:
        pooled: predictions by station.
        known: the calibration stations.
        vs30: measured Vs30 in m/s by station.
    """
    predicted, climatology, happened = [], [], []
    for one in known:
        others = [other for other in known if one.members.isdisjoint(other.members)]
        if not others:
            continue
        of_others = np.log([vs30[other.station] for other in others])
        predicted.append(_row(distribution(pooled[one.station].of_member, others)))
        climatology.append(_row(of_others))
        happened.append([float(name == site_class(vs30[one.station])) for name in CLASSES])
    shape = (len(happened), len(CLASSES))
    return HeldOut(
        *(np.array(rows, np.float64).reshape(shape) for rows in (predicted, climatology, happened))
    )


def of_folds(folds: Folds, vs30: Mapping[str, float]) -> HeldOut:
    """Returns `held_out_probabilities` of a model's predictions in training."""
    pooled = pool(folds.table)
    return held_out_probabilities(pooled, calibrators(pooled, vs30), vs30)


def _row(values: Floats) -> list[float]:
    of_class = class_probabilities(values)
    return [of_class[name] for name in CLASSES]


def reliability_rows(model: str, held_out: HeldOut) -> list[Row]:
    """Returns the rows of `class_reliability.csv` of one model: how often came what had which probability.

    First all classes together, every station counting once per class, in bins of the probability; then each
    class over all stations. `frequency` has its binomial interval (Clopper and Pearson 1934), which takes
    the counted ones for independent. Bins and classes without any have no row.

    Args:
        model: its name.
        held_out: see `held_out_probabilities`.
    """
    rows: list[Row] = []
    for low, high in pairwise(EDGES):
        inside = (held_out.predicted >= low) & (
            (held_out.predicted < high) | ((high == 1.0) & (held_out.predicted <= high))
        )
        if inside.any():
            rows.append(
                _counted(model, ALL, low, high, held_out.predicted[inside], held_out.happened[inside])
            )
    for place, name in enumerate(CLASSES):
        if len(held_out):
            columns = held_out.predicted[:, place], held_out.happened[:, place]
            rows.append(_counted(model, name, EDGES[0], EDGES[-1], *columns))
    return rows


def _counted(
    model: str, site_class: str, low: float, high: float, predicted: Floats, happened: Floats
) -> Row:
    hits = round(float(happened.sum()))
    frequency_low, frequency_high = binomial_interval(hits, len(happened))
    return {
        "model": model,
        "site_class": site_class,
        "probability_from": low,
        "probability_to": high,
        "n": len(happened),
        "mean_probability": float(predicted.mean()),
        "frequency": hits / len(happened),
        "frequency_low": frequency_low,
        "frequency_high": frequency_high,
    }


def class_skill_row(model: str, held_out: HeldOut, settings: EvaluationSettings) -> Row:
    """Returns the row of `class_skill.csv` of one model; NaN throughout where no station was held out.

    `brier_skill` is 1 - Brier score / that of climatology, with its bootstrap interval over stations;
    `right_class` the share of stations in the class of the largest probability.

    Args:
        model: its name.
        held_out: see `held_out_probabilities`.
        settings: bootstrap, confidence and seed.
    """
    if not len(held_out):
        return dict.fromkeys(SKILL_COLUMNS, math.nan) | {"model": model, "n_stations": 0}
    of_model, of_climatology = (
        np.sum((given - held_out.happened) ** 2, axis=1)
        for given in (held_out.predicted, held_out.climatology)
    )
    low, high = skill_interval(
        of_model,
        of_climatology,
        resamples=settings.bootstrap,
        confidence=settings.confidence,
        seed=settings.seed,
    )
    return {
        "model": model,
        "n_stations": len(held_out),
        "brier": float(of_model.mean()),
        "brier_climatology": float(of_climatology.mean()),
        "brier_skill": 1.0 - float(of_model.mean()) / float(of_climatology.mean()),
        "brier_skill_low": low,
        "brier_skill_high": high,
        "right_class": _right(held_out.predicted, held_out.happened),
        "right_class_climatology": _right(held_out.climatology, held_out.happened),
    }


def _right(given: Floats, happened: Floats) -> float:
    return float(np.mean(happened[np.arange(len(given)), np.argmax(given, axis=1)]))
