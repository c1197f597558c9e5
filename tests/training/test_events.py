"""Splits by earthquake as well as by station."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from quakesite.errors import InputError
from quakesite.training.data import parts_of
from quakesite.training.events import earthquakes, event_splits, split_of
from quakesite.training.experiments import EXPERIMENTS
from quakesite.training.leakage import check_encoder, check_leakage
from quakesite.training.pretrain import pretrain
from quakesite.training.settings import TrainingSettings
from quakesite.training.splits import read_split
from quakesite.training.weights import read_weights

BY_EVENT = {"split_by": "station_and_event"}


def stamps(n: int) -> list[str]:
    return [f"2020{1 + k // 672:02d}{1 + k // 24 % 28:02d}{k % 24:02d}0000" for k in range(n)]


def test_stamps_seconds_apart_are_one_earthquake() -> None:
    ids = ["20200101000000", "20200101000002", "20200101000011", "20200101000022", "20200102000000", "odd"]
    named = earthquakes(ids)
    assert named == dict.fromkeys(ids[:3], ids[0]) | {ids[3]: ids[3], ids[4]: ids[4], "odd": "odd"}


def test_five_trials_test_every_earthquake_once_and_the_next_five_deal_anew() -> None:
    names = stamps(400)
    for first in (1, 6):
        tested = Counter(
            n for trial in range(first, first + 5) for n in names if split_of(n, trial, 0) == "test"
        )
        assert tested == dict.fromkeys(names, 1)
    shares = Counter(split_of(name, 2, 0) for name in names)
    assert 180 < shares["train"] < 300
    assert 40 < shares["validation"] < 120
    one, other = ([split_of(name, trial, 0) for name in names] for trial in (1, 6))
    assert one != other


def test_records_of_one_earthquake_are_dealt_alike_whatever_others_there_are() -> None:
    seconds = [f"20200101{minute}{second:02d}" for minute in ("1228", "1229", "1230") for second in range(60)]
    near = {f"202001011229{second:02d}" for second in range(20, 40)}
    lost = {trial: {event for event in seconds if split_of(event, trial, 0) is None} for trial in range(1, 6)}
    assert {frozenset(events) for events in lost.values()} == {frozenset(), frozenset(near)}
    for trial in range(1, 6):
        for one, other in itertools.pairwise(seconds):
            assert split_of(one, trial, 0) == split_of(other, trial, 0) or None in (
                split_of(one, trial, 0),
                split_of(other, trial, 0),
            )


def test_no_earthquake_is_in_two_splits_and_the_lost_windows_are_counted(
    archive, train_one, tmp_path: Path, capsys
) -> None:
    seed = a_seed_that_fills_all_splits(archive)
    trial = train_one(max_epochs=1, seed=seed, **BY_EVENT)
    whole = train_one(max_epochs=1, seed=seed, out="whole")
    seen: dict[str, str] = {}
    for name, part in trial.parts.items():
        assert all(seen.setdefault(event, name) == name for event in part.event_ids)
        assert len(part) + part.lost_to_events == len(whole.parts[name])
    lost = {name: part.lost_to_events for name, part in trial.parts.items()}
    assert min(lost.values()) > 0
    told = json.loads((tmp_path / "out/trial.json").read_text())
    assert {name: part["lost_to_events"] for name, part in told["splits"].items()} == lost
    assert f"{sum(lost.values())} of 40 windows left out, their earthquakes" in capsys.readouterr().err


def test_a_leaked_event_fails_the_run_only_where_asked(archive) -> None:
    shards = archive.windows["p15", "auto"]
    splits = read_split(archive.splits, 1)
    vs30 = dict.fromkeys(splits, 300.0)
    parts = parts_of(EXPERIMENTS["beta_auto_p15"], shards, shards, splits, vs30)
    check_leakage(parts)
    with pytest.raises(InputError, match=r"leakage: event 2020010\d000000 is in validation and in train"):
        check_leakage(parts, events=True)


def test_a_leaked_event_is_found_under_another_stamp(archive) -> None:
    shards = archive.windows["p15", "auto"]
    splits = read_split(archive.splits, 1)
    events = dict(
        zip(
            [f"2020010{k}000000" for k in (1, 2, 3, 4)], ["train", "train", "validation", "test"], strict=True
        )
    )
    parts = parts_of(
        EXPERIMENTS["beta_auto_p15"], shards, shards, splits, dict.fromkeys(splits, 300.0), events=events
    )
    check_leakage(parts, events=True)
    parts["test"].event_ids[0] = "20200101000003"
    with pytest.raises(
        InputError, match=r"event 20200101000003 is in test and in train \(there as 2020010100"
    ):
        check_leakage(parts, events=True)


def a_seed_that_fills_all_splits(archive: Any) -> int:
    """Returns a seed with which trial 1 has earthquakes in each of its splits; there are but four."""
    shards = [archive.windows["p15", "auto"]]
    return next(seed for seed in range(99) if len(set(event_splits(shards, 1, seed).values())) == 3)


def test_pretraining_sees_no_earthquake_of_test_or_validation(archive, tmp_path: Path) -> None:
    windows = archive.windows["pga60", "auto"]
    seed = a_seed_that_fills_all_splits(archive)
    settings = TrainingSettings(max_epochs=1, seed=seed, **BY_EVENT)
    pretrain(1, 3, windows, archive.splits, settings, tmp_path / "e")
    _, about = read_weights(tmp_path / "e")
    events = event_splits([windows], 1, seed)
    assert about["events"]
    assert {events[event] for event in about["events"]} == {"train"}


def test_an_encoder_that_has_seen_a_test_station_or_event_is_refused(archive, train_one, encoders) -> None:
    path = encoders("paper", 3)
    with pytest.raises(InputError, match=r"encoder was pretrained on station .*, which is in test"):
        train_one("gamma_none_auto", number=2, encoder=path)
    _, about = read_weights(path)
    parts = train_one("gamma_none_auto", encoder=path, max_epochs=1).parts
    check_encoder(about, parts)
    with pytest.raises(InputError, match="encoder was pretrained on event 2020010"):
        check_encoder(about, parts, events=True)
