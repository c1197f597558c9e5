"""The figures of quality, on samples whose defects are known."""

from __future__ import annotations

import numpy as np
import pytest

from quakesite.records.quality import measure, peak_mismatch

WAVE = 10 * np.sin(2 * np.pi * 1.25 * np.arange(1000) / 100)


def sound() -> np.ndarray:
    return np.stack([WAVE, WAVE[::-1] * 0.9, WAVE / 2])


def long() -> np.ndarray:
    """40 s of weak motion with 10 s of strong motion in them."""
    samples = np.tile(sound(), 4) * 0.01
    samples[:, 1000:2000] += sound()
    return samples


def test_noise_alone_has_no_autocorrelation_and_no_contrast() -> None:
    noise = np.random.default_rng(0).normal(0, 5, (3, 6000))
    quality, motion = measure(noise, 100.0), measure(long(), 100.0)
    assert quality.autocorrelation is not None
    assert quality.contrast_db is not None
    assert abs(quality.autocorrelation) < 0.25
    assert quality.contrast_db < 3
    assert motion.autocorrelation == pytest.approx(1.0, abs=0.02)
    assert motion.contrast_db is not None
    assert motion.contrast_db > 30


def test_the_lag_is_a_time_whatever_the_rate() -> None:
    slow = np.sin(2 * np.pi * 10 * np.arange(6000) / 100)
    fast = np.sin(2 * np.pi * 10 * np.arange(12000) / 200)
    found = [measure(np.stack([one] * 3), rate).autocorrelation for one, rate in ((slow, 100), (fast, 200))]
    assert found == pytest.approx([np.cos(2 * np.pi * 0.1)] * 2, abs=0.02)


def test_a_short_record_is_not_judged_for_noise() -> None:
    quality = measure(sound(), 100.0)
    assert (quality.autocorrelation, quality.contrast_db) == (None, None)


def test_a_spike_stands_out_from_what_is_around_it() -> None:
    samples = long()
    assert measure(samples, 100.0).spike_ratio < 1
    samples[1, 3500] += 20.0
    assert measure(samples, 100.0).spike_ratio > 50
    assert measure(np.random.default_rng(1).normal(0, 5, (3, 6000)), 100.0).spike_ratio < 2


def test_a_sound_record_has_no_defect() -> None:
    quality = measure(sound(), 100.0)
    assert quality.component_ratio == pytest.approx(0.5, rel=0.01)
    assert quality.clipped_samples == 0
    assert quality.largest_jump < 0.2
    assert quality.longest_flat_s <= 0.01
    assert quality.zero_crossings_hz == pytest.approx(2 * 1.25, rel=0.05)


def test_clipped_peaks_are_counted() -> None:
    samples = sound()
    samples[0] = np.clip(samples[0], -9, 9)
    assert measure(samples, 100.0).clipped_samples == np.count_nonzero(np.abs(samples[0]) == 9)


def test_a_flat_line_is_as_long_as_it_is() -> None:
    samples = sound()
    samples[1, 200:401] = 1.0
    quality = measure(samples, 100.0)
    assert quality.longest_flat_s == pytest.approx(2.0)
    assert quality.clipped_samples == 0


def test_a_spike_is_a_jump_of_its_own_height() -> None:
    samples = sound()
    samples[2, 500] = 80.0
    assert measure(samples, 100.0).largest_jump == pytest.approx(1.0, abs=0.1)


def test_a_dead_component_shows_in_the_ratio() -> None:
    samples = sound()
    samples[2] *= 2e-3
    assert measure(samples, 100.0).component_ratio == pytest.approx(1e-3, rel=0.01)


def test_an_offset_changes_nothing() -> None:
    assert measure(long() + 1000.0, 100.0) == pytest.approx(measure(long(), 100.0), rel=1e-6)


def test_the_largest_mismatch_of_the_peaks_counts() -> None:
    assert peak_mismatch(sound(), [10.0, -9.0, 5.0]) == pytest.approx(0.0, abs=1e-2)
    assert peak_mismatch(sound(), [10.0, None, 4.0]) == pytest.approx(0.25, abs=1e-2)
    assert peak_mismatch(sound(), [None, None, 0.0]) is None
    assert peak_mismatch(sound(), [np.nan, np.nan, np.nan]) is None
    assert peak_mismatch(sound(), [10.0, np.nan, 4.0]) == pytest.approx(0.25, abs=1e-2)
