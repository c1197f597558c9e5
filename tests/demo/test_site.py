from __future__ import annotations

import numpy as np
import pytest

from quakesite.demo.profile import Profile
from quakesite.demo.site import fundamental_frequency_hz, p_transfer, propagate, s_transfer

FREQUENCY = np.linspace(0.0, 30.0, 901)


def one_layer_closed_form(thickness, velocity, density, quality):
    """Uniform damped soil over elastic rock, Kramer (1996) equations 7.28 to 7.30."""
    soft, hard = (v * (1 + 0.5j / q) for v, q in zip(velocity, quality, strict=True))
    ratio = density[0] * soft / (density[1] * hard)
    phase = 2 * np.pi * FREQUENCY * thickness / soft
    return 1.0 / (np.cos(phase) + 1j * ratio * np.sin(phase))


@pytest.mark.parametrize("quality", [(1e9, 1e9), (20.0, 120.0)])
def test_one_layer_over_rock_equals_the_closed_form(quality: tuple[float, float]) -> None:
    velocity, density = (200.0, 1200.0), (1800.0, 2300.0)
    ours = propagate((25.0,), velocity, density, quality, FREQUENCY)
    np.testing.assert_allclose(ours, one_layer_closed_form(25.0, velocity, density, quality), rtol=1e-9)


def test_splitting_a_layer_changes_nothing() -> None:
    whole = propagate((30.0,), (300.0, 1500.0), (1900.0, 2400.0), (30.0, 150.0), FREQUENCY)
    split = propagate(
        (7.0, 11.0, 12.0),
        (300.0, 300.0, 300.0, 1500.0),
        (1900.0,) * 3 + (2400.0,),
        (30.0,) * 3 + (150.0,),
        FREQUENCY,
    )
    np.testing.assert_allclose(split, whole, rtol=1e-9)


def test_uniform_ground_only_delays() -> None:
    ours = propagate((40.0,), (800.0, 800.0), (2000.0, 2000.0), (1e12, 1e12), FREQUENCY)
    np.testing.assert_allclose(ours, np.exp(-2j * np.pi * FREQUENCY * 40.0 / 800.0), atol=1e-9)


def test_slow_soil_amplifies_by_the_impedance_ratio_at_a_quarter_wavelength() -> None:
    quarter = np.array([250.0 / (4 * 20.0)])
    ours = propagate((20.0,), (250.0, 1000.0), (1800.0, 2400.0), (1e12, 1e12), quarter)
    assert abs(ours[0]) == pytest.approx(2400.0 * 1000.0 / (1800.0 * 250.0), rel=1e-6)


def test_fundamental_frequency_of_one_layer_is_a_quarter_wavelength() -> None:
    assert fundamental_frequency_hz(Profile((20.0,), (240.0, 2400.0))) == pytest.approx(3.0, rel=0.01)


def test_p_resonates_above_s() -> None:
    profile = Profile((10.0, 15.0), (220.0, 320.0, 1400.0))
    frequency = np.linspace(0.5, 60.0, 4000)
    s, p = np.abs(s_transfer(profile, frequency)), np.abs(p_transfer(profile, frequency))
    f0 = fundamental_frequency_hz(profile)
    assert p[np.searchsorted(frequency, f0)] == pytest.approx(1.0, abs=0.15)
    assert s[np.searchsorted(frequency, f0)] > 3.0
    assert frequency[p.argmax()] > 2.5 * f0
