"""A layered site whose Vs30 is known exactly: the truth behind every record and report of a station."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import accumulate, pairwise

import numpy as np
import numpy.typing as npt

from quakesite.demo.draws import spread, stream

CLASS_SHARES = (
    ("E", 0.045, 150.0, 178.0),
    ("D", 0.295, 182.0, 358.0),
    ("C", 0.54, 362.0, 755.0),
    ("B", 0.12, 765.0, 1300.0),
)
"""Share of the stations and range of Vs30 in m/s per NEHRP class, about as in Türkiye; no class A."""
EXPONENT_OF_CLASS = {"E": 1.0, "D": 0.75, "C": 1.35, "B": 1.8}
"""Above 1 leans a class towards its lower end, as the Turkish stations do."""
ROCK_M_S = (700.0, 3200.0)
SHALLOWEST_SOIL_M = 14.0
DEEPEST_SOIL_M = 110.0
DEEPEST_PER_VS30 = 0.4
"""Metres of soil per m/s of Vs30: keeps f0 above 0.6 Hz, where a minute's record can still show it."""


@dataclass(frozen=True, slots=True)
class Profile:
    """Soil layers over a half-space of rock.

    Attributes:
        thickness_m: of each layer from the top, without the half-space.
        vs_m_s: shear-wave velocity of each layer and, last, of the half-space.
    """

    thickness_m: tuple[float, ...]
    vs_m_s: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.vs_m_s) != len(self.thickness_m) + 1:
            raise ValueError(
                f"{len(self.vs_m_s)} velocities for {len(self.thickness_m)} layers and a half-space"
            )

    @property
    def vs30_m_s(self) -> float:
        """Time-averaged shear-wave velocity of the top 30 m, 30 / sum(h / v)."""
        return 30.0 / self._travel_time_s(self.vs_m_s, 30.0)

    @property
    def vp_m_s(self) -> tuple[float, ...]:
        """P-wave velocity of each layer and the half-space, from Vs (Brocher 2005, equation 9)."""
        return tuple(_brocher_vp_m_s(v) for v in self.vs_m_s)

    @property
    def density_kg_m3(self) -> tuple[float, ...]:
        """Density of each layer and the half-space, from Vp (Gardner et al. 1974)."""
        return tuple(1740.0 * (v / 1000.0) ** 0.25 for v in self.vp_m_s)

    @property
    def soil_thickness_m(self) -> float:
        """Depth to the half-space."""
        return sum(self.thickness_m)

    @property
    def s_delay_s(self) -> float:
        """Vertical travel time of S from the half-space to the surface."""
        return self._travel_time_s(self.vs_m_s, self.soil_thickness_m)

    @property
    def p_delay_s(self) -> float:
        """Vertical travel time of P from the half-space to the surface."""
        return self._travel_time_s(self.vp_m_s, self.soil_thickness_m)

    def velocity_within_m_s(self, time_s: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Returns the mean shear-wave velocity over what S runs through from the surface down in `time_s`."""
        times = np.cumsum([0.0, *(h / v for h, v in zip(self.thickness_m, self.vs_m_s, strict=False))])
        depths = np.cumsum([0.0, *self.thickness_m])
        beyond = np.maximum(time_s - times[-1], 0.0) * self.vs_m_s[-1]
        return np.asarray((np.interp(time_s, times, depths) + beyond) / time_s)

    def _travel_time_s(self, velocity_m_s: tuple[float, ...], depth_m: float) -> float:
        tops: list[float] = [0.0, *accumulate(self.thickness_m), math.inf]
        return sum(
            max(min(bottom, depth_m) - top, 0.0) / velocity
            for (top, bottom), velocity in zip(pairwise(tops), velocity_m_s, strict=True)
        )


def _brocher_vp_m_s(vs_m_s: float) -> float:
    v = vs_m_s / 1000.0
    return 1000.0 * (0.9409 + 2.0947 * v - 0.8206 * v**2 + 0.2683 * v**3 - 0.0251 * v**4)


def draw_vs30(seed: int, station: int) -> float:
    """Returns the Vs30 (m/s) aimed at for the `station`-th station."""
    point = spread(seed, "vs30", station)
    for name, share, low, high in CLASS_SHARES:
        if point < share:
            return float(low * (high / low) ** ((point / share) ** EXPONENT_OF_CLASS[name]))
        point -= share
    return CLASS_SHARES[-1][3]


def draw_profile(seed: int, station: int) -> Profile:
    """Returns the profile of the `station`-th station: a power law of depth over rock, in layers.

    Thicknesses are rounded to 0.1 m and velocities to 1 m/s, as a report prints them, so that a reader of the
    report finds the very same Vs30.
    """
    vs30 = draw_vs30(seed, station)
    rng = stream(seed, "profile", station)
    deepest = min(DEEPEST_SOIL_M, DEEPEST_PER_VS30 * vs30)
    depth = 30.0 * (430.0 / vs30) ** 0.8 * math.exp(rng.normal(0.0, 0.35))
    depth = float(np.clip(depth, SHALLOWEST_SOIL_M, deepest))
    exponent, contrast = rng.uniform(0.12, 0.28), rng.uniform(3.2, 4.4)
    thickness = _layer_thickness_m(depth, rng)
    middle = np.cumsum(thickness) - thickness / 2.0
    shape = (1.0 + middle / 4.0) ** exponent
    vs = np.append(shape, contrast * shape[-1])
    for _ in range(20):
        scale = vs30 / _vs30_of(thickness, vs)
        vs = vs * scale
        vs[-1] = np.clip(vs[-1], max(ROCK_M_S[0], 2.4 * vs[-2]), max(ROCK_M_S[1], 2.4 * vs[-2]))
    return Profile(tuple(float(h) for h in thickness), tuple(float(v) for v in np.round(vs)))


def _layer_thickness_m(depth_m: float, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    n_layers = int(np.clip(round(2.0 + 1.5 * math.log2(depth_m / 8.0)), 3, 8))
    weights = np.linspace(1.0, 2.6, n_layers) * rng.uniform(0.8, 1.2, n_layers)
    rounded: npt.NDArray[np.float64] = np.round(depth_m * weights / weights.sum(), 1)
    return rounded


def _vs30_of(thickness_m: npt.NDArray[np.float64], vs_m_s: npt.NDArray[np.float64]) -> float:
    return Profile(tuple(thickness_m.tolist()), tuple(vs_m_s.tolist())).vs30_m_s
