"""Seismograms with a given spectrum that begin at a given instant, and not before it.

Boore's (2003) recipe shapes windowed noise with a real spectrum, whose filter looks into the future: energy
leaks out before the onset, and the window itself rises slowly. Here the spectrum is given its minimum phase
(for the omega-squared spectrum that is Brune's own pulse, which starts with a jump), and what it is put on is
the direct arrival, one impulse at the onset, followed by scattered waves under a window that sets in at once.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Spectrum = npt.NDArray[np.complex128]

WINDOW_PEAK = 0.2
WINDOW_END = 0.05
"""Saragoni and Hart's window as Boore (2003, equation 26) sets it: peak at 0.2, 0.05 left at the end."""
CODA_LEVEL = 0.4
CODA_DECAY_S = 22.0
CODA_SPREADING = 3.0


def minimum_phase(amplitude: Array) -> Spectrum:
    """Returns the spectrum with modulus `amplitude` whose time function is causal and earliest.

    Through the cepstrum (Oppenheim and Schafer 1989, section 12.3). `amplitude` has n/2 + 1 values from 0 Hz
    to the Nyquist frequency; that at 0 Hz, where acceleration has none, is taken from its neighbour.
    """
    logarithm = np.log(np.maximum(amplitude, amplitude[1:].max() * 1e-12))
    logarithm[0] = logarithm[1]
    cepstrum = np.fft.irfft(logarithm)
    half = cepstrum.size // 2
    cepstrum[1:half] *= 2.0
    cepstrum[half + 1 :] = 0.0
    spectrum: Spectrum = np.exp(np.fft.rfft(cepstrum))
    return spectrum


def envelope(time_s: Array, duration_s: float, onset: float) -> Array:
    """Returns the window of the scattered waves at `time_s` after the onset; its peak is 1.

    Saragoni and Hart's window of length 2 x `duration_s` (Boore 2003, equations 24 to 27), which begins at
    the level `onset` instead of 0, and a coda that goes on between P and S and long after S. A record that
    falls silent before S is not like any real one, and pickers take its S for a P.
    """
    length = 2.0 * duration_s
    b = -WINDOW_PEAK * math.log(WINDOW_END) / (1.0 + WINDOW_PEAK * (math.log(WINDOW_PEAK) - 1.0))
    x = np.maximum(time_s, 0.0) / (WINDOW_PEAK * length)
    window = (x * np.exp(1.0 - x)) ** b
    window = np.where(x < 1.0, onset + (1.0 - onset) * window, window)
    coda = (
        CODA_LEVEL
        / (1.0 + time_s / (CODA_SPREADING * duration_s))
        * np.exp(-time_s / CODA_DECAY_S)
        * np.minimum(x, 1.0)
    )
    result: Array = np.where(time_s >= 0.0, np.hypot(window, coda), 0.0)
    return result


def scattered_arrivals(
    n_samples: int, rate_hz: float, duration_s: float, onset: float, rng: np.random.Generator
) -> Array:
    """Returns windowed white noise of unit energy that sets in with its first sample (see `envelope`)."""
    noise = rng.standard_normal(n_samples) * envelope(np.arange(n_samples) / rate_hz, duration_s, onset)
    result: Array = noise / math.sqrt(float(np.sum(noise**2)))
    return result


def with_direct(scattered: Array, amplitude: float) -> Array:
    """Returns the arrivals with the direct wave as first sample, the energy left as it was.

    Args:
        scattered: arrivals of unit energy.
        amplitude: of the direct arrival; its square is its share of the energy, its sign the polarity.
    """
    arrivals = math.sqrt(1.0 - amplitude**2) * scattered
    arrivals[0] += amplitude
    return arrivals


def synthesise(spectrum: Spectrum, rate_hz: float, start_s: float, n_samples: int) -> Array:
    """Returns the time function of a one-sided `spectrum` (density, per Hz), delayed by `start_s`."""
    n_fft = 2 * (spectrum.size - 1)
    frequency = np.fft.rfftfreq(n_fft, 1.0 / rate_hz)
    delayed = spectrum * np.exp(-2j * np.pi * frequency * start_s)
    delayed[-1] = 0.0
    result: Array = np.fft.irfft(delayed, n_fft)[:n_samples] * rate_hz
    return result
