"""`control.csv`: what a model makes of the P/S channel, told by giving each record that of another one.

The fourth channel is 1 from P to S, and S - P grows with the distance of the earthquake: a model may lean on
where the stations of its few earthquakes happen to stand, instead of on their ground. So each network is
run once more on the very windows it was tested on, E, N and Z as they are, the fourth channels dealt out
anew among them (a permutation feature importance; Breiman 2001, Mach. Learn. 45, 5-32, section 10). What
its error grows by is what the right P and S were worth.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import torch

from quakesite.evaluation.control_verdict import NO_DATA, verdict
from quakesite.evaluation.kept import AT_ONCE, KeptWindows
from quakesite.evaluation.layout import Row, Value
from quakesite.evaluation.metrics import (
    COLLAPSE_RATIO,
    SLOWEST_M_S,
    Floats,
    mean_interval,
    percentage_error,
    sign_flip_p,
    station_mean,
    within_trial_spread,
)
from quakesite.evaluation.saved_network import Network, SavedNetwork
from quakesite.evaluation.settings import EvaluationSettings
from quakesite.training.schema import PREDICTIONS

PS = 3
FEWEST_WINDOWS = 2
SAME_PCT = 1e-4  # what single precision does to an error in another batch
COLUMNS = (
    "experiment",
    "n_stations",
    "n_records",
    "error_station_pct",
    "shuffled_error_station_pct",
    "change_pct",
    "change_low",
    "change_high",
    "p_change",
    "prediction_change_pct",
    "relative_change_pct",
    "collapsed",
    "verdict",
)

NOTHING: dict[str, Value] = (
    dict.fromkeys(COLUMNS, float("nan"))
    | {"n_stations": 0, "n_records": 0}
    | {"collapsed": None, "verdict": NO_DATA}
)
"""The row of a model without shuffled records."""


def shuffled_predictions(
    model: SavedNetwork,
    windows: Sequence[str | Path],
    vs30: Mapping[str, float],
    moved: Collection[str],
    seed: int,
) -> pa.Table:
    """Returns the model's predictions (`PREDICTIONS`) for its test windows, their P/S channels shuffled.

    Within a trial no window keeps its own channel; a trial with fewer than two test windows has no rows.

    Args:
        model: with the P/S channel.
        windows: shards of the windows it is tested on.
        vs30: measured Vs30 in m/s by station.
        moved: records made where their station stood before.
        seed: of the shuffling.
    """
    torch.set_num_threads(1)
    kept = KeptWindows(windows, model.channels, model.about["excluded_flags"], moved)
    tables = [_of_member(model.name, member, kept, vs30, seed) for member in model.members]
    return pa.concat_tables([PREDICTIONS.empty_table(), *tables])


def _of_member(
    name: str, member: Network, kept: KeptWindows, vs30: Mapping[str, float], seed: int
) -> pa.Table:
    own = [
        row
        for row, station in enumerate(kept.stations)
        if station in vs30 and member.split_of(station) == "test"
    ]
    if len(own) < FEWEST_WINDOWS:
        return PREDICTIONS.empty_table()
    others = another_each(own, [seed, member.trial])
    predicted: list[float] = []
    for start in range(0, len(own), AT_ONCE):
        chunk = slice(start, start + AT_ONCE)
        tensors = kept.fetch(own[chunk])
        tensors[:, PS] = kept.fetch(others[chunk])[:, PS]
        with torch.no_grad():
            predicted += member.predictor(tensors).double().tolist()
    return pa.table(
        {
            "experiment": [name] * len(own),
            "trial": [member.trial] * len(own),
            "record_id": [kept.record_ids[row] for row in own],
            "station": [kept.stations[row] for row in own],
            "split": ["test"] * len(own),
            "vs30_m_s": [vs30[kept.stations[row]] for row in own],
            "vs30_predicted_m_s": predicted,
        },
        schema=PREDICTIONS,
    )


def another_each(items: Sequence[int], seed: int | Sequence[int]) -> list[int]:
    """Returns for each of two items or more another one of them, each once: the next on a random round."""
    order: npt.NDArray[np.int64] = np.random.default_rng(seed).permutation(len(items))
    other = np.empty(len(items), np.int64)
    other[order] = np.roll(order, -1)
    return [items[place] for place in other.tolist()]


def control_row(name: str, predicted: pa.Table, shuffled: pa.Table, settings: EvaluationSettings) -> Row:
    """Returns the row of `control.csv` of one model.

    Errors are per station, in per cent; `change_pct` is the shuffled one less the other, with its bootstrap
    interval over stations and the p of a sign-flip test; `relative_change_pct` is its share of the error, the
    size of the effect; `prediction_change_pct` the median change of a record's prediction, up or down.
    `collapsed` is of the predictions with the right channel (see `metrics`). See `control_verdict`.

    Args:
        name: the experiment's.
        predicted: its predictions, every split; those of the rows of `shuffled` count.
        shuffled: see `shuffled_predictions`.
        settings: bootstrap, confidence and seed.
    """
    keys = ("trial", "record_id", "station")
    both = shuffled.join(
        predicted.filter(pc.equal(predicted["split"], "test")).select([*keys, "vs30_predicted_m_s"]),
        keys=list(keys),
        join_type="inner",
        right_suffix="_before",
    ).sort_by([(key, "ascending") for key in keys])
    if len(both) != len(shuffled):
        raise RuntimeError(f"{name}: {len(shuffled)} records shuffled, {len(both)} of them predicted before")
    if len(both) == 0:
        return NOTHING | {"experiment": name}
    station = np.array(both["station"].to_pylist(), dtype=np.str_)
    measured = both["vs30_m_s"].to_numpy()
    after, before = both["vs30_predicted_m_s"].to_numpy(), both["vs30_predicted_m_s_before"].to_numpy()
    error, of_shuffled = (
        station_mean(percentage_error(values, measured), station) for values in (before, after)
    )
    difference: Floats = np.where(np.abs(of_shuffled - error) < SAME_PCT, 0.0, of_shuffled - error)
    low, high = mean_interval(
        difference, resamples=settings.bootstrap, confidence=settings.confidence, seed=settings.seed
    )
    trial = both["trial"].to_numpy()
    spread, of_vs30 = within_trial_spread(before, trial), within_trial_spread(measured, trial)
    row: dict[str, Value] = {
        "experiment": name,
        "n_stations": len(error),
        "n_records": len(set(both["record_id"].to_pylist())),
        "error_station_pct": float(error.mean()),
        "shuffled_error_station_pct": float(of_shuffled.mean()),
        "change_pct": float(difference.mean()),
        "change_low": low,
        "change_high": high,
        "p_change": sign_flip_p(difference, resamples=settings.bootstrap, seed=settings.seed),
        "prediction_change_pct": 100.0
        * float(np.median(np.abs(after - before) / np.maximum(before, SLOWEST_M_S))),
        "relative_change_pct": 100.0 * float(difference.mean()) / float(error.mean()) if error.any() else 0.0,
        "collapsed": spread < COLLAPSE_RATIO * of_vs30 if of_vs30 > 0.0 else None,
    }
    return row | {"verdict": verdict(row)}
