"""Random draws that stay put: each thing has its own stream, so that adding one never changes another."""

from __future__ import annotations

import math
import zlib

import numpy as np

GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0


def stream(seed: int, what: str, *index: int) -> np.random.Generator:
    """Returns the random stream of one thing, e.g. `stream(seed, "record", station, event)`."""
    return np.random.default_rng([seed, zlib.crc32(what.encode()), *index])


def spread(seed: int, what: str, index: int) -> float:
    """Returns the `index`-th point in [0, 1) of a sequence that fills the interval evenly at any length.

    Golden-ratio additive recurrence: the shares of a distribution drawn through it come out right even for
    a handful of stations, and the first n points never depend on how many follow.
    """
    start = float(stream(seed, what).random())
    return (start + index * GOLDEN) % 1.0
