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
from quakesite.evaluation.schema import HV_FREQUENCIES_HZ, UNMEASURED
from quakesite.evaluation.settings import FORESTS
from quakesite.evaluation.slope import vs30_of_slope
from quakesite.evaluation.trees import Forest, grow
from quakesite.training.schema import PREDICTIONS

N_TREES = 300
STATIONS_PER_LEAF = 3
FEATURES_PER_SPLIT = 1 / 3
ELEVATED = "hvsr_elevation_forest"
"""The forest that looks at the station's elevation as well."""

INTENSITIES = ("epicentral_distance_km", "pga_cm_s2", "sa_0_2_s_cm_s2", "sa_1_0_s_cm_s2")
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

    What is not known of a station is the median of the others.

    `hvsr_forest`: ln H/V at 32 frequencies. `hvsr_elevation_forest`: those and the station's elevation.
    `pwave_forest`: ln of the surface velocity from the first P motion (see `pwave`).
    `intensity_forest`: what Güllü (2013, Bull. Earthq. Eng. 11, 969-997) gave his networks: magnitude,
    distance, PGA and spectral acceleration (logarithms, but for the magnitude).

    Args:
        name: one of `FORESTS`.
        features: `FEATURES` rows.
        elevation_m: by station.
    """
    of_record = np.array(features["station"].to_pylist(), dtype=np.str_)
    station, codes = np.unique(of_record, return_inverse=True)
    values = record_features(name, features)
    known = np.isfinite(values)
    sums = np.zeros((len(station), values.shape[1]))
    counts = np.zeros_like(sums)
    np.add.at(sums, codes, np.where(known, values, 0.0))
    np.add.at(counts, codes, known)
    means = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    if name == ELEVATED:
        heights = [elevation_m.get(one) for one in station.tolist()]
        column = np.array([np.nan if one is None else one for one in heights], dtype=np.float64)
        means = np.column_stack([means, column])
    return StationFeatures(station, _filled(means))


def record_features(name: str, features: pa.Table) -> Floats:
    """Returns what the forest called `name` looks at in each record, shape (records, features).

    NaN is what is not known. The elevation, which is a station's, is not among them.

    Args:
        name: one of `FORESTS`.
        features: `FEATURES` rows.
    """
    if name not in FORESTS:
        raise ValueError(f"{name} learns nothing")
    if name == "pwave_forest":
        return np.log(_floats(features, "surface_velocity_m_s"))[:, None]
    if name == "intensity_forest":
        columns = [_floats(features, "magnitude")]
        columns += [np.log(np.maximum(_floats(features, column), 1e-3)) for column in INTENSITIES]
        return np.stack(columns, axis=1)
    curves = np.array(features["ln_hv"].to_pylist(), dtype=np.float64)
    return curves.reshape(len(features), len(HV_FREQUENCIES_HZ))


def feature_names(name: str) -> tuple[str, ...]:
    """Returns what the columns of `station_features` are, in words."""
    if name == "pwave_forest":
        return ("ln surface velocity from the first P motion in m/s",)
    if name == "intensity_forest":
        return ("magnitude", *(f"ln {column}" for column in INTENSITIES))
    curves = (f"ln H/V at {frequency:.3g} Hz" for frequency in HV_FREQUENCIES_HZ.tolist())
    return (*curves, *(["elevation in m"] if name == ELEVATED else []))


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
    forests: Mapping[int, Forest] | None = None,
) -> pa.Table:
    """Returns the predictions of the baseline called `name` for every record of `features`, sorted.

    None without records, nor from P-wave seismograms where no record has a surface velocity, nor from the
    slope where it is not known.

    Args:
        name: one of `BASELINES`.
        features: `FEATURES` rows.
        stations: `STATIONS` rows, one per code, for the elevation and the slope.
        splits, vs30, seed: as in `forest_predictions`.
        forests: those of `forests_of`, where they are grown already.
    """
    if not _tells(name, features):
        return PREDICTIONS.empty_table()
    records = sorted(zip(features["record_id"].to_pylist(), features["station"].to_pylist(), strict=True))
    if name == "slope_proxy":
        return untrained_predictions(name, _slope_proxy(stations), records, splits, vs30)
    if name == "pwave_published":
        return untrained_predictions(name, published_vs30(features), records, splits, vs30)
    inputs = inputs_of(name, features, stations)
    known = grown(inputs, splits, vs30, seed) if forests is None else forests
    return _predictions(name, known, inputs, records, splits, vs30)


def forests_of(
    name: str,
    features: pa.Table,
    stations: pa.Table,
    splits: Mapping[int, Mapping[str, str]],
    vs30: Mapping[str, float],
    seed: int,
) -> dict[int, Forest]:
    """Returns the forests of the baseline called `name` by trial; none without data.

    Args:
        name: one of `FORESTS`.
        features, stations, splits, vs30, seed: as in `all_predictions`.
    """
    if not _tells(name, features):
        return {}
    return grown(inputs_of(name, features, stations), splits, vs30, seed)


def _tells(name: str, features: pa.Table) -> bool:
    if len(features) == 0:
        return False
    return name != "pwave_forest" or len(features["surface_velocity_m_s"].drop_null()) > 0


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
    return _predictions(name, grown(features, splits, vs30, seed), features, records, splits, vs30)


def grown(
    features: StationFeatures,
    splits: Mapping[int, Mapping[str, str]],
    vs30: Mapping[str, float],
    seed: int,
) -> dict[int, Forest]:
    """Returns each trial's forest, grown on its train stations alone; none without such a station.

    Args:
        features: the stations' features.
        splits, vs30, seed: as in `forest_predictions`.
    """
    names = features.station.tolist()
    forests = {}
    for trial, split in sorted(splits.items()):
        train = np.array([split.get(one) == "train" for one in names], dtype=bool)
        if train.any():
            measured = np.array([vs30[one] for one in features.station[train].tolist()])
            forests[trial] = grown_on(features.values[train], measured, seed + trial)
    return forests


def grown_on(inputs: Floats, measured: Floats, seed: int) -> Forest:
    """Returns a forest of the size that the baselines have.

    Args:
        inputs: (train stations, features).
        measured: their Vs30, in m/s.
        seed: of the forest.
    """
    size = {"n_trees": N_TREES, "per_leaf": STATIONS_PER_LEAF}
    return grow(inputs, measured, seed, **size, features_per_split=FEATURES_PER_SPLIT)


def _predictions(
    name: str,
    forests: Mapping[int, Forest],
    features: StationFeatures,
    records: Sequence[tuple[str, str]],
    splits: Mapping[int, Mapping[str, str]],
    vs30: Mapping[str, float],
) -> pa.Table:
    tables = [PREDICTIONS.empty_table()]
    for trial, forest in sorted(forests.items()):
        values = forest.predict(features.values).tolist()
        predicted = dict(zip(features.station.tolist(), values, strict=True))
        tables.append(_rows(name, trial, splits[trial], predicted, records, vs30))
    return pa.concat_tables(tables).combine_chunks()


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
    return grown_on(inputs, measured, seed).predict(wanted)
