"""Small grey pictures of figures, to be compared with those kept in `baseline`."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

BASELINE = Path(__file__).resolve().parent / "baseline"
SHRINK = 2
GREYS = 16
TOLERANCE = 8.0
"""Root mean square of the difference in shade, of 255. Reducing to 16 greys makes up to 2.5; another build of
the font renderer moves edges by less than a pixel; a label that is moved makes more than 10."""


def keep_small(picture: Path, target: Path) -> None:
    """Writes the picture in 16 greys at half its size to `target`."""
    with Image.open(picture) as opened:
        small = opened.convert("L").reduce(SHRINK)
    target.parent.mkdir(parents=True, exist_ok=True)
    small.quantize(GREYS).convert("L").save(target, optimize=True)
