from __future__ import annotations

import numpy as np
import pytest

from quakesite.demo.path import crustal_gain, path_effect, travel_time_s
from quakesite.demo.source import (
    ALPHA_KM_S,
    BETA_KM_S,
    DENSITY_G_CM3,
    P,
    S,
    acceleration_spectrum,
    corner_frequency_hz,
    seismic_moment_dyn_cm,
)

LOW, HIGH = np.array([1e-3]), np.array([100.0])


def test_low_frequencies_carry_the_seismic_moment() -> None:
    plateau_cm_s = acceleration_spectrum(S, LOW, 5.0, 80.0) / (2 * np.pi * LOW) ** 2
    beta, rho, distance = BETA_KM_S * 1e5, DENSITY_G_CM3, 1e5  # cgs
    moment = plateau_cm_s * 4 * np.pi * rho * beta**3 * distance / (0.55 * 2.0 / np.sqrt(2.0))
    assert moment[0] == pytest.approx(seismic_moment_dyn_cm(5.0), rel=1e-4)


def test_one_magnitude_is_ten_to_the_three_halves_low_and_its_cube_root_high() -> None:
    low = acceleration_spectrum(S, LOW, 5.0, 80.0) / acceleration_spectrum(S, LOW, 4.0, 80.0)
    high = acceleration_spectrum(S, HIGH, 5.0, 80.0) / acceleration_spectrum(S, HIGH, 4.0, 80.0)
    assert low[0] == pytest.approx(10**1.5, rel=1e-3)
    assert high[0] == pytest.approx(10**0.5, rel=1e-2)


def test_corner_frequency_of_a_magnitude_five() -> None:
    # 4.9e6 * 3.4 * (80 / 10**23.55)**(1/3)
    assert corner_frequency_hz(5.0, 80.0) == pytest.approx(1.0137, rel=1e-3)


def test_p_is_weaker_than_s() -> None:
    ratio = acceleration_spectrum(P, LOW, 5.0, 80.0) / acceleration_spectrum(S, LOW, 5.0, 80.0)
    assert ratio[0] == pytest.approx((BETA_KM_S / ALPHA_KM_S) ** 3 * 0.52 / 0.55 * np.sqrt(2.0), rel=1e-3)


def test_spreading_is_one_over_distance_and_slower_beyond_100_km() -> None:
    near = path_effect(S, LOW, 20.0, 0.0) / path_effect(S, LOW, 10.0, 0.0)
    far = path_effect(S, LOW, 400.0, 0.0) / path_effect(S, LOW, 100.0, 0.0)
    assert near[0] == pytest.approx(0.5, rel=0.01)
    assert far[0] == pytest.approx(0.5, rel=0.05)


def test_kappa_takes_what_it_should() -> None:
    frequency = np.array([10.0])
    lost = path_effect(S, frequency, 30.0, 0.04) / path_effect(S, frequency, 30.0, 0.0)
    assert lost[0] == pytest.approx(np.exp(-np.pi * 0.04 * 10.0))


def test_s_comes_after_p_by_eight_kilometres_a_second() -> None:
    assert travel_time_s(S, 80.4) - travel_time_s(P, 80.4) == pytest.approx(10.0, rel=0.01)


def test_slower_rock_moves_more() -> None:
    assert crustal_gain(S, 1000.0 * BETA_KM_S, 1000.0 * DENSITY_G_CM3) == pytest.approx(1.0)
    assert crustal_gain(S, 850.0, 2800.0) == pytest.approx(2.0)
