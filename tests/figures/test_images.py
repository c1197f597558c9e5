"""Every figure of the made-up run looks as it did: compared with small pictures kept in `baseline`.

After a wanted change: `python tests/figures/make_baseline.py`, and look at the pictures before they are kept.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from baseline_pictures import BASELINE, TOLERANCE, keep_small, largest_difference
from drawing import commands
from PIL import Image
from typer.testing import CliRunner

from quakesite.figures import predicted, skill, stations_map, style
from quakesite.figures.command import app
from quakesite.figures.contents import FIGURES
from quakesite.figures.numbers import RunNumbers


@pytest.mark.parametrize("name", FIGURES)
def test_figure_looks_as_it_did(name: str, drawn: Path, tmp_path: Path) -> None:
    keep_small(drawn / f"{name}.png", tmp_path / f"{name}.png")
    assert largest_difference(BASELINE / f"{name}.png", tmp_path / f"{name}.png") < TOLERANCE


def test_every_picture_kept_is_compared_and_all_together_are_small() -> None:
    kept = sorted(BASELINE.glob("*.png"))
    assert [path.stem for path in kept] == sorted(FIGURES)
    assert sum(path.stat().st_size for path in kept) < 700_000


@pytest.mark.parametrize("name", ["fig1", "skill", "fig4"])
def test_a_figure_whose_title_has_moved_is_told_from_its_picture(name: str, tmp_path: Path) -> None:
    with Image.open(BASELINE / f"{name}.png") as opened:
        moved = opened.convert("RGB")
    strip = moved.crop((0, 0, moved.width, 40))
    moved.paste((255, 255, 255), (0, 0, moved.width, 40))
    moved.paste(strip, (0, 8))
    moved.save(tmp_path / f"{name}.png")
    assert largest_difference(BASELINE / f"{name}.png", tmp_path / f"{name}.png") > TOLERANCE


def redrawn(name: str, run: RunNumbers, folder: Path) -> float:
    """Draws a figure again and returns how far it is from its picture."""
    arguments = [name, *commands(run.results)[f"{name}.svg"][1:], "--out", folder / "new.svg", "--synthetic"]
    done = CliRunner().invoke(app, [str(one) for one in arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    keep_small(folder / "new.png", folder / "small.png")
    return largest_difference(BASELINE / f"{name}.png", folder / "small.png")


SWAPPED = dict(zip("ABCDE", reversed(style.CLASS_COLOURS.values()), strict=True))


@pytest.mark.parametrize(
    ("name", "module", "what", "value"),
    [
        ("fig1", stations_map, "CLASS_COLOURS", SWAPPED),
        ("predicted", predicted, "CLASS_COLOURS", SWAPPED),
        ("skill", skill, "TRAIN", style.VALIDATION),
        ("skill", skill, "LOWEST_SHOWN", 0.0),
    ],
)
def test_swapped_colours_and_moved_symbols_are_told(
    name: str,
    module: Any,
    what: str,
    value: Any,
    run: RunNumbers,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert redrawn(name, run, tmp_path) < TOLERANCE
    monkeypatch.setattr(module, what, value)
    assert redrawn(name, run, tmp_path) > TOLERANCE


@pytest.mark.parametrize("name", ["fig1", "fig5", "predicted"])
def test_a_figure_in_which_no_station_is_drawn_is_told(
    name: str, run: RunNumbers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from matplotlib.axes import Axes

    scatter = Axes.scatter

    def nothing(axes: Axes, *places: Any, **looks: Any) -> Any:
        return scatter(axes, *places, **(looks | {"s": 0.0}))

    monkeypatch.setattr(Axes, "scatter", nothing)
    assert redrawn(name, run, tmp_path) > TOLERANCE
