"""Regions of stations by k-means, and how predictions err in each (the paper's Figures 5 and 6).

The paper clusters on location, geology and lithology; so it is here, with those of the latter two that the
stations table has (`stations.features`). Both usual criteria for the number of clusters are computed: the
elbow, which the paper takes, and the gap statistic (Tibshirani, Walther and Hastie 2001, J. R. Stat. Soc. B
63, 411-423), which the paper cites for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from quakesite.errors import InputError
from quakesite.evaluation.layout import Row, Value, number
from quakesite.evaluation.metrics import Floats

KM_PER_DEGREE = 111.195
MOST_CLUSTERS = 10
REFERENCES = 20
STARTS, STARTS_OF_REFERENCES = 10, 3

NEEDED = ("station", "latitude", "longitude", "vs30_measured", "vs30_predicted", "out_of_fold")
COLUMNS = (
    "region",
    "n_stations",
    "latitude",
    "longitude",
    "mean_ln_ratio",
    "std_ln_ratio",
    "mean_absolute_ln_ratio",
    "std_absolute_ln_ratio",
    "geology",
    "lithology",
)
GROUND = ("geology", "lithology")
MEMBER_COLUMNS = ("station", "latitude", "longitude", "region", "ln_ratio")
CRITERIA_COLUMNS = ("clusters", "inertia_km2", "gap", "gap_error", "elbow", "gap_choice", "used")


@dataclass(frozen=True, slots=True)
class Criteria:
    """What speaks for each number of clusters from 1 on.

    Attributes:
        inertia: within-cluster sum of squares, km^2 (of all axes, those of the ground as well).
        gap, gap_error: Tibshirani's gap and its standard error.
    """

    inertia: Floats
    gap: Floats
    gap_error: Floats

    @property
    def elbow(self) -> int:
        """The number of clusters where the inertia lies farthest below the line between its ends."""
        n = len(self.inertia)
        if n < 3 or self.inertia[0] == self.inertia[-1]:
            return 1
        fallen = (self.inertia - self.inertia[-1]) / (self.inertia[0] - self.inertia[-1])
        return int(np.argmax(1.0 - np.arange(n) / (n - 1) - fallen)) + 1

    @property
    def gap_choice(self) -> int:
        """The smallest k with gap(k) >= gap(k + 1) - error(k + 1); the last where there is none."""
        enough = self.gap[:-1] >= self.gap[1:] - self.gap_error[1:]
        return int(np.argmax(enough)) + 1 if enough.any() else len(self.gap)


def kilometres(latitude: Floats, longitude: Floats) -> Floats:
    """Returns (stations, 2) coordinates in km east and north of the stations' middle."""
    middle = np.radians(latitude.mean()) if len(latitude) else 0.0
    east = (longitude - longitude.mean()) * KM_PER_DEGREE * np.cos(middle)
    return np.stack([east, (latitude - latitude.mean()) * KM_PER_DEGREE], axis=1)


def ground_coordinates(names: Sequence[str | None], spread_km: float) -> Floats:
    """Returns (stations, kinds) coordinates in km of what a map says of the ground, such as its geology.

    Every kind is an axis of its own (one-hot), without regard to case. The axes are scaled so that the
    stations spread over them by `spread_km` (root mean square from their middle), however many kinds there
    are. A station of which the map says nothing stands in the middle. Without two kinds there is no axis.

    Args:
        names: what the map calls the ground at each station.
        spread_km: how far apart the kinds are to be.
    """
    known = np.array([" ".join((name or "").casefold().split()) for name in names], dtype=np.str_)
    kinds = [kind for kind in np.unique(known).tolist() if kind]
    if len(kinds) < 2:
        return np.empty((len(names), 0))
    axes: Floats = (known[:, None] == np.array(kinds)[None, :]).astype(np.float64)
    said = known != ""
    axes = np.where(said[:, None], axes - axes[said].mean(axis=0), 0.0)
    axes *= spread_km / np.sqrt(np.mean(np.sum(axes**2, axis=1)))
    return axes


def coordinates(places: Floats, ground: Sequence[Sequence[str | None]], weight: float) -> Floats:
    """Returns what is clustered, in km: the places, and beside them what maps say of the ground.

    Args:
        places: (stations, 2), see `kilometres`.
        ground: for each map, what it says at each station.
        weight: how far each map's kinds spread, as a part of the spread of the places. 0: places alone.
    """
    spread = float(np.sqrt(np.mean(np.sum((places - places.mean(axis=0)) ** 2, axis=1))))
    if weight == 0.0 or spread == 0.0:
        return places
    return np.column_stack([places, *(ground_coordinates(names, weight * spread) for names in ground)])


def criteria(points: Floats, seed: int) -> Criteria:
    """Returns what speaks for 1 to 10 clusters of `points`, fewer where there are fewer points."""
    most = min(MOST_CLUSTERS, len(np.unique(points, axis=0)))
    inertia = np.array([_kmeans(points, k, seed)[1] for k in range(1, most + 1)])
    rng = np.random.default_rng(seed)
    centred = points - points.mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    turned = centred @ axes.T
    references = np.empty((REFERENCES, most))
    for place in range(REFERENCES):
        uniform = rng.uniform(turned.min(axis=0), turned.max(axis=0), points.shape)
        references[place] = [
            np.log(max(_kmeans(uniform, k, seed, STARTS_OF_REFERENCES)[1], 1e-12)) for k in range(1, most + 1)
        ]
    gap = references.mean(axis=0) - np.log(np.maximum(inertia, 1e-12))
    return Criteria(inertia, gap, references.std(axis=0) * np.sqrt(1.0 + 1.0 / REFERENCES))


def clusters(points: Floats, k: int, seed: int) -> npt.NDArray[np.int64]:
    """Returns the region of each point, 1 to `k`, numbered from west to east."""
    labels, _ = _kmeans(points, k, seed)
    easts = np.array([points[labels == label, 0].mean() for label in range(k)])
    rank = np.empty(k, dtype=np.int64)
    rank[np.argsort(easts, kind="stable")] = np.arange(1, k + 1)
    return rank[labels]


def _kmeans(points: Floats, k: int, seed: int, starts: int = STARTS) -> tuple[npt.NDArray[np.int64], float]:
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        fitted = KMeans(n_clusters=k, n_init=starts, random_state=seed).fit(points)
    return fitted.labels_.astype(np.int64), float(fitted.inertia_)


def region_tables(
    predictions: Sequence[Mapping[str, str]],
    k: int | None,
    seed: int,
    ground: Mapping[str, Sequence[str | None]] | None = None,
    weight: float = 0.0,
    source: str | Path = "predictions.csv",
) -> tuple[list[Row], list[Row], list[Row]]:
    """Returns the rows of `regions.csv`, of its members and of the criteria.

    Args:
        predictions: rows of `predictions.csv`; those measured, out of fold and with coordinates count.
        k: number of regions; None for the elbow's.
        seed: of k-means and of the gap statistic's references.
        ground: geology and lithology by station, null where not known.
        weight: of each of them beside the location, see `coordinates`.
        source: the file they were read from, for what is said of it.

    Raises:
        InputError: a value is no number, or a velocity not above 0.
    """
    rows = [
        row
        for row in predictions
        if row["vs30_measured"] and row["out_of_fold"] == "true" and row["latitude"] and row["longitude"]
    ]
    if not rows:
        return [], [], []
    latitude, longitude, measured, predicted = (
        np.array([number(row, name, source) for row in rows])
        for name in ("latitude", "longitude", "vs30_measured", "vs30_predicted")
    )
    of_station = [(ground or {}).get(row["station"], (None, None)) for row in rows]
    maps = [[values[place] for values in of_station] for place in range(len(GROUND))]
    for name, values in (("vs30_measured", measured), ("vs30_predicted", predicted)):
        if not (values > 0.0).all():
            raise InputError(source, f"{values.min():g}", field=name, expected="m/s above 0")
    points = coordinates(kilometres(latitude, longitude), maps, weight)
    found = criteria(points, seed)
    used = min(k or found.elbow, len(found.inertia))
    region = clusters(points, used, seed)
    ratio = np.log(predicted / measured)
    members: list[Row] = [
        {
            "station": row["station"],
            "latitude": float(latitude[place]),
            "longitude": float(longitude[place]),
            "region": int(region[place]),
            "ln_ratio": float(ratio[place]),
        }
        for place, row in enumerate(rows)
    ]
    regions: list[Row] = [
        _region_row(one, latitude[region == one], longitude[region == one], ratio[region == one])
        | {
            name: most_common([value for value, of in zip(maps[place], region, strict=True) if of == one])
            for place, name in enumerate(GROUND)
        }
        for one in range(1, used + 1)
    ]
    return regions, members, _criteria_rows(found, used)


def most_common(names: Sequence[str | None]) -> str:
    """Returns the name that occurs most often, of several the first in the alphabet; empty without any."""
    counts = Counter(name for name in names if name)
    return min(counts, key=lambda name: (-counts[name], name), default="")


def _region_row(region: int, latitude: Floats, longitude: Floats, ratio: Floats) -> dict[str, Value]:
    absolute = np.abs(ratio)
    return {
        "region": region,
        "n_stations": len(ratio),
        "latitude": float(latitude.mean()),
        "longitude": float(longitude.mean()),
        "mean_ln_ratio": float(ratio.mean()),
        "std_ln_ratio": float(ratio.std()),
        "mean_absolute_ln_ratio": float(absolute.mean()),
        "std_absolute_ln_ratio": float(absolute.std()),
    }


def _criteria_rows(found: Criteria, used: int) -> list[Row]:
    return [
        {
            "clusters": k,
            "inertia_km2": float(found.inertia[k - 1]),
            "gap": float(found.gap[k - 1]),
            "gap_error": float(found.gap_error[k - 1]),
            "elbow": k == found.elbow,
            "gap_choice": k == found.gap_choice,
            "used": k == used,
        }
        for k in range(1, len(found.inertia) + 1)
    ]
