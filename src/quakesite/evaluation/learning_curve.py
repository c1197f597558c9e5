"""How the error of a baseline falls with the number of stations it learns from."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from quakesite.evaluation.forest import StationFeatures, neighbourhood_constants
from quakesite.evaluation.layout import Row
from quakesite.evaluation.metrics import Floats, best_constant, percentage_error

Places = npt.NDArray[np.intp]

SHARES = (0.1, 0.2, 0.35, 0.5, 0.75, 1.0)
FEWEST = 5
COLUMNS = ("name", "trial", "n_stations", "error_station_pct", "constant_error_pct")


def learning_curve_rows(
    name: str,
    features: StationFeatures,
    splits: Mapping[int, Mapping[str, str]],
    vs30: Mapping[str, float],
    seed: int,
) -> list[Row]:
    """Returns each trial's test error after learning from growing parts of its train stations.

    Args:
        name: what the rows are called.
        features: of all stations.
        splits: by trial, the set of each station.
        vs30: measured Vs30 in m/s by station.
        seed: of the order in which stations are added, and of the forests.
    """
    rows: list[Row] = []
    for trial, split in sorted(splits.items()):
        part = np.array([split.get(one, "") for one in features.station.tolist()])
        train, test = np.flatnonzero(part == "train"), np.flatnonzero(part == "test")
        if len(train) < FEWEST or len(test) == 0:
            continue
        order = np.random.default_rng([seed, trial]).permutation(train)
        for count in sorted({max(round(share * len(order)), FEWEST) for share in SHARES}):
            error, constant = _errors(features, order[:count], test, vs30, seed + trial)
            rows.append(
                {
                    "name": name,
                    "trial": trial,
                    "n_stations": int(count),
                    "error_station_pct": error,
                    "constant_error_pct": constant,
                }
            )
    return rows


def _errors(
    features: StationFeatures,
    train: Places,
    test: Places,
    vs30: Mapping[str, float],
    seed: int,
) -> tuple[float, float]:
    learnt, wanted = (_measured(features, places, vs30) for places in (train, test))
    predicted = neighbourhood_constants(features.values[train], learnt, features.values[test], seed)
    constant = np.full(len(wanted), best_constant(learnt))
    return float(percentage_error(predicted, wanted).mean()), float(percentage_error(constant, wanted).mean())


def _measured(features: StationFeatures, places: Places, vs30: Mapping[str, float]) -> Floats:
    return np.array([vs30[name] for name in features.station[places].tolist()])
