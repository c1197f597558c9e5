"""Draws the made-up run anew and keeps small pictures of it: `python tests/figures/make_baseline.py`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from baseline_pictures import BASELINE, keep_small
from drawing import draw_all
from made_up_run import make

from quakesite.figures.contents import FIGURES

N_STATIONS = 40

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "results"
        make(results, N_STATIONS)
        draw_all(results)
        for name in FIGURES:
            keep_small(results / "figures" / f"{name}.png", BASELINE / f"{name}.png")
