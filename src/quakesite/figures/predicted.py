"""Predicted against measured Vs30, with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from quakesite.figures.style import CLASS_COLOURS, CLASS_MARKERS, COLUMN_IN, INK, new_figure, style
from quakesite.stations.schema import CLASSES, site_class

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TICKS_M_S = (100, 200, 400, 800, 1600)


def draw(predictions: Sequence[Mapping[str, str]], *, synthetic: bool = False) -> Figure:
    """Returns the figure of `predictions.csv` rows: out-of-fold stations with a measured Vs30, log axes.

    Dotted lines lie a factor of 1.5 off; the title counts the intervals that hold the measured value.
    """
    from matplotlib.ticker import FixedLocator, NullFormatter, NullLocator, ScalarFormatter

    rows = [row for row in predictions if row["vs30_measured"] and row["out_of_fold"] == "true"]
    measured = np.array([float(row["vs30_measured"]) for row in rows])
    predicted = np.array([float(row["vs30_predicted"]) for row in rows])
    low = np.array([float(row["vs30_low"] or "nan") for row in rows])
    high = np.array([float(row["vs30_high"] or "nan") for row in rows])
    classes = np.array([site_class(value) for value in measured.tolist()], dtype="U1")
    with style():
        figure = new_figure(COLUMN_IN, 3.5, synthetic=synthetic)
        axes = figure.add_subplot()
        ends = (95.0, 2000.0)
        line = np.array(ends)
        axes.plot(line, line, color=INK, linewidth=0.8)
        for factor in (1.5, 1 / 1.5):
            axes.plot(line, factor * line, ":", color=INK, linewidth=0.7)
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
        finite = np.isfinite(low)
        if finite.any():
            held = float(np.mean((low <= measured)[finite] & (measured <= high)[finite]))
            axes.set_title(f"{len(rows)} stations, {held:.0%} within their interval")
        else:
            axes.set_title(f"{len(rows)} stations")
        if len(rows):
            axes.legend(title="Site class", title_fontsize=7, loc="upper left", handletextpad=0.1)
    return figure
