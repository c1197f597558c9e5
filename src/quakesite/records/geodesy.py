"""Distance and azimuth on the WGS84 ellipsoid."""

from __future__ import annotations

import math

SEMI_MAJOR_KM = 6378.137
FLATTENING = 1 / 298.257223563


def distance_and_azimuth(
    latitude: float, longitude: float, other_latitude: float, other_longitude: float
) -> tuple[float, float]:
    """Returns the distance in km and the azimuth in degrees from north to the other point.

    Vincenty's inverse formula (1975, Survey Review 23(176), 88-93) on WGS84, exact to below a metre. Points
    nearly opposite each other, for which it does not converge, get the great-circle values.
    """
    if (latitude, longitude) == (other_latitude, other_longitude):
        return 0.0, 0.0
    minor = SEMI_MAJOR_KM * (1 - FLATTENING)
    u1 = math.atan((1 - FLATTENING) * math.tan(math.radians(latitude)))
    u2 = math.atan((1 - FLATTENING) * math.tan(math.radians(other_latitude)))
    sin1, cos1, sin2, cos2 = math.sin(u1), math.cos(u1), math.sin(u2), math.cos(u2)
    length = lam = math.radians(other_longitude - longitude)
    for _ in range(200):
        sin_lam, cos_lam = math.sin(lam), math.cos(lam)
        sin_sigma = math.hypot(cos2 * sin_lam, cos1 * sin2 - sin1 * cos2 * cos_lam)
        if sin_sigma == 0.0:
            return 0.0, 0.0
        cos_sigma = sin1 * sin2 + cos1 * cos2 * cos_lam
        sigma = math.atan2(sin_sigma, cos_sigma)
        sin_alpha = cos1 * cos2 * sin_lam / sin_sigma
        cos2_alpha = 1 - sin_alpha**2
        cos_mid = cos_sigma - 2 * sin1 * sin2 / cos2_alpha if cos2_alpha > 1e-15 else 0.0
        c = FLATTENING / 16 * cos2_alpha * (4 + FLATTENING * (4 - 3 * cos2_alpha))
        turn = cos_mid + c * cos_sigma * (2 * cos_mid**2 - 1)
        previous, lam = lam, length + (1 - c) * FLATTENING * sin_alpha * (sigma + c * sin_sigma * turn)
        if abs(lam - previous) < 1e-12:
            break
    else:
        return SEMI_MAJOR_KM * sigma, _azimuth(cos1, sin1, cos2, sin2, length)
    u_squared = cos2_alpha * (SEMI_MAJOR_KM**2 - minor**2) / minor**2
    a = 1 + u_squared / 16384 * (4096 + u_squared * (-768 + u_squared * (320 - 175 * u_squared)))
    b = u_squared / 1024 * (256 + u_squared * (-128 + u_squared * (74 - 47 * u_squared)))
    inner = cos_sigma * (2 * cos_mid**2 - 1) - b / 6 * cos_mid * (4 * sin_sigma**2 - 3) * (4 * cos_mid**2 - 3)
    correction = b * sin_sigma * (cos_mid + b / 4 * inner)
    return minor * a * (sigma - correction), _azimuth(cos1, sin1, cos2, sin2, lam)


def _azimuth(cos1: float, sin1: float, cos2: float, sin2: float, lam: float) -> float:
    azimuth = math.atan2(cos2 * math.sin(lam), cos1 * sin2 - sin1 * cos2 * math.cos(lam))
    return math.degrees(azimuth) % 360.0
