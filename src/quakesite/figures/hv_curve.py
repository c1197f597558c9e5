"""The H/V curves of one station beside what is predicted there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from quakesite.errors import InputError
from quakesite.evaluation.schema import FEATURES, HV_FREQUENCIES_HZ
from quakesite.figures.style import CLASS_COLOURS, COLUMN_IN, INK, NEUTRAL, TRAIN, new_figure, style
from quakesite.figures.table_rows import finite
from quakesite.tables import read_parquet

if TYPE_CHECKING:
    import pyarrow as pa
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = npt.NDArray[np.float64]

LIMITS_M_S = (90.0, 2200.0)
CLASS_EDGES_M_S = {
    "E": (90.0, 180.0),
    "D": (180.0, 360.0),
    "C": (360.0, 760.0),
    "B": (760.0, 1500.0),
    "A": (1500.0, 2200.0),
}
FREQUENCY_TICKS_HZ = (0.2, 0.5, 1, 2, 5, 10, 20)
RATIO_TICKS = (0.2, 0.5, 1, 2, 5, 10, 20, 50)
MOST_LINES = 60


@dataclass(frozen=True, slots=True)
class Summary:
    """A station's mean H/V curve.

    Attributes:
        mean: mean over the records of ln H/V at `HV_FREQUENCIES_HZ`.
        deviation: its standard deviation; zeros for one record.
        peak_hz: frequency of the mean curve's maximum.
    """

    mean: Floats
    deviation: Floats
    peak_hz: float


def summary(ln_hv: Floats) -> Summary:
    """Returns the mean curve of a station.

    Lognormal over records, as SESAME (2004) and Cox et al. (2020, Geophys. J. Int. 221, 2170) have it.

    Args:
        ln_hv: (records, 32), at least one record.
    """
    mean = np.asarray(ln_hv.mean(axis=0))
    deviation = np.asarray(ln_hv.std(axis=0, ddof=1)) if len(ln_hv) > 1 else np.zeros_like(mean)
    return Summary(mean, deviation, float(HV_FREQUENCIES_HZ[int(np.argmax(mean))]))


def read_curves(features: Sequence[str | Path]) -> dict[str, Floats]:
    """Returns, by station, ln H/V of its records, (records, 32), of all shards; without those not finite."""
    curves: dict[str, list[list[float]]] = {}
    for path in features:
        table = read_parquet(path, FEATURES, columns=["station", "ln_hv"])
        for station, curve in zip(table["station"].to_pylist(), table["ln_hv"].to_pylist(), strict=True):
            if np.all(np.isfinite(curve)):
                curves.setdefault(station, []).append(curve)
    return {station: np.array(of_station) for station, of_station in curves.items()}


def counts(table: pa.Table) -> Counter[str]:
    """Returns the number of records of each station of a table of features that have a finite curve."""
    columns = (table[name].to_pylist() for name in ("station", "ln_hv"))
    return Counter(code for code, curve in zip(*columns, strict=True) if np.all(np.isfinite(curve)))


def choose(
    predictions: Sequence[Mapping[str, str]], counts: Mapping[str, int], station: str | None = None
) -> Mapping[str, str]:
    """Returns the row of `station`, else of the best known station that the model has not seen.

    That is one with a measurement and an interval, and of those the one with most records (the first code).

    Raises:
        InputError: there is no such station, or none with records.
    """
    rows = [row for row in predictions if counts.get(row["station"], 0)]
    if station is not None:
        rows = [row for row in rows if row["station"] == station]
    if not rows:
        found = f"no prediction and records of {station}" if station else "no station with records"
        raise InputError("predictions", found, expected="a station of predictions.csv that has records")

    def rank(row: Mapping[str, str]) -> tuple[bool, bool, int]:
        unseen = row["out_of_fold"] == "true" and finite(row["vs30_measured"]) is not None
        return (not unseen, finite(row["vs30_low"]) is None, -counts[row["station"]])

    return min(rows, key=lambda row: (rank(row), row["station"]))


NOTHING = "No station has both records and a prediction."


def draw(row: Mapping[str, str], ln_hv: Floats, *, synthetic: bool = False) -> Figure:
    """Returns the figure: every record's curve, their mean and its deviation; and the prediction beside.

    Args:
        row: the station's row of `predictions.csv`.
        ln_hv: (records, 32), ln of H/V at `HV_FREQUENCIES_HZ`.
        synthetic: say that the archive is.
    """
    with style():
        figure = new_figure(COLUMN_IN, 2.9, synthetic=synthetic)
        curves, vs30 = figure.subplots(1, 2, gridspec_kw={"width_ratios": [3.2, 1.0]})
        _curves(curves, ln_hv)
        _prediction(vs30, row)
        handles = [one for axes in (curves, vs30) for one in axes.get_legend_handles_labels()[0]]
        figure.legend(
            handles=handles, loc="outside lower center", ncols=3, handlelength=1.6, columnspacing=1.2
        )
        plural = "s" if len(ln_hv) != 1 else ""
        curves.set_title(
            f"Station {row['network']} {row['station']}, {len(ln_hv)} record{plural}".replace("  ", " ")
        )
    return figure


def _curves(axes: Axes, ln_hv: Floats) -> None:
    for curve in ln_hv[:MOST_LINES]:
        axes.plot(HV_FREQUENCIES_HZ, np.exp(curve), color="#999999", linewidth=0.5, alpha=0.7, gid="record")
    of_station = summary(ln_hv)
    low, high = (np.exp(of_station.mean + sign * of_station.deviation) for sign in (-1.0, 1.0))
    axes.fill_between(
        HV_FREQUENCIES_HZ, low, high, color=TRAIN, alpha=0.18, linewidth=0, gid="deviation", label="± 1 std"
    )
    axes.plot(
        HV_FREQUENCIES_HZ, np.exp(of_station.mean), color=TRAIN, linewidth=1.6, gid="mean", label="mean"
    )
    axes.axhline(1.0, color=INK, linewidth=0.6)
    axes.axvline(
        of_station.peak_hz, color=INK, linewidth=0.7, linestyle=":", label=f"peak {of_station.peak_hz:.1f} Hz"
    )
    _log(axes, "x", FREQUENCY_TICKS_HZ, (HV_FREQUENCIES_HZ[0], HV_FREQUENCIES_HZ[-1]))
    drawn = np.exp(ln_hv)
    _log(axes, "y", RATIO_TICKS, (min(float(drawn.min()), 0.5) * 0.9, max(float(drawn.max()), 5.0) * 1.5))
    axes.set_xlabel("Frequency (Hz)")
    axes.set_ylabel("H/V spectral ratio (1)")


def _prediction(axes: Axes, row: Mapping[str, str]) -> None:
    for name, (low, high) in CLASS_EDGES_M_S.items():
        axes.axhspan(low, high, color=CLASS_COLOURS[name], alpha=0.16, linewidth=0)
        axes.text(
            0.94,
            np.sqrt(low * high),
            name,
            transform=axes.get_yaxis_transform(),
            ha="right",
            va="center",
            color=NEUTRAL,
        )
    predicted, low_end, high_end, measured = (
        finite(row[f"vs30_{name}"]) for name in ("predicted", "low", "high", "measured")
    )
    if low_end is not None and high_end is not None:
        axes.vlines(0.3, low_end, high_end, color=TRAIN, linewidth=1.4, gid="interval")
    if predicted is not None:
        axes.plot(
            0.3,
            predicted,
            "o",
            color=TRAIN,
            markersize=5,
            gid="predicted",
            label="predicted" if low_end is None else "predicted, interval",
        )
    if measured is not None:
        axes.plot(
            0.62,
            measured,
            "D",
            color=INK,
            markersize=4.5,
            gid="measured",
            label="measured",
        )
    axes.set_xlim(0.0, 1.0)
    axes.set_xticks([])
    shown = [value for value in (predicted, low_end, high_end, measured) if value]
    ends = (
        min([LIMITS_M_S[0], *(0.9 * value for value in shown)]),
        max([LIMITS_M_S[1], *(1.1 * value for value in shown)]),
    )
    _log(axes, "y", (100, 200, 400, 800, 1600), ends)
    axes.set_ylabel("Vs30 (m/s)", labelpad=1)
    axes.grid(visible=False)


def _log(axes: Axes, which: str, ticks: Iterable[float], limits: tuple[float, float]) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator

    (axes.set_xscale if which == "x" else axes.set_yscale)("log")
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_locator(FixedLocator(list(ticks)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_locator(NullLocator())
    axis.set_minor_formatter(NullFormatter())
    (axes.set_xlim if which == "x" else axes.set_ylim)(*limits)
