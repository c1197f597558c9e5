"""How sound the samples of a record are: one figure per defect, each a column of `schema.RECORDS`.

Measured on the components without their means. Limits stand in the configuration; a figure without a limit
refuses nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

CLIPPED_RUN = 3
"""Equal samples in a row, at a component's largest or smallest value, that make a clipped peak."""

LOUDEST_S = 2.0
"""Length of the windows that are compared for their power."""

LAG_S = 0.01
"""Lag of the autocorrelation: one sample of most records; a time, so that no rate is favoured."""

SHORTEST_S = 20.0
"""Shorter records have too few windows to tell the loudest from the others."""

AROUND_S = 0.5
"""How far around a step the level is taken that a spike stands out from."""

LARGEST_RATIO = 1e6


class Quality(NamedTuple):
    """The figures of one record.

    component_ratio: the smallest of the components' standard deviations over the largest; a dead sensor
        shows as a value near 0.
    clipped_samples: samples in runs of `CLIPPED_RUN` or more at a component's extreme, all components.
    largest_jump: the largest step between neighbouring samples over the component's peak, from 0 to 2; a
        spike of one sample gives 1 and more.
    longest_flat_s: the longest time for which a component does not change at all.
    zero_crossings_hz: crossings of zero per second, of the component with the fewest.
    autocorrelation: of the loudest 2 s at a lag of 0.01 s, of the component where it is largest: near 1 for
        ground motion, near 0 for the noise of a dead sensor and for spikes. None below `SHORTEST_S`.
    contrast_db: the power of the loudest 2 s over that of the median 2 s, of the component where it is
        largest: near 0 dB for stationary noise. None below `SHORTEST_S`, and where the median 2 s are silent.
    spike_ratio: a component's largest step between neighbouring samples over the range of its samples within
        0.5 s of it, those at the step left out; the largest of the components. At most `LARGEST_RATIO`.
    """

    component_ratio: float
    clipped_samples: int
    largest_jump: float
    longest_flat_s: float
    zero_crossings_hz: float
    autocorrelation: float | None
    contrast_db: float | None
    spike_ratio: float


def measure(acceleration: npt.NDArray[np.float64], sampling_rate_hz: float) -> Quality:
    """Returns the figures of samples of shape (3, n)."""
    motion = acceleration - acceleration.mean(axis=1, keepdims=True)
    spread = np.sqrt(np.einsum("ij,ij->i", motion, motion))
    largest = float(spread.max(initial=0.0))
    steps = np.diff(acceleration, axis=1)
    peaks = np.abs(motion).max(axis=1, initial=0.0)
    jumps = np.abs(steps).max(axis=1, initial=0.0)
    still, clipped = 0, 0
    for samples, step in zip(acceleration, steps, strict=True):
        lengths, values = _still_runs(samples, step)
        still = max(still, int(lengths.max(initial=0)))
        at_extreme = (values == samples.max()) | (values == samples.min())
        clipped += int(lengths[at_extreme & (lengths >= CLIPPED_RUN)].sum())
    crossings = np.count_nonzero(np.diff(np.signbit(motion), axis=1), axis=1)
    duration_s = max(1, acceleration.shape[1] - 1) / sampling_rate_hz
    return Quality(
        component_ratio=float(spread.min(initial=np.inf)) / largest if largest else 0.0,
        clipped_samples=clipped,
        largest_jump=float((jumps[peaks > 0] / peaks[peaks > 0]).max(initial=0.0)),
        longest_flat_s=max(0, still - 1) / sampling_rate_hz,
        zero_crossings_hz=float(crossings.min(initial=acceleration.shape[1])) / duration_s,
        **_loudest(motion, sampling_rate_hz),
        spike_ratio=max(
            (_spike(samples, step, sampling_rate_hz) for samples, step in zip(motion, steps, strict=True)),
            default=0.0,
        ),
    )


def _loudest(motion: npt.NDArray[np.float64], rate_hz: float) -> dict[str, float | None]:
    """Returns `autocorrelation` and `contrast_db` of components without their means."""
    length, lag = round(LOUDEST_S * rate_hz), max(1, round(LAG_S * rate_hz))
    count = motion.shape[1] // length if length else 0
    if motion.shape[1] < SHORTEST_S * rate_hz or length <= lag:
        return {"autocorrelation": None, "contrast_db": None}
    windows = motion[:, : count * length].reshape(len(motion), count, length)
    power = np.einsum("ijk,ijk->ij", windows, windows)
    best = -1.0
    for component, index in enumerate(power.argmax(axis=1)):
        loudest = windows[component, index] - windows[component, index].mean()
        total = float(loudest @ loudest)
        if total > 0:
            best = max(best, float(loudest[lag:] @ loudest[:-lag]) / total)
    median = np.median(power, axis=1)
    heard = median > 0
    contrast = float((power.max(axis=1)[heard] / median[heard]).max()) if heard.any() else None
    return {
        "autocorrelation": best,
        "contrast_db": None if contrast is None else 10.0 * float(np.log10(contrast)),
    }


def _spike(samples: npt.NDArray[np.float64], steps: npt.NDArray[np.float64], rate_hz: float) -> float:
    """Returns the `spike_ratio` of one component."""
    if not len(steps):
        return 0.0
    at, reach = int(np.abs(steps).argmax()), max(2, round(AROUND_S * rate_hz))
    around = np.concatenate([samples[max(0, at - reach) : max(0, at - 1)], samples[at + 3 : at + 2 + reach]])
    extent = float(np.ptp(around)) if len(around) else 0.0
    step = abs(float(steps[at]))
    return min(step / extent, LARGEST_RATIO) if extent > 0 else LARGEST_RATIO if step > 0 else 0.0


def peak_mismatch(
    components: Iterable[npt.NDArray[np.float64]], stated: Iterable[float | None]
) -> float | None:
    """Returns the largest difference between a component's peak and the PGA that its header states.

    As a part of the stated PGA. None where no header states one, or all state 0 or NaN.
    """
    differences = [
        abs(float(np.abs(samples).max(initial=0.0)) - abs(pga)) / abs(pga)
        for samples, pga in zip(components, stated, strict=True)
        if pga and np.isfinite(pga)
    ]
    return max(differences, default=None)


def _still_runs(
    samples: npt.NDArray[np.float64], steps: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]]:
    """Returns the lengths of the runs of two or more equal samples, and their values."""
    still = np.flatnonzero(steps == 0.0)
    if not len(still):
        return np.empty(0, np.intp), np.empty(0)
    breaks = np.flatnonzero(np.diff(still) > 1)
    first = still[np.concatenate([[0], breaks + 1])]
    last = still[np.concatenate([breaks, [len(still) - 1]])]
    return last - first + 2, samples[first]
