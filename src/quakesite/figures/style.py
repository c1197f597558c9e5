"""The look of every figure: one quiet, colour-blind-safe style, and files that are the same from run to run.

Colours after Paul Tol's schemes (personal.sron.nl/~pault), which stay apart for all common kinds of colour
blindness; site classes and models also differ in shape or place, never in colour alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quakesite.figures.contents import SYNTHETIC as SYNTHETIC
from quakesite.tables import atomic_path

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLUMN_IN, PAGE_IN = 3.5, 7.1
"""Width of a journal's column and page, in inches."""

CLASS_COLOURS = {"A": "#332288", "B": "#0077bb", "C": "#44aa99", "D": "#ddaa33", "E": "#cc3311"}
CLASS_MARKERS = {"A": "*", "B": "^", "C": "o", "D": "s", "E": "D"}
TRAIN, VALIDATION, NEUTRAL, INK = "#0077bb", "#ee7733", "#888888", "#222222"
LAND, SEA, BORDER = "#f4f2ec", "#ffffff", "#b8b5ab"

RC: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 7.5,
    "axes.titlesize": 8,
    "axes.titlelocation": "left",
    "axes.labelsize": 7.5,
    "axes.edgecolor": "#555555",
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e6e6e6",
    "grid.linewidth": 0.5,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "xtick.color": "#444444",
    "ytick.color": "#444444",
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "lines.linewidth": 1.2,
    "legend.fontsize": 7,
    "legend.frameon": False,
    "figure.dpi": 100,
    "svg.hashsalt": "quakesite",
    "mathtext.default": "regular",
    "axes.formatter.use_mathtext": True,
}

PNG_DPI = 200


@contextmanager
def style() -> Iterator[None]:
    """Draws in this style inside the block, whatever the user's own matplotlib settings are."""
    import matplotlib

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(RC)
        yield


def new_figure(width_in: float, height_in: float, *, synthetic: bool = False) -> Figure:
    """Returns an empty figure with constrained layout, marked at the top where its archive is synthetic.

    Legends of the figure go `outside lower`, where they do not meet the mark.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width_in, height_in), layout="constrained")
    if synthetic:
        figure.suptitle(SYNTHETIC, fontsize=6.5, color="#aa3377", style="italic", x=0.995, ha="right")
    return figure


def note(text: str, *, synthetic: bool = False) -> Figure:
    """Returns a figure that says in words why there is nothing to draw."""
    with style():
        figure = new_figure(COLUMN_IN, 1.0, synthetic=synthetic)
        figure.text(0.5, 0.45, text, ha="center", va="center", color=NEUTRAL)
    return figure


def save(figure: Figure, out: str | Path) -> None:
    """Writes `figure` as `out` with the suffixes .svg and .png; equal figures give equal bytes."""
    out = Path(out)
    with style():
        for suffix, metadata in ((".svg", {"Date": None, "Creator": None}), (".png", {"Software": None})):
            with atomic_path(out.with_suffix(suffix)) as temporary:
                figure.savefig(temporary, format=suffix[1:], dpi=PNG_DPI, metadata=metadata)
