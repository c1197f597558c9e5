"""The figures of quality, on samples whose defects are known."""

from __future__ import annotations

import numpy as np
import pytest

from quakesite.records.quality import measure, peak_mismatch

WAVE = 10 * np.sin(2 * np.pi * 1.25 * np.arange(1000) / 100)


def sound() -> np.ndarray:
    return np.stack([WAVE, WAVE[::-1] * 0.9, WAVE / 2])


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
    assert measure(sound() + 1000.0, 100.0) == pytest.approx(measure(sound(), 100.0), rel=1e-6)


def test_the_largest_mismatch_of_the_peaks_counts() -> None:
    assert peak_mismatch(sound(), [10.0, -9.0, 5.0]) == pytest.approx(0.0, abs=1e-2)
    assert peak_mismatch(sound(), [10.0, None, 4.0]) == pytest.approx(0.25, abs=1e-2)
    assert peak_mismatch(sound(), [None, None, 0.0]) is None
