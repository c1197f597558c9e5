"""Every figure of the made-up run looks as it did: compared with small pictures kept in `baseline`.

After a wanted change: `python tests/figures/make_baseline.py`, and look at the pictures before they are kept.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from baseline_pictures import BASELINE, TOLERANCE, keep_small
from matplotlib.testing.compare import compare_images
from PIL import Image

from quakesite.figures.contents import FIGURES


@pytest.mark.parametrize("name", FIGURES)
def test_figure_looks_as_it_did(name: str, drawn: Path, tmp_path: Path) -> None:
    keep_small(drawn / f"{name}.png", tmp_path / f"{name}.png")
    assert compare_images(str(BASELINE / f"{name}.png"), str(tmp_path / f"{name}.png"), TOLERANCE) is None


def test_every_picture_kept_is_compared_and_all_together_are_small() -> None:
    kept = sorted(BASELINE.glob("*.png"))
    assert [path.stem for path in kept] == sorted(FIGURES)
    assert sum(path.stat().st_size for path in kept) < 500_000


@pytest.mark.parametrize("name", ["fig1", "skill", "fig4"])
def test_a_figure_whose_title_has_moved_is_told_from_its_picture(name: str, tmp_path: Path) -> None:
    with Image.open(BASELINE / f"{name}.png") as opened:
        moved = opened.copy()
    strip = moved.crop((0, 0, moved.width, 40))
    moved.paste(255, (0, 0, moved.width, 40))
    moved.paste(strip, (0, 8))
    moved.save(tmp_path / f"{name}.png")
    assert compare_images(str(BASELINE / f"{name}.png"), str(tmp_path / f"{name}.png"), TOLERANCE) is not None
