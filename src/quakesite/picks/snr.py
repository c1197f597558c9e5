"""The signal-to-noise ratio of a record, given its P arrival."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

GAP_BEFORE_P_S = 0.5
SHORTEST_NOISE_S = 1.0
LONGEST_SIGNAL_S = 30.0


def snr_db(acceleration: npt.NDArray[np.floating], rate_hz: float, p_s: float | None) -> float | None:
    """Returns the ratio of signal to noise power in dB.

    10 log10 of the mean square of the three-component vector in the signal over that in the noise. The
    noise is what is recorded until 0.5 s before P, the signal what is recorded from P on, 30 s at most.
    The mean of each component over the noise is removed from both.

    The form is that of Kalkan's picker, whose SNR the paper's authors used (`PphasePicker.m`, revision of
    2017-02-17; the picker: Kalkan 2016, Bull. Seism. Soc. Am. 106, 971-986): 10 log10 of a ratio of mean
    squares. There the signal is a whole component, noise before P included, unfiltered and with its mean, and
    the noise all of it before P; its figure is lower the longer the record, and for a raw record with an
    offset next to 0.

    Args:
        acceleration: shape (3, n_samples), any unit.
        rate_hz: samples per second.
        p_s: the P arrival in seconds from the first sample.

    Returns:
        The ratio, or None where there is no P, less than 1 s of noise, no signal, or noise without motion.
    """
    if p_s is None or not math.isfinite(p_s):
        return None
    n_samples = acceleration.shape[1]
    p = round(p_s * rate_hz)
    noise_end = p - round(GAP_BEFORE_P_S * rate_hz)
    if noise_end < SHORTEST_NOISE_S * rate_hz or p >= n_samples:
        return None
    noise = acceleration[:, :noise_end].astype(np.float64)
    mean = noise.mean(axis=1, keepdims=True)
    signal = acceleration[:, p : p + round(LONGEST_SIGNAL_S * rate_hz)] - mean
    noise_power = float(np.mean(np.sum((noise - mean) ** 2, axis=0)))
    signal_power = float(np.mean(np.sum(signal**2, axis=0)))
    if noise_power <= 0 or signal_power <= 0:
        return None
    return round(10 * math.log10(signal_power / noise_power), 6)
