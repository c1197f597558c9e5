"""`trials.csv`, one row per trial, and `selection.csv`, the variant that validation prefers.

The choice is by the error on validation stations alone. Of the test stations only the chosen variant's error
is worked out.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from quakesite.errors import InputError
from quakesite.tables import read_parquet, write_csv
from quakesite.training.schema import PREDICTIONS, SELECTION, SETTINGS, TRIALS
from quakesite.training.splits import NAMES
from quakesite.training.trial import FILES, collapsed
from quakesite.training.variants import NOT_A_NAME

VARIANTS = "training_variants"
"""Folder of `{variant}/{experiment}/{trial}`, beside `training/{experiment}/{trial}`."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ranked:
    """The mean over trials of a variant's error on validation stations, per cent; NaN where one has none."""

    variant: str
    error_pct: float
    n_trials: int


def write_selection(folders: Sequence[str | Path], trials: str | Path, selection: str | Path) -> None:
    """Writes both tables (`TRIALS`, `SELECTION`) of the trials in `folders`.

    Raises:
        InputError: a folder does not hold a whole trial.
    """
    rows = [trial_row(folder) for folder in folders]
    chosen = []
    for experiment in dict.fromkeys(row["experiment"] for row in rows):
        of_experiment = [row for row in rows if row["experiment"] == experiment]
        own = [folder for folder, row in zip(folders, rows, strict=True) if row["experiment"] == experiment]
        ranking = ranked(on_shared_records(own, of_experiment))
        if not ranking:
            continue
        for folder, row in zip(folders, rows, strict=True):
            if row["experiment"] == experiment and row["variant"] == ranking[0].variant:
                row["test_error_station_pct"] = station_error(folder, "test")
        chosen.append(_choice(experiment, of_experiment, ranking))
    write_csv(pa.Table.from_pylist(rows, schema=TRIALS), trials)
    write_csv(pa.Table.from_pylist(chosen, schema=SELECTION), selection)


def trial_row(folder: str | Path) -> Row:
    """Returns the row of `TRIALS` of the trial in `folder`, its test error left empty.

    Raises:
        InputError: the folder does not hold a whole trial.
    """
    folder = Path(folder)
    told = _told(folder)
    best = told["best_epoch"]
    history = _history(folder)
    row: Row = {
        "experiment": told["experiment"],
        "variant": folder.parts[-3] if folder.parts[-4:-3] == (VARIANTS,) else NOT_A_NAME,
        "trial": told["trial"],
        "seed": told["seed"],
        **{name: _text(told["resolved"][name]) for name in SETTINGS},
        "epochs": told["epochs"],
        "best_epoch": best,
        "validation_error_pct": history["validation_error_pct"][best - 1] if best else math.nan,
        "validation_error_station_pct": station_error(folder, "validation"),
        "test_error_station_pct": None,
        "collapsed": _collapsed(folder),
        "data_sha256": told["data_sha256"],
        "missing": told["missing"],
    }
    for name in NAMES:
        row[f"n_stations_{name}"] = len(told["splits"][name]["stations"])
        row[f"n_windows_{name}"] = told["splits"][name]["windows"]
    return row


def _told(folder: Path) -> dict[str, Any]:
    try:
        told: dict[str, Any] = json.loads((folder / FILES[3]).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(folder / FILES[3], f"cannot be read ({error})", action="train again") from None
    if "resolved" not in told:
        raise InputError(
            folder / FILES[3], "written by an older version", field="resolved", action="train again"
        )
    return told


def _history(folder: Path) -> Mapping[str, list[float]]:
    table = pyarrow.csv.read_csv(folder / FILES[1])
    return {name: table[name].to_pylist() for name in table.column_names}


def _text(value: Any) -> str | None:
    """Returns a setting as it stands in a table of variants."""
    return value if value is None or isinstance(value, str) else json.dumps(value)


def _predictions(folder: str | Path, split: str) -> pa.Table:
    table = read_parquet(Path(folder) / FILES[0], PREDICTIONS)
    return table.filter(pc.equal(table["split"], split))


def _collapsed(folder: Path) -> bool | None:
    table = _predictions(folder, "validation")
    return collapsed(table["vs30_predicted_m_s"].to_numpy(), table["vs30_m_s"].to_numpy())


def on_shared_records(folders: Sequence[str | Path], rows: Sequence[Row]) -> list[Row]:
    """Returns rows of one experiment, their validation errors over the records that all variants share.

    A variant may leave validation windows out (`exclude_flags`, `split_by`): it is not the better for it.

    Args:
        folders: of the trials.
        rows: of `TRIALS`, in the same order.
    """
    shared: dict[int, set[str]] = {}
    for folder, row in zip(folders, rows, strict=True):
        if math.isfinite(row["validation_error_station_pct"]):
            records = set(_predictions(folder, "validation")["record_id"].to_pylist())
            shared[row["trial"]] = shared.get(row["trial"], records) & records
    return [
        row
        | {
            "validation_error_station_pct": station_error(
                folder, "validation", shared.get(row["trial"], set())
            )
        }
        for folder, row in zip(folders, rows, strict=True)
    ]


def station_error(folder: str | Path, split: str, records: Collection[str] | None = None) -> float:
    """Returns the mean absolute percentage error of one split: of a station's windows, then of stations.

    Args:
        folder: of the trial.
        split: train, validation or test.
        records: ids of the records that count; None: all of the split.
    """
    table = _predictions(folder, split)
    if records is not None:
        table = table.filter(pc.is_in(table["record_id"], pa.array(sorted(records), pa.string())))
    if table.num_rows == 0:
        return math.nan
    measured = table["vs30_m_s"].to_numpy()
    error = 100.0 * np.abs(table["vs30_predicted_m_s"].to_numpy() - measured) / measured
    _, station = np.unique(table["station"].to_numpy(zero_copy_only=False), return_inverse=True)
    return float((np.bincount(station, error) / np.bincount(station)).mean())


def ranked(rows: Sequence[Row]) -> list[Ranked]:
    """Returns the variants in `rows` of one experiment, the best first.

    Those that were not judged are left out. A variant counts with the trials that all have been judged in.
    """
    errors: dict[str, dict[int, float]] = {}
    for row in rows:
        of_variant = errors.setdefault(row["variant"], {})
        if math.isfinite(row["validation_error_station_pct"]):
            of_variant[row["trial"]] = row["validation_error_station_pct"]
    judged = {name: own for name, own in errors.items() if own}
    shared = sorted(set.intersection(*(set(own) for own in judged.values()))) if judged else []
    means = [
        Ranked(name, float(np.mean([own[trial] for trial in shared])), len(shared))
        for name, own in judged.items()
        if shared
    ]
    return sorted(means, key=lambda one: one.error_pct)


def _choice(experiment: str, rows: Sequence[Row], ranking: Sequence[Ranked]) -> Row:
    best, second = ranking[0], ranking[1] if len(ranking) > 1 else None
    tested = [row["test_error_station_pct"] for row in rows if row["variant"] == best.variant]
    return {
        "experiment": experiment,
        "variant": best.variant,
        "n_variants": len(ranking),
        "n_trials": best.n_trials,
        "validation_error_station_pct": best.error_pct,
        "second_variant": second.variant if second else None,
        "second_validation_error_station_pct": second.error_pct if second else None,
        "test_error_station_pct": float(np.mean(tested)),
    }
