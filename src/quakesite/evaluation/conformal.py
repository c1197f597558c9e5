"""How far a prediction may be off: the distribution, interval and class probabilities of an unseen station.

Everything is in ln Vs30. A *calibration station* is one whose Vs30 is known and that some members (the
trials' networks or forests) of a model have not learnt from; its residual is ln measured - ln predicted,
the prediction being the mean of those members. For a new station each calibration station says what Vs30
would be if the same members erred there by the same residual. The n values so found are the predictive
distribution.

The interval lies between two of them in order: at least floor((n + 1)(1 - coverage) / 2) values (or
infinity) stand on either side. With one member this is split conformal prediction (Lei et al. 2018, J. Am.
Stat. Assoc. 113, 1094-1111) with signed residuals, and covers an exchangeable station with at least the
probability asked for; with members of several folds it is CV+ (Barber et al. 2021, Ann. Stat. 49, 486-507;
their guarantee is 1 - 2 (1 - coverage), what is seen is about the coverage). The distribution itself is
that of cross-conformal predictive systems (Vovk et al. 2018, Proc. Mach. Learn. Res. 91, 37-51).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from quakesite.stations.schema import CLASSES, site_class

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Calibrator:
    """One calibration station.

    Attributes:
        station: its code.
        members: the members that have not learnt from it.
        residual: ln measured - ln predicted by them.
    """

    station: str
    members: frozenset[int]
    residual: float


def distribution(
    of_member: Mapping[int, float], calibrators: Sequence[Calibrator], *, without: str | None = None
) -> Floats:
    """Returns the predictive distribution of ln Vs30 as sorted values, one per calibration station.

    Args:
        of_member: ln Vs30 predicted by each member that may speak for the station; at least one.
        calibrators: the calibration stations.
        without: a station to leave out: the one predicted, whose own residual would give it away.
    """
    everybody = math.fsum(of_member.values()) / len(of_member)
    shared: dict[frozenset[int], float] = {}
    for members in {one.members for one in calibrators}:
        own = [of_member[member] for member in sorted(members) if member in of_member]
        shared[members] = math.fsum(own) / len(own) if own else everybody
    values = [shared[one.members] + one.residual for one in calibrators if one.station != without]
    return np.sort(np.array(values, dtype=np.float64))


def interval(values: Floats, coverage: float) -> tuple[float, float] | None:
    """Returns the ends, in ln units, of the interval that covers with probability `coverage`.

    None where there are too few values for it: 19 are needed for 0.9.

    Args:
        values: a `distribution`.
        coverage: e.g. 0.9.
    """
    beyond = math.floor((len(values) + 1) * (1.0 - coverage) / 2.0 + 1e-9)
    if beyond < 1:
        return None
    return float(values[beyond - 1]), float(values[len(values) - beyond])


def class_probabilities(values: Floats) -> dict[str, float]:
    """Returns the probability of each NEHRP class, A to E; their sum is 1.

    The share of the values in the class, with one more station spread evenly over the five classes, so that
    n stations never make a class impossible (Perks 1947, J. Inst. Actuar. 73, 285-334).

    Args:
        values: a `distribution`.
    """
    found = [site_class(value) for value in np.exp(values).tolist()]
    return {name: (found.count(name) + 1.0 / len(CLASSES)) / (len(found) + 1.0) for name in CLASSES}


def fewest_for(coverage: float) -> int:
    """Returns how many calibration stations an interval of this coverage needs."""
    return math.ceil(2.0 / (1.0 - coverage) - 1e-9) - 1


def calibrators_of(
    predicted: Mapping[str, Mapping[int, float]], vs30: Mapping[str, float]
) -> list[Calibrator]:
    """Returns the calibration stations, sorted: those of `predicted` whose Vs30 is known.

    Args:
        predicted: ln Vs30 by station and member, of members that have not learnt from the station.
        vs30: measured Vs30 in m/s by station.
    """
    return [
        Calibrator(
            name, frozenset(of_member), math.log(vs30[name]) - float(np.mean(list(of_member.values())))
        )
        for name, of_member in sorted(predicted.items())
        if name in vs30
    ]
