"""The P-wave seismogram method finds the velocity that tilted the first motion."""

from __future__ import annotations

import numpy as np
import pytest

from quakesite.evaluation.features.pwave import ray_parameter_s_km, surface_velocity_m_s

RATE_HZ = 100.0


def p_wave(vs_m_s: float, p: float, back_azimuth_deg: float, noise: float = 0.0) -> np.ndarray:
    """Returns ground acceleration under a P pulse at 10 s, up and away from the source."""
    time = np.arange(0.0, 20.0, 1 / RATE_HZ)
    pulse = np.where(
        time >= 10.0, np.sin(2 * np.pi * 3.0 * (time - 10.0)) * np.exp(-3.0 * (time - 10.0)), 0.0
    )
    tilt, angle = 2.0 * np.arcsin(p * vs_m_s / 1000.0), np.radians(back_azimuth_deg)
    record = (
        np.stack([-np.sin(angle) * np.sin(tilt), -np.cos(angle) * np.sin(tilt), np.cos(tilt)])[:, None]
        * pulse
    )
    return record + np.random.default_rng(0).normal(0.0, 1.0, record.shape) * noise + 0.3


@pytest.mark.parametrize("vs_m_s", [200.0, 500.0, 1200.0])
@pytest.mark.parametrize("back_azimuth_deg", [0.0, 75.0, 200.0, 310.0])
def test_the_injected_velocity_is_found_from_every_direction(vs_m_s: float, back_azimuth_deg: float) -> None:
    record = p_wave(vs_m_s, 0.15, back_azimuth_deg)
    assert surface_velocity_m_s(record, RATE_HZ, 10.0, back_azimuth_deg, 0.15) == pytest.approx(
        vs_m_s, rel=1e-6
    )


def test_a_little_noise_moves_it_a_little() -> None:
    record = p_wave(400.0, 0.15, 30.0, noise=0.01)
    assert surface_velocity_m_s(record, RATE_HZ, 10.0, 30.0, 0.15) == pytest.approx(400.0, rel=0.1)


def test_a_first_motion_from_the_wrong_side_says_nothing() -> None:
    assert surface_velocity_m_s(p_wave(400.0, 0.15, 30.0), RATE_HZ, 10.0, 210.0, 0.15) is None


@pytest.mark.parametrize("p_s", [0.0, 19.9, 25.0])
def test_a_pick_at_the_edge_of_the_record_says_nothing(p_s: float) -> None:
    assert surface_velocity_m_s(p_wave(400.0, 0.15, 30.0), RATE_HZ, p_s, 30.0, 0.15) is None


def test_a_ray_from_right_below_has_no_ray_parameter_and_a_flat_one_the_crusts() -> None:
    assert ray_parameter_s_km(0.0, 10.0) == 0.0
    assert ray_parameter_s_km(30.0, 40.0) == pytest.approx(0.6 / 5.8)
    assert ray_parameter_s_km(500.0, 0.1) == pytest.approx(1 / 5.8, rel=1e-4)
