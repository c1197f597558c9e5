"""Vs30 from the P-wave seismogram without training: published relations alone.

The tilt of the first P motion tells the mean shear-wave velocity v down to a depth, and that depth is what S
runs through while the pulse lasts, z = v t (Kim et al. 2016, Earthq. Spectra 32, 143-169). Here t is the time
of which the tilt is taken (`FIRST_MOTION_S`). How v stands to Vs30 is read off the velocity profile that Shi
and Asimaki (2018, Seism. Res. Lett. 89, 1397-1409) give for a Vs30 in California: v0 down to 2.5 m and
v0 (1 + k (z - 2.5))^(1/n) below, on rock of 1000 m/s. It holds for Vs30 from 173 to 1000 m/s; what lies
outside becomes the nearer end. The coefficients are those of the authors' own code (PySeismoSoil). Kim et al.
took regressions on profiles of eastern North America instead; Boore's (2004) of California end at 29 m, which
S is through in 0.1 s.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from quakesite.evaluation.features.pwave import FIRST_MOTION_S

Floats = npt.NDArray[np.float64]

VS30_M_S = np.geomspace(173.1, 1000.0, 200)
TOP_M = 2.5
ROCK_M_S = 1000.0


def velocity_parameters(vs30_m_s: Floats) -> tuple[Floats, Floats, Floats]:
    """Returns v0 in m/s, k in 1/m and n of the profile of each Vs30 (Shi and Asimaki 2018)."""
    top = -2.1688e-4 * vs30_m_s**2 + 0.5182 * vs30_m_s + 69.452
    k = np.exp(-59.67 * vs30_m_s**-0.2722 + 11.132)
    n = 4.110 * np.exp(-1.0521e-4 * vs30_m_s) - 10.827 * np.exp(-7.6187e-3 * vs30_m_s)
    return top, k, n


def mean_velocity(vs30_m_s: Floats, time_s: float) -> Floats:
    """Returns the mean velocity in m/s over what S runs through from the surface in `time_s`, by Vs30."""
    top, k, n = velocity_parameters(vs30_m_s)
    power = 1.0 - 1.0 / n
    # Below the top the depth after a time t is ((1 + t k v0 power)^(1 / power) - 1) / k, down to the rock.
    below = np.maximum(time_s - TOP_M / top, 0.0)
    rock_m = ((ROCK_M_S / top) ** n - 1.0) / k
    until_rock = ((1.0 + k * rock_m) ** power - 1.0) / (k * top * power)
    soil_m = ((1.0 + np.minimum(below, until_rock) * k * top * power) ** (1.0 / power) - 1.0) / k
    depth = np.minimum(time_s * top, TOP_M) + soil_m + np.maximum(below - until_rock, 0.0) * ROCK_M_S
    return np.asarray(depth / time_s)


def vs30_of_surface_velocity(velocity_m_s: npt.ArrayLike) -> Floats:
    """Returns Vs30 in m/s, elementwise, of the velocity that the first P motion tells; NaN stays NaN."""
    table = _table()
    given = np.log(np.asarray(velocity_m_s, dtype=np.float64))
    return np.exp(np.interp(given, table, np.log(VS30_M_S)))


def published_vs30(features: pa.Table) -> dict[str, float]:
    """Returns Vs30 in m/s by station: of the geometric mean of the velocities of its records.

    Args:
        features: `FEATURES` rows; stations of which no record tells a velocity are left out.
    """
    of_station: dict[str, list[float]] = {}
    pairs = zip(features["station"].to_pylist(), features["surface_velocity_m_s"].to_pylist(), strict=True)
    for station, velocity in pairs:
        if velocity is not None:
            of_station.setdefault(station, []).append(velocity)
    return {
        station: float(vs30_of_surface_velocity(np.exp(np.mean(np.log(velocities)))))
        for station, velocities in sorted(of_station.items())
    }


@cache
def _table() -> Floats:
    return np.log(mean_velocity(VS30_M_S, FIRST_MOTION_S))
