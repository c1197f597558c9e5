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


class Quality(NamedTuple):
    """The figures of one record.

    component_ratio: the smallest of the components' standard deviations over the largest; a dead sensor
        shows as a value near 0.
    clipped_samples: samples in runs of `CLIPPED_RUN` or more at a component's extreme, all components.
    largest_jump: the largest step between neighbouring samples over the component's peak, from 0 to 2; a
        spike of one sample gives 1 and more.
    longest_flat_s: the longest time for which a component does not change at all.
    zero_crossings_hz: crossings of zero per second, of the component with the fewest.
    """

    component_ratio: float
    clipped_samples: int
    largest_jump: float
    longest_flat_s: float
    zero_crossings_hz: float


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
    )


def peak_mismatch(
    components: Iterable[npt.NDArray[np.float64]], stated: Iterable[float | None]
) -> float | None:
    """Returns the largest difference between a component's peak and the PGA that its header states.

    As a part of the stated PGA. None where no header states one, or all state 0.
    """
    differences = [
        abs(float(np.abs(samples).max(initial=0.0)) - abs(pga)) / abs(pga)
        for samples, pga in zip(components, stated, strict=True)
        if pga
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
