"""The earthquake as a point: omega-squared acceleration spectra of P and S at one kilometre.

Boore (2003), "Simulation of ground motion using the stochastic method", Pure appl. geophys. 160, 635-676.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

DENSITY_G_CM3 = 2.8
ALPHA_KM_S = 5.9
BETA_KM_S = 3.4
FREE_SURFACE = 2.0
P_CORNER_RATIO = 1.5
"""Corner frequency of P over that of S (Madariaga 1976 gives 1.5)."""


@dataclass(frozen=True, slots=True)
class Phase:
    """One kind of body wave: its velocity, mean radiation and the share of it on the strong component."""

    name: str
    velocity_km_s: float
    radiation: float
    partition: float
    corner_ratio: float


P = Phase("P", ALPHA_KM_S, 0.52, 1.0, P_CORNER_RATIO)
S = Phase("S", BETA_KM_S, 0.55, 1.0 / np.sqrt(2.0), 1.0)


def seismic_moment_dyn_cm(magnitude: float) -> float:
    """Returns the seismic moment (Hanks and Kanamori 1979)."""
    return float(10.0 ** (1.5 * magnitude + 16.05))


def corner_frequency_hz(magnitude: float, stress_drop_bar: float) -> float:
    """Returns the corner frequency of S (Brune 1970; Boore 2003, equation 4)."""
    return float(4.9e6 * BETA_KM_S * (stress_drop_bar / seismic_moment_dyn_cm(magnitude)) ** (1.0 / 3.0))


def acceleration_spectrum(
    phase: Phase, frequency_hz: npt.NDArray[np.float64], magnitude: float, stress_drop_bar: float
) -> npt.NDArray[np.float64]:
    """Returns the Fourier amplitude of acceleration in cm/s at 1 km (Boore 2003, equations 5 and 6)."""
    constant = (
        1e-20
        * phase.radiation
        * phase.partition
        * FREE_SURFACE
        / (4.0 * np.pi * DENSITY_G_CM3 * phase.velocity_km_s**3)
    )
    corner = corner_frequency_hz(magnitude, stress_drop_bar) * phase.corner_ratio
    spectrum: npt.NDArray[np.float64] = (
        constant
        * seismic_moment_dyn_cm(magnitude)
        * (2.0 * np.pi * frequency_hz) ** 2
        / (1.0 + (frequency_hz / corner) ** 2)
    )
    return spectrum
