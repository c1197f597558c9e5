"""What is done to a whole record before a window is cut from it.

All functions take and return arrays of shape (components, samples), float64, any unit. Which of the steps a
strong-motion record needs, and what each does to it: Boore and Bommer (2005), Soil Dynamics and Earthquake
Engineering 25(2), 93-115, https://doi.org/10.1016/j.soildyn.2004.10.007.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import scipy.signal

from quakesite.windows.settings import Window

Samples = npt.NDArray[np.float64]

LARGEST_FACTORS = (1, 10, 100, 1_000, 10_000)
LARGEST_DRIFT = 0.5
"""Samples that the last one of a resampled record may be off by, where the ratio of the rates is rounded."""

LARGEST_RATE_ERROR = 1e-3


class UnsupportedRate(ValueError):
    """The ratio of two sampling rates is no fraction that can be resampled by."""


def processed(samples: Samples, rate_hz: float, kind: Window) -> Samples:
    """Returns the record detrended, tapered and filtered, in this order, as `kind` says."""
    if kind.detrend != "none":
        samples = detrended(samples, linear=kind.detrend == "linear")
    if kind.taper_pct:
        length = int(samples.shape[1] * kind.taper_pct / 100)
        samples = tapered(tapered(samples, length), length, end=True)
    if kind.band_hz is not None:
        samples = filtered(samples, rate_hz, kind.band_hz, kind.filter_order)
    return samples


def detrended(samples: Samples, *, linear: bool) -> Samples:
    """Returns each component without its mean or, if `linear`, without its least-squares line.

    A baseline correction of Boore and Bommer (2005); as ObsPy's `Trace.detrend` with `demean`
    and `linear`.
    """
    trendless: Samples = scipy.signal.detrend(samples, axis=1, type="linear" if linear else "constant")
    return trendless


def tapered(samples: Samples, length: int, *, end: bool = False) -> Samples:
    """Returns the samples with a cosine taper over the first `length` of them (or the last, if `end`).

    The taper is half a Hann window, from exactly 0 at the edge to 1 behind the last of them, as ObsPy's
    `Trace.taper(type="hann")` has it.
    """
    length = min(length, samples.shape[1])
    if length == 0:
        return samples
    ramp = 0.5 - 0.5 * np.cos(np.pi * np.arange(length) / length)
    samples = samples.copy()
    if end:
        samples[:, samples.shape[1] - length :] *= ramp[::-1]
    else:
        samples[:, :length] *= ramp
    return samples


def filtered(
    samples: Samples, rate_hz: float, band_hz: tuple[float | None, float | None], order: int
) -> Samples:
    """Returns the samples after a Butterworth filter run forwards and backwards (no phase shift).

    Why without: Boore and Akkar (2003), Earthquake Engineering and Structural Dynamics 32, 1729-1748. Such a
    filter needs room to ring in before the first sample and behind the last one, or it distorts both
    ends: the record is padded with zeros (see `pad_samples`), and cut again behind. Taper it first, or an
    offset becomes a step there. As ObsPy's `bandpass`/`lowpass`/`highpass` with `zerophase=True` of the
    padded record: the amplitude is that of the filter squared. A corner at or above the Nyquist frequency
    leaves that side open.

    Raises:
        UnsupportedRate: nothing lies above the lower corner.
    """
    low, high = band_hz
    if high is not None and high >= rate_hz / 2:
        high = None
    if low is not None and low >= rate_hz / 2:
        raise UnsupportedRate(f"{rate_hz:g} Hz has nothing above the filter's corner of {low:g} Hz")
    if low is not None and high is not None:
        sections = scipy.signal.butter(order, (low, high), "bandpass", fs=rate_hz, output="sos")
    elif low is not None:
        sections = scipy.signal.butter(order, low, "highpass", fs=rate_hz, output="sos")
    elif high is not None:
        sections = scipy.signal.butter(order, high, "lowpass", fs=rate_hz, output="sos")
    else:
        return samples
    pad = pad_samples(rate_hz, low or high or rate_hz, order)
    forwards = scipy.signal.sosfilt(sections, np.pad(samples, ((0, 0), (pad, pad))), axis=1)
    both: Samples = scipy.signal.sosfilt(sections, forwards[:, ::-1], axis=1)[:, ::-1]
    return both[:, pad : pad + samples.shape[1]]


def pad_samples(rate_hz: float, corner_hz: float, order: int) -> int:
    """Returns how many zeros a filter without phase shift needs at each end: 1.5 order / corner, in seconds.

    Boore (2005), Bulletin of the Seismological Society of America 95(2), 745-750, after Converse and Brady
    (1992), U.S. Geological Survey Open-File Report 92-296A.
    """
    return math.ceil(1.5 * order / corner_hz * rate_hz)


def resampled(samples: Samples, rate_hz: float, target_hz: float) -> Samples:
    """Returns the samples at `target_hz`, the first one at the same time.

    Polyphase filtering with SciPy's Kaiser-windowed low-pass (beta 5, corner at the lower of the two
    Nyquist frequencies), the line through the first and last sample taken out meanwhile so that an offset
    makes no transient at the ends. Crochiere and Rabiner (1983), Multirate Digital Signal Processing,
    Prentice-Hall, chapter 3.

    Rates that nearly are a simple fraction of each other (100.0001 Hz, 33.3333 Hz) are taken for it as long
    as no sample of the record is off by half a sample then.

    Raises:
        UnsupportedRate: the ratio of the rates is no such fraction with terms of at most 10,000.
    """
    ratio = target_hz / rate_hz
    for largest in LARGEST_FACTORS:
        factor = Fraction(ratio).limit_denominator(largest)
        up, down = factor.numerator, factor.denominator
        error = abs(up / down / ratio - 1)
        drift = error * samples.shape[1] * ratio
        if 0 < up <= LARGEST_FACTORS[-1] and error <= LARGEST_RATE_ERROR and drift < LARGEST_DRIFT:
            break
    else:
        raise UnsupportedRate(f"{rate_hz:.9g} Hz cannot be resampled to {target_hz:g} Hz")
    if up == down:
        return samples
    poly: Samples = scipy.signal.resample_poly(samples, up, down, axis=1, padtype="line")
    return poly
