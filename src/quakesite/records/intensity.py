"""How strong the motion of a record is: peaks, Arias intensity, absolute velocity and duration.

Measured over the whole record, from components without their means: raw records carry an offset, which the
integrals would take for motion. Velocities and displacements are left out on purpose: they depend on the
corner of a high-pass filter, which must be chosen record by record.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

STANDARD_GRAVITY_CM_S2 = 980.665
SIGNIFICANT = (0.05, 0.95)
"""Parts of the Arias intensity between which the significant duration lies (Trifunac and Brady 1975)."""

_AT_ONCE = 2**20
"""Rotated samples held at once: 8 MB, however long the record and however many samples are as loud."""

_ANGLES = np.deg2rad(np.arange(180.0))
_EAST, _NORTH = np.sin(_ANGLES), np.cos(_ANGLES)


class Intensity(NamedTuple):
    """The figures of one record, by component E, N, Z.

    pga: largest absolute acceleration.
    rotd00, rotd50, rotd100: least, median and largest of the horizontal peaks over 180 directions, one degree
        apart (Boore 2010, Bull. Seism. Soc. Am. 100, 1830-1835).
    arias: pi / 2g times the integral of the squared acceleration (Arias 1970).
    cav: integral of the absolute acceleration (EPRI 1988, NP-5930).
    t90: time between 5 and 95 % of the Arias intensity (Trifunac and Brady 1975, Bull. Seism. Soc. Am. 65,
        581-626), to the sample.
    """

    pga_e_cm_s2: float
    pga_n_cm_s2: float
    pga_z_cm_s2: float
    rotd00_pga_cm_s2: float
    rotd50_pga_cm_s2: float
    rotd100_pga_cm_s2: float
    arias_e_cm_s: float
    arias_n_cm_s: float
    arias_z_cm_s: float
    cav_e_cm_s: float
    cav_n_cm_s: float
    cav_z_cm_s: float
    t90_e_s: float
    t90_n_s: float
    t90_z_s: float


def intensity(acceleration: npt.NDArray[np.float64], sampling_rate_hz: float) -> Intensity:
    """Returns the figures of samples of shape (3, n), components E, N, Z, in cm/s^2."""
    motion = acceleration - acceleration.mean(axis=1, keepdims=True)
    peaks = np.abs(motion).max(axis=1).tolist()
    rotated = horizontal_peaks(motion[0], motion[1])
    squared = motion**2
    arias = squared.sum(axis=1) * (np.pi / (2.0 * STANDARD_GRAVITY_CM_S2 * sampling_rate_hz))
    cav = np.abs(motion).sum(axis=1) / sampling_rate_hz
    durations = [_significant_samples(one) / sampling_rate_hz for one in squared]
    return Intensity(
        *peaks,
        *(float(value) for value in (rotated.min(), np.median(rotated), rotated.max())),
        *arias.tolist(),
        *cav.tolist(),
        *durations,
    )


def horizontal_peaks(
    east: npt.NDArray[np.float64], north: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Returns the largest absolute horizontal motion in each of 180 directions, one degree apart.

    Only samples that some direction can have as its peak are rotated: those that lie outside the circle
    which a handful of extreme samples reach beyond in every direction. The result is that of all samples.
    """
    few = [int(np.abs(east * _EAST[k] + north * _NORTH[k]).argmax()) for k in range(0, 180, 30)]
    reached = _peaks(east[few], north[few]).min()
    able = east**2 + north**2 >= (reached * (1.0 - 1e-9)) ** 2
    return _peaks(east[able], north[able])


def _peaks(east: npt.NDArray[np.float64], north: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The peaks in all directions, of as many at once as `_AT_ONCE` values hold."""
    peaks = np.empty(len(_EAST))
    step = max(1, _AT_ONCE // max(1, len(east)))
    for first in range(0, len(_EAST), step):
        some = slice(first, first + step)
        rotated = np.multiply.outer(_EAST[some], east) + np.multiply.outer(_NORTH[some], north)
        peaks[some] = np.abs(rotated).max(axis=1)
    return peaks


def _significant_samples(squared: npt.NDArray[np.float64]) -> int:
    sums = np.cumsum(squared)
    first, last = np.searchsorted(sums, np.array(SIGNIFICANT) * sums[-1])
    return int(last - first)
