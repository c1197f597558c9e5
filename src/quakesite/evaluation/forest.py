"""Baselines: random forests on station features, which predict as the best constant of a neighbourhood.
And two that learn nothing (see `slope` and `pwave_published`).

A forest is grown on ln Vs30, one row per station (features averaged over its records). A station is then
predicted by the best constant of its neighbours in the leaves, each weighted as in a quantile regression
forest (Meinshausen 2006, J. Mach. Learn. Res. 7, 983-999): the value that minimises the expected absolute
percentage error, where the mean of ln Vs30 would not. Without features this is the best constant itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from quakesite.evaluation.metrics import Floats, Strings
from quakesite.evaluation.pwave_published import published_vs30
from quakesite.evaluation.schema import UNMEASURED
from quakesite.evaluation.settings import FORESTS
from quakesite.evaluation.slope import vs30_of_slope
from quakesite.training.schema import PREDICTIONS

N_TREES = 300
STATIONS_PER_LEAF = 3
NO_FIRST_MOTION = "no record has a P pick, a location and a first motion that tells"


@dataclass(frozen=True, slots=True)
class StationFeatures:
    """Features of stations that have records.

    Attributes:
        station: names, sorted.
        values: (stations, features); what is not known is the median of the stations.
    """

    station: Strings
    values: Floats


def station_features(
    name: str, features: pa.Table, elevation_m: Mapping[str, float | None]
) -> StationFeatures:
    """Returns the inputs of the baseline called `name`, averaged over each station's records.

    `hvsr_forest`: ln H/V at 32 frequencies. `hvsr_elevation_forest`: those and the station's elevation.
    `pwave_forest`: ln of the surface velocity from the first P motion (see `pwave`).
    `intensity_forest`: what Güllü (2013, Bull. Earthq. Eng. 11, 969-997) gave his networks: magnitude,
    distance, PGA and spectral acceleration (logarithms, but for the magnitude).

    Args:
        name: one of `FORESTS`.
        features: `FEATURES` rows.
        elevation_m: by station.
    """
    if name not in FORESTS:
        raise ValueError(f"{name} learns nothing")
    of_record = np.array(features["station"].to_pylist(), dtype=np.str_)
    station, codes = np.unique(of_record, return_inverse=True)
    if name == "pwave_forest":
        values = np.log(_floats(features, "surface_velocity_m_s"))[:, None]
    elif name == "intensity_forest":
        columns = [_floats(features, "magnitude")]
        columns += [
            np.log(np.maximum(_floats(features, column), 1e-3))
            for column in ("epicentral_distance_km", "pga_cm_s2", "sa_0_2_s_cm_s2", "sa_1_0_s_cm_s2")
        ]
        values = np.stack(columns, axis=1)
    else:
        values = np.array(features["ln_hv"].to_pylist(), dtype=np.float64).reshape(len(of_record), -1)
    known = np.isfinite(values)
    sums = np.zeros((len(station), values.shape[1]))
    counts = np.zeros_like(sums)
    np.add.at(sums, codes, np.where(known, values, 0.0))
    np.add.at(counts, codes, known)
    means = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    if name == "hvsr_elevation_forest":
        heights = [elevation_m.get(one) for one in station.tolist()]
        column = np.array([np.nan if one is None else one for one in heights], dtype=np.float64)
        means = np.column_stack([means, column])
    return StationFeatures(station, _filled(means))


def _floats(table: pa.Table, column: str) -> Floats:
    return np.array([np.nan if one is None else one for one in table[column].to_pylist()], dtype=np.float64)


def _filled(values: Floats) -> Floats:
    for column in values.T:
        known = column[np.isfinite(column)]
        column[~np.isfinite(column)] = np.median(known) if len(known) else 0.0
    return values


def all_predictions(
    name: str,
    features: pa.Table,
    stations: pa.Table,
    splits: Mapping[int, Mapping[str, str]],
    vs30: Mapping[str, float],
    seed: int,
) -> pa.Table:
    """Returns the predictions of the baseline called `name` for every record of `features`, sorted.

    None without records, nor from P-wave seismograms where no record has a surface velocity, nor from the
    slope where it is not known.

    Args:
        name: one of `BASELINES`.
        features: `FEATURES` rows.
        stations: `STATIONS` rows, one per code, for the elevation and the slope.
        splits, vs30, seed: as in `forest_predictions`.
    """
    if len(features) == 0 or (
        name == "pwave_forest" and not len(features["surface_velocity_m_s"].drop_null())
    ):
        return PREDICTIONS.empty_table()
    records = sorted(zip(features["record_id"].to_pylist(), features["station"].to_pylist(), strict=True))
    if name == "slope_proxy":
        return untrained_predictions(name, _slope_proxy(stations), records, splits, vs30)
    if name == "pwave_published":
        return untrained_predictions(name, published_vs30(features), records, splits, vs30)
    return forest_predictions(name, inputs_of(name, features, stations), records, splits, vs30, seed)


def none_because(name: str) -> str:
    """Returns why the baseline called `name` has no predictions."""
    return "none: " + {
        "pwave_forest": NO_FIRST_MOTION,
        "pwave_published": NO_FIRST_MOTION,
        "slope_proxy": "the slope is not known at a station with records (stations.features)",
    }.get(name, "no records, or no station to learn from")


def _slope_proxy(stations: pa.Table) -> dict[str, float]:
    known = stations.filter(stations["slope"].is_valid())
    values = vs30_of_slope(known["slope"].to_numpy()).tolist()
    return dict(zip(known["station"].to_pylist(), values, strict=True))


def untrained_predictions(
    name: str,
    proxy: Mapping[str, float],
    records: Sequence[tuple[str, str]],
    splits: Mapping[int, Mapping[str, str]],
    vs30: Mapping[str, float],
) -> pa.Table:
    """Returns the predictions (`PREDICTIONS`) of a baseline that learns nothing: in every trial the same.

    Args:
        name: what the rows are called.
        proxy: Vs30 in m/s by station; records of other stations get no row.
        records, splits, vs30: as in `forest_predictions`.
    """
    tables = [_rows(name, trial, split, proxy, records, vs30) for trial, split in sorted(splits.items())]
    return pa.concat_tables(tables) if tables else PREDICTIONS.empty_table()


def inputs_of(name: str, features: pa.Table, stations: pa.Table) -> StationFeatures:
    """Returns the inputs of the baseline called `name`, the elevation taken from `stations` rows."""
    heights = dict(zip(stations["station"].to_pylist(), stations["elevation_m"].to_pylist(), strict=True))
    return station_features(name, features, heights)


def forest_predictions(
    name: str,
    features: StationFeatures,
    records: Sequence[tuple[str, str]],
    splits: Mapping[int, Mapping[str, str]],
    vs30: Mapping[str, float],
    seed: int,
) -> pa.Table:
    """Returns the predictions (`PREDICTIONS`) of one baseline, for all trials and splits.

    Each trial's forest is grown on its train stations alone. Every record of a station carries the
    station's prediction. Stations without a Vs30 come under the split `unmeasured`.

    Args:
        name: what the rows are called.
        features: the stations' features.
        records: (record_id, station) of the rows wanted.
        splits: by trial, the set of each station.
        vs30: measured Vs30 in m/s by station.
        seed: of the forests.
    """
    tables = [
        _trial(name, trial, split, features, records, vs30, seed) for trial, split in sorted(splits.items())
    ]
    return pa.concat_tables(tables) if tables else PREDICTIONS.empty_table()


def _trial(
    name: str,
    trial: int,
    split: Mapping[str, str],
    features: StationFeatures,
    records: Sequence[tuple[str, str]],
    vs30: Mapping[str, float],
    seed: int,
) -> pa.Table:
    names = features.station.tolist()
    train = np.array([split.get(one) == "train" for one in names], dtype=bool)
    if not train.any():
        return PREDICTIONS.empty_table()
    measured = np.array([vs30[one] for one in features.station[train].tolist()])
    values = neighbourhood_constants(features.values[train], measured, features.values, seed + trial)
    return _rows(name, trial, split, dict(zip(names, values.tolist(), strict=True)), records, vs30)


def _rows(
    name: str,
    trial: int,
    split: Mapping[str, str],
    predicted: Mapping[str, float],
    records: Sequence[tuple[str, str]],
    vs30: Mapping[str, float],
) -> pa.Table:
    rows = [
        (record, station, split[station] if station in vs30 else UNMEASURED, vs30.get(station, float("nan")))
        for record, station in records
        if station in predicted and (station in split or station not in vs30)
    ]
    return pa.table(
        {
            "experiment": [name] * len(rows),
            "trial": [trial] * len(rows),
            "record_id": [row[0] for row in rows],
            "station": [row[1] for row in rows],
            "split": [row[2] for row in rows],
            "vs30_m_s": [row[3] for row in rows],
            "vs30_predicted_m_s": [predicted[row[1]] for row in rows],
        },
        schema=PREDICTIONS,
    )


def neighbourhood_constants(inputs: Floats, measured: Floats, wanted: Floats, seed: int) -> Floats:
    """Returns a forest's prediction for each row of `wanted`, in m/s.

    Args:
        inputs: (train stations, features).
        measured: their Vs30, in m/s.
        wanted: (stations, features).
        seed: of the forest.
    """
    from sklearn.ensemble import RandomForestRegressor

    leaf = min(STATIONS_PER_LEAF, len(measured))
    forest = RandomForestRegressor(
        n_estimators=N_TREES, min_samples_leaf=leaf, max_features=1 / 3, random_state=seed, n_jobs=1
    )
    forest.fit(inputs, np.log(measured))
    train_leaves, wanted_leaves = forest.apply(inputs), forest.apply(wanted)
    weights = np.zeros((len(wanted), len(measured)))
    for tree in range(train_leaves.shape[1]):
        same = wanted_leaves[:, tree, None] == train_leaves[None, :, tree]
        weights += same / same.sum(axis=1, keepdims=True)
    order = np.argsort(measured, kind="stable")
    cumulative = np.cumsum(weights[:, order] / measured[order], axis=1)
    places = (cumulative < cumulative[:, -1:] / 2.0).sum(axis=1)
    return np.asarray(measured[order][places])
