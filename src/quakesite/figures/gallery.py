"""The gallery page of the documentation: every figure of a run with its caption, as small pictures."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import textwrap
from pathlib import Path

import numpy as np
import numpy.typing as npt

from quakesite.errors import InputError
from quakesite.figures.captions import Captions
from quakesite.figures.contents import CHAPTERS, FIGURES, MAP
from quakesite.figures.numbers import RunNumbers
from quakesite.progress import say
from quakesite.tables import atomic_open, atomic_path

FREQUENT, COLOURS = 128, 256
"""Colours of a picture's palette: the most frequent ones, and how many there are in all."""

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
    """Writes the PNG `source` to `target` in 256 of its own colours (`palette_of`): a third of the size."""
    from PIL import Image

    with Image.open(source) as opened:
        picture = opened.convert("RGB")
    pixels = np.asarray(picture).reshape(-1, 3)
    colours, place, counts = np.unique(pixels, axis=0, return_inverse=True, return_counts=True)
    palette, like = palette_of(colours.astype(np.int64), counts)
    small = Image.fromarray(like[place.ravel()].reshape(picture.height, picture.width))
    small.putpalette(palette.astype(np.uint8).ravel().tolist())
    with atomic_path(target) as temporary:
        small.save(temporary, format="PNG", optimize=True)


def palette_of(
    colours: npt.NDArray[np.int64], counts: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
    """Returns up to 256 of the colours, and the number of the nearest of them for each.

    First the most frequent, which are every fill and the ground; then, one by one, what would be most wrong
    without: the largest count times squared distance to the nearest one chosen. So a rare symbol keeps its
    colour, and soft edges of letters lose shades.

    Args:
        colours: (n, 3), red, green and blue from 0 to 255.
        counts: (n,) pixels of each.
    """
    chosen = np.argsort(-counts, kind="stable")[:FREQUENT].tolist()
    apart = np.full(len(colours), np.iinfo(np.int64).max)
    like = np.zeros(len(colours), dtype=np.uint8)
    for number in range(min(COLOURS, len(colours))):
        if number == len(chosen):
            chosen.append(int(np.argmax(apart * counts)))
        squared = ((colours - colours[chosen[number]]) ** 2).sum(axis=1)
        nearer = squared < apart
        apart[nearer], like[nearer] = squared[nearer], number
    return colours[chosen], like


def photograph(page: Path, target: Path) -> bool:
    """Takes a picture of the map with the sheet of its first station; returns whether `target` is there."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None or not page.is_file():
        say(f"no picture of the map is taken: {'no Chromium found' if browser is None else 'no map'}")
        return target.is_file()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        picture = Path(folder) / "map.png"
        command = [
            browser,
            *FLAGS,
            f"--user-data-dir={folder}/profile",
            f"--window-size={MAP_SIZE[0]},{MAP_SIZE[1]}",
            f"--screenshot={picture}",
            f"{page.resolve().as_uri()}#first",
        ]
        ended = _ended(command)
        if not ended or not picture.is_file():
            why = "gave none" if ended else f"was not done within {PATIENCE_S:g} s"
            say(f"no picture of the map is taken: {browser} {why}")
            return target.is_file()
        shrink(picture, target)
    return True


def _ended(command: list[str]) -> bool:
    """Runs the command; ends it, and what it has started, where it is not done in time, and says so."""
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        process.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return False
    return True
