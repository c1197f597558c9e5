"""H/V curves and response spectra of earthquake records.

Written here because the kept H/V libraries are under the GPL or bring a compiler; it is one FFT and one
matrix product per record.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

WINDOW_S = 40.0
TAPER = 0.05
BANDWIDTH = 40.0
DAMPING = 0.05


def ln_hv(acceleration: npt.NDArray[np.floating], rate_hz: float, frequencies_hz: Floats) -> Floats:
    """Returns ln of the horizontal-to-vertical spectral ratio of one record at `frequencies_hz`.

    40 s around the largest acceleration (fewer where the record ends), demeaned, 5 % cosine taper; Fourier
    amplitudes smoothed after Konno and Ohmachi (1998) with b = 40. The horizontal is the quadratic mean of E
    and N, which no rotation of the sensor changes.

    Args:
        acceleration: (3, samples), order E, N, Z, any unit.
        rate_hz: sampling rate.
        frequencies_hz: where the curve is wanted, below half the rate.
    """
    signal = around_peak(acceleration, rate_hz)
    n = signal.shape[1]
    spectrum = np.abs(np.fft.rfft(signal * _taper(n), axis=1))[:, 1:]
    horizontal = np.sqrt((spectrum[0] ** 2 + spectrum[1] ** 2) / 2.0)
    weights = konno_ohmachi(n, rate_hz, tuple(frequencies_hz.tolist()))
    tiny = np.finfo(np.float64).tiny
    ratio: Floats = np.log(np.maximum(weights @ horizontal, tiny)) - np.log(
        np.maximum(weights @ spectrum[2], tiny)
    )
    return ratio


def around_peak(acceleration: npt.NDArray[np.floating], rate_hz: float) -> Floats:
    """Returns the demeaned 40 s around the largest three-component acceleration, moved inside the record."""
    demeaned = np.asarray(acceleration, dtype=np.float64)
    demeaned = demeaned - demeaned.mean(axis=1, keepdims=True)
    length = min(round(WINDOW_S * rate_hz), demeaned.shape[1])
    peak = int(np.argmax((demeaned**2).sum(axis=0)))
    start = min(max(peak - length // 2, 0), demeaned.shape[1] - length)
    window = demeaned[:, start : start + length]
    return np.asarray(window - window.mean(axis=1, keepdims=True))


@lru_cache(maxsize=64)
def konno_ohmachi(n_samples: int, rate_hz: float, centres_hz: tuple[float, ...]) -> Floats:
    """Returns the (centres, n_samples // 2) smoothing matrix for the amplitudes without the zero frequency.

    Source: Konno and Ohmachi (1998), Bull. Seism. Soc. Am. 88, 228-241, equation 4; rows sum to 1.
    """
    frequencies = np.fft.rfftfreq(n_samples, 1.0 / rate_hz)[1:]
    argument = BANDWIDTH * np.log10(frequencies[None, :] / np.array(centres_hz)[:, None])
    with np.errstate(invalid="ignore", divide="ignore"):
        window = np.where(argument == 0.0, 1.0, (np.sin(argument) / argument) ** 4)
    window[np.abs(argument) > 3.0 * np.pi] = 0.0
    sums = window.sum(axis=1, keepdims=True)
    nearest = np.argmin(np.abs(argument), axis=1)
    empty = sums[:, 0] == 0.0
    window[empty, nearest[empty]] = 1.0
    return np.asarray(window / np.where(sums > 0.0, sums, 1.0))


def spectral_acceleration(acceleration: npt.NDArray[np.floating], rate_hz: float, period_s: float) -> float:
    """Returns the 5 % damped pseudo-spectral acceleration, quadratic mean of E and N, in the input's unit.

    The oscillator is integrated exactly for a ramp between samples (Nigam and Jennings 1969, Bull. Seism.
    Soc. Am. 59, 909-922), as a second-order recursive filter.
    """
    from scipy.signal import cont2discrete, lfilter

    omega = 2.0 * np.pi / period_s
    system = (np.array([1.0]), np.array([1.0, 2.0 * DAMPING * omega, omega**2]))
    numerator, denominator, _ = cont2discrete(system, 1.0 / rate_hz, method="foh")
    horizontal = np.asarray(acceleration[:2], dtype=np.float64)
    displacement = lfilter(
        numerator.ravel(), denominator, horizontal - horizontal.mean(axis=1, keepdims=True)
    )
    largest = np.abs(displacement).max(axis=1) * omega**2
    return float(np.sqrt(np.mean(largest**2)))


@lru_cache(maxsize=64)
def _taper(n: int) -> Floats:
    edge = max(int(TAPER * n), 1)
    ramp = 0.5 * (1.0 - np.cos(np.pi * (np.arange(edge) + 0.5) / edge))
    taper = np.ones(n)
    taper[:edge] = ramp
    taper[n - edge :] = ramp[::-1]
    return taper
