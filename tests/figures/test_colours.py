"""Colours that stand for something stay apart for readers with each common kind of colour blindness."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from quakesite.figures.agreement import LINES, SHADES
from quakesite.figures.map_page import asset
from quakesite.figures.regions import COLOURS as REGION_COLOURS
from quakesite.figures.regions import MARKERS as REGION_MARKERS
from quakesite.figures.stations_map import RANGES
from quakesite.figures.style import CLASS_COLOURS, CLASS_MARKERS, TRAIN, VALIDATION

# Machado, Oliveira and Fernandes (2009), IEEE Trans. Vis. Comput. Graph. 15, 1291-1298, severity 1.
SEEN_BY = {
    "everyone": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE = TO_XYZ.sum(axis=1)
CLEARLY_APART = 12.0
"""CIE 1976 colour difference; about 2.3 is just noticeable."""


def lab(colour: str, seen_by: str) -> np.ndarray:
    """Returns the CIE L*a*b* coordinates of `#rrggbb` as somebody sees it."""
    encoded = np.array([int(colour[at : at + 2], 16) / 255.0 for at in (1, 3, 5)])
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.asarray(SEEN_BY[seen_by]) @ linear, 0.0, 1.0)
    x, y, z = np.cbrt(np.maximum(TO_XYZ @ seen / WHITE, 0.008856))
    return np.array([116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)])


@pytest.mark.parametrize("seen_by", SEEN_BY)
@pytest.mark.parametrize(
    "colours",
    [
        tuple(CLASS_COLOURS.values()),
        (TRAIN, VALIDATION),
        tuple(colour for colour, _, _ in LINES),
        tuple(SHADES.values()),
        REGION_COLOURS,
    ],
    ids=["classes", "sets", "lines of agreement", "bars of agreement", "regions"],
)
def test_colours_stay_apart(colours: tuple[str, ...], seen_by: str) -> None:
    for one, two in combinations(colours, 2):
        apart = float(np.linalg.norm(lab(one, seen_by) - lab(two, seen_by)))
        assert apart > CLEARLY_APART, f"{one} and {two} are {apart:.1f} apart"


def test_the_measure_tells_red_from_green_for_everyone_but_the_colour_blind() -> None:
    apart = {who: np.linalg.norm(lab("#a05000", who) - lab("#6e6e00", who)) for who in SEEN_BY}
    assert apart["everyone"] > 2 * apart["deuteranopia"]


def test_classes_regions_and_lines_differ_in_shape_as_well() -> None:
    assert len({marker for _, marker, _ in LINES}) == len(LINES)
    assert len(set(CLASS_MARKERS.values())) == len(CLASS_MARKERS) == len(CLASS_COLOURS) == 5
    assert len(set(REGION_MARKERS)) == len(REGION_MARKERS) == len(REGION_COLOURS)


def test_the_map_has_the_figures_colours_and_ranges() -> None:
    script = asset("map.js")
    for name, colour in CLASS_COLOURS.items():
        assert f'["{name}", "{RANGES[name]}", "{colour}"' in script, name


def test_pages_name_no_address_to_load_from() -> None:
    folder = Path(__file__).resolve().parents[2] / "src/quakesite/figures/page"
    for path in sorted(folder.iterdir()):
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "http" not in text.replace("http-equiv", ""), path.name
