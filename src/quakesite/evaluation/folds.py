"""Reads predictions and keeps what may be judged: test records of stations their trial never trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from quakesite.errors import InputError
from quakesite.evaluation.metrics import Strings, TestRows, best_constant
from quakesite.evaluation.schema import UNMEASURED
from quakesite.tables import read_all
from quakesite.training.schema import PREDICTIONS

SEEN = ("train", "validation")


@dataclass(frozen=True, slots=True)
class Folds:
    """One model's predictions over all its trials.

    Attributes:
        rows: its test rows, each beside the best constant of its trial; predictions that are no finite
            numbers are NaN.
        leaked: stations that stood in test and in train or validation of one trial; their test rows are not
            in `rows`, because a number made from them would be worth nothing.
        table: all its rows (`PREDICTIONS`), every split, the leaked ones included.
    """

    rows: TestRows
    leaked: tuple[str, ...]
    table: pa.Table


def read_folds(
    predictions: Sequence[str | Path],
    names: Sequence[str] | None = None,
    vs30: Mapping[str, float] | None = None,
) -> dict[str, Folds]:
    """Returns the folds of each model in `predictions`, in the order of `names`.

    Args:
        predictions: tables of the `PREDICTIONS` schema, any number per model.
        names: the models wanted; one without a row gets empty folds. None: those found, sorted.
        vs30: measured Vs30 in m/s by station; predictions made with another value are refused.

    Raises:
        InputError: predictions that were trained on another Vs30 than `vs30`, or a split of another name.
    """
    table = read_all(predictions, PREDICTIONS)
    if vs30 is not None:
        _check_labels(table, vs30)
    splits = set(pc.unique(table["split"]).to_pylist())
    if not splits <= {*SEEN, "test", UNMEASURED}:
        raise InputError("predictions", f"split {sorted(splits)}", expected="train, validation or test")
    if names is None:
        names = sorted(pc.unique(table["experiment"]).to_pylist())
    return {name: _folds(table.filter(pc.equal(table["experiment"], name))) for name in names}


def _check_labels(table: pa.Table, vs30: Mapping[str, float]) -> None:
    measured = table.filter(pc.not_equal(table["split"], UNMEASURED))
    pairs = measured.select(["station", "vs30_m_s"]).group_by(["station", "vs30_m_s"]).aggregate([])
    for station, used in zip(pairs["station"].to_pylist(), pairs["vs30_m_s"].to_pylist(), strict=True):
        known = vs30.get(station)
        if known is None or not np.isclose(known, used, rtol=1e-6):
            raise InputError(
                "predictions",
                f"trained with {used:g} m/s",
                field=f"Vs30 of station {station}",
                expected=f"{known:g} m/s as in the stations table"
                if known
                else "a station of the stations table",
                action="train again",
            )


def _folds(table: pa.Table) -> Folds:
    table = table.sort_by([("trial", "ascending"), ("record_id", "ascending"), ("split", "ascending")])
    station, split = _strings(table, "station"), _strings(table, "split")
    trial = table["trial"].to_numpy()
    measured, predicted = table["vs30_m_s"].to_numpy(), table["vs30_predicted_m_s"].to_numpy()
    constant = np.full(len(table), np.nan)
    judged = split == "test"
    leaked: set[str] = set()
    for number in np.unique(trial):
        of_trial = trial == number
        seen, first = np.unique(station[of_trial & np.isin(split, SEEN)], return_index=True)
        constant[of_trial] = best_constant(measured[of_trial & np.isin(split, SEEN)][first])
        twice = of_trial & (split == "test") & np.isin(station, seen)
        leaked.update(station[twice].tolist())
        judged &= ~twice
    rows = TestRows(
        record=_strings(table, "record_id"),
        station=station,
        trial=trial,
        measured=measured,
        predicted=np.where(np.isfinite(predicted), predicted, np.nan),
        constant=constant,
    )
    return Folds(rows.where(judged), tuple(sorted(leaked)), table)


def _strings(table: pa.Table, column: str) -> Strings:
    return np.asarray(table[column].to_pylist(), dtype=np.str_)
