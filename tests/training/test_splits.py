"""Whole stations to train, validation and test."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quakesite.errors import InputError
from quakesite.stations.schema import site_class
from quakesite.tables import write_csv
from quakesite.training.schema import SPLITS
from quakesite.training.splits import make_splits, read_split

MANY = {f"{i:04d}": float(v) for i, v in enumerate(np.random.default_rng(0).uniform(140, 1100, 200))}


def by_trial(table: pa.Table) -> dict[int, dict[str, str]]:
    trials: dict[int, dict[str, str]] = {}
    for row in table.to_pylist():
        assert row["station"] not in trials.setdefault(row["trial"], {})
        trials[row["trial"]][row["station"]] = row["split"]
    return trials


def test_five_trials_test_every_station_once() -> None:
    trials = by_trial(make_splits(MANY, range(1, 6), 0))
    tested = Counter(name for split in trials.values() for name, part in split.items() if part == "test")
    assert tested == dict.fromkeys(MANY, 1)
    for split in trials.values():
        assert set(split) == set(MANY)
        assert Counter(split.values()) == {"test": 40, "train": 140, "validation": 20}


def test_every_split_has_its_share_of_each_site_class() -> None:
    for split in by_trial(make_splits(MANY, [1, 4], 0)).values():
        for part, share in (("test", 0.2), ("validation", 0.1)):
            for name in "BCD":
                of_class = [station for station, vs30 in MANY.items() if site_class(vs30) == name]
                n = sum(split[station] == part for station in of_class)
                assert n == pytest.approx(share * len(of_class), abs=2.1)


def test_further_trials_deal_anew_and_another_seed_deals_differently() -> None:
    trials = by_trial(make_splits(MANY, [1, 6], 0))
    assert trials[1] != trials[6]
    assert trials[1] != by_trial(make_splits(MANY, [1], 1))[1]


def test_a_trial_does_not_depend_on_how_many_there_are() -> None:
    assert by_trial(make_splits(MANY, [3], 0))[3] == by_trial(make_splits(MANY, range(1, 8), 0))[3]


def test_stations_without_records_do_not_unbalance_those_with() -> None:
    bare = sorted(MANY)[:150]
    for split in by_trial(make_splits(MANY, range(1, 6), 0, bare)).values():
        assert set(split) == set(MANY)
        assert sum(split[name] == "test" for name in set(MANY) - set(bare)) == 10


@given(st.integers(0, 12), st.integers(1, 12))
@settings(max_examples=60, deadline=None)
def test_few_stations_still_train_before_they_validate(n: int, trial: int) -> None:
    vs30 = {f"{i:04d}": 300.0 + i for i in range(n)}
    (split,) = by_trial(make_splits(vs30, [trial], 0)).values() or [{}] if n else [{}]
    parts = Counter(split.values())
    assert sum(parts.values()) == n
    if n - parts["test"] > 0:
        assert parts["train"] > 0
    if n - parts["test"] > 1:
        assert parts["validation"] > 0


def table(path: Path, rows: list[tuple[int, str, str]]) -> Path:
    write_csv(pa.table([list(c) for c in zip(*rows, strict=True)], schema=SPLITS), path)
    return path


def test_codes_keep_their_leading_zeros(tmp_path: Path) -> None:
    path = table(tmp_path / "s.csv", [(1, "0118", "train"), (1, "0119", "test")])
    assert read_split(path, 1) == {"0118": "train", "0119": "test"}


def test_a_station_in_two_splits_is_leakage(tmp_path: Path) -> None:
    path = table(tmp_path / "s.csv", [(1, "0118", "train"), (1, "0118", "test")])
    with pytest.raises(InputError, match="station 0118 is in train and in test of trial 1"):
        read_split(path, 1)


def test_wrong_tables_of_splits_are_refused(tmp_path: Path) -> None:
    path = table(tmp_path / "s.csv", [(1, "0118", "train"), (2, "0118", "testing")])
    with pytest.raises(InputError, match=r"no trial 3; expected one of 1, 2"):
        read_split(path, 3)
    with pytest.raises(InputError, match="'testing'; expected train, validation, test"):
        read_split(path, 2)
    path.write_text("station,split\n0118,train\n")
    with pytest.raises(InputError, match="expected trial, station, split"):
        read_split(path, 1)
    with pytest.raises(InputError, match=r"nowhere\.csv"):
        read_split(tmp_path / "nowhere.csv", 1)
