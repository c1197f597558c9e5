"""Coast and borders of Türkiye and its neighbours, without the internet.

`outline.json` is Natural Earth 4.1.0, 1:50m, "Admin 0 - Countries" (public domain), clipped and rounded to
0.01 degree. It is drawn in plate carrée, stretched so that a kilometre is alike both ways in mid-Türkiye.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from itertools import pairwise
from math import cos, radians
from typing import TYPE_CHECKING, Any

from quakesite.figures.style import BORDER, LAND, SEA

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Box = tuple[float, float, float, float]
"""West, south, east, north in degrees."""

TURKIYE: Box = (25.4, 35.6, 45.1, 42.4)
MIDDLE_LATITUDE = 39.0
MOST_TICKS = (7, 5)
"""Of longitude and latitude."""

ON_THE_CUT = 0.011
"""Degrees; points this near the box that the outline was clipped to lie on the cut, not on a coast."""

Ring = list[tuple[float, float]]


@cache
def _collection() -> dict[str, Any]:
    text = files("quakesite.figures").joinpath("outline.json").read_text(encoding="utf-8")
    collection: dict[str, Any] = json.loads(text)
    return collection


@cache
def outline() -> dict[str, list[Ring]]:
    """Returns the rings (longitude, latitude) of each country by name."""
    collection = _collection()
    return {
        feature["properties"]["name"]: [
            [tuple(point) for point in polygon[0]] for polygon in feature["geometry"]["coordinates"]
        ]
        for feature in collection["features"]
    }


def coast(ring: Ring) -> list[Ring]:
    """Returns the parts of a ring that are coast or border, without those along the box it was clipped to."""
    west, south, east, north = _collection()["bbox"]

    def cut(one: tuple[float, float], two: tuple[float, float]) -> bool:
        return any(
            abs(one[axis] - edge) < ON_THE_CUT and abs(two[axis] - edge) < ON_THE_CUT
            for axis, edge in ((0, west), (0, east), (1, south), (1, north))
        )

    parts: list[Ring] = []
    open_part = False
    for one, two in pairwise(ring):
        if cut(one, two):
            open_part = False
        elif open_part:
            parts[-1].append(two)
        else:
            parts.append([one, two])
            open_part = True
    return parts


def marker_area(number: int) -> float:
    """Returns the area (square points) of one of so many stations' markers: few ones are larger."""
    return min(max(2400.0 / max(number, 1), 8.0), 16.0)


def draw(axes: Axes, longitude: Sequence[float] = (), latitude: Sequence[float] = ()) -> None:
    """Draws land, coast and borders on `axes`; frames Türkiye, and all of the points (degrees) given."""
    from matplotlib.collections import LineCollection, PolyCollection
    from matplotlib.ticker import MaxNLocator

    for name, rings in outline().items():
        inside = name == "Türkiye"
        axes.add_collection(
            PolyCollection(
                rings,
                facecolor=LAND if inside else "#fafaf8",
                edgecolor="none",
                zorder=0.5,
            )
        )
        axes.add_collection(
            LineCollection(
                [part for ring in rings for part in coast(ring)],
                color="#8d897d" if inside else BORDER,
                linewidth=0.7 if inside else 0.4,
                zorder=0.7 if inside else 0.6,
            )
        )
    west, south, east, north = TURKIYE
    axes.set_xlim(
        min([west, *(value - 0.4 for value in longitude)]), max([east, *(v + 0.4 for v in longitude)])
    )
    axes.set_ylim(
        min([south, *(value - 0.3 for value in latitude)]), max([north, *(v + 0.3 for v in latitude)])
    )
    axes.set_aspect(1.0 / cos(radians(MIDDLE_LATITUDE)))
    axes.set_facecolor(SEA)
    axes.grid(visible=False)
    for axis, most in zip((axes.xaxis, axes.yaxis), MOST_TICKS, strict=True):
        axis.set_major_locator(MaxNLocator(nbins=most, steps=[1, 2, 4, 5, 10]))
    axes.set_xlabel("Longitude (° E)")
    axes.set_ylabel("Latitude (° N)")
    for spine in axes.spines.values():
        spine.set_visible(True)
