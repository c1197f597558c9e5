"""What goes into a trial, and what comes out where data are missing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.csv
import pytest
import torch
from typer.testing import CliRunner

from quakesite.errors import InputError
from quakesite.tables import read_parquet, write_csv
from quakesite.training.command import app
from quakesite.training.data import Part
from quakesite.training.schema import HISTORY, PREDICTIONS, SPLITS
from quakesite.training.splits import make_splits, read_split
from quakesite.training.trial import FILES, collapsed
from quakesite.training.weights import load_trained, read_weights
from quakesite.windows.dataset import WindowDataset


def test_manual_experiments_train_on_auto_and_test_on_manual_windows(archive, train_one) -> None:
    auto = train_one("beta_auto_pga", max_epochs=1)
    manual = train_one("beta_man_pga", max_epochs=1)
    for name in ("train", "validation"):
        assert manual.parts[name].record_ids == auto.parts[name].record_ids
    tested = WindowDataset(archive.windows["pga60", "manual"]).table["record_id"].to_pylist()
    assert manual.parts["test"].record_ids == [r for r in auto.parts["test"].record_ids if r in tested]
    assert 0 < len(manual.parts["test"]) < len(auto.parts["test"])


def test_the_ps_channel_takes_only_windows_with_both_picks(train_one) -> None:
    with_ps = train_one("alpha_auto_pga", max_epochs=1)
    without = train_one("beta_auto_pga", max_epochs=1)
    for name, part in with_ps.parts.items():
        expected = [r for r in without.parts[name].record_ids if not r.startswith("20200101")]
        assert part.record_ids == expected
        assert len(expected) < len(without.parts[name].record_ids)


def test_predictions_carry_every_labelled_record_once(archive, train_one, tmp_path: Path) -> None:
    train_one()
    table = read_parquet(tmp_path / "out" / FILES[0], PREDICTIONS)
    records = WindowDataset(archive.windows["p15", "auto"]).table["record_id"].to_pylist()
    assert sorted(table["record_id"].to_pylist()) == records
    split = read_split(archive.splits, 1)
    assert all(split[row["station"]] == row["split"] for row in table.to_pylist())


@pytest.mark.parametrize(
    ("without", "experiment", "why"),
    [
        ("test_windows", "alpha_man_p15", "no manual windows with a P and an S pick at test stations"),
        ("train_windows", "beta_auto_p15", "no auto windows at training stations"),
    ],
)
def test_missing_data_give_empty_files_and_one_line_why(
    archive, train_one, tmp_path: Path, capsys, without: str, experiment: str, why: str
) -> None:
    trial = train_one(experiment, files=replace(archive.files(experiment), **{without: []}))
    assert why in trial.missing
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert why in lines[0]
    assert read_parquet(tmp_path / "out" / FILES[0], PREDICTIONS).num_rows == 0
    assert pyarrow.csv.read_csv(tmp_path / "out" / FILES[1]).num_rows == 0
    assert pyarrow.csv.read_csv(tmp_path / "out" / FILES[1]).column_names == HISTORY.names
    tensors, about = read_weights(tmp_path / "out" / FILES[2])
    assert (tensors, about["experiment"]) == ({}, experiment)
    assert json.loads((tmp_path / "out" / FILES[3]).read_text())["missing"] == trial.missing
    with pytest.raises(InputError, match="no weights"):
        load_trained(tmp_path / "out" / FILES[2])


def test_without_validation_stations_the_last_epoch_counts(archive, train_one, tmp_path: Path) -> None:
    rows = make_splits({"0001": 225.0, "0002": 300.0}, [1], 0).to_pylist()
    assert {row["split"] for row in rows} == {"train", "test"}
    write_csv(pyarrow.Table.from_pylist(rows, schema=SPLITS), tmp_path / "two.csv")
    files = replace(archive.files("beta_auto_p15"), splits=tmp_path / "two.csv")
    trial = train_one(files=files, max_epochs=3)
    assert trial.best_epoch == 3
    assert np.isnan(trial.history["validation_loss"]).all()
    assert len(trial.predictions["test"]) == 4


def test_collapse_is_told_from_the_spread_of_the_predictions() -> None:
    measured = np.array([200.0, 400.0, 800.0])
    assert collapsed(np.array([470.0, 470.1, 470.2]), measured) is True
    assert collapsed(np.array([440.0, 470.0, 500.0]), measured) is False
    assert collapsed(np.array([470.0]), np.array([500.0])) is None


def test_windows_read_batch_by_batch_are_those_held_in_memory(archive) -> None:
    windows = WindowDataset(archive.windows["p15", "auto"])
    labels = torch.arange(len(windows)).float()
    rows = list(range(1, len(windows), 3))
    held, read = Part(windows, labels, rows), Part(windows, labels, rows, memory_bytes=0)
    assert held.record_ids == read.record_ids
    for mine, other in zip(held.loader(4, seed=3), read.loader(4, seed=3), strict=True):
        assert torch.equal(mine[0], other[0])
        assert torch.equal(mine[1], other[1])


def test_commands_make_what_the_workflow_asks_for(archive, tmp_path: Path) -> None:
    runner = CliRunner()
    splits, encoder, out = tmp_path / "2.csv", tmp_path / "encoder.safetensors", tmp_path / "gamma"
    arguments = ["splits", str(archive.stations), "--trial", "2", "--seed", "0", "--out", str(splits)]
    assert runner.invoke(app, arguments, catch_exceptions=False).exit_code == 0
    assert read_split(splits, 2) == read_split(archive.splits, 2)
    windows = [str(path) for path in archive.windows["pga60", "auto"]]
    settings = ["--settings", '{"max_epochs": 1}']
    arguments = ["pretrain", "--trial", "2", "--channels", "4", "--windows", *windows]
    arguments += ["--splits", str(splits), *settings, "--out", str(encoder)]
    assert runner.invoke(app, arguments, catch_exceptions=False).exit_code == 0
    arguments = ["train", "gamma_ps_auto", "--trial", "2", *(f"--train-windows={path}" for path in windows)]
    arguments += [*(f"--test-windows={path}" for path in windows), "--stations", str(archive.stations)]
    arguments += ["--splits", str(splits), "--encoder", str(encoder), *settings, "--out-dir", str(out)]
    assert runner.invoke(app, arguments, catch_exceptions=False).exit_code == 0
    assert sorted(path.name for path in out.iterdir()) == sorted(FILES)


def test_all_configured_trials_are_dealt_at_once(archive, tmp_path: Path) -> None:
    arguments = ["splits", str(archive.stations), "--settings", '{"trials": 2}', "--out", str(tmp_path / "s")]
    assert CliRunner().invoke(app, arguments, catch_exceptions=False).exit_code == 0
    assert set(read_split(tmp_path / "s", 2)) == set(read_split(tmp_path / "s", 1))
    with pytest.raises(InputError, match="no trial 3"):
        read_split(tmp_path / "s", 3)


def test_unknown_experiments_and_a_forgotten_encoder_are_one_clear_line(archive) -> None:
    rest = ["--trial", "1", "--stations", str(archive.stations), "--splits", str(archive.splits)]
    for experiment, line in (("alpha", "one of alpha_auto_pga"), ("gamma_ps_auto", "--encoder: not given")):
        arguments = ["train", experiment, *rest, "--out-dir", "x"]
        with pytest.raises(InputError, match=line):
            CliRunner().invoke(app, arguments, catch_exceptions=False)
