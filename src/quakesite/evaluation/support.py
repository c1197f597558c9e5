"""Whether a station lies outside what a model has seen, told from its records alone.

A record becomes a few numbers: its size, its duration and its frequency content. A station's score is the
mean squared Mahalanobis distance of its records from those of the measured stations (every station with the
same weight), each measured station's own score being taken without it. Its p value is the share of measured
stations at least as far out, itself counted in: a conformal p value (Bates et al. 2023, Ann. Stat. 51,
149-178). A station like the others is called outside with about the probability of the level asked for,
whatever the distribution; one unlike them more often, the more so the farther out it is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from quakesite.evaluation.schema import HV_FREQUENCIES_HZ

Floats = npt.NDArray[np.float64]

BAND_EDGES_HZ = np.geomspace(0.25, 30.0, 9)
SHRINKAGE = 0.1
"""Share of each covariance that is taken away: few stations make some directions look too thin."""

WINDOW_FEATURES = (
    "ln PGA in cm/s^2",
    "ln time between 5 and 95 % of the energy in s",
    *(f"ln horizontal amplitude over PGA, band {band}" for band in range(1, 9)),
    *(f"ln H/V, band {band}" for band in range(1, 9)),
)
TABLE_FEATURES = (
    "ln PGA in cm/s^2",
    "ln SA(0.2 s) over PGA",
    "ln SA(1 s) over PGA",
    *(f"ln H/V near {frequency:.2g} Hz" for frequency in HV_FREQUENCIES_HZ.reshape(8, 4).mean(axis=1)),
)
LEAST = 1e-12


def window_features(motion: npt.NDArray[np.floating], rate_hz: float) -> Floats:
    """Returns `WINDOW_FEATURES` of windows, shape (windows, 18).

    Args:
        motion: E, N and Z in cm/s^2, shape (windows, 3, samples).
        rate_hz: samples per second.
    """
    samples = motion.astype(np.float64)
    squared = np.sum(samples**2, axis=1)
    peak = np.sqrt(squared.max(axis=1)) + LEAST
    energy = np.cumsum(squared, axis=1) / (squared.sum(axis=1, keepdims=True) + LEAST)
    first, last = (np.argmax(energy >= share, axis=1) for share in (0.05, 0.95))
    duration = (last - first + 1) / rate_hz
    samples = samples - samples.mean(axis=2, keepdims=True)
    power = np.abs(np.fft.rfft(samples, axis=2)) ** 2
    frequency = np.fft.rfftfreq(samples.shape[2], 1.0 / rate_hz)
    bands = []
    for low, high in pairwise(BAND_EDGES_HZ.tolist()):
        inside = (frequency >= low) & (frequency < high)
        bands.append(power[:, :, inside].mean(axis=2) if inside.any() else np.zeros(power.shape[:2]))
    by_band = np.stack(bands, axis=2)
    horizontal = 0.5 * np.log(by_band[:, 0] + by_band[:, 1] + LEAST)
    vertical = 0.5 * np.log(2.0 * by_band[:, 2] + LEAST)
    size = np.log(peak)[:, None]
    return np.column_stack([size, np.log(duration)[:, None], horizontal - size, horizontal - vertical])


def table_features(features: pa.Table) -> Floats:
    """Returns `TABLE_FEATURES` of `FEATURES` rows, shape (records, 11); what is not known is NaN."""
    pga, short, long = (
        np.log(np.maximum(features[name].to_numpy(zero_copy_only=False), LEAST))
        for name in ("pga_cm_s2", "sa_0_2_s_cm_s2", "sa_1_0_s_cm_s2")
    )
    curves = np.array(features["ln_hv"].to_pylist(), dtype=np.float64).reshape(len(features), 8, 4)
    return np.column_stack([pga, short - pga, long - pga, curves.mean(axis=2)])


@dataclass(frozen=True, slots=True)
class Support:
    """What the measured stations' records are like.

    Attributes:
        features: what the numbers of a record mean.
        mean: (features,).
        precision: (features, features), the inverse covariance.
        scores: of each measured station by its code, taken without it.
    """

    features: tuple[str, ...]
    mean: Floats
    precision: Floats
    scores: Mapping[str, float]

    def p_values(self, values: Floats, station: Sequence[str], level: float) -> dict[str, float]:
        """Returns the p value of each station: small where it lies outside.

        None at all where the measured stations are too few for a p value of `level`.

        Args:
            values: (records, features).
            station: of each record.
            level: at which a station is going to be called outside.
        """
        if (len(self.scores) + 1) * level < 1.0 - 1e-9:
            return {}
        distance = _distance(values, self.mean, self.precision)
        known = np.sort(list(self.scores.values()))
        found = {}
        for name, places in _places(station).items():
            own = self.scores.get(name)
            score = float(distance[places].mean()) if own is None else own
            as_far = len(known) - int(np.searchsorted(known, score, side="left"))
            found[name] = (as_far + (own is None)) / (len(known) + (own is None))
        return found

    def as_json(self) -> dict[str, Any]:
        """Returns the support as `from_json` takes it."""
        return {
            "features": list(self.features),
            "mean": self.mean.tolist(),
            "precision": self.precision.tolist(),
            "scores": dict(sorted(self.scores.items())),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Support:
        """Returns what `as_json` wrote."""
        mean, precision = np.array(values["mean"]), np.array(values["precision"])
        return cls(tuple(values["features"]), mean, precision, dict(values["scores"]))


def support_of(
    values: Floats, station: Sequence[str], measured: Collection[str], features: tuple[str, ...]
) -> Support:
    """Returns the support that the records of `measured` stations make; an empty one if they are under three.

    Args:
        values: (records, features).
        station: of each record.
        measured: the stations that count.
        features: what the numbers mean.
    """
    places = {name: where for name, where in _places(station).items() if name in set(measured)}
    n = len(features)
    if len(places) < 3:
        return Support(features, np.zeros(n), np.eye(n), {})
    known = np.where(np.isfinite(values), values, np.nanmean(values, axis=0, where=np.isfinite(values)))
    firsts = np.stack([known[where].mean(axis=0) for where in places.values()])
    seconds = np.stack([known[where].T @ known[where] / len(where) for where in places.values()])
    all_first, all_second = firsts.sum(axis=0), seconds.sum(axis=0)
    scores = {}
    for name, first, second in zip(places, firsts, seconds, strict=True):
        mean, precision = _moments(all_first - first, all_second - second, len(places) - 1)
        scores[name] = float(_distance(known[places[name]], mean, precision).mean())
    mean, precision = _moments(all_first, all_second, len(places))
    return Support(features, mean, precision, scores)


def _moments(first: Floats, second: Floats, n: int) -> tuple[Floats, Floats]:
    mean = first / n
    covariance = second / n - np.outer(mean, mean)
    variances = np.maximum(np.diag(covariance), 1e-6)
    shrunk = (1.0 - SHRINKAGE) * covariance
    np.fill_diagonal(shrunk, variances)
    return mean, np.asarray(np.linalg.inv(shrunk), np.float64)


def _distance(values: Floats, mean: Floats, precision: Floats) -> Floats:
    centred = np.where(np.isfinite(values), values - mean, 0.0)
    squared: Floats = np.einsum("ij,jk,ik->i", centred, precision, centred)
    return squared


def _places(station: Sequence[str]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for place, name in enumerate(station):
        places.setdefault(name, []).append(place)
    return dict(sorted(places.items()))
