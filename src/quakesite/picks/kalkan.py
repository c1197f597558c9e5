"""The method `kalkan`: P from the energy that a damped oscillator dissipates.

Kalkan, E. (2016). An automatic P-phase arrival-time picker. Bulletin of the Seismological Society of
America 106(3), 971-986, https://doi.org/10.1785/0120150111. An oscillator with a very short period follows
the ground; the power its damper takes rises sharply with P and is next to nothing before. The method
defines no S.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from quakesite.records.record import Record

Floats = npt.NDArray[np.float64]

DAMPING = 0.6
PASS_BAND_HZ = (0.1, 20.0)
"""Band of strong-motion records."""

FILTER_ORDER = 4
SHORT_PERIOD_S, LONG_PERIOD_S = 0.01, 0.1
"""Natural period of the oscillator for records of 100 Hz and more, and of less."""

BINS_S = 2.0
BINS_OF_SLOW_RECORDS = 200
"""Bins of the histogram: as many as sampling intervals in 2 s for records of 100 Hz and more (200 at 100 Hz,
400 at 200 Hz), 200 for all others, as in the author's own program."""

VERTICAL = 2


def pick(record: Record) -> float | None:
    """Returns P on the vertical component in seconds from the first sample; None where there is none."""
    rate_hz = record.sampling_rate_hz
    period_s, n_bins = oscillator(rate_hz)
    return p_arrival_s(record.acceleration[VERTICAL], 1 / rate_hz, period_s, n_bins)


def oscillator(rate_hz: float) -> tuple[float, int]:
    """Returns the oscillator's period in s, and the bins of the histogram: those of the author's program."""
    if rate_hz >= 100:
        return SHORT_PERIOD_S, round(BINS_S * rate_hz)
    return LONG_PERIOD_S, BINS_OF_SLOW_RECORDS


def p_arrival_s(
    acceleration: Floats, dt_s: float, period_s: float, n_bins: int, damping: float = DAMPING
) -> float | None:
    """Returns the P arrival in seconds from the first sample; None where the method finds none.

    Args:
        acceleration: shape (n,), any unit; only what comes before its peak is looked at.
        dt_s: sampling interval.
        period_s: undamped natural period of the oscillator.
        n_bins: bins of the histogram of damping energy.
        damping: fraction of critical damping.
    """
    ground = _to_peak(_filtered(acceleration, dt_s))
    if ground.size < 3:
        return None
    power = damping_power(ground, dt_s, period_s, damping)
    for bins in (n_bins, math.ceil(n_bins / 2)):
        above = np.flatnonzero(power > lower_state_level(power, bins))
        if above.size:
            onset = int(above[0])
            crossings = np.flatnonzero(ground[:onset] * ground[1 : onset + 1] < 0)
            if crossings.size:
                return round(float(crossings[-1] + 1) * dt_s, 6)
    return None


def damping_power(ground: Floats, dt_s: float, period_s: float, damping: float) -> Floats:
    """Returns the power per unit mass taken by the damper of an oscillator on moving ground, shape (n,).

    The motion is the exact solution for acceleration that is constant within a sampling interval. Its
    recursion y[k] = E y[k-1] + b x[k] in two states is solved for the velocity alone, which makes it a
    filter of second order.
    """
    from scipy.linalg import expm
    from scipy.signal import lfilter

    frequency = 2 * math.pi / period_s
    rates = np.array([[0.0, 1.0], [-(frequency**2), -2 * damping * frequency]])
    step = expm(rates * dt_s)
    drive = np.linalg.solve(rates, (step - np.eye(2)) @ np.array([0.0, 1.0]))
    moving = ground.copy()
    moving[0] = 0.0  # at rest at the first sample
    numerator = [drive[1], step[1, 0] * drive[0] - step[0, 0] * drive[1]]
    denominator = [1.0, -float(np.trace(step)), float(np.linalg.det(step))]
    velocity = lfilter(numerator, denominator, moving)
    return np.asarray(2 * damping * frequency * velocity**2, dtype=np.float64)


def lower_state_level(values: Floats, n_bins: int) -> float:
    """Returns the lower state level of a two-level signal: the fullest bin of its histogram's lower half.

    The state-level estimation of IEEE Std 181 by the histogram's mode. The first bin is left out, as in
    the author's own program, so the level lies above the bulk of the noise.
    """
    low, high = float(values.min()), float(values.max())
    if high <= low:
        return high
    counts, edges = np.histogram(values, bins=n_bins, range=(low, high))
    half = counts[: int(np.flatnonzero(counts)[-1]) // 2 + 1]
    fullest = int(np.argmax(half[1:])) if half.size > 1 else 0
    return float((edges[fullest] + edges[fullest + 1]) / 2)


def _filtered(acceleration: Floats, dt_s: float) -> Floats:
    from scipy.signal import butter, detrend, sosfiltfilt

    low, high = PASS_BAND_HZ
    if acceleration.size < 10 * FILTER_ORDER:
        return acceleration[:0]
    high = min(high, 0.45 / dt_s)
    sections = butter(FILTER_ORDER, [low, high], btype="bandpass", fs=1 / dt_s, output="sos")
    return np.asarray(detrend(sosfiltfilt(sections, acceleration)), dtype=np.float64)


def _to_peak(ground: Floats) -> Floats:
    return ground[: int(np.argmax(np.abs(ground))) + 1] if ground.size else ground
