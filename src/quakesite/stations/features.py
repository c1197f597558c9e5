"""Site features (slope, elevation, geology, lithology, f0, Tp), joined to the stations by coordinates."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from quakesite.errors import InputError
from quakesite.rejects import Reason, Reject
from quakesite.stations.cells import rows as rows_of_cells
from quakesite.stations.coordinates import degrees
from quakesite.stations.parsing import heading_key, is_absent, number
from quakesite.stations.settings import Feature
from quakesite.stations.tables import HEADINGS, LIMITS

TABLES = frozenset({".csv", ".xlsx"})
TEXTS = frozenset({"geology", "lithology", "slope_class"})
NEIGHBOURS = 8


@dataclass(frozen=True, slots=True)
class Hit:
    """The feature that belongs to a station: where it stands in its file, how far away, and its values."""

    place: str
    distance_m: float
    values: Mapping[str, object]


class Finder(Protocol):
    """What finds the feature of a station."""

    def at(self, latitude: float, longitude: float) -> Hit | None:
        """Returns the feature that belongs to these coordinates, null where none is near enough."""
        ...


@dataclass(frozen=True)
class FeatureSource:
    """One file of site features, read."""

    setting: Feature
    finder: Finder


def read_features(settings: Sequence[Feature]) -> list[FeatureSource]:
    """Returns the files of features, read.

    Raises:
        InputError: a file, a column, a layer or the coordinate reference system is missing; a vector file is
            to be read and geopandas is not installed.
    """
    return [FeatureSource(setting, _finder(setting)) for setting in settings]


def _finder(setting: Feature) -> Finder:
    path = Path(setting.file)
    if not path.exists():
        raise InputError(path, "no such file", field="stations.features")
    if path.suffix.lower() in TABLES:
        if setting.how == "polygon":
            raise InputError(path, "a table of points has no polygons", field="stations.features.how")
        return PointTable(setting)
    from quakesite.stations.maps import VectorMap

    return VectorMap(setting)


class PointTable:
    """Points from a .csv or .xlsx file with a latitude and a longitude column; the nearest one counts.

    Distances are those on the WGS84 ellipsoid; of equally near points the first in the file counts.
    """

    def __init__(self, setting: Feature) -> None:
        import numpy as np
        from scipy.spatial import cKDTree

        self.limit_m = setting.max_distance_m
        path = Path(setting.file)
        source = rows_of_cells(path)
        place, heading = next(source, ("row 1", []))
        wanted = _columns(path, place, heading, setting.columns)
        self.points: list[tuple[float, float, str, dict[str, object]]] = []
        for place, cells in source:
            found = {name: cells[index] if index < len(cells) else None for name, index in wanted.items()}
            try:
                latitude = degrees(found.pop("latitude"), "latitude")
                longitude = degrees(found.pop("longitude"), "longitude")
            except ValueError as error:
                raise InputError(path, str(error), field=f"coordinates, {place}") from None
            if latitude is None or longitude is None:
                continue
            if abs(latitude) > 90 or abs(longitude) > 180:
                raise InputError(
                    path,
                    f"{latitude:g}, {longitude:g}",
                    field=f"coordinates, {place}",
                    expected="latitude and longitude in degrees",
                )
            self.points.append((latitude, longitude, place, found))
        if not self.points:
            raise InputError(path, "no point with coordinates", expected="Latitude and Longitude columns")
        self._tree = cKDTree(np.array([_direction(point[0], point[1]) for point in self.points]))

    def at(self, latitude: float, longitude: float) -> Hit | None:
        """Returns the nearest point; see `Finder`."""
        import numpy as np

        from quakesite.records.geodesy import distance_and_azimuth

        _, near = self._tree.query(_direction(latitude, longitude), k=min(NEIGHBOURS, len(self.points)))
        distance_m, index = min(
            (1000.0 * distance_and_azimuth(latitude, longitude, *self.points[index][:2])[0], index)
            for index in np.atleast_1d(near).tolist()
        )
        if distance_m > self.limit_m:
            return None
        _, _, place, values = self.points[index]
        return Hit(place, distance_m, values)


def _direction(latitude: float, longitude: float) -> tuple[float, float, float]:
    """Returns the unit vector to a point: chords order points as distances do, up to the flattening."""
    phi, lam = math.radians(latitude), math.radians(longitude)
    return math.cos(phi) * math.cos(lam), math.cos(phi) * math.sin(lam), math.sin(phi)


def _columns(path: Path, place: str, heading: Sequence[object], columns: Mapping[Any, str]) -> dict[str, int]:
    names = ["" if cell is None else str(cell).strip() for cell in heading]
    keys = [heading_key(name) for name in names]
    found: dict[str, int] = {}
    for axis in ("latitude", "longitude"):
        places = [keys.index(key) for key in HEADINGS[axis] if key in keys]
        if not places:
            known = ", ".join(filter(None, names))[:160]
            raise InputError(path, "column missing", field=axis, expected=f"one of {known}")
        found[axis] = min(places)
    for feature, name in columns.items():
        if name not in names:
            raise column_missing(path, name, names)
        found[feature] = names.index(name)
    return found


def column_missing(path: Path, name: str, names: Sequence[str]) -> InputError:
    """Returns the error that says that a file has no such column, and which it has."""
    known = ", ".join(filter(None, names))[:160]
    field = "stations.features.columns"
    return InputError(path, f"no column {name!r}", field=field, expected=f"one of {known}")


def add_features(stations: Sequence[dict[str, Any]], sources: Sequence[FeatureSource]) -> list[Reject]:
    """Fills in what the stations' own sources leave empty, and where it is from; returns the bad values.

    Args:
        stations: rows of `STATIONS`, changed in place.
        sources: in the order in which they count.
    """
    rejects: dict[tuple[str, str], Reject] = {}
    for row in stations:
        if row["latitude"] is None:
            continue
        for source in sources:
            hit = source.finder.at(row["latitude"], row["longitude"])
            for name, raw in hit.values.items() if hit else ():
                column = "slope" if name.startswith("slope_") and name != "slope_class" else name
                if hit is None or row[column] is not None or is_absent(raw):
                    continue
                try:
                    row[column] = feature_value(name, raw)
                except ValueError as error:
                    where, detail = f"{source.setting.file}: {hit.place}", f"{name}: {error}"
                    rejects[where, name] = Reject("", where, "stations", Reason.BAD_FEATURE, detail)
                    continue
                row["origins"].append(
                    {
                        "field": column,
                        "source": "feature",
                        "file": source.setting.file,
                        "place": hit.place,
                        "distance_m": round(hit.distance_m, 1),
                    }
                )
    return list(rejects.values())


def feature_value(name: str, raw: object) -> float | str:
    """Returns a feature's value in the unit of its column in `STATIONS`.

    Raises:
        ValueError: it is no number where there should be one, or one that cannot be.
    """
    if name in TEXTS:
        return str(raw).strip()
    value = number(raw.item() if hasattr(raw, "item") else raw)
    if value is None:
        raise ValueError("no value")
    if name == "slope_deg":
        if not 0 <= value < 85:
            raise ValueError(f"{value:g} is not within 0 to 85")
        return math.tan(math.radians(value))
    value = value / 100.0 if name == "slope_pct" else value
    low, high = LIMITS["slope" if name == "slope_pct" else name]
    if not low <= value <= high:
        raise ValueError(f"{value:g} is not within {low:g} to {high:g}")
    return value
