"""Counts made acceleration: the whole instrument response divided out, over the band in which that is sound.

As ObsPy's `Trace.remove_response` does it (taper, FFT, cosine-tapered band, division), except that the
response, which is smooth, is evaluated at `GRID` frequencies and interpolated: its digital stages have a
thousand coefficients each, and evaluated at every frequency of the FFT they take a second per component.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

LOWEST_HZ = (0.02, 0.04)
"""Below the second corner the result is tapered off, below the first nothing is left."""

HIGHEST_PARTS_OF_NYQUIST = (0.9, 0.99)
"""The same at the upper end, as parts of the Nyquist frequency."""

TAPER_PART = 0.02
"""Part of the record tapered at its ends, half at each, before the response is removed."""

GRID = 1024
"""Frequencies at which the response is evaluated, in even steps and again in even ratios."""


def acceleration(counts: npt.NDArray[Any], sampling_rate_hz: float, response: Any) -> npt.NDArray[np.float64]:
    """Returns the acceleration in m/s^2 behind `counts`, shape (n,), given their ObsPy `Response`.

    Raises:
        ValueError, TypeError, AttributeError, NotImplementedError: ObsPy cannot evaluate the response.
    """
    from obspy.signal.invsim import cosine_sac_taper, cosine_taper

    n = len(counts)
    samples = counts.astype(np.float64)
    samples -= samples.mean()
    samples *= cosine_taper(n, TAPER_PART, sactaper=True, halfcosine=False)
    length = 1 << (2 * n - 1).bit_length()
    frequencies = np.fft.rfftfreq(length, 1.0 / sampling_rate_hz).astype(np.float64)
    nyquist = sampling_rate_hz / 2
    band = (*LOWEST_HZ, *(part * nyquist for part in HIGHEST_PARTS_OF_NYQUIST))
    inside = (frequencies > band[0]) & (frequencies < band[3])
    spectrum = np.fft.rfft(samples, length) * cosine_sac_taper(frequencies, flimit=band)
    spectrum[~inside] = 0.0
    spectrum[inside] /= _response_at(frequencies[inside], nyquist, response)
    return np.fft.irfft(spectrum, length)[:n]


def _response_at(
    frequencies: npt.NDArray[np.float64], nyquist: float, response: Any
) -> npt.NDArray[np.complex128]:
    grid = np.union1d(np.geomspace(LOWEST_HZ[0] / 2, nyquist, GRID), np.linspace(0, nyquist, GRID + 1)[1:])
    values = response.get_evalresp_response_for_frequencies(grid, output="ACC")
    size = np.abs(values)
    if not (np.isfinite(size).all() and (size > 0).all()):
        raise ValueError("zero or infinite within the band")
    log_size = np.interp(frequencies, grid, np.log(size))
    phase = np.interp(frequencies, grid, np.unwrap(np.angle(values)))
    result: npt.NDArray[np.complex128] = np.exp(log_size + 1j * phase)
    return result
