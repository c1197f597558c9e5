from __future__ import annotations

import numpy as np
import pytest

from quakesite.demo.noise import draw_level_cm_s2, noise
from quakesite.demo.processing import COUNT_CM_S2, processed

RATE = 100.0


def test_noise_has_the_level_asked_for() -> None:
    flat = np.ones(8193, dtype=np.complex128)
    made = noise(flat, RATE, 0.01, 6000, np.random.default_rng(0))
    assert made.shape == (6000,)
    assert made.std() == pytest.approx(0.01, rel=0.05)


def test_levels_are_those_of_quiet_stations() -> None:
    levels = [draw_level_cm_s2(np.random.default_rng(seed)) for seed in range(300)]
    assert min(levels) >= 0.002
    assert max(levels) <= 0.04
    assert 0.004 < np.median(levels) < 0.009


@pytest.fixture
def motion() -> np.ndarray:
    time = np.arange(6000) / RATE
    return np.stack([np.sin(2 * np.pi * 5.0 * time), 3.0 + 0.0 * time, np.sin(2 * np.pi * 49.0 * time)])


def test_raw_samples_are_whole_counts_with_six_decimals(motion: np.ndarray) -> None:
    raw = processed(motion, RATE, "ap_RawAcc")
    np.testing.assert_allclose(raw, motion, atol=COUNT_CM_S2)
    counts = raw / COUNT_CM_S2
    np.testing.assert_allclose(counts, np.round(counts), atol=0.01)


@pytest.mark.parametrize("form", ["mp_Acc", "ap_Acc"])
def test_processed_samples_keep_the_band_and_lose_offset_and_ends(motion: np.ndarray, form: str) -> None:
    made = processed(motion, RATE, form)
    middle = slice(1000, 5000)
    assert made[0, middle].std() == pytest.approx(motion[0, middle].std(), rel=0.05)
    assert np.abs(made[1]).max() < 1e-3
    assert made[2, middle].std() < 0.2 * motion[2, middle].std()
    assert np.all(made[:, 0] == 0.0)
