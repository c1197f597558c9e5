"""Coast and borders of Türkiye and its neighbours, without the internet.

`outline.json` is Natural Earth 4.1.0, 1:50m, "Admin 0 - Countries" (public domain), clipped and rounded to
0.01 degree. It is drawn in plate carrée, stretched so that a kilometre is alike both ways in mid-Türkiye.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from math import cos, radians
from typing import TYPE_CHECKING, Any

from quakesite.figures.style import BORDER, LAND, SEA

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Box = tuple[float, float, float, float]
"""West, south, east, north in degrees."""

TURKIYE: Box = (25.4, 35.6, 45.1, 42.4)
MIDDLE_LATITUDE = 39.0


@cache
def outline() -> dict[str, list[list[tuple[float, float]]]]:
    """Returns the rings (longitude, latitude) of each country by name."""
    text = files("quakesite.figures").joinpath("outline.json").read_text(encoding="utf-8")
    collection: dict[str, Any] = json.loads(text)
    return {
        feature["properties"]["name"]: [
            [tuple(point) for point in polygon[0]] for polygon in feature["geometry"]["coordinates"]
        ]
        for feature in collection["features"]
    }


def draw(axes: Axes, longitude: Sequence[float] = (), latitude: Sequence[float] = ()) -> None:
    """Draws land, coast and borders on `axes`; frames Türkiye, and all of the points (degrees) given."""
    from matplotlib.collections import PolyCollection
    from matplotlib.ticker import MultipleLocator

    for name, rings in outline().items():
        inside = name == "Türkiye"
        axes.add_collection(
            PolyCollection(
                rings,
                facecolor=LAND if inside else "#fafaf8",
                edgecolor="#8d897d" if inside else BORDER,
                linewidth=0.7 if inside else 0.4,
                zorder=0.6 if inside else 0.5,
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
    axes.xaxis.set_major_locator(MultipleLocator(4.0))
    axes.yaxis.set_major_locator(MultipleLocator(2.0))
    axes.set_xlabel("Longitude (° E)")
    axes.set_ylabel("Latitude (° N)")
    for spine in axes.spines.values():
        spine.set_visible(True)
