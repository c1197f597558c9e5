"""From the source to the rock under the site: travel time, geometric spreading, Q(f), kappa and duration."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from quakesite.demo.source import DENSITY_G_CM3, Phase

QUALITY_AT_1_HZ = 180.0
QUALITY_EXPONENT = 0.45
"""Q of S waves, 180 f^0.45, as found in western Türkiye (Akinci et al. 2006 for the Marmara region)."""
P_QUALITY_RATIO = 1.0
SPREADING_BREAK_KM = 100.0
DURATION_S_PER_KM = 0.05
"""Growth of the duration with distance (Boore 2003, equation 8, as for eastern America's near range)."""


def travel_time_s(phase: Phase, hypocentral_km: float) -> float:
    """Returns the travel time of the direct wave through a uniform crust."""
    return hypocentral_km / phase.velocity_km_s


def path_effect(
    phase: Phase, frequency_hz: npt.NDArray[np.float64], hypocentral_km: float, kappa_s: float
) -> npt.NDArray[np.float64]:
    """Returns what path and near-surface rock leave of the spectrum at 1 km, at `frequency_hz`.

    1/R to 100 km and 1/sqrt(R) beyond; exp(-pi f t / Q(f)); exp(-pi kappa f) (Anderson and Hough 1984).
    """
    near = min(hypocentral_km, SPREADING_BREAK_KM)
    spreading = 1.0 / near * math.sqrt(near / hypocentral_km)
    ratio = P_QUALITY_RATIO if phase.name == "P" else 1.0
    quality = ratio * QUALITY_AT_1_HZ * np.maximum(frequency_hz, 1e-3) ** QUALITY_EXPONENT
    t_star = travel_time_s(phase, hypocentral_km) / quality + kappa_s
    effect: npt.NDArray[np.float64] = spreading * np.exp(-np.pi * frequency_hz * t_star)
    return effect


def crustal_gain(phase: Phase, rock_velocity_m_s: float, rock_density_kg_m3: float) -> float:
    """Returns how much the wave grows from the source's depth to the slower rock under the site.

    The square root of the ratio of impedances, as the energy that flows stays the same (Boore 2003).
    """
    source = DENSITY_G_CM3 * phase.velocity_km_s
    return math.sqrt(source / (rock_density_kg_m3 / 1000.0 * rock_velocity_m_s / 1000.0))


def duration_s(corner_frequency_hz: float, hypocentral_km: float) -> float:
    """Returns the duration of the strong shaking: that of the source, 1/(2 fc), and what the path adds."""
    return 0.5 / corner_frequency_hz + DURATION_S_PER_KM * hypocentral_km
