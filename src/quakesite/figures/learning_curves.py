"""Figure 4: loss, error and percentage error against epoch, mean over trials bold, min to max shaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow.csv

from quakesite.figures.style import INK, PAGE_IN, TRAIN, VALIDATION, new_figure, style
from quakesite.training.schema import HISTORY

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = npt.NDArray[np.float64]

PANELS = (("loss", "Loss (mean square)"), ("error_m_s", "Vs30 error (m/s)"), ("error_pct", "Vs30 error (%)"))
SETS = (("train", TRAIN, "-"), ("validation", VALIDATION, "--"))


def read_histories(paths: Sequence[str | Path]) -> dict[str, list[dict[str, Floats]]]:
    """Returns the histories by experiment, one per trial that has epochs.

    Args:
        paths: `training/{experiment}/{trial}/history.csv`, in the order of the figure's rows.
    """
    types = {field.name: field.type for field in HISTORY}
    options = pyarrow.csv.ConvertOptions(column_types=types)
    histories: dict[str, list[dict[str, Floats]]] = {}
    for path in map(Path, paths):
        of_experiment = histories.setdefault(path.parts[-3], [])
        table = pyarrow.csv.read_csv(path, convert_options=options)
        if len(table):
            of_experiment.append({name: table[name].to_numpy().astype(np.float64) for name in HISTORY.names})
    return histories


def band(trials: Sequence[Floats]) -> tuple[Floats, Floats, Floats]:
    """Returns (mean, smallest, largest) per epoch over the trials that ran that long."""
    stacked = np.array(list(zip_longest(*trials, fillvalue=np.nan)), dtype=np.float64)
    known = np.ma.masked_invalid(stacked)
    mean, low, high = (np.ma.filled(one(axis=1), np.nan) for one in (known.mean, known.min, known.max))
    return mean, low, high


def draw(histories: Mapping[str, Sequence[Mapping[str, Floats]]], *, synthetic: bool = False) -> Figure:
    """Returns the figure: one row of three panels per experiment, in the order given."""
    with style():
        figure = new_figure(PAGE_IN, 0.55 + 1.45 * max(len(histories), 1), synthetic=synthetic)
        grid = figure.subplots(max(len(histories), 1), len(PANELS), squeeze=False, sharex=False)
        for letter, (row, (name, trials)) in zip("abcdefghijkl", enumerate(histories.items()), strict=False):
            for axes, (column, label) in zip(grid[row], PANELS, strict=True):
                _panel(axes, trials, column)
                axes.set_ylabel(label)
                if row == len(histories) - 1:
                    axes.set_xlabel("Epoch")
            count = f"{len(trials)} trial{'s' if len(trials) != 1 else ''}" if trials else "not trained"
            grid[row][0].set_title(f"{letter})  {name}, {count}", fontweight="bold", color=INK)
        lines = [line for line in grid[0][0].get_lines() if not str(line.get_label()).startswith("_")]
        if lines:
            figure.legend(handles=lines, loc="outside lower center", ncols=2)
    return figure


def _panel(axes: Axes, trials: Sequence[Mapping[str, Floats]], column: str) -> None:
    from matplotlib.ticker import MaxNLocator

    if not trials:
        axes.text(0.5, 0.5, "no data", ha="center", va="center", transform=axes.transAxes, color="#888888")
        axes.set_xticks([])
        axes.set_yticks([])
        return
    epoch = max((trial["epoch"] for trial in trials), key=len)
    for name, colour, dashes in SETS:
        mean, low, high = band([trial[f"{name}_{column}"] for trial in trials])
        axes.fill_between(epoch, low, high, color=colour, alpha=0.18, linewidth=0, gid=f"band {name}")
        axes.plot(epoch, mean, dashes, color=colour, linewidth=1.6, label=f"{name} (mean, min to max)")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4))
    axes.margins(x=0.02)
    if column == "loss":
        axes.ticklabel_format(axis="y", scilimits=(-2, 3))
