"""Theoretical arrivals from the hypocentre."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from quakesite.annotate.theory import theoretical_arrivals, travel_times_s

EVENT = dt.datetime(2020, 10, 30, 11, 51, 24, tzinfo=dt.UTC)


def metadata(**changes: Any) -> dict[str, Any]:
    return {
        "event_time": EVENT,
        "start_time": EVENT - dt.timedelta(seconds=5),
        "epicentral_distance_km": 40.0,
        "ev_depth_km": 10.0,
        **changes,
    }


def test_arrivals_in_the_upper_crust_are_straight_rays() -> None:
    p_s, s_s = travel_times_s("iasp91", 40.0, 10.0)
    distance_km = (40.0**2 + 10.0**2) ** 0.5
    assert p_s == pytest.approx(distance_km / 5.8, abs=0.05)
    assert s_s == pytest.approx(distance_km / 3.36, abs=0.05)


def test_times_count_from_the_first_sample() -> None:
    found, later = theoretical_arrivals(metadata()), theoretical_arrivals(metadata(start_time=EVENT))
    assert found["P"] - later["P"] == pytest.approx(5)
    assert found["S"] - later["S"] == pytest.approx(5)


def test_nothing_is_claimed_where_the_distance_is_unknown() -> None:
    assert theoretical_arrivals(metadata(epicentral_distance_km=None)) == {}


@pytest.mark.parametrize("missing", ["event_time", "start_time"])
def test_only_the_time_between_p_and_s_is_claimed_where_a_time_is_unknown(missing: str) -> None:
    known = theoretical_arrivals(metadata())
    found = theoretical_arrivals(metadata(**{missing: None}))
    assert found == {"sp": pytest.approx(known["S"] - known["P"], abs=0.0011)}


def test_unknown_depth_counts_as_ten_kilometres_and_a_depth_above_ground_as_none() -> None:
    assert theoretical_arrivals(metadata(ev_depth_km=None)) == theoretical_arrivals(metadata())
    assert theoretical_arrivals(metadata(ev_depth_km=-1.0)) == theoretical_arrivals(metadata(ev_depth_km=0.0))


def test_station_above_the_source_has_arrivals() -> None:
    assert travel_times_s("ak135", 0.0, 10.0)[0] == pytest.approx(10 / 5.8, abs=0.05)
