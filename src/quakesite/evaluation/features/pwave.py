"""The P-wave seismogram method: shear-wave velocity near the surface from the tilt of the first P motion.

At the free surface a P wave of ray parameter p moves the ground along atan(R / Z) = 2 asin(p v_s), so that
v_s = sin(atan(R / Z) / 2) / p (Ni, Li and Somerville 2014, Seism. Res. Lett. 85, 82-90; Kim et al. 2016,
Earthq. Spectra 32, 143-169; Li and Rathje 2023, doi:10.1177/87552930221114371). The ray parameter is that of
a straight ray in a uniform crust. How v_s stands to Vs30 is learnt from train stations (`pwave_forest`) or
taken from the literature (`pwave_published`).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

CRUST_VP_KM_S = 5.8
FIRST_MOTION_S = 0.4
QUIET_S = 2.0
FEWEST_SAMPLES = 5


def ray_parameter_s_km(epicentral_distance_km: float, depth_km: float) -> float:
    """Returns the ray parameter of a straight P ray, in s/km."""
    return epicentral_distance_km / float(np.hypot(epicentral_distance_km, depth_km)) / CRUST_VP_KM_S


def surface_velocity_m_s(
    acceleration: npt.NDArray[np.floating],
    rate_hz: float,
    p_s: float,
    back_azimuth_deg: float,
    ray_parameter: float,
) -> float | None:
    """Returns the apparent shear-wave velocity at the surface in m/s; None where the first motion says none.

    R / Z is the regression of radial on vertical ground velocity in the 0.4 s after P; it must be positive,
    as P is either up and away from the source or down and towards it.

    Args:
        acceleration: (3, samples), order E, N, Z, any unit.
        rate_hz: sampling rate.
        p_s: P pick, in s from the first sample.
        back_azimuth_deg: from the station to the epicentre, from north.
        ray_parameter: in s/km.
    """
    first, last = round(p_s * rate_hz), round((p_s + FIRST_MOTION_S) * rate_hz)
    quiet = max(first - round(QUIET_S * rate_hz), 0)
    if first - quiet < FEWEST_SAMPLES or last - first < FEWEST_SAMPLES or last > acceleration.shape[1]:
        return None
    window = np.asarray(acceleration[:, quiet:last], dtype=np.float64)
    window = window - window[:, : first - quiet].mean(axis=1, keepdims=True)
    velocity = np.cumsum(window[:, first - quiet :], axis=1)
    angle = np.radians(back_azimuth_deg)
    radial = -velocity[0] * np.sin(angle) - velocity[1] * np.cos(angle)
    power = float(velocity[2] @ velocity[2])
    ratio = float(radial @ velocity[2]) / power if power > 0.0 else 0.0
    if ratio <= 0.0 or ray_parameter <= 0.0:
        return None
    return 1000.0 * float(np.sin(np.arctan(ratio) / 2.0)) / ray_parameter
