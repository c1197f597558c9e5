"""Kalkan's P picker."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.linalg import expm

from quakesite.picks.kalkan import damping_power, lower_state_level, oscillator, p_arrival_s, pick


def test_pick_of_the_authors_own_example_is_exact(shared_data: Path) -> None:
    from scipy.io import loadmat

    example = loadmat(shared_data / "kalkan" / "strong-motion.mat", squeeze_me=True)
    ground = example["x"].astype(np.float64)
    found = p_arrival_s(ground, float(example["dt"]), period_s=0.01, n_bins=200, damping=0.6)
    assert found == pytest.approx(26.105, abs=1e-9)


def test_slow_records_are_picked_as_the_authors_program_picks_them(
    shared_data: Path, make_record: Any
) -> None:
    """The author's example at 50 Hz: an oscillator of 0.1 s and 200 bins; 100 bins would give 26.32 s."""
    from scipy.io import loadmat

    example = loadmat(shared_data / "kalkan" / "strong-motion.mat", squeeze_me=True)
    slow = example["x"].astype(np.float64)[::4]
    record = make_record(rate_hz=0.25 / float(example["dt"]))
    record = dataclasses.replace(record, acceleration=np.stack([slow] * 3), n_samples=slow.size)
    assert pick(record) == pytest.approx(26.1, abs=1e-9)


@pytest.mark.parametrize(
    ("rate_hz", "expected"),
    [
        (50.0, (0.1, 200)),
        (99.0, (0.1, 200)),
        (100.0, (0.01, 200)),
        (125.0, (0.01, 250)),
        (200.0, (0.01, 400)),
    ],
)
def test_oscillator_and_bins_are_those_of_the_authors_program(
    rate_hz: float, expected: tuple[float, int]
) -> None:
    assert oscillator(rate_hz) == expected


def test_power_is_that_of_the_state_space_recursion() -> None:
    dt_s, period_s, damping = 0.01, 0.05, 0.6
    ground = np.random.default_rng(0).standard_normal(300)
    frequency = 2 * np.pi / period_s
    rates = np.array([[0.0, 1.0], [-(frequency**2), -2 * damping * frequency]])
    step = expm(rates * dt_s)
    drive = np.linalg.inv(rates) @ (step - np.eye(2)) @ np.array([0.0, 1.0])
    state = np.zeros((300, 2))
    for k in range(1, 300):
        state[k] = step @ state[k - 1] + drive * ground[k]
    expected = 2 * damping * frequency * state[:, 1] ** 2
    np.testing.assert_allclose(
        damping_power(ground, dt_s, period_s, damping), expected, rtol=1e-9, atol=1e-18
    )


def test_lower_state_level_lies_where_the_noise_ends() -> None:
    values = np.concatenate([np.linspace(0.0, 0.9, 500), np.full(20, 1.5), [100.0]])
    assert lower_state_level(values, 100) == pytest.approx(0.5)
    assert lower_state_level(np.zeros(10), 100) == 0.0


def test_onset_above_quiet_noise_is_found(make_record: Any) -> None:
    found = pick(make_record(p_s=20.0, s_s=28.0))
    assert found is not None
    assert found == pytest.approx(20.0, abs=0.3)


@pytest.mark.parametrize("rate_hz", [50.0, 100.0, 200.0])
def test_rates_have_their_own_oscillator_and_histogram(make_record: Any, rate_hz: float) -> None:
    found = pick(make_record(p_s=20.0, s_s=28.0, rate_hz=rate_hz))
    assert found is not None
    assert found == pytest.approx(20.0, abs=0.5)


def test_flat_and_tiny_records_have_no_pick(make_record: Any) -> None:
    assert p_arrival_s(np.zeros(5000), 0.01, 0.01, 200) is None
    assert p_arrival_s(np.ones(5), 0.01, 0.01, 200) is None
