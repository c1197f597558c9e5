"""`predictions.csv`: Vs30 for every station a model has records of, with an interval.

A measured station is predicted by the trials that held it out, one that nobody has measured by all trials:
both are `out_of_fold`. A measured one that no trial tested is predicted by models that have seen it.

The interval is split conformal on the out-of-fold stations' |ln predicted - ln measured| (Lei et al. 2018, J.
Am. Stat. Assoc. 113, 1094-1111); a station's own residual is left out of its own interval. `site_class` is
that of the predicted Vs30.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from quakesite.evaluation.folds import Folds
from quakesite.evaluation.layout import Row
from quakesite.evaluation.metrics import SLOWEST_M_S, Floats, percentage_error, station_mean
from quakesite.evaluation.schema import UNMEASURED
from quakesite.stations.codes import one_per_code
from quakesite.stations.schema import site_class

COLUMNS = (
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


def best_by_validation(models: Mapping[str, Folds]) -> str | None:
    """Returns the model with the smallest validation error per station (in per cent); None without any."""
    errors = {
        name: error for name, folds in models.items() if not np.isnan(error := _validation_error(folds.table))
    }
    return min(errors, key=lambda name: (errors[name], name)) if errors else None


def _validation_error(table: pa.Table) -> float:
    chosen = table.filter(pc.equal(table["split"], "validation"))
    if len(chosen) == 0:
        return float("nan")
    error = percentage_error(chosen["vs30_predicted_m_s"].to_numpy(), chosen["vs30_m_s"].to_numpy())
    return float(station_mean(error, np.array(chosen["station"].to_pylist())).mean())


def conformal_half_width(residuals: Floats, coverage: float, *, without: int | None = None) -> float:
    """Returns the half width, in ln units, that covers an unseen station with probability `coverage`.

    The ceil((n + 1) coverage)-th smallest of the n absolute residuals; infinite where n is too small for the
    coverage asked. `without` leaves one of them out.
    """
    kept = np.sort(np.abs(residuals if without is None else np.delete(residuals, without)))
    rank = int(np.ceil((len(kept) + 1) * coverage - 1e-9))
    return float(kept[rank - 1]) if rank <= len(kept) else float("inf")


def product_rows(folds: Folds, stations: pa.Table, coverage: float) -> list[Row]:
    """Returns the rows of `predictions.csv`, sorted by station.

    Args:
        folds: the chosen model's.
        stations: `STATIONS` rows.
        coverage: share of unseen stations that the intervals are to cover, e.g. 0.9.
    """
    tested = folds.rows
    names, pooled, counts = _pool(tested.station, tested.predicted, tested.record)
    measured = dict(zip(tested.station.tolist(), tested.measured.tolist(), strict=True))
    residuals = np.log(pooled) - np.log([measured[name] for name in names])
    predicted = {
        name: (value, conformal_half_width(residuals, coverage, without=place), count, True)
        for place, (name, value, count) in enumerate(zip(names, pooled.tolist(), counts, strict=True))
    }
    new = folds.table.filter(pc.equal(folds.table["split"], UNMEASURED))
    rest = folds.table.filter(pc.not_equal(folds.table["split"], UNMEASURED))
    rest = rest.filter(pc.invert(pc.is_in(rest["station"], pa.array(names, pa.string()))))
    width = conformal_half_width(residuals, coverage)
    for part, held_out in ((rest, False), (new, True)):
        station, record = (
            np.array(part[name].to_pylist(), dtype=np.str_) for name in ("station", "record_id")
        )
        for name, value, count in zip(
            *_pool(station, part["vs30_predicted_m_s"].to_numpy(), record), strict=True
        ):
            predicted[name] = (float(value), width, count, held_out)
    known = {row["station"]: row for row in one_per_code(stations).to_pylist()}
    return [_row(known[name], *predicted[name]) for name in sorted(predicted)]


def _pool(
    station: npt.NDArray[np.str_], predicted: Floats, record: npt.NDArray[np.str_]
) -> tuple[list[str], Floats, list[int]]:
    """Returns per station: name, geometric mean of its predictions, number of different records."""
    names = np.unique(station)
    if len(names) == 0:
        return [], np.empty(0), []
    pooled = np.exp(station_mean(np.log(np.maximum(predicted, SLOWEST_M_S)), station))
    pairs = {*zip(station.tolist(), record.tolist(), strict=True)}
    counts = dict.fromkeys(names.tolist(), 0)
    for name, _ in pairs:
        counts[name] += 1
    return names.tolist(), pooled, list(counts.values())


def _row(
    station: Mapping[str, object], predicted: float, half_width: float, n: int, out_of_fold: bool
) -> Row:
    finite = np.isfinite(half_width)
    measured = station["vs30_m_s"]
    return {
        "station": str(station["station"]),
        "network": str(station["network"]),
        "latitude": _number(station["latitude"]),
        "longitude": _number(station["longitude"]),
        "vs30_measured": _number(measured),
        "vs30_predicted": predicted,
        "vs30_low": float(predicted * np.exp(-half_width)) if finite else None,
        "vs30_high": float(predicted * np.exp(half_width)) if finite else None,
        "n_records": n,
        "site_class": site_class(predicted),
        "out_of_fold": out_of_fold,
    }


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None
