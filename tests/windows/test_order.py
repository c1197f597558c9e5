"""The order of reading: told by (seed, epoch) alone, resumable, fair to stations."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quakesite.windows.order import Batches, shuffled, station_balanced


@given(n=st.integers(0, 300), seed=st.integers(0, 2**32), epoch=st.integers(0, 1000))
def test_an_epoch_visits_every_window_once(n: int, seed: int, epoch: int) -> None:
    assert sorted(shuffled(n, seed, epoch).tolist()) == list(range(n))


def test_order_is_told_by_seed_and_epoch() -> None:
    first = shuffled(100, 1, 2)
    np.testing.assert_array_equal(first, shuffled(100, 1, 2))
    assert not np.array_equal(first, shuffled(100, 1, 3))
    assert not np.array_equal(first, shuffled(100, 2, 2))


@given(n=st.integers(0, 120), size=st.integers(1, 40), done=st.integers(0, 130), balanced=st.booleans())
def test_resuming_in_mid_epoch_equals_going_straight_on(n: int, size: int, done: int, balanced: bool) -> None:
    stations = [str(i % 7) for i in range(n)] if balanced else None
    straight = Batches(n, size, seed=4, stations=stations)
    straight.set_epoch(3)
    resumed = Batches(n, size, seed=4, stations=stations)
    resumed.resume(3, done)
    resumed.set_epoch(3)
    assert list(resumed) == list(straight)[done:]
    assert len(resumed) == len(list(resumed))
    for batches in (straight, resumed):
        batches.set_epoch(4)
    assert list(resumed) == list(straight)


def test_last_batch_can_be_left_out() -> None:
    assert [len(batch) for batch in Batches(10, 4)] == [4, 4, 2]
    assert [len(batch) for batch in Batches(10, 4, drop_last=True)] == [4, 4]


def test_without_shuffling_the_order_is_that_of_the_dataset() -> None:
    assert list(Batches(5, 2, shuffle=False)) == [[0, 1], [2, 3], [4]]


@given(st.lists(st.integers(0, 9), min_size=1, max_size=200), st.integers(0, 50))
def test_balanced_epoch_gives_every_station_the_same_share(stations: list[int], epoch: int) -> None:
    names = [f"{station:04d}" for station in stations]
    drawn = station_balanced(names, 0, epoch)
    assert len(drawn) == len(names)
    shares = Counter(names[i] for i in drawn)
    counts = [shares[name] for name in set(names)]
    assert max(counts) - min(counts) <= 1
    for name in set(names):
        repeats = [Counter(drawn.tolist())[i] for i in range(len(names)) if names[i] == name]
        assert max(repeats) - min(repeats) <= 1


def test_batches_of_a_balanced_epoch_are_the_balanced_order() -> None:
    stations = ["0001"] * 30 + ["0002"] * 3 + ["0003"] * 3
    batches = Batches(36, 5, seed=2, stations=stations)
    batches.set_epoch(7)
    drawn = [index for batch in batches for index in batch]
    assert drawn == station_balanced(stations, 2, 7).tolist()
    assert Counter(stations[index] for index in drawn) == dict.fromkeys(["0001", "0002", "0003"], 12)


def test_senseless_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="batch_size"):
        Batches(5, 0)
    with pytest.raises(ValueError, match="3 stations for 5"):
        Batches(5, 2, stations=["a", "b", "c"])
    with pytest.raises(ValueError, match="always shuffled"):
        Batches(1, 2, shuffle=False, stations=["a"])
    with pytest.raises(ValueError, match="batches_done"):
        Batches(5, 2).resume(0, -1)


def test_epoch_after_a_resumed_one_is_whole_again() -> None:
    batches = Batches(100, 16, seed=3)
    whole = list(batches)
    batches.resume(0, 4)
    assert list(batches) == whole[4:]
    assert len(batches) == 7
    assert list(batches) == whole
