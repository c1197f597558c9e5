"""The windows of the splits: held where they fit in memory, else read batch by batch."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from quakesite.training.data import Part, drawn, parts_of
from quakesite.training.experiments import EXPERIMENTS

VS30 = {f"{number:04d}": 300.0 + number for number in range(1, 11)}
SPLITS = {station: ("train", "validation", "test")[place % 3] for place, station in enumerate(VS30)}


def parts_within(archive: Any, memory_bytes: int) -> dict[str, Part]:
    shards = archive.windows["pga60", "auto"]
    return parts_of(EXPERIMENTS["beta_auto_pga"], shards, shards, SPLITS, VS30, memory_bytes=memory_bytes)


def test_only_parts_that_fit_are_held_and_all_give_the_same_batches(archive: Any) -> None:
    held, read = parts_within(archive, 10**9), parts_within(archive, 0)
    assert {name: (held[name].held, read[name].held) for name in held} == dict.fromkeys(held, (True, False))
    sizes = {name: len(part) for name, part in held.items()}
    largest = max(sizes.values())
    assert min(sizes.values()) < largest
    between = parts_within(archive, (largest - 1) * 4 * math.prod(held["train"].shape))
    assert {name: part.held for name, part in between.items()} == {
        name: size < largest for name, size in sizes.items()
    }
    for name in held:
        for one, other in zip(held[name].loader(5, seed=2), read[name].loader(5, seed=2), strict=True):
            assert all(torch.equal(*pair) for pair in zip(one, other, strict=True))


def test_part_that_is_not_held_keeps_no_window(archive: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    part = parts_within(archive, 0)["train"]
    sizes = []
    batch = part.windows.batch
    monkeypatch.setattr(part.windows, "batch", lambda rows: (sizes.append(len(rows)), batch(rows))[1])
    for _ in part.loader(4, seed=1):
        pass
    assert max(sizes) == 4
    assert sum(sizes) == len(part)


def test_fewer_train_stations_are_always_among_more(train_one) -> None:
    chosen = {}
    whole = train_one(max_epochs=1)
    for count in (1, 3, 5, 99):
        trial = train_one(max_epochs=1, train_stations=count)
        chosen[count] = set(trial.parts["train"].stations)
        assert len(chosen[count]) == min(count, whole.parts["train"].n_stations)
        for name in ("validation", "test"):
            assert trial.parts[name].record_ids == whole.parts[name].record_ids
    assert chosen[1] < chosen[3] < chosen[5] < chosen[99] == set(whole.parts["train"].stations)


def test_which_train_stations_are_drawn_is_told_by_seed_and_trial() -> None:
    stations = [f"{k:04d}" for k in range(40)]
    one, again = drawn(stations, 10, [0, 1]), drawn([*reversed(stations), *stations], 10, [0, 1])
    assert one == again
    assert len({frozenset(drawn(stations, 10, by)) for by in ([0, 1], [0, 2], [1, 1])}) == 3
