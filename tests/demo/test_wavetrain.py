from __future__ import annotations

import numpy as np
import pytest

from quakesite.demo.source import S, acceleration_spectrum
from quakesite.demo.wavetrain import envelope, minimum_phase, scattered_arrivals, synthesise, with_direct

RATE = 100.0
N_FFT = 8192
FREQUENCY = np.fft.rfftfreq(N_FFT, 1.0 / RATE)
AMPLITUDE = acceleration_spectrum(S, FREQUENCY, 5.0, 80.0) * np.exp(-np.pi * 0.04 * FREQUENCY)


def test_minimum_phase_keeps_the_amplitude() -> None:
    np.testing.assert_allclose(np.abs(minimum_phase(AMPLITUDE))[1:], AMPLITUDE[1:], rtol=1e-6)


def test_minimum_phase_is_silent_before_time_zero() -> None:
    pulse = np.fft.irfft(minimum_phase(AMPLITUDE), N_FFT)
    before = np.sum(pulse[N_FFT // 2 :] ** 2) / np.sum(pulse**2)
    zero_phase = np.fft.irfft(AMPLITUDE, N_FFT)
    assert before < 1e-5
    assert np.sum(zero_phase[N_FFT // 2 :] ** 2) / np.sum(zero_phase**2) > 0.3


def test_the_wave_begins_at_its_onset_and_not_before() -> None:
    arrivals = np.zeros(N_FFT)
    arrivals[:4000] = scattered_arrivals(4000, RATE, 5.0, 0.6, np.random.default_rng(0))
    spectrum = minimum_phase(AMPLITUDE) * np.fft.rfft(with_direct(arrivals, 0.3))
    trace = synthesise(spectrum, RATE, 20.1234, 6000)
    largest = np.abs(trace).max()
    onset = round(20.1234 * RATE)
    assert np.abs(trace[: onset - 2]).max() < 0.01 * largest
    assert np.abs(trace[onset : onset + 30]).max() > 0.1 * largest


def test_arrivals_have_unit_energy_whatever_the_share_of_the_direct_one() -> None:
    scattered = scattered_arrivals(4000, RATE, 5.0, 0.6, np.random.default_rng(1))
    assert np.sum(scattered**2) == pytest.approx(1.0)
    mean = np.mean(
        [
            np.sum(
                with_direct(scattered_arrivals(500, RATE, 2.0, 0.6, np.random.default_rng(seed)), 0.4) ** 2
            )
            for seed in range(300)
        ]
    )
    assert mean == pytest.approx(1.0, abs=0.02)


def test_energy_in_time_is_energy_in_frequency() -> None:
    arrivals = np.zeros(N_FFT)
    arrivals[:3000] = scattered_arrivals(3000, RATE, 5.0, 0.6, np.random.default_rng(2))
    spectrum = AMPLITUDE * np.fft.rfft(arrivals)
    spectrum[-1] = 0.0
    trace = synthesise(spectrum, RATE, 10.0, N_FFT)
    in_frequency = 2.0 * np.sum(np.abs(spectrum) ** 2) * RATE / N_FFT
    assert np.sum(trace**2) / RATE == pytest.approx(in_frequency, rel=1e-9)


def test_window_sets_in_at_once_peaks_at_a_fifth_and_leaves_a_coda() -> None:
    time = np.arange(-5.0, 60.0, 0.01)
    window = envelope(time, 5.0, 0.6)
    assert np.all(window[time < -0.005] == 0.0)
    assert window[np.searchsorted(time, 0.005)] > 0.55
    assert time[window.argmax()] == pytest.approx(2.0, abs=0.3)
    assert 0.01 < window[np.searchsorted(time, 20.0)] < 0.3
