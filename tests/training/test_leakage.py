"""A run in which anything leaks from one split to another does not go on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from quakesite.errors import InputError
from quakesite.training.pretrain import pretrain
from quakesite.training.settings import TrainingSettings


def test_one_waveform_under_two_stations_of_different_splits_fails_the_run(
    archive, train_one, write_again, tmp_path: Path
) -> None:
    shards = write_again(copy_first_of="test", to="train")
    files = replace(archive.files("beta_auto_p15"), train_windows=shards, test_windows=shards)
    with pytest.raises(InputError, match=r"leakage: the waveform of record .* is in test and in train"):
        train_one(files=files)
    assert not (tmp_path / "out/predictions.parquet").exists()


def test_one_waveform_twice_within_a_split_is_no_leakage(archive, train_one, write_again) -> None:
    shards = write_again(copy_first_of="train", to="train")
    files = replace(archive.files("beta_auto_p15"), train_windows=shards, test_windows=shards)
    assert not train_one(files=files, max_epochs=1).missing


def test_every_trial_keeps_its_stations_apart(train_one) -> None:
    for number in range(1, 6):
        splits = train_one(number=number, max_epochs=1, out=str(number)).summary()["splits"]
        stations = [name for split in splits.values() for name in split["stations"]]
        assert len(stations) == len(set(stations)) == 10


def test_a_copy_of_a_held_out_waveform_is_not_pretrained_on(archive, write_again, tmp_path: Path) -> None:
    settings = TrainingSettings(max_epochs=1)
    for split in ("test", "validation"):
        shards = write_again(copy_first_of=split, to="train", kind="pga60")
        with pytest.raises(InputError, match=r"waveform of record .* is in test or validation and in pretr"):
            pretrain(1, 3, shards, archive.splits, settings, tmp_path / "e")
        assert not (tmp_path / "e").exists()
    shards = write_again(copy_first_of="train", to="train", kind="pga60")
    pretrain(1, 3, shards, archive.splits, settings, tmp_path / "e")
    assert (tmp_path / "e").exists()
