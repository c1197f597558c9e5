"""What makes a record's picks hard to believe. A flag is a remark; nothing is thrown away for it here."""

from __future__ import annotations

import math
from enum import StrEnum


class Flag(StrEnum):
    """An implausibility; the value is what stands in the `flags` column."""

    S_BEFORE_P = "s_before_p"
    SP_IMPLAUSIBLE = "sp_implausible"  # S-P does not fit the hypocentral distance
    P_IN_FIRST_5S = "p_in_first_5s"
    P_UNSETTLED = "p_unsettled"  # timed where EQTransformer draws arrivals to whole seconds of its window
    S_UNSETTLED = "s_unsettled"
    OUTSIDE_RECORD = "outside_record"  # a pick before the first sample or after the last
    DROPPED_IN_PADDING = "dropped_in_padding"  # more probable than the pick kept, or where there is none


DOUBTFUL = frozenset({Flag.S_BEFORE_P, Flag.SP_IMPLAUSIBLE, Flag.OUTSIDE_RECORD})
"""Flags that speak against a record's picks; the others are remarks."""

USUAL_DEPTH_KM = 10.0
"""Taken where the depth is unknown: the usual one in Türkiye."""


EARLY_P_S = 5.0
SLOW_CRUST_VP_KM_S = 5.0
FAST_MANTLE_VP_KM_S = 8.2
VP_VS = (1.60, 1.90)
"""Range of Vp/Vs of crustal rocks (Christensen 1996, https://doi.org/10.1029/95JB03446)."""
LOCATION_ERROR_KM = 10.0
TIMING_ERROR_S = 0.5


def plausible_sp_s(hypocentral_distance_km: float) -> tuple[float, float]:
    """Returns the smallest and largest S-P time, in s, that a distance allows.

    S-P = r / Vp (Vp/Vs - 1), with Vp of slow crust and of the uppermost mantle, Vp/Vs of crustal rocks, and
    an allowance for errors of the location and of the two picks.
    """
    nearest = max(hypocentral_distance_km - LOCATION_ERROR_KM, 0.0)
    farthest = hypocentral_distance_km + LOCATION_ERROR_KM
    low = nearest / FAST_MANTLE_VP_KM_S * (VP_VS[0] - 1) - TIMING_ERROR_S
    high = farthest / SLOW_CRUST_VP_KM_S * (VP_VS[1] - 1) + TIMING_ERROR_S
    return max(low, 0.0), high


def hypocentral_distance_km(epicentral_km: float | None, depth_km: float | None) -> float | None:
    """Returns the straight distance to the hypocentre; None where the epicentral distance is unknown.

    An unknown depth counts as `USUAL_DEPTH_KM`.
    """
    if epicentral_km is None or not math.isfinite(epicentral_km):
        return None
    if depth_km is None or not math.isfinite(depth_km):
        depth_km = USUAL_DEPTH_KM
    return math.hypot(epicentral_km, max(depth_km, 0.0))


def flags(p_s: float | None, s_s: float | None, duration_s: float, distance_km: float | None) -> list[str]:
    """Returns the flags of a record's picks, in the order of `Flag`.

    Args:
        p_s: P in seconds from the first sample, if picked.
        s_s: S in seconds from the first sample, if picked.
        duration_s: time of the last sample.
        distance_km: hypocentral distance, where known.
    """
    found: list[Flag] = []
    if p_s is not None and s_s is not None:
        if s_s <= p_s:
            found.append(Flag.S_BEFORE_P)
        elif distance_km is not None:
            low, high = plausible_sp_s(distance_km)
            if not low <= s_s - p_s <= high:
                found.append(Flag.SP_IMPLAUSIBLE)
    if p_s is not None and p_s < EARLY_P_S:
        found.append(Flag.P_IN_FIRST_5S)
    if any(time is not None and not 0 <= time <= duration_s for time in (p_s, s_s)):
        found.append(Flag.OUTSIDE_RECORD)
    return [str(flag) for flag in found]
