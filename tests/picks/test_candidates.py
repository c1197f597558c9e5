"""From probabilities to picks."""

from __future__ import annotations

import numpy as np
import pytest

from quakesite.picks.candidates import Candidate, Clock, best_pair, candidates, settled

CLOCK = Clock(first_s=-15.0, rate_hz=100.0, duration_s=85.0)


def hump(*peaks: tuple[float, float]) -> np.ndarray:
    """Probabilities over the padded record that rise and fall within 0.2 s around each peak."""
    time = CLOCK.first_s + np.arange(10_500) / CLOCK.rate_hz
    curves = [height * np.clip(1 - np.abs(time - at) / 0.2, 0, 1) for at, height in peaks]
    return np.max([np.zeros_like(time), *curves], axis=0).astype(np.float32)


def times(found: list[Candidate]) -> list[float]:
    return [one.time_s for one in found]


def test_every_peak_above_the_threshold_is_found_with_its_height() -> None:
    found = candidates(hump((20.0, 0.9), (40.0, 0.2), (60.0, 0.5)), 0.3, CLOCK)
    assert times(found) == [20.0, 60.0]
    assert [one.probability for one in found] == pytest.approx([0.9, 0.5], abs=1e-6)


def test_peaks_in_the_padding_are_told_from_those_in_the_record() -> None:
    found = candidates(hump((-1.0, 0.9), (0.0, 0.9), (86.0, 0.9)), 0.3, CLOCK)
    assert [(one.time_s, CLOCK.holds(one.time_s)) for one in found] == [
        *((-1.0, False), (0.0, True), (86.0, False))
    ]


def test_time_that_was_not_predicted_is_no_peak() -> None:
    probability = hump((20.0, 0.9))
    probability[:500] = np.nan
    probability[-500:] = np.nan
    assert times(candidates(probability, 0.3, CLOCK)) == [20.0]


def test_candidate_settles_on_the_peak_of_the_mean_and_keeps_its_probability() -> None:
    assert settled([Candidate(20.0, 0.9)], hump((20.4, 0.1)), CLOCK) == [Candidate(20.4, 0.9)]


def test_candidate_does_not_settle_far_away() -> None:
    assert settled([Candidate(20.0, 0.9)], hump((21.5, 0.9)), CLOCK) == [Candidate(20.0, 0.9, settled=False)]


def test_candidate_without_reliable_windows_stays_and_says_so() -> None:
    nothing = np.full(10_500, np.nan, np.float32)
    assert settled([Candidate(20.0, 0.9)], nothing, CLOCK) == [Candidate(20.0, 0.9, settled=False)]


def test_candidate_never_settles_outside_the_record() -> None:
    moved = settled([Candidate(0.2, 0.9), Candidate(84.9, 0.9)], hump((-0.1, 0.9), (85.1, 0.9)), CLOCK)
    assert all(0 <= one.time_s <= CLOCK.duration_s for one in moved)


def test_of_candidates_that_settle_together_the_most_probable_is_kept() -> None:
    moved = settled(
        [Candidate(19.8, 0.4), Candidate(20.3, 0.8), Candidate(20.5, 0.5)], hump((20.0, 0.3)), CLOCK
    )
    assert moved == [Candidate(20.0, 0.8)]


def test_pair_with_the_largest_product_wins_over_single_maxima() -> None:
    p = [Candidate(10.0, 0.8), Candidate(50.0, 0.9)]
    s = [Candidate(20.0, 0.7), Candidate(60.0, 0.2)]
    assert best_pair(p, s) == (p[0], s[0])


def test_s_before_every_p_is_kept_only_where_none_follows() -> None:
    p, s = Candidate(30.0, 0.9), Candidate(20.0, 0.9)
    late = Candidate(40.0, 0.1)
    assert best_pair([p], [s]) == (p, s)
    assert best_pair([p], [s, late]) == (p, late)


def test_pair_that_fits_the_distance_comes_first() -> None:
    step, true_p, s = Candidate(1.7, 0.95), Candidate(12.0, 0.4), Candidate(20.0, 0.5)
    assert best_pair([step, true_p], [s]) == (step, s)
    assert best_pair([step, true_p], [s], (3.0, 11.0)) == (true_p, s)
    assert best_pair([step], [s], (3.0, 11.0)) == (step, s)


def test_single_phases_and_nothing_at_all() -> None:
    one = Candidate(10.0, 0.5)
    assert best_pair([one], []) == (one, None)
    assert best_pair([], [one]) == (None, one)
    assert best_pair([], []) == (None, None)
