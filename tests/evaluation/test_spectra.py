"""H/V curves and response spectra, against signals whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from quakesite.evaluation.features.spectra import around_peak, konno_ohmachi, ln_hv, spectral_acceleration
from quakesite.evaluation.schema import HV_FREQUENCIES_HZ

RATE_HZ = 100.0


def noise(seed: int, n: int = 6000) -> np.ndarray:
    envelope = np.exp(-(((np.arange(n) - n / 2) / (n / 6)) ** 2))
    return np.random.default_rng(seed).normal(0.0, 1.0, (3, n)) * envelope


def resonant(signal: np.ndarray, f0_hz: float, damping: float = 0.05) -> np.ndarray:
    """Returns the absolute acceleration of an oscillator of natural frequency `f0_hz` under `signal`."""
    frequencies = np.fft.rfftfreq(signal.shape[-1], 1 / RATE_HZ) / f0_hz
    transfer = (1 + 2j * damping * frequencies) / (1 - frequencies**2 + 2j * damping * frequencies)
    return np.fft.irfft(np.fft.rfft(signal) * transfer, signal.shape[-1])


@pytest.mark.parametrize("f0_hz", [0.7, 1.5, 4.0, 9.0])
def test_the_peak_of_the_curve_sits_at_the_injected_f0(f0_hz: float) -> None:
    curves = []
    for seed in range(8):
        record = noise(seed)
        record[:2] = resonant(record[:2], f0_hz)
        curves.append(ln_hv(record, RATE_HZ, HV_FREQUENCIES_HZ))
    peak = HV_FREQUENCIES_HZ[np.argmax(np.mean(curves, axis=0))]
    assert peak == pytest.approx(f0_hz, rel=0.13)


def test_a_factor_of_three_on_the_horizontals_is_ln_three_at_every_frequency() -> None:
    record = noise(2)
    record[0] = record[1] = 3.0 * record[2]
    assert ln_hv(record, RATE_HZ, HV_FREQUENCIES_HZ) == pytest.approx(np.full(32, np.log(3.0)))


def test_turning_the_sensor_changes_nothing() -> None:
    record, angle = noise(3), np.radians(35.0)
    turned = record.copy()
    turned[:2] = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) @ record[:2]
    curves = [ln_hv(one, RATE_HZ, HV_FREQUENCIES_HZ) for one in (record, turned)]
    assert np.abs(curves[0] - curves[1]).max() < 0.15
    spectra = [spectral_acceleration(one, RATE_HZ, 1.0) for one in (record, turned)]
    assert spectra[0] == pytest.approx(spectra[1], rel=0.3)


def test_an_offset_and_the_unit_change_nothing() -> None:
    record = noise(4)
    moved = 981.0 * record + np.array([[5.0], [-3.0], [1.0]])
    curves = [ln_hv(one, RATE_HZ, HV_FREQUENCIES_HZ) for one in (record, moved)]
    assert curves[0] == pytest.approx(curves[1], abs=1e-6)


def test_the_window_is_forty_seconds_around_the_peak_and_stays_inside_the_record() -> None:
    record = noise(5, 12000)
    assert around_peak(record, RATE_HZ).shape == (3, 4000)
    early = np.zeros((3, 12000))
    early[0, 100] = 5.0
    assert np.argmax(around_peak(early, RATE_HZ)[0]) == 100
    assert around_peak(record[:, :1500], RATE_HZ).shape == (3, 1500)


def test_smoothing_keeps_a_flat_spectrum_flat() -> None:
    weights = konno_ohmachi(4000, RATE_HZ, tuple(HV_FREQUENCIES_HZ))
    assert weights.sum(axis=1) == pytest.approx(np.ones(32))
    assert (weights >= 0).all()


@pytest.mark.parametrize("period_s", [0.2, 1.0])
def test_a_sine_at_resonance_is_amplified_by_half_over_the_damping(period_s: float) -> None:
    time = np.arange(0.0, 60.0 * period_s, 1 / RATE_HZ)
    sine = np.sin(2 * np.pi * time / period_s)
    record = np.stack([sine, sine, np.zeros_like(sine)])
    assert spectral_acceleration(record, RATE_HZ, period_s) == pytest.approx(10.0, rel=0.03)


def test_a_stiff_oscillator_follows_the_ground() -> None:
    time = np.arange(0.0, 20.0, 1 / RATE_HZ)
    sine = np.sin(2 * np.pi * time / 5.0)
    record = np.stack([sine, sine, sine])
    assert spectral_acceleration(record, RATE_HZ, 0.2) == pytest.approx(1.0, rel=0.05)
