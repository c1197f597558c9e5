"""Components that point anywhere, turned to east, north and up."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

LEAST_INDEPENDENT = 0.9
"""Determinant of the three directions: 1 at right angles, 0.9 where two of them are 64 degrees apart."""


def to_east_north_up(
    samples: npt.NDArray[np.float64], azimuths_deg: Sequence[float], dips_deg: Sequence[float]
) -> npt.NDArray[np.float64]:
    """Returns three components, shape (3, n), as motion to the east, north and up, shape (3, n).

    Args:
        samples: as recorded.
        azimuths_deg: of each component, clockwise from north.
        dips_deg: of each component, down from horizontal (-90 is up), as SEED has it.

    Raises:
        ValueError: the directions are too far from right angles to tell the components apart.
    """
    azimuth, dip = np.radians(np.asarray(azimuths_deg, float)), np.radians(np.asarray(dips_deg, float))
    directions = np.stack(
        [np.sin(azimuth) * np.cos(dip), np.cos(azimuth) * np.cos(dip), -np.sin(dip)], axis=1
    )
    if not abs(float(np.linalg.det(directions))) >= LEAST_INDEPENDENT:
        raise ValueError("the components do not point in three directions at right angles")
    turned: npt.NDArray[np.float64] = np.linalg.solve(directions, samples)
    return turned
