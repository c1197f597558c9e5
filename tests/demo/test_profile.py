from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from quakesite.demo.profile import Profile, draw_profile, draw_vs30
from quakesite.demo.site import fundamental_frequency_hz
from quakesite.demo.sources import site_class


@pytest.mark.parametrize(
    ("profile", "vs30"),
    [
        (Profile((30.0,), (250.0, 900.0)), 250.0),
        (Profile((10.0,), (200.0, 800.0)), 30.0 / (10.0 / 200.0 + 20.0 / 800.0)),
        (Profile((10.0, 40.0), (200.0, 400.0, 900.0)), 30.0 / (10.0 / 200.0 + 20.0 / 400.0)),
    ],
)
def test_vs30_is_the_time_average_of_the_top_thirty_metres(profile: Profile, vs30: float) -> None:
    assert profile.vs30_m_s == pytest.approx(vs30, rel=1e-12)


def test_delays_are_travel_times_through_the_soil() -> None:
    profile = Profile((10.0, 30.0), (200.0, 300.0, 900.0))
    assert profile.s_delay_s == pytest.approx(0.05 + 0.1)
    assert 0.0 < profile.p_delay_s < profile.s_delay_s / 2.0


def test_profile_needs_a_velocity_for_the_rock() -> None:
    with pytest.raises(ValueError, match="half-space"):
        Profile((10.0,), (200.0,))


def test_drawn_profiles_hit_the_vs30_aimed_at_and_get_faster_downwards() -> None:
    for station in range(60):
        profile = draw_profile(0, station)
        assert profile.vs30_m_s == pytest.approx(draw_vs30(0, station), rel=0.01)
        assert np.all(np.diff(profile.vs_m_s) > 0.0)
        assert 0.6 < fundamental_frequency_hz(profile) < 20.0


@pytest.mark.parametrize("seed", [0, 1, 7])
def test_classes_are_spread_like_the_turkish_stations(seed: int) -> None:
    classes = Counter(site_class(draw_profile(seed, station).vs30_m_s) for station in range(60))
    shares = {name: classes[name] / 60 for name in "ABCDE"}
    assert shares["A"] == 0.0
    assert 0.02 <= shares["E"] <= 0.08
    assert shares["D"] == pytest.approx(0.30, abs=0.05)
    assert shares["C"] == pytest.approx(0.55, abs=0.05)
    assert shares["B"] == pytest.approx(0.12, abs=0.05)
