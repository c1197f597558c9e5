"""Error against the number of stations learnt from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from quakesite.figures.style import COLUMN_IN, NEUTRAL, TRAIN, new_figure, style

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(rows: Sequence[Mapping[str, str]], *, synthetic: bool = False) -> Figure:
    """Returns the figure of `learning_curve.csv` rows: mean over trials, min to max shaded."""
    kinds = (
        ("error_station_pct", TRAIN, "-", rows[0]["name"] if rows else ""),
        ("constant_error_pct", NEUTRAL, "--", "best constant"),
    )
    with style():
        figure = new_figure(COLUMN_IN, 2.4, synthetic=synthetic)
        axes = figure.add_subplot()
        for column, colour, dashes, label in kinds:
            steps = _by_step(rows, column)
            count = [np.mean([pair[0] for pair in step]) for step in steps]
            errors = [[pair[1] for pair in step] for step in steps]
            axes.fill_between(
                count, [min(e) for e in errors], [max(e) for e in errors], color=colour, alpha=0.18
            )
            axes.plot(
                count, [float(np.mean(e)) for e in errors], dashes, color=colour, marker=".", label=label
            )
        axes.set_xlabel("Stations learnt from (number)")
        axes.set_ylabel("Error per unseen station (%)")
        if rows:
            axes.legend()
    return figure


def _by_step(rows: Sequence[Mapping[str, str]], column: str) -> list[list[tuple[int, float]]]:
    """Returns, step by step of the curve, (number of stations, error) of each trial."""
    of_trial: dict[str, list[tuple[int, float]]] = {}
    for row in rows:
        of_trial.setdefault(row["trial"], []).append((int(row["n_stations"]), float(row[column])))
    longest = max(map(len, of_trial.values()), default=0)
    return [[steps[place] for steps in of_trial.values() if place < len(steps)] for place in range(longest)]
