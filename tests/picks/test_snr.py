"""The signal-to-noise ratio of a record."""

from __future__ import annotations

import numpy as np
import pytest

from quakesite.picks.snr import snr_db

RATE_HZ = 100.0


def steps(noise: float, signal: float, p_s: float, duration_s: float) -> np.ndarray:
    """Three components that alternate between plus and minus an amplitude, before and after P."""
    n = round(duration_s * RATE_HZ)
    amplitude = np.where(np.arange(n) < round(p_s * RATE_HZ), noise, signal)
    return np.tile(amplitude * (-1.0) ** np.arange(n), (3, 1))


def test_tenfold_amplitude_is_twenty_decibels() -> None:
    assert snr_db(steps(1.0, 10.0, 10.0, 60.0), RATE_HZ, 10.0) == pytest.approx(20.0, abs=1e-6)


def test_offset_of_the_record_does_not_count() -> None:
    record = steps(1.0, 10.0, 10.0, 60.0)
    assert snr_db(record + 500.0, RATE_HZ, 10.0) == pytest.approx(snr_db(record, RATE_HZ, 10.0), abs=1e-4)


def test_signal_ends_thirty_seconds_after_p() -> None:
    record = steps(1.0, 10.0, 10.0, 60.0)
    record[:, round(40.0 * RATE_HZ) :] = 0.0
    assert snr_db(record, RATE_HZ, 10.0) == pytest.approx(20.0, abs=1e-6)


def test_last_half_second_before_p_is_not_noise() -> None:
    record = steps(1.0, 10.0, 10.0, 60.0)
    record[:, 951:1000] *= 1000.0
    assert snr_db(record, RATE_HZ, 10.0) == pytest.approx(20.0, abs=1e-6)


@pytest.mark.parametrize("p_s", [None, float("nan"), -3.0, 1.49, 60.0, 99.0])
def test_unknown_without_p_or_a_second_of_noise_or_any_signal(p_s: float | None) -> None:
    assert snr_db(steps(1.0, 10.0, 10.0, 60.0), RATE_HZ, p_s) is None


def test_one_second_of_noise_is_enough() -> None:
    assert snr_db(steps(1.0, 10.0, 1.5, 60.0), RATE_HZ, 1.5) == pytest.approx(20.0, abs=1e-6)


def test_unknown_where_the_noise_is_flat() -> None:
    assert snr_db(steps(0.0, 10.0, 10.0, 60.0), RATE_HZ, 10.0) is None
