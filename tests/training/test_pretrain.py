"""The encoder of the gamma experiments."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from quakesite.errors import InputError
from quakesite.tables import read_parquet, write_csv
from quakesite.training.data import epicentre_windows
from quakesite.training.pretrain import pretrain
from quakesite.training.settings import NOT_OF_PRETRAINING, TrainingSettings
from quakesite.training.splits import make_splits, read_split
from quakesite.training.weights import read_weights, write_weights
from quakesite.windows.schema import METADATA, WINDOWS

QUICK = TrainingSettings(max_epochs=2)


def test_offsets_point_to_the_epicentre(archive) -> None:
    windows, offsets = epicentre_windows(archive.windows["pga60", "auto"], 3, without=())
    rows = windows.table.to_pylist()
    known = [row["epicentral_distance_km"] is not None for row in rows]
    assert 0 < sum(known) < len(rows)
    assert np.isfinite(offsets).all(axis=1).tolist() == known
    for row, (east, north) in zip(rows, offsets, strict=True):
        if row["epicentral_distance_km"] is not None:
            assert np.hypot(east, north) == pytest.approx(row["epicentral_distance_km"], rel=1e-5)
            assert np.degrees(np.arctan2(east, north)) % 360 == pytest.approx(
                row["back_azimuth_deg"], abs=1e-3
            )


def test_nothing_of_a_test_or_validation_station_is_seen(archive, tmp_path: Path) -> None:
    split = read_split(archive.splits, 3)
    pretrain(3, 3, archive.windows["pga60", "auto"], archive.splits, QUICK, tmp_path / "e.safetensors")
    _, about = read_weights(tmp_path / "e.safetensors")
    taught = {*about["stations"], *about["validation_stations"]}
    assert taught == {name for name, part in split.items() if part == "train"}


def test_stations_without_a_vs30_teach_too(archive, tmp_path: Path) -> None:
    few = {"0001": 225.0, "0002": 300.0, "0003": 375.0, "0004": 450.0, "0005": 525.0}
    write_csv(make_splits(few, [1], 0), tmp_path / "splits.csv")
    windows = archive.windows["pga60", "auto"]
    pretrain(1, 4, windows, tmp_path / "splits.csv", QUICK, tmp_path / "e.safetensors")
    _, about = read_weights(tmp_path / "e.safetensors")
    taught = {*about["stations"], *about["validation_stations"]}
    stations = {
        name
        for path in windows
        for name in read_parquet(path, WINDOWS, columns=METADATA)["station"].to_pylist()
    }
    held_out = {name for name, part in read_split(tmp_path / "splits.csv", 1).items() if part != "train"}
    assert taught == stations - held_out
    assert len(taught) == 8


def test_the_same_seed_gives_the_same_encoder(archive, tmp_path: Path) -> None:
    for name in ("a", "b"):
        pretrain(1, 3, archive.windows["pga60", "auto"], archive.splits, QUICK, tmp_path / name / "e")
    assert (tmp_path / "a" / "e").read_bytes() == (tmp_path / "b" / "e").read_bytes()
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["e"]


def test_what_only_the_training_after_it_reads_changes_no_bit_of_an_encoder(archive, tmp_path: Path) -> None:
    otherwise = {
        "balanced": True,
        "pool_records": 2,
        "encoder_rate": 0.5,
        "encoder_channels": 3,
        "start_from_mean": True,
        "label_weights": "inverse_variance",
        "label_residual_ln": 0.7,
        "exclude_flags": {"*": ["s_before_p"]},
        "train_stations": 3,
    }
    assert otherwise.keys() == set(NOT_OF_PRETRAINING)
    assert all(getattr(QUICK, name) != value for name, value in otherwise.items())
    changed = TrainingSettings.model_validate(QUICK.model_dump() | otherwise)
    for name, settings in (("as_configured", QUICK), ("otherwise", changed)):
        pretrain(1, 3, archive.windows["pga60", "auto"], archive.splits, settings, tmp_path / name)
    assert read_weights(tmp_path / "otherwise")[0]
    assert (tmp_path / "otherwise").read_bytes() == (tmp_path / "as_configured").read_bytes()


def test_a_frozen_encoder_stays_as_it_was_pretrained(train_one, encoders) -> None:
    path = encoders("paper", 3)
    pretrained, _ = read_weights(path)
    for rate, same in ((0.0, True), (0.1, False)):
        trial = train_one("gamma_none_auto", encoder=path, encoder_rate=rate, out=str(rate))
        assert all(
            torch.equal(value, trial.weights[f"network.encoder.{name}"]) == same
            for name, value in pretrained.items()
            if name.endswith("bias")
        )
        assert trial.encoder not in (None, "scratch")


def test_without_windows_there_is_nothing_to_transfer_and_a_line_says_so(
    archive, train_one, tmp_path: Path, capsys
) -> None:
    path = tmp_path / "e.safetensors"
    pretrain(1, 4, [], archive.splits, QUICK, path)
    assert read_weights(path)[0] == {}
    assert "nothing to transfer" in capsys.readouterr().err
    assert train_one("gamma_ps_auto", encoder=path).encoder == "scratch"
    assert "starts from scratch" in capsys.readouterr().err


def test_an_encoder_of_another_preset_or_channels_is_refused(train_one, encoders) -> None:
    with pytest.raises(InputError, match="network: cnn_lstm; expected spectral"):
        train_one("gamma_none_auto", encoder=encoders("paper", 3), preset="quakesite")
    with pytest.raises(InputError, match="expected weights of this network"):
        train_one("gamma_ps_auto", encoder=encoders("paper", 3))


def test_an_encoder_that_does_not_say_what_it_saw_is_told_of(train_one, encoders, tmp_path, capsys) -> None:
    tensors, about = read_weights(encoders("paper", 3))
    untold = {name: value for name, value in about.items() if name in ("preset", "model", "input")}
    write_weights(tensors, untold, tmp_path / "e")
    train_one("gamma_none_auto", encoder=tmp_path / "e", max_epochs=1)
    assert "does not say what it was pretrained on" in capsys.readouterr().err


def test_weights_that_do_not_fit_are_one_line(train_one, encoders, tmp_path: Path) -> None:
    tensors, about = read_weights(encoders("paper", 3))
    write_weights(dict(list(tensors.items())[1:]), about, tmp_path / "e")
    with pytest.raises(InputError, match=r"Missing key.*; expected weights of this network; train") as raised:
        train_one("gamma_none_auto", encoder=tmp_path / "e")
    assert "\n" not in str(raised.value)
