"""`predictions.geojson`: the same rows for a map, by RFC 7946."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from quakesite.evaluation.layout import Row
from quakesite.tables import atomic_open

DECIMALS = 4
PLACE_DECIMALS = 6
"""A tenth of a metre, as RFC 7946 (section 11.2) advises."""


def feature_collection(rows: Sequence[Row], note: str = "") -> dict[str, Any]:
    """Returns the rows of `predictions.csv` as a FeatureCollection of points, longitude first (WGS 84).

    A station without coordinates has no geometry (`null`). Values are rounded to four decimals as in the
    CSV; what is empty there is `null` here.

    Args:
        rows: the rows.
        note: said in a member `note` of the collection, where given.
    """
    features = [_feature(row) for row in rows]
    places = [one["geometry"]["coordinates"] for one in features if one["geometry"]]
    collection: dict[str, Any] = {"type": "FeatureCollection"}
    if note:
        collection["note"] = note
    if places:
        east, north = zip(*places, strict=True)
        collection["bbox"] = [min(east), min(north), max(east), max(north)]
    return collection | {"features": features}


def _feature(row: Row) -> dict[str, Any]:
    longitude, latitude = row["longitude"], row["latitude"]
    located = isinstance(longitude, float) and isinstance(latitude, float)
    geometry = None
    if located and math.isfinite(float(longitude or 0.0)) and math.isfinite(float(latitude or 0.0)):
        place = [
            round(float(longitude or 0.0), PLACE_DECIMALS),
            round(float(latitude or 0.0), PLACE_DECIMALS),
        ]
        geometry = {"type": "Point", "coordinates": place}
    properties = {name: plain(value) for name, value in row.items() if name not in ("latitude", "longitude")}
    return {"type": "Feature", "id": str(row["station"]), "geometry": geometry, "properties": properties}


def plain(value: object, decimals: int = DECIMALS) -> object:
    """Returns a value as JSON has it: floats rounded, `None` for what is no number."""
    if isinstance(value, float):
        return round(value, decimals) if math.isfinite(value) else None
    return value


def write_geojson(rows: Sequence[Row], target: str | Path, note: str = "") -> None:
    """Writes the rows to `target` atomically; see `feature_collection`."""
    with atomic_open(target) as handle:
        json.dump(feature_collection(rows, note), handle, indent=1, allow_nan=False, ensure_ascii=False)
        handle.write("\n")
