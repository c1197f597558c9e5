"""Figures 5 and 6: the regions of stations on a map, and how predictions err in each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from quakesite.figures import basemap
from quakesite.figures.style import COLUMN_IN, INK, new_figure, style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS = ("#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#bbbbbb", "#222222")
MARKERS = "os^Dv<>P"

Rows = Sequence[Mapping[str, str]]


def draw_map(members: Rows, *, synthetic: bool = False) -> Figure:
    """Returns the map of stations coloured by region (rows of the regions' members)."""
    longitude = np.array([float(row["longitude"]) for row in members])
    latitude = np.array([float(row["latitude"]) for row in members])
    region = np.array([int(row["region"]) for row in members], dtype=np.int64)
    with style():
        figure = new_figure(COLUMN_IN, 2.3, synthetic=synthetic)
        axes = figure.add_subplot()
        basemap.draw(axes, longitude.tolist(), latitude.tolist())
        for one in np.unique(region).tolist():
            chosen = region == one
            axes.scatter(
                longitude[chosen],
                latitude[chosen],
                s=basemap.marker_area(len(members)),
                marker=MARKERS[(one - 1) % len(MARKERS)],
                facecolor=COLOURS[(one - 1) % len(COLOURS)],
                edgecolor="white",
                linewidth=0.25,
                label=f"{one} ({chosen.sum()})",
                gid=f"region {one}",
                zorder=2,
            )
        if len(members):
            figure.legend(
                loc="outside lower center",
                ncols=5,
                title="Region (number of stations)",
                title_fontsize=7,
                handletextpad=0.1,
                columnspacing=1.0,
            )
    return figure


def draw_errors(regions: Rows, *, synthetic: bool = False) -> Figure:
    """Returns the bars of `regions.csv`: signed and absolute mean ln ratio with standard deviations."""
    panels = (
        ("ln_ratio", "Mean ln ratio\npredicted / measured"),
        ("absolute_ln_ratio", "Mean absolute ln ratio\npredicted / measured"),
    )
    places = np.arange(len(regions))
    with style():
        figure = new_figure(COLUMN_IN, 3.6, synthetic=synthetic)
        for axes, (name, label) in zip(figure.subplots(2, 1, sharex=True), panels, strict=True):
            means = np.array([float(row[f"mean_{name}"]) for row in regions])
            deviations = np.array([float(row[f"std_{name}"]) for row in regions])
            colours = [COLOURS[(int(row["region"]) - 1) % len(COLOURS)] for row in regions]
            axes.bar(places, means, 0.6, color=colours)
            axes.errorbar(places, means, deviations, fmt="none", ecolor=INK, elinewidth=0.8, capsize=2.5)
            axes.axhline(0.0, color=INK, linewidth=0.7)
            axes.set_ylabel(label)
            axes.grid(visible=False, axis="x")
        axes.set_xticks(places, [f"{row['region']}\n({row['n_stations']})" for row in regions])
        axes.set_xlabel("Region (number of stations)")
    return figure
