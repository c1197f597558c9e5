"""Theoretical arrivals: when a layered Earth would have sent P and S."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from quakesite.picks.flags import USUAL_DEPTH_KM

EARTH_MODELS = ("iasp91", "ak135")
KM_PER_DEGREE = 111.19
PHASES = {"P": ("p", "P", "Pn", "Pg"), "S": ("s", "S", "Sn", "Sg")}

_ONE_AT_A_TIME = threading.Lock()


@lru_cache(maxsize=2)
def _model(name: str) -> Any:
    from obspy.taup import TauPyModel

    return TauPyModel(name)


@lru_cache(maxsize=20_000)
def travel_times_s(model: str, distance_km: float, depth_km: float) -> tuple[float | None, float | None]:
    """Returns the travel times of the first P and the first S, in seconds; None where there is none.

    ObsPy's TauP (Crotwell et al. 1999, https://doi.org/10.1785/gssrl.70.2.154).

    Args:
        model: `iasp91` or `ak135`.
        distance_km: epicentral distance.
        depth_km: depth of the source.
    """
    with _ONE_AT_A_TIME:
        arrivals = _model(model).get_travel_times(
            depth_km, distance_km / KM_PER_DEGREE, phase_list=[*PHASES["P"], *PHASES["S"]]
        )
    first = [
        min((float(arrival.time) for arrival in arrivals if arrival.name in names), default=None)
        for names in PHASES.values()
    ]
    return first[0], first[1]


def theoretical_arrivals(metadata: Mapping[str, Any], model: str = "iasp91") -> dict[str, float]:
    """Returns the theoretical P and S in seconds from a record's first sample, as far as they are known.

    Without the origin time or the time of the first sample only S-P is known: `{"sp": ...}`; without the
    epicentral distance nothing is. The times are only as good as these: an origin time that is seconds off
    moves both.

    Args:
        metadata: a row of `records.schema.RECORDS`.
        model: `iasp91` or `ak135`.
    """
    event, start = metadata["event_time"], metadata["start_time"]
    distance_km, depth_km = metadata["epicentral_distance_km"], metadata["ev_depth_km"]
    if distance_km is None:
        return {}
    depth_km = USUAL_DEPTH_KM if depth_km is None else min(max(depth_km, 0.0), 700.0)
    times = travel_times_s(model, round(distance_km, 1), round(depth_km, 1))
    if not isinstance(event, datetime) or not isinstance(start, datetime):
        p_s, s_s = times
        return {} if p_s is None or s_s is None else {"sp": round(s_s - p_s, 3)}
    ahead_s = (event - start).total_seconds()
    return {
        phase: round(ahead_s + time, 3) for phase, time in zip(PHASES, times, strict=True) if time is not None
    }
