"""Skill of every model with its interval; the best constant is the zero line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import fill
from typing import TYPE_CHECKING

from quakesite.evaluation.skill import BEST_CONSTANT
from quakesite.figures.style import COLUMN_IN, INK, NEUTRAL, TRAIN, VALIDATION, new_figure, style

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

LOWEST_SHOWN = -1.0
DOUBTFUL = ("leaked", "too good")
"""Verdicts of `skill.csv` that stand beside a model's name: its skill is not to be believed."""


def draw(skill: Sequence[Mapping[str, str]], *, synthetic: bool = False) -> Figure:
    """Returns the figure of `skill.csv` rows, in their order; models without skill are named at the bottom.

    Skill under -1 is drawn at the left edge, its value written beside it.
    """
    from matplotlib.lines import Line2D

    judged = [row for row in skill if row["name"] != BEST_CONSTANT and row["skill"] != "NaN"]
    missing = [row["name"] for row in skill if row["name"] != BEST_CONSTANT and row["skill"] == "NaN"]
    with style():
        figure = new_figure(
            COLUMN_IN, (1.6 if missing else 1.2) + 0.2 * max(len(judged), 1), synthetic=synthetic
        )
        axes = figure.add_subplot()
        for place, row in enumerate(judged):
            low, value, high = (float(row[name]) for name in ("skill_low", "skill", "skill_high"))
            colour = TRAIN if row["kind"] == "experiment" else VALIDATION
            marker = "o" if row["kind"] == "experiment" else "s"
            hollow = row["collapsed"] == "true"
            axes.plot(
                [max(low, LOWEST_SHOWN), max(high, LOWEST_SHOWN)], [place] * 2, color=colour, linewidth=1.2
            )
            axes.plot(
                max(value, LOWEST_SHOWN),
                place,
                marker,
                color=colour,
                markerfacecolor="white" if hollow else colour,
                markersize=4.5,
                gid=f"skill {row['name']}",
            )
            if value < LOWEST_SHOWN:
                axes.annotate(
                    f"{value:.1f}", (LOWEST_SHOWN, place), xytext=(5, 2), textcoords="offset points"
                )
        axes.axvline(0.0, color=INK, linewidth=0.9)
        axes.set_yticks(range(len(judged)), [_name(row) for row in judged])
        axes.set_ylim(len(judged) - 0.4, -0.6)
        axes.set_xlabel("Skill (1: perfect, 0: the best constant)")
        axes.grid(visible=False, axis="y")
        handles = _key(judged)
        if missing:
            note = fill("No test records: " + ", ".join(missing), 62)
            handles.append(Line2D([], [], linestyle="none", label=note))
        if handles:
            figure.legend(
                handles=handles, loc="outside lower left", ncols=1 if missing else 3, labelcolor=NEUTRAL
            )
    return figure


def _name(row: Mapping[str, str]) -> str:
    """Returns the model's name, with what speaks against a skill that looks good."""
    doubt = row.get("verdict", "")
    return f"{row['name']} ({doubt})" if doubt in DOUBTFUL else row["name"]


def _key(rows: Sequence[Mapping[str, str]]) -> list[Line2D]:
    """Returns the legend's entries for what is drawn."""
    from matplotlib.lines import Line2D

    kinds = {row["kind"] for row in rows}
    handles = []
    if "experiment" in kinds:
        handles.append(Line2D([], [], marker="o", color=TRAIN, markersize=4.5, label="model"))
    if "baseline" in kinds:
        handles.append(Line2D([], [], marker="s", color=VALIDATION, markersize=4.5, label="baseline"))
    if any(row["collapsed"] == "true" for row in rows):
        handles.append(
            Line2D(
                [], [], marker="o", color=TRAIN, markerfacecolor="white", markersize=4.5, label="collapsed"
            )
        )
    return handles
