"""What is drawn: no arrival is moved by the filter, and power stands at its frequency."""

from __future__ import annotations

import numpy as np
import pytest

from quakesite.annotate.signals import Band, shown, spectrogram
from quakesite.errors import InputError

RATE_HZ = 100.0


def test_mean_is_removed_and_nothing_else_without_a_band() -> None:
    samples = np.random.default_rng(0).normal(3, 1, (3, 500)).astype(np.float32)
    np.testing.assert_allclose(shown(samples, RATE_HZ), samples - samples.mean(1, keepdims=True), atol=1e-5)


def test_band_pass_keeps_its_band_and_stops_the_rest() -> None:
    times = np.arange(6000) / RATE_HZ
    inside, below, above = (np.sin(2 * np.pi * hz * times) for hz in (5.0, 0.05, 40.0))
    out = shown(np.array([inside, below, above], np.float32), RATE_HZ, Band(1.0, 20.0))[:, 3000:]
    peaks = np.abs(out).max(axis=1)
    assert peaks[0] == pytest.approx(1, abs=0.02)
    assert peaks[1:].max() < 0.01


def test_filter_moves_nothing_ahead_of_an_arrival() -> None:
    samples = np.zeros((3, 2000), np.float32)
    samples[:, 1000:] = np.random.default_rng(1).normal(0, 100, (3, 1000))
    out = shown(samples - samples.mean(1, keepdims=True), RATE_HZ, Band(1.0, 20.0))
    before, after = np.abs(out[:, 500:1000]).max(), np.abs(out[:, 1000:1100]).max()
    assert before < 1e-3 * after


@pytest.mark.parametrize("band", [Band(0, 20), Band(20, 1), Band(1, 50), Band(-1, 5), Band(1, float("nan"))])
def test_band_that_does_not_fit_the_rate_is_refused(band: Band) -> None:
    with pytest.raises(InputError, match="half the record's rate"):
        shown(np.zeros((3, 100), np.float32), RATE_HZ, band)


def test_spectrogram_shows_power_at_its_time_and_frequency() -> None:
    times = np.arange(3000) / RATE_HZ
    made = spectrogram(np.where(times > 20, np.sin(2 * np.pi * 10 * times), 0), RATE_HZ)
    row, column = np.unravel_index(np.argmax(made.values), made.values.shape)
    assert row * made.top_hz / (len(made.values) - 1) == pytest.approx(10, abs=2)
    assert made.start_s + column * made.step_s > 20
    assert made.values[:, made.start_s + made.step_s * np.arange(made.values.shape[1]) < 19].max() == 0


@pytest.mark.parametrize("n_samples", [1, 10, 51, 400_000])
def test_records_of_any_length_have_a_spectrogram_of_bounded_size(n_samples: int) -> None:
    made = spectrogram(np.random.default_rng(0).normal(size=n_samples), RATE_HZ)
    assert made.values.size > 0
    assert made.values.shape[1] <= 1300


def test_silence_is_drawn_as_silence() -> None:
    assert spectrogram(np.zeros(1000), RATE_HZ).values.max() == 0
