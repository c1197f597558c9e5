"""The gallery page of the documentation: every figure of a run with its caption, as small pictures."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import textwrap
from pathlib import Path

import numpy as np

from quakesite.errors import InputError
from quakesite.figures.captions import Captions
from quakesite.figures.contents import CHAPTERS, FIGURES, MAP
from quakesite.figures.numbers import RunNumbers
from quakesite.progress import say
from quakesite.tables import atomic_open, atomic_path

COLOURS = 250
"""Of a picture's palette."""

PAGE_COLUMNS = 118

MAP_SIZE = (1400, 800)
PATIENCE_S = 60.0
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--hide-scrollbars",
)

INTRODUCTION = """\
# Gallery

All figures of one run, in the order of the workflow. `snakemake --cores all gallery` makes this page and its
pictures anew; `snakemake --report report.zip` puts the same figures, every table and the map into one file,
with the same captions. `results/figures/map.html` opens in any browser, without a network.
"""

OTHERS = """\
## Another record, another station

```bash
quakesite figures record results/records/*-of-*.parquet --picks results/picks.parquet \\
    --windows results/windows/pga60/auto/*.parquet --record 20130327000635_9043 --out sheet.svg
quakesite figures hv results/predictions.csv results/evaluation/features/*.parquet --station 9043 --out hv.svg
```
"""


def write(run: RunNumbers, captions: str | Path, docs: str | Path) -> None:
    """Writes `gallery.md` and `images/*.png` into the folder `docs`.

    The picture of the map is taken by a Chromium; where none is installed, the one that is there stays.

    Args:
        run: the numbers of a finished run, whose figures stand in `figures`.
        captions: folder of the templates.
        docs: folder of the documentation.

    Raises:
        InputError: the run has no figures, or its archive is not the synthetic one.
    """
    if not run.synthetic:
        raise InputError(
            run.results,
            "a run of real records",
            expected="one of the synthetic archive, which alone may stand in the documentation",
            action="run it with the default `archive`, or see `snakemake --report`",
        )
    docs, of_run = Path(docs), Captions(captions, run)
    figures = run.results / "figures"
    drawn = [name for name in FIGURES if (figures / f"{name}.png").is_file()]
    if not drawn:
        raise InputError(figures, "no figures", action="make them with `snakemake --cores all figures`")
    for name in drawn:
        shrink(figures / f"{name}.png", docs / "images" / f"{name}.png")
    has_map = photograph(figures / "map.html", docs / "images" / "map.png")
    parts = [INTRODUCTION]
    for chapter in CHAPTERS:
        entries = [(name, FIGURES[name].title) for name in drawn if FIGURES[name].chapter == chapter]
        if chapter == MAP and has_map:
            entries = [("map", "Map of stations")]
        if entries:
            parts.append(f"## {chapter.split(' ', 1)[1]}\n")
        for name, title in entries:
            parts.append(f"### {title}\n\n![{title}](images/{name}.png)\n\n{as_markdown(of_run[name])}\n")
    with atomic_open(docs / "gallery.md") as handle:
        handle.write("\n".join([*parts, OTHERS]))


def as_markdown(caption: str) -> str:
    """Returns a caption's reStructuredText as Markdown; captions use literals and emphasis alone."""
    paragraphs = [" ".join(part.split()) for part in caption.replace("``", "`").split("\n\n")]
    return "\n\n".join(
        textwrap.fill(part, PAGE_COLUMNS, break_on_hyphens=False) for part in paragraphs if part
    )


def shrink(source: str | Path, target: str | Path) -> None:
    """Writes the PNG `source` to `target` with its most frequent colours: a third of the size.

    Those keep every fill and symbol as it is; only the soft edges of letters and lines lose shades.
    """
    from PIL import Image

    with Image.open(source) as opened:
        picture = opened.convert("RGB")
    red, green, blue = np.moveaxis(np.asarray(picture, dtype=np.int64), 2, 0)
    colours, counts = np.unique((red * 256 + green) * 256 + blue, return_counts=True)
    frequent = colours[np.argsort(-counts, kind="stable")][:COLOURS]
    palette = Image.new("P", (1, 1))
    palette.putpalette(
        np.stack([frequent >> 16, frequent >> 8 & 255, frequent & 255], axis=1).ravel().tolist()
    )
    with atomic_path(target) as temporary:
        small = picture.quantize(palette=palette, dither=Image.Dither.NONE)
        small.save(temporary, format="PNG", optimize=True)


def photograph(page: Path, target: Path) -> bool:
    """Takes a picture of the map with the sheet of its first station; returns whether `target` is there."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None or not page.is_file():
        say(f"no picture of the map is taken: {'no Chromium found' if browser is None else 'no map'}")
        return target.is_file()
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder) / "map.png"
        command = [
            browser,
            *FLAGS,
            f"--user-data-dir={folder}/profile",
            f"--window-size={MAP_SIZE[0]},{MAP_SIZE[1]}",
            f"--screenshot={picture}",
            f"{page.resolve().as_uri()}#first",
        ]
        subprocess.run(command, check=False, capture_output=True, timeout=PATIENCE_S)
        if not picture.is_file():
            say("no picture of the map is taken: Chromium gave none")
            return target.is_file()
        shrink(picture, target)
    return True
