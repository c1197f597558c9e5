"""How far pick methods agree: shares of records within a tenth, two tenths and half a second, and by what."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from quakesite.figures.style import COLUMN_IN, INK, NEUTRAL, new_figure, note, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Rows = Sequence[Mapping[str, str]]
Pair = tuple[str, str]

PHASES = ("P", "S")
SHADES = {"0.5": "#c6dbee", "0.2": "#66a3d2", "0.1": "#0f5a9c"}
"""Nested bars, the widest first."""

LINES = (
    ("#0077bb", "o", "-"),
    ("#ee7733", "s", "--"),
    ("#222222", "^", "-."),
    ("#88ccee", "D", ":"),
    ("#aa3377", "v", "-"),
    ("#332288", "P", "--"),
)
"""Colour, marker and dashes of each pair, so that one line shows through another on top of it."""

BINNED = {"snr_db": "SNR (dB)", "distance_km": "Epicentral distance (km)"}
FEWEST = 3
"""Bins with fewer records are not drawn, and how many they are is told."""

NOTHING = (
    "Nothing to compare: no record was picked by\ntwo methods. Add one to picks.methods, or manual picks."
)

BAR_IN, PANEL_IN = 0.22, 1.0
"""Height of a bar with its gap, and of a panel, in inches."""


def draw(agreement: Rows, *, synthetic: bool = False) -> Figure:
    """Returns the figure of `agreement.csv` rows; with one method alone it says that nothing is compared."""
    compared = [row for row in agreement if int(row["n"])]
    overall = [row for row in compared if row["by"] == "all"]
    phases = [phase for phase in PHASES if any(row["phase"] == phase for row in overall)]
    with style():
        if not overall:
            return note(NOTHING, synthetic=synthetic)
        bins = [by for by in BINNED if _drawable(compared, by)]
        bars = sum(row["phase"] in phases for row in overall)
        heights = [0.8 + BAR_IN * (bars + 0.6 * len(phases))]
        if bins:
            heights.append(1.0 + PANEL_IN * len(phases))
        figure = new_figure(COLUMN_IN, sum(heights) + (0.2 if synthetic else 0), synthetic=synthetic)
        parts = figure.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
        _bars(parts[0].subplots(), overall, phases)
        if bins:
            pairs = list(dict.fromkeys(_pair(row) for row in overall))
            panels = parts[1].subplots(len(phases), len(bins), sharey=True, sharex="col", squeeze=False)
            for phase, row_of_panels in zip(phases, panels, strict=True):
                for by, axes in zip(bins, row_of_panels, strict=True):
                    _lines(axes, compared, phase, by, pairs)
                row_of_panels[0].set_ylabel(f"{phase} within 0.5 s (%)")
            for by, axes in zip(bins, panels[-1], strict=True):
                axes.set_xlabel(BINNED[by])
            if few := _too_small(compared, bins):
                said = f"{few} point{'s' if few != 1 else ''} of fewer than {FEWEST} records left out"
                parts[1].suptitle(said, fontsize=6.5, color=NEUTRAL, x=0.995, ha="right")
            handles, labels = panels[0][0].get_legend_handles_labels()
            parts[1].legend(handles, labels, loc="outside lower center", ncols=1 if len(pairs) < 2 else 2)
    return figure


def _pair(row: Mapping[str, str]) -> Pair:
    return row["method"], row["reference"]


def _named(pair: Pair) -> str:
    return f"{pair[0]} − {pair[1]}"


def _bars(axes: Axes, overall: Rows, phases: Sequence[str]) -> None:
    """Draws a bar per pair and phase, its numbers beside it."""
    from matplotlib.patches import Patch

    place = 0.0
    ticks: list[float] = []
    names: list[str] = []
    for phase in phases:
        axes.text(0, place - 0.05, phase, fontweight="bold", va="center", color=INK)
        if not ticks:
            axes.text(103, place - 0.05, "median ± MAD", va="center", fontsize=6.5, color=NEUTRAL)
        place += 0.75
        for row in (row for row in overall if row["phase"] == phase):
            for limit, shade in SHADES.items():
                share = 100 * float(row[f"within_{limit.replace('.', '_')}_s"])
                axes.barh(
                    place, share, 0.62, color=shade, gid=f"agreement {phase} {_named(_pair(row))} {limit}"
                )
            said = f"{float(row['median_s']):+.2f} ± {float(row['mad_s']):.2f} s, n = {int(row['n']):,}"
            axes.text(103, place, said.replace("-", "−"), va="center", fontsize=6.5)
            ticks.append(place)
            names.append(_named(_pair(row)))
            place += 1.0
    axes.set_yticks(ticks, names)
    axes.set_ylim(place - 0.4, -0.5)
    axes.set_xlim(0, 100)
    axes.set_xlabel("Records that both picked (%)")
    axes.grid(visible=False, axis="y")
    handles = [Patch(color=shade, label=f"within {limit} s") for limit, shade in reversed(SHADES.items())]
    axes.figure.legend(handles=handles, loc="outside upper center", ncols=3, handlelength=1.2)


def _drawable(rows: Rows, by: str) -> list[Mapping[str, str]]:
    return [row for row in rows if row["by"] == by and row["bin"] != "unknown" and int(row["n"]) >= FEWEST]


def _too_small(rows: Rows, bys: Sequence[str]) -> int:
    """Returns the number of points that are not drawn because too few records stand behind them."""
    return sum(row["by"] in bys and row["bin"] != "unknown" and int(row["n"]) < FEWEST for row in rows)


def _bins(rows: Rows, by: str) -> list[str]:
    """Returns the bins there are, in ascending order."""

    def edge(name: str) -> tuple[float, bool]:
        words = name.replace("below ", "").split()
        return float(words[0]), not name.startswith("below")

    return sorted({row["bin"] for row in _drawable(rows, by)}, key=edge)


def _short(name: str) -> str:
    return name.replace("below ", "< ").replace(" to ", "–").replace(" and more", " +")


def _lines(axes: Axes, rows: Rows, phase: str, by: str, pairs: Sequence[Pair]) -> None:
    """Draws a pair's share within half a second against the bins of SNR or distance."""
    bins = _bins(rows, by)
    for number, pair in enumerate(pairs):
        colour, marker, dashes = LINES[number % len(LINES)]
        own = {row["bin"]: row for row in _drawable(rows, by) if _pair(row) == pair and row["phase"] == phase}
        shares = [100 * float(own[name]["within_0_5_s"]) if name in own else math.nan for name in bins]
        look: dict[str, Any] = {
            "color": colour,
            "marker": marker,
            "linestyle": dashes,
            "markersize": max(4.5 - 0.6 * number, 2.5),
            "clip_on": False,
            "zorder": 3,
        }
        axes.plot(shares, label=_named(pair), gid=f"agreement {phase} {by} {_named(pair)}", **look)
    axes.set_xticks(
        range(len(bins)), [_short(name) for name in bins], rotation=35, ha="right", rotation_mode="anchor"
    )
    axes.set_xlim(-0.3, len(bins) - 0.7)
    axes.set_ylim(-4, 104)
    axes.set_yticks((0, 50, 100))
