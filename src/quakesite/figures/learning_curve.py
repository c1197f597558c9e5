"""Error against the number of stations learnt from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import TYPE_CHECKING, NamedTuple

from quakesite.figures.style import COLUMN_IN, NEUTRAL, TRAIN, new_figure, style
from quakesite.figures.table_rows import finite

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Step(NamedTuple):
    """One step of the curve: the mean number of stations learnt from, and the error (%) of each trial."""

    stations: float
    errors_pct: list[float]


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
            steps = by_step(rows, column)
            count = [step.stations for step in steps]
            errors = [step.errors_pct for step in steps]
            axes.fill_between(
                count, [min(e) for e in errors], [max(e) for e in errors], color=colour, alpha=0.18
            )
            axes.plot(count, [fmean(e) for e in errors], dashes, color=colour, marker=".", label=label)
        axes.set_xlabel("Stations learnt from (number)")
        axes.set_ylabel("Error per unseen station (%)")
        if rows:
            axes.legend()
    return figure


def by_step(rows: Sequence[Mapping[str, str]], column: str) -> list[Step]:
    """Returns the steps of the curve, the fewest stations first: each trial's first, its second, and so on.

    Trials differ in how many stations a share of their own is, so a step stands at the mean of the numbers.

    Args:
        rows: of `learning_curve.csv`.
        column: of the errors.
    """
    of_trial: dict[str, list[tuple[int, float]]] = {}
    for row in rows:
        error = finite(row[column])
        if error is not None:
            of_trial.setdefault(row["trial"], []).append((int(row["n_stations"]), error))
    longest = max(map(len, of_trial.values()), default=0)
    ordered = [sorted(pairs) for pairs in of_trial.values()]
    together = [[pairs[place] for pairs in ordered if place < len(pairs)] for place in range(longest)]
    return [Step(fmean(count for count, _ in pairs), [error for _, error in pairs]) for pairs in together]
