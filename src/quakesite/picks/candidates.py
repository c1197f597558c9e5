"""From probabilities to picks: every onset above its threshold, its time, and the pair that is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

SETTLING_S = 0.75
"""Farthest that a settled time may be from the peak it belongs to."""

FAINTEST = 0.02
"""Mean probability below which there is nothing to time an arrival by."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A possible arrival: seconds from the record's first sample, and its probability.

    `settled` is false where no window could be relied on for its time.
    """

    time_s: float
    probability: float
    settled: bool = True


@dataclass(frozen=True, slots=True)
class Clock:
    """Times of the rows of an annotation: the first row's, the rate, and the record's last sample's."""

    first_s: float
    rate_hz: float
    duration_s: float

    def time_s(self, row: int) -> float:
        """Returns the time of `row` from the record's first sample."""
        return round(self.first_s + row / self.rate_hz, 6)

    def holds(self, time_s: float) -> bool:
        """Returns whether a time lies in the record, rather than in its padding."""
        return 0 <= time_s <= self.duration_s

    def row(self, time_s: float) -> int:
        """Returns the row nearest to a time."""
        return round((time_s - self.first_s) * self.rate_hz)


def candidates(probability: npt.NDArray[np.float32], threshold: float, clock: Clock) -> list[Candidate]:
    """Returns the peaks of `probability` that reach `threshold`, in order of time.

    A peak is the largest value from where the probability reaches the threshold until it falls below half
    of it, as in SeisBench's `picks_from_annotations`. Peaks in the padding of the record are among them.

    Args:
        probability: shape (n,), NaN where nothing was predicted.
        threshold: smallest probability.
        clock: times of its rows.
    """
    from obspy.signal.trigger import trigger_onset

    found: list[Candidate] = []
    for start, end in trigger_onset(probability, threshold, threshold / 2):
        peak = int(start + np.nanargmax(probability[start : end + 1]))
        found.append(Candidate(clock.time_s(peak), round(float(probability[peak]), 6)))
    return found


def settled(found: Sequence[Candidate], mean: npt.NDArray[np.float32], clock: Clock) -> list[Candidate]:
    """Returns the candidates at the times where `mean` peaks near them, with the probabilities they had.

    Of candidates that settle on the same time the most probable is kept. One near which `mean` shows
    nothing stays where it was, and says so.

    Args:
        found: the candidates.
        mean: shape (n,), mean probability over the windows whose times can be relied on, NaN where none.
        clock: times of its rows.
    """
    first, last = clock.row(0.0), clock.row(clock.duration_s)
    reach = round(SETTLING_S * clock.rate_hz)
    by_time: dict[float, Candidate] = {}
    for one in found:
        row = clock.row(one.time_s)
        start = max(row - reach, first)
        near = np.nan_to_num(mean[start : min(row + reach, last) + 1])
        peak = int(np.argmax(near))
        if near[peak] < FAINTEST:
            moved = Candidate(one.time_s, one.probability, settled=False)
        else:
            moved = Candidate(clock.time_s(start + peak), one.probability)
        same = by_time.get(moved.time_s)
        if same is None or same.probability < moved.probability:
            by_time[moved.time_s] = moved
    return [by_time[time] for time in sorted(by_time)]


def best_pair(
    p: Sequence[Candidate], s: Sequence[Candidate], sp_s: tuple[float, float] | None = None
) -> tuple[Candidate | None, Candidate | None]:
    """Returns the P and the S that belong together best.

    Of all pairs with S after P, the one with the largest product of probabilities; so a second earthquake
    in the record, or S taken for P, does not tear P and S apart. Pairs whose S-P fits the distance come
    before all others. Where no S follows a P, the most probable pick of each phase (`flags` then says
    `s_before_p`). Ties go to the earlier pick.

    Args:
        p: candidates for P.
        s: candidates for S.
        sp_s: the smallest and largest plausible S-P time, where the distance is known.
    """
    pairs = [(a, b) for a in p for b in s if b.time_s > a.time_s]
    if sp_s is not None:
        pairs = [(a, b) for a, b in pairs if sp_s[0] <= b.time_s - a.time_s <= sp_s[1]] or pairs
    if pairs:
        return max(pairs, key=lambda pair: (pair[0].probability * pair[1].probability, -pair[0].time_s))
    return _most_probable(p), _most_probable(s)


def _most_probable(found: Sequence[Candidate]) -> Candidate | None:
    return max(found, key=lambda one: (one.probability, -one.time_s), default=None)
