"""Time-averaged velocities of a layered shear-wave profile."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Extrapolation = Literal["boore2004", "boore2011"]

DEPTH_M = 30.0
ENGINEERING_BEDROCK_M_S = 1000.0
ROUNDING_M = 1e-6


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer: thickness in m (infinite for a half-space) and shear-wave velocity in m/s."""

    thickness_m: float
    vs_m_s: float


class ShallowProfileError(ValueError):
    """A profile ends above the depth that was asked for."""


def depth_reached(layers: Sequence[Layer]) -> float:
    """Returns the depth in m at which the profile ends; infinite with a half-space."""
    return math.fsum(layer.thickness_m for layer in layers)


def vsz(layers: Sequence[Layer], depth_m: float) -> float:
    """Returns the time-averaged velocity from the surface to `depth_m`, z / Σ(hᵢ/vᵢ), in m/s.

    Args:
        layers: from the surface down; what lies below `depth_m` does not count.
        depth_m: z, in m.

    Raises:
        ShallowProfileError: the profile ends above `depth_m`.
    """
    times: list[float] = []
    top = 0.0
    for layer in layers:
        bottom = min(top + layer.thickness_m, depth_m)
        times.append((bottom - top) / layer.vs_m_s)
        top = bottom
        if top >= depth_m:
            break
    if top < depth_m - ROUNDING_M:
        raise ShallowProfileError(f"the profile ends at {top:g} m")
    return top / math.fsum(times)


def vs30(layers: Sequence[Layer]) -> float:
    """Returns Vs30 = 30 / Σ(hᵢ/vᵢ) in m/s (Borcherdt, 1994; FEMA P-750, eq. 20.4-1).

    Raises:
        ShallowProfileError: the profile ends above 30 m.
    """
    return vsz(layers, DEPTH_M)


def z1(layers: Sequence[Layer]) -> float | None:
    """Returns the depth in m to the first layer of at least 1000 m/s, null where none is reached."""
    top = 0.0
    for layer in layers:
        if layer.vs_m_s >= ENGINEERING_BEDROCK_M_S:
            return top
        top += layer.thickness_m
    return None


def extrapolated_vs30(layers: Sequence[Layer], method: Extrapolation) -> tuple[float, float, int]:
    """Returns Vs30 in m/s of a profile that ends above 30 m, its standard deviation (ln), and the depth used.

    The regressions are tabulated for whole metres, so the deepest whole metre that the profile reaches is
    used.

    - `boore2004`: log Vs30 = a + b log VsZ, z 10-29 m, from boreholes in California. D. M. Boore (2004),
      Estimating Vs(30) (or NEHRP site classes) from shallow velocity models (depths < 30 m), BSSA 94(2),
      591-597.
    - `boore2011`: log Vs30 = c0 + c1 log VsZ + c2 (log VsZ)^2, z 5-29 m, from KiK-net boreholes in Japan.
      D. M. Boore, E. M. Thompson and H. Cadet (2011), Regional correlations of Vs30 and velocities averaged
      over depths less than and greater than 30 meters, BSSA 101(6), 3046-3059. Its abstract says that for
      a given VsZ Vs30 is systematically larger at KiK-net's sites than in other regions, Turkey among them.

    Raises:
        ShallowProfileError: the profile ends above the shallowest depth of the method.
    """
    table = BOORE_2004 if method == "boore2004" else BOORE_2011
    depth = min(math.floor(depth_reached(layers) + ROUNDING_M), max(table))
    if depth < min(table):
        raise ShallowProfileError(
            f"the profile ends at {depth_reached(layers):g} m, and {method} begins at {min(table)} m"
        )
    *coefficients, sigma = table[depth]
    log_vsz = math.log10(vsz(layers, float(depth)))
    log_vs30 = sum(coefficient * log_vsz**power for power, coefficient in enumerate(coefficients))
    return 10.0**log_vs30, sigma * math.log(10.0), depth


BOORE_2004 = {
    10: (4.2062e-2, 1.0292, 7.1260e-2),
    11: (2.2140e-2, 1.0341, 6.4722e-2),
    12: (1.2571e-2, 1.0352, 5.9353e-2),
    13: (1.4186e-2, 1.0318, 5.4754e-2),
    14: (1.2300e-2, 1.0297, 5.0086e-2),
    15: (1.3795e-2, 1.0263, 4.5925e-2),
    16: (1.3893e-2, 1.0237, 4.2219e-2),
    17: (1.9565e-2, 1.0190, 3.9422e-2),
    18: (2.4879e-2, 1.0144, 3.6365e-2),
    19: (2.5614e-2, 1.0117, 3.3233e-2),
    20: (2.5439e-2, 1.0095, 3.0181e-2),
    21: (2.5311e-2, 1.0072, 2.7001e-2),
    22: (2.6900e-2, 1.0044, 2.4087e-2),
    23: (2.2207e-2, 1.0042, 2.0826e-2),
    24: (1.6891e-2, 1.0043, 1.7676e-2),
    25: (1.1483e-2, 1.0045, 1.4691e-2),
    26: (6.5646e-3, 1.0045, 1.1452e-2),
    27: (2.5190e-3, 1.0043, 8.3871e-3),
    28: (7.7322e-4, 1.0031, 5.5264e-3),
    29: (4.3143e-4, 1.0015, 2.7355e-3),
}
"""Depth in m to a, b and the standard deviation of log10 Vs30 (Boore 2004)."""

BOORE_2011 = {
    5: (0.2046, 1.318, -0.1174, 0.119),
    6: (-0.06072, 1.482, -0.1423, 0.111),
    7: (-0.2744, 1.607, -0.1600, 0.103),
    8: (-0.3723, 1.649, -0.1634, 0.097),
    9: (-0.4941, 1.707, -0.1692, 0.090),
    10: (-0.5438, 1.715, -0.1667, 0.084),
    11: (-0.6006, 1.727, -0.1649, 0.078),
    12: (-0.6082, 1.707, -0.1576, 0.072),
    13: (-0.6322, 1.698, -0.1524, 0.067),
    14: (-0.6118, 1.659, -0.1421, 0.062),
    15: (-0.5780, 1.611, -0.1303, 0.056),
    16: (-0.5430, 1.565, -0.1193, 0.052),
    17: (-0.5282, 1.535, -0.1115, 0.047),
    18: (-0.4960, 1.494, -0.1020, 0.043),
    19: (-0.4552, 1.447, -0.09156, 0.038),
    20: (-0.4059, 1.396, -0.08064, 0.035),
    21: (-0.3827, 1.365, -0.07338, 0.030),
    22: (-0.3531, 1.331, -0.06585, 0.027),
    23: (-0.3158, 1.291, -0.05751, 0.023),
    24: (-0.2736, 1.250, -0.04896, 0.019),
    25: (-0.2227, 1.202, -0.03943, 0.016),
    26: (-0.1768, 1.159, -0.03087, 0.013),
    27: (-0.1349, 1.120, -0.02310, 0.009),
    28: (-0.09038, 1.080, -0.01527, 0.006),
    29: (-0.04612, 1.040, -0.007618, 0.003),
}
"""Depth in m to c0, c1, c2 and the standard deviation of log10 Vs30 (Boore et al. 2011)."""
