"""Measures of intensity, against closed forms and an implementation of their own."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import cumulative_trapezoid, trapezoid

from quakesite.records import intensity as intensity_module
from quakesite.records.intensity import STANDARD_GRAVITY_CM_S2, horizontal_peaks, intensity

RATE_HZ, AMPLITUDE, DURATION_S = 200.0, 50.0, 40.0
TIME_S = np.arange(round(RATE_HZ * DURATION_S)) / RATE_HZ
WAVE = AMPLITUDE * np.sin(2 * np.pi * 2.0 * TIME_S)


def noise(seed: int, n_samples: int = 3000) -> np.ndarray:
    envelope = np.exp(-(((np.arange(n_samples) - 900) / 400) ** 2)) + 0.01
    return np.random.default_rng(seed).normal(0, 20, (3, n_samples)) * envelope


def test_a_harmonic_has_the_measures_of_the_closed_form() -> None:
    found = intensity(np.stack([WAVE, WAVE / 2, WAVE / 5]), RATE_HZ)
    assert found.pga_e_cm_s2 == pytest.approx(AMPLITUDE, rel=1e-6)
    arias = math.pi / (2 * STANDARD_GRAVITY_CM_S2) * AMPLITUDE**2 / 2 * DURATION_S
    assert found.arias_e_cm_s == pytest.approx(arias, rel=1e-6)
    assert found.arias_n_cm_s == pytest.approx(arias / 4, rel=1e-6)
    assert found.cav_e_cm_s == pytest.approx(2 / math.pi * AMPLITUDE * DURATION_S, rel=1e-3)
    assert found.cav_z_cm_s == pytest.approx(found.cav_e_cm_s / 5, rel=1e-6)
    assert found.t90_e_s == pytest.approx(0.9 * DURATION_S, abs=0.01)


@pytest.mark.parametrize("azimuth_deg", [0, 30, 90, 163])
def test_rotd_of_linear_motion_is_the_cosine(azimuth_deg: float) -> None:
    azimuth = math.radians(azimuth_deg)
    found = intensity(np.stack([WAVE * math.sin(azimuth), WAVE * math.cos(azimuth), WAVE]), RATE_HZ)
    assert found.rotd100_pga_cm_s2 == pytest.approx(AMPLITUDE, rel=1e-6)
    assert found.rotd50_pga_cm_s2 == pytest.approx(AMPLITUDE * math.cos(math.radians(45)), rel=0.01)
    assert found.rotd00_pga_cm_s2 == pytest.approx(0.0, abs=1e-6 * AMPLITUDE)


def test_rotd_of_circular_motion_is_its_radius() -> None:
    east, north = WAVE, AMPLITUDE * np.cos(2 * np.pi * 2.0 * TIME_S)
    found = intensity(np.stack([east, north, WAVE]), RATE_HZ)
    for value in (found.rotd00_pga_cm_s2, found.rotd50_pga_cm_s2, found.rotd100_pga_cm_s2):
        assert value == pytest.approx(AMPLITUDE, rel=1e-3)


@given(
    st.lists(
        st.tuples(st.floats(-100, 100, allow_subnormal=False), st.floats(-100, 100, allow_subnormal=False)),
        min_size=1,
        max_size=40,
    )
)
@settings(max_examples=60, deadline=None)
def test_peaks_in_all_directions_are_those_of_all_samples(points: list[tuple[float, float]]) -> None:
    east, north = np.array(points).T
    angles = np.deg2rad(np.arange(180))[:, None]
    everything = np.abs(np.sin(angles) * east + np.cos(angles) * north).max(axis=1)
    np.testing.assert_allclose(horizontal_peaks(east, north), everything, rtol=1e-12, atol=1e-12)


def test_measures_of_noise_are_those_of_another_implementation() -> None:
    samples = noise(3)
    motion = samples - samples.mean(axis=1, keepdims=True)
    found = intensity(samples, 100.0)
    for place, name in enumerate("enz"):
        one, row = motion[place], found._asdict()
        arias = math.pi / (2 * STANDARD_GRAVITY_CM_S2) * trapezoid(one**2, dx=0.01)
        assert row[f"arias_{name}_cm_s"] == pytest.approx(arias, rel=1e-4)
        assert row[f"cav_{name}_cm_s"] == pytest.approx(trapezoid(np.abs(one), dx=0.01), rel=1e-3)
        assert row[f"pga_{name}_cm_s2"] == np.abs(one).max()
        share = cumulative_trapezoid(one**2, dx=0.01, initial=0) / trapezoid(one**2, dx=0.01)
        first, last = np.interp([0.05, 0.95], share, np.arange(len(one)) * 0.01)
        assert row[f"t90_{name}_s"] == pytest.approx(last - first, abs=0.02)


def test_an_offset_changes_nothing() -> None:
    assert intensity(noise(1) + 980.0, 100.0) == pytest.approx(intensity(noise(1), 100.0), rel=1e-9)


def test_rotating_the_sensor_changes_no_rotd() -> None:
    east, north, up = noise(2)
    angle = math.radians(37)
    turned = np.stack(
        [
            east * math.cos(angle) + north * math.sin(angle),
            north * math.cos(angle) - east * math.sin(angle),
            up,
        ]
    )
    one, other = intensity(np.stack([east, north, up]), 100.0), intensity(turned, 100.0)
    assert one[3:6] == pytest.approx(other[3:6], rel=1e-9)


def test_many_samples_as_loud_as_the_peak_are_rotated_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    east, north = np.random.default_rng(3).normal(0, 1, (2, 500))
    whole = intensity_module.horizontal_peaks(east, north)
    monkeypatch.setattr(intensity_module, "_AT_ONCE", 700)
    assert intensity_module.horizontal_peaks(east, north).tobytes() == whole.tobytes()
