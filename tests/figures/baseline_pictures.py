"""Small pictures of figures, in colour, to be compared tile by tile with those kept in `baseline`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

BASELINE = Path(__file__).resolve().parent / "baseline"
SHRINK = 2
COLOURS = 256
TILE = 32
"""Side of a tile in pixels of the small picture."""
TOLERANCE = 15.0
"""Largest root mean square of the difference in shade, of 255, of any tile; `test_images.py` shows what is
told apart by it. Another build of the font renderer moves edges by less than a pixel."""


def keep_small(picture: Path, target: Path) -> None:
    """Writes the picture in few colours at half its size to `target`."""
    with Image.open(picture) as opened:
        small = opened.convert("RGB").reduce(SHRINK)
    target.parent.mkdir(parents=True, exist_ok=True)
    small.quantize(COLOURS, dither=Image.Dither.NONE).save(target, optimize=True)


def largest_difference(kept: Path, drawn: Path) -> float:
    """Returns the largest root mean square difference over tiles of two pictures; infinite for two sizes."""
    with Image.open(kept) as one, Image.open(drawn) as two:
        if one.size != two.size:
            return float("inf")
        first, second = (np.asarray(image.convert("RGB"), dtype=np.float64) for image in (one, two))
    squared = ((first - second) ** 2).mean(axis=2)
    height, width = squared.shape
    tiles = [
        squared[top : top + TILE, left : left + TILE].mean()
        for top in range(0, height, TILE)
        for left in range(0, width, TILE)
    ]
    return float(np.sqrt(max(tiles)))
