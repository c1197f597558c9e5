"""Vector maps (geology, lithology, gridded points) by geopandas, which is needed for nothing else."""

from __future__ import annotations

import importlib
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from quakesite.errors import InputError
from quakesite.stations.features import Hit, column_missing
from quakesite.stations.settings import Feature

M_PER_DEGREE = 110_574.0
"""Of latitude at the equator, where it is shortest."""
MARGIN = 1.05


def _needed(name: str, path: Path) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise InputError(
            path,
            f"a vector file needs geopandas, and {error.name or name} is not installed",
            field="stations.features",
            action="pip install geopandas (or export the points as .csv)",
        ) from None


class VectorMap:
    """The features of a vector file: the one that holds the station, else the nearest within the limit.

    Whether a polygon holds a station is told in longitude and latitude; distances are measured in an
    azimuthal equidistant projection about the station, in which those from its centre are true. Of several
    the nearest counts, then the smallest, then the first in the file.
    """

    def __init__(self, setting: Feature) -> None:
        path = Path(setting.file)
        self.setting = setting
        geopandas, self._shapely, self._pyproj = (
            _needed(name, path) for name in ("geopandas", "shapely", "pyproj")
        )
        frame = self._read(geopandas, path)
        geometry = frame.geometry.make_valid()
        here = ~(geometry.is_empty | geometry.isna())
        kinds = set(geometry[here].geom_type)
        if setting.how == "polygon" and not kinds <= {"Polygon", "MultiPolygon", "GeometryCollection"}:
            found = ", ".join(sorted(kinds))
            raise InputError(path, found, field="stations.features.how", expected="polygons")
        self._numbers = [int(index) for index in frame.index[here]]
        self._geometry = geometry[here].to_list()
        self._values: list[dict[str, object]] = [
            {str(name): frame.at[index, column] for name, column in setting.columns.items()}
            for index in self._numbers
        ]
        self._tree = self._shapely.STRtree(self._geometry)

    def _read(self, geopandas: Any, path: Path) -> Any:
        errors = importlib.import_module("pyogrio.errors")
        setting = self.setting
        try:
            frame = geopandas.read_file(path, **({"layer": setting.layer} if setting.layer else {}))
        except (errors.DataSourceError, errors.DataLayerError) as error:
            raise InputError(
                path, str(error), field="stations.features", expected="a vector file (.gpkg, .shp, .geojson)"
            ) from None
        for name in setting.columns.values():
            if name not in frame.columns or name == frame.geometry.name:
                raise column_missing(path, name, [str(column) for column in frame.columns[:-1]])
        crs = setting.crs or frame.crs
        if crs is None:
            raise InputError(
                path,
                "no coordinate reference system",
                field="stations.features.crs",
                action="name it there, e.g. EPSG:4326 for longitude and latitude",
            )
        if frame.crs is None:
            frame = frame.set_crs(crs)
        return frame.to_crs("EPSG:4326").reset_index(drop=True)

    def at(self, latitude: float, longitude: float) -> Hit | None:
        """Returns the feature of a station; see the class."""
        limit = self.setting.max_distance_m
        tall = MARGIN * limit / M_PER_DEGREE + 1e-9
        wide = tall / max(0.01, math.cos(math.radians(min(89.0, abs(latitude) + tall))))
        box = (longitude - wide, latitude - tall, longitude + wide, latitude + tall)
        point = self._shapely.Point(longitude, latitude)
        found = []
        for index in sorted(int(index) for index in self._tree.query(self._shapely.box(*box))):
            shape = self._geometry[index]
            distance_m = 0.0 if shape.covers(point) else self._distance_m(shape, point, box)
            if distance_m <= limit:
                found.append((distance_m, shape.area, index))
        if not found:
            return None
        distance_m, _, index = min(found)
        return Hit(f"feature {self._numbers[index] + 1}", distance_m, self._values[index])

    def _distance_m(self, shape: Any, point: Any, box: Sequence[float]) -> float:
        near = self._shapely.clip_by_rect(shape, *box)
        if near.is_empty:
            return math.inf
        about = self._pyproj.Proj(proj="aeqd", lat_0=point.y, lon_0=point.x, datum="WGS84")
        plane = self._shapely.transform(near, lambda xy: _projected(about, xy))
        return float(plane.distance(self._shapely.Point(0.0, 0.0)))


def _projected(about: Any, xy: Any) -> Any:
    import numpy as np

    return np.column_stack(about(xy[:, 0], xy[:, 1]))
