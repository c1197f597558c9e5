"""The interactive map of stations: one HTML file that needs nothing from elsewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from quakesite.evaluation.schema import HV_FREQUENCIES_HZ
from quakesite.figures.basemap import coast, outline
from quakesite.figures.contents import SYNTHETIC
from quakesite.tables import atomic_open

COVERAGE = 0.9
"""Of intervals whose table does not state it."""

SCRIPTS = ("map.js", "panel.js", "sheet.js")
PLACE = re.compile(r"\{\{ (\w+) \}\}")


def page(name: str, **filled: str) -> str:
    """Returns the page `page/{name}.html` with its places `{{ key }}` filled in."""
    return PLACE.sub(lambda found: filled[found[1]], asset(f"{name}.html"))


def asset(name: str) -> str:
    """Returns the text of a file of the folder `page`."""
    return files("quakesite.figures").joinpath("page", name).read_text(encoding="utf-8")


def embedded(values: Mapping[str, Any]) -> str:
    """Returns `values` as JSON that may stand in a script element: nothing in it ends the element."""
    written = json.dumps(values, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return written.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def render(stations: Sequence[Mapping[str, Any]], *, synthetic: bool = False) -> str:
    """Returns the page.

    Args:
        stations: as `map_data.read_stations` returns them.
        synthetic: say that the archive is.
    """
    shapes = [
        {"home": name == "Türkiye", "rings": rings, "coast": [part for ring in rings for part in coast(ring)]}
        for name, rings in outline().items()
    ]
    data = {
        "stations": stations,
        "outline": sorted(shapes, key=lambda shape: bool(shape["home"])),
        "frequencies": [round(value, 4) for value in HV_FREQUENCIES_HZ.tolist()],
        "coverage": COVERAGE,
        "synthetic": synthetic,
        "mark": SYNTHETIC,
    }
    script = "\n".join(map(asset, SCRIPTS))
    return page("map", style=asset("map.css"), mark=SYNTHETIC, script=script, data=embedded(data))


def write(stations: Sequence[Mapping[str, Any]], out: str | Path, *, synthetic: bool = False) -> None:
    """Writes the page to `out`."""
    with atomic_open(out) as handle:
        handle.write(render(stations, synthetic=synthetic))
