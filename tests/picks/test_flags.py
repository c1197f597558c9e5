"""What makes picks hard to believe."""

from __future__ import annotations

import math

import pytest

from quakesite.picks.flags import flags, hypocentral_distance_km, plausible_sp_s


def test_ordinary_picks_have_no_flag() -> None:
    assert flags(20.0, 28.0, 90.0, 60.0) == []


def test_s_before_p() -> None:
    assert flags(20.0, 19.9, 90.0, 60.0) == ["s_before_p"]


@pytest.mark.parametrize(("s_minus_p", "distance_km"), [(0.2, 29.0), (13.0, 28.0), (20.0, 20.0), (2.0, 80.0)])
def test_s_minus_p_that_does_not_fit_the_distance(s_minus_p: float, distance_km: float) -> None:
    assert flags(20.0, 20.0 + s_minus_p, 90.0, distance_km) == ["sp_implausible"]


@pytest.mark.parametrize("distance_km", [5.0, 30.0, 75.0, 150.0, 300.0])
def test_common_velocities_are_plausible_at_every_distance(distance_km: float) -> None:
    low, high = plausible_sp_s(distance_km)
    for vp in (5.5, 6.2, 8.0):
        for vp_vs in (1.68, math.sqrt(3), 1.80):
            assert low <= distance_km / vp * (vp_vs - 1) <= high


def test_s_minus_p_is_not_judged_without_a_distance() -> None:
    assert flags(20.0, 70.0, 90.0, None) == []


def test_p_at_the_very_start() -> None:
    assert flags(0.08, None, 90.0, None) == ["p_in_first_5s"]


@pytest.mark.parametrize(("p_s", "s_s"), [(-0.5, 10.0), (20.0, 90.5)])
def test_picks_outside_the_record(p_s: float, s_s: float) -> None:
    assert "outside_record" in flags(p_s, s_s, 90.0, None)


def test_hypocentral_distance_counts_an_unknown_depth_as_ten_kilometres() -> None:
    assert hypocentral_distance_km(30.0, 40.0) == pytest.approx(50.0)
    assert hypocentral_distance_km(0.0, None) == pytest.approx(10.0)
    assert hypocentral_distance_km(None, 40.0) is None
