"""Ambient and instrument noise, coloured by the site as the waves are."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from quakesite.demo.wavetrain import Spectrum


def draw_level_cm_s2(rng: np.random.Generator) -> float:
    """Returns a station's root mean square noise: about 0.006 cm/s^2, 0.002 to 0.04.

    The quiet seconds before eight records of TADAS hold 0.008 to 0.05 cm/s^2.
    """
    return float(np.clip(math.exp(rng.normal(math.log(0.006), 0.7)), 0.002, 0.04))


def noise(
    transfer: Spectrum, rate_hz: float, level_cm_s2: float, n_samples: int, rng: np.random.Generator
) -> npt.NDArray[np.float64]:
    """Returns `n_samples` of noise with root mean square `level_cm_s2`, passed through the site.

    The spectrum of acceleration rises with frequency up to the traffic's band (2 to 15 Hz) and falls beyond
    it, over a flat floor of the instrument's own.
    """
    n_fft = 2 * (transfer.size - 1)
    frequency = np.fft.rfftfreq(n_fft, 1.0 / rate_hz)
    band = frequency / np.hypot(frequency, 2.0) / np.sqrt(1.0 + (frequency / 15.0) ** 4)
    white = np.fft.rfft(rng.standard_normal(n_fft))
    ground = np.fft.irfft(white * band * transfer, n_fft)[:n_samples]
    ground /= ground.std()
    floor = rng.standard_normal(n_samples)
    result: npt.NDArray[np.float64] = level_cm_s2 * (0.95 * ground + math.sqrt(1.0 - 0.95**2) * floor)
    return result
