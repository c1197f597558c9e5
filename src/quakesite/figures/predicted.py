"""Predicted against measured Vs30, with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from quakesite.figures.style import CLASS_COLOURS, CLASS_MARKERS, COLUMN_IN, INK, new_figure, style
from quakesite.figures.table_rows import finite
from quakesite.stations.schema import CLASSES, site_class

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TICKS_M_S = (25, 50, 100, 200, 400, 800, 1600, 3200, 6400)
LEAST_M_S, MOST_M_S = 95.0, 2000.0
"""The axes show at least this range, and farther where a point or an interval lies outside of it."""


def is_judged(row: Mapping[str, str]) -> bool:
    """Returns whether a row of `predictions.csv` has a measured Vs30 that the model has not seen."""
    return _is_unseen(row) and _is_positive(row["vs30_measured"]) and _is_positive(row["vs30_predicted"])


def has_no_place(row: Mapping[str, str]) -> bool:
    """Returns whether a row is one to compare, but says a Vs30 of 0 m/s or less, or nothing at all."""
    return _is_unseen(row) and _is_positive(row["vs30_measured"]) and not is_judged(row)


def _is_unseen(row: Mapping[str, str]) -> bool:
    return row["out_of_fold"] == "true"


def _is_positive(written: str) -> bool:
    value = finite(written)
    return value is not None and value > 0.0


def limits(values: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Returns the ends of the axes (m/s), with a margin around all of `values` that a log axis can show."""
    shown = values[np.isfinite(values) & (values > 0.0)]
    return (
        min(LEAST_M_S, float(shown.min(initial=LEAST_M_S / 0.9)) * 0.9),
        max(MOST_M_S, float(shown.max(initial=MOST_M_S / 1.1)) * 1.1),
    )


def draw(predictions: Sequence[Mapping[str, str]], *, synthetic: bool = False) -> Figure:
    """Returns the figure of `predictions.csv` rows: out-of-fold stations with a measured Vs30, log axes.

    Dotted lines lie a factor of 1.5 off; the title counts the intervals that hold the measured value, and the
    stations that a log axis has no place for.
    """
    from matplotlib.ticker import FixedLocator, NullFormatter, NullLocator, ScalarFormatter

    rows = [row for row in predictions if is_judged(row)]
    measured, predicted, low, high = (
        np.array([finite(row[f"vs30_{name}"]) for row in rows], dtype=np.float64)
        for name in ("measured", "predicted", "low", "high")
    )
    classes = np.array([site_class(value) for value in measured.tolist()], dtype="U1")
    with style():
        figure = new_figure(COLUMN_IN, 3.5, synthetic=synthetic)
        axes = figure.add_subplot()
        ends = limits(np.concatenate([measured, predicted, low, high]))
        line = np.array(ends)
        axes.plot(line, line, color=INK, linewidth=0.8, zorder=1.5)
        for factor in (1.5, 1 / 1.5):
            axes.plot(line, factor * line, ":", color=INK, linewidth=0.7, zorder=1.5)
        axes.vlines(measured, low, high, color="#bbbbbb", linewidth=0.6, zorder=1)
        for name in CLASSES:
            chosen = classes == name
            if chosen.any():
                axes.scatter(
                    measured[chosen],
                    predicted[chosen],
                    s=30 if name == "A" else 13,
                    marker=CLASS_MARKERS[name],
                    facecolor=CLASS_COLOURS[name],
                    edgecolor="white",
                    linewidth=0.3,
                    label=f"{name} ({chosen.sum()})",
                    zorder=2,
                    gid=f"class {name}",
                )
        for set_scale, axis in ((axes.set_xscale, axes.xaxis), (axes.set_yscale, axes.yaxis)):
            set_scale("log")
            axis.set_major_locator(FixedLocator(TICKS_M_S))
            axis.set_major_formatter(ScalarFormatter())
            axis.set_minor_locator(NullLocator())
            axis.set_minor_formatter(NullFormatter())
        axes.set_xlim(*ends)
        axes.set_ylim(*ends)
        axes.set_aspect("equal")
        axes.set_xlabel("Measured Vs30 (m/s)")
        axes.set_ylabel("Predicted Vs30, out of fold (m/s)")
        said = f"{len(rows)} station{'s' if len(rows) != 1 else ''}"
        known = np.isfinite(low) & np.isfinite(high)
        if known.any():
            held = float(np.mean((low <= measured)[known] & (measured <= high)[known]))
            said += f", {100 * held:.0f} % within their interval"
        if without := sum(map(has_no_place, predictions)):
            said += f"\n{without} more without a prediction above 0 m/s"
        axes.set_title(said)
        if len(rows):
            axes.legend(title="Site class", title_fontsize=7, loc="upper left", handletextpad=0.1)
    return figure
