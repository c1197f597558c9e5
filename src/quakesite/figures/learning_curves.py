"""Figure 4: loss, error and percentage error against epoch, mean over trials bold, min to max shaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv

from quakesite.errors import InputError, nothing_there
from quakesite.figures.style import COLUMN_IN, INK, TRAIN, VALIDATION, new_figure, style
from quakesite.training.schema import HISTORY

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = npt.NDArray[np.float64]

LOSS_UNITS = {"paper": "m²/s²", "quakesite": "1"}
"""Unit of the loss by preset: the paper's learns Vs30 in m/s, ours standardised ln Vs30."""

HISTORIES = "training/{experiment}/{trial}/history.csv"

PANELS = (
    ("loss", "Loss, mean\nsquare ({unit})"),
    ("error_m_s", "Vs30 error\n(m/s)"),
    ("error_pct", "Vs30 error\n(%)"),
)
MARKERS = {"train": ("o", -0.15), "validation": ("s", 0.15)}
"""Of the means of runs of one epoch, which show no line and no band, and how far beside it they stand."""

SETS = (("train", TRAIN, "-"), ("validation", VALIDATION, "--"))


def read_histories(paths: Sequence[str | Path]) -> dict[str, list[dict[str, Floats]]]:
    """Returns the histories by experiment, one per trial that has epochs.

    Args:
        paths: `training/{experiment}/{trial}/history.csv`, in the order of the figure's rows.

    Raises:
        InputError: a history is missing or none, or lies in no such folders, which name its experiment.
    """
    types = {field.name: field.type for field in HISTORY}
    options = pyarrow.csv.ConvertOptions(column_types=types)
    histories: dict[str, list[dict[str, Floats]]] = {}
    for path in map(Path, paths):
        if not path.is_file():
            raise nothing_there(
                path, HISTORIES, "train first: snakemake --cores all results/figures/fig4.svg"
            )
        if len(path.parts) < len(("experiment", "trial", "history.csv")):
            raise InputError(path, "its folders name no experiment and trial", expected=HISTORIES)
        of_experiment = histories.setdefault(path.parts[-3], [])
        try:
            table = pyarrow.csv.read_csv(path, convert_options=options)
            table = table.select(HISTORY.names)
        except (pa.ArrowInvalid, KeyError) as error:
            raise InputError(path, f"cannot be read ({error})", expected=HISTORIES) from error
        if len(table):
            of_experiment.append({name: table[name].to_numpy().astype(np.float64) for name in HISTORY.names})
    return histories


def band(trials: Sequence[Floats]) -> tuple[Floats, Floats, Floats]:
    """Returns (mean, smallest, largest) per epoch over the trials that ran that long."""
    stacked = np.array(list(zip_longest(*trials, fillvalue=np.nan)), dtype=np.float64)
    known = np.ma.masked_invalid(stacked)
    mean, low, high = (np.ma.filled(one(axis=1), np.nan) for one in (known.mean, known.min, known.max))
    return mean, low, high


def draw(
    histories: Mapping[str, Sequence[Mapping[str, Floats]]],
    *,
    loss_unit: str = LOSS_UNITS["paper"],
    synthetic: bool = False,
) -> Figure:
    """Returns the figure: one row of three panels per experiment, in the order given."""
    with style():
        figure = new_figure(COLUMN_IN, 1.05 + 1.0 * max(len(histories), 1), synthetic=synthetic)
        figure.set_layout_engine("constrained", hspace=0.2)
        grid = figure.subplots(max(len(histories), 1), len(PANELS), squeeze=False)
        for letter, (row, (name, trials)) in zip("abcdefghijkl", enumerate(histories.items()), strict=False):
            for axes, (column, label) in zip(grid[row], PANELS, strict=True):
                _panel(axes, trials, column)
                axes.set_ylabel("")
                if row == len(histories) - 1:
                    axes.set_xlabel("Epoch")
                if row == 0:
                    axes.annotate(
                        label.format(unit=loss_unit),
                        (0.5, 1.0),
                        xycoords="axes fraction",
                        xytext=(0, 17),
                        textcoords="offset points",
                        ha="center",
                        va="bottom",
                        gid=f"heading {column}",
                    )
            count = f"{len(trials)} trial{'s' if len(trials) != 1 else ''}" if trials else "not trained"
            title = grid[row][0].annotate(
                f"{letter})  {name}, {count}",
                (0.0, 1.0),
                xycoords="axes fraction",
                xytext=(0, 5),
                textcoords="offset points",
                fontweight="bold",
                color=INK,
                gid=f"row {name}",
            )
            title.set_in_layout(False)
        lines = [
            line
            for axes in grid[:, 0]
            for line in axes.get_lines()
            if not str(line.get_label()).startswith("_")
        ]
        if lines:
            figure.legend(handles=lines[: len(SETS)], loc="outside lower center", ncols=2)
    return figure


def _panel(axes: Axes, trials: Sequence[Mapping[str, Floats]], column: str) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    if not trials:
        axes.text(0.5, 0.5, "no data", ha="center", va="center", transform=axes.transAxes, color="#666666")
        axes.set_xticks([])
        axes.set_yticks([])
        return
    epoch = max((trial["epoch"] for trial in trials), key=len)
    for name, colour, dashes in SETS:
        mean, low, high = band([trial[f"{name}_{column}"] for trial in trials])
        axes.fill_between(epoch, low, high, color=colour, alpha=0.18, linewidth=0, gid=f"band {name}")
        (line,) = axes.plot(
            epoch, mean, dashes, color=colour, linewidth=1.4, label=f"{name} (mean, min to max)"
        )
        if len(epoch) == 1:
            marker, aside = MARKERS[name]
            line.set(marker=marker, markersize=4.0, xdata=epoch + aside)
            axes.vlines(
                epoch + aside, low, high, color=colour, alpha=0.35, linewidth=4.0, gid=f"range {name}"
            )
    if len(epoch) == 1:
        axes.set_xlim(epoch[0] - 1.0, epoch[0] + 1.0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=4, min_n_ticks=1))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=3))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: short(value)))
    axes.tick_params(labelsize=6.5, pad=1.5)
    if len(epoch) > 1:
        axes.margins(x=0.02)


def short(value: float) -> str:
    """Returns a number as a narrow axis shows it: thousands as `12k`."""
    return f"{value / 1000:.4g}k" if abs(value) >= 1000 else f"{value:.4g}"
