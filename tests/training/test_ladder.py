"""The ladder: each rung is a claim about training that the next one rests on."""

from __future__ import annotations

import hashlib
import json
import math
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pytest
import torch

from quakesite.models.network import Input
from quakesite.models.target import Predictor
from quakesite.stations.schema import STATIONS
from quakesite.tables import read_parquet, write_parquet
from quakesite.training.augment import NAMES
from quakesite.training.experiments import EXPERIMENTS
from quakesite.training.fit import predict
from quakesite.training.presets import PRESETS
from quakesite.training.regression import Regression
from quakesite.training.schema import HISTORY, PREDICTIONS
from quakesite.training.settings import TrainingSettings
from quakesite.training.splits import read_split
from quakesite.training.train import build
from quakesite.training.trial import FILES
from quakesite.training.weights import load_trained


def a_batch(channels: int, n: int = 8) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    windows = torch.randn(n, channels, 1200, generator=generator) * 20
    return windows, torch.linspace(200, 900, n)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("channels", [3, 4])
def test_one_batch_runs(preset: str, channels: int) -> None:
    windows, vs30 = a_batch(channels)
    predictor = build(TrainingSettings(preset=preset), Input(channels, 1200, 100.0, 100), vs30, 0)
    output = predictor.network(windows)
    torch.nn.functional.mse_loss(output, predictor.target.encode(vs30)).backward()
    assert output.shape == vs30.shape
    assert all(parameter.grad is not None for parameter in predictor.parameters())


@pytest.mark.parametrize("preset", PRESETS)
def test_one_batch_overfits_to_near_zero(preset: str) -> None:
    windows, _ = a_batch(4, n=4)
    windows = windows[..., :600] * torch.linspace(0.05, 3, 4)[:, None, None]
    km_s = torch.linspace(0.5, 2, 4)
    settings = TrainingSettings(preset=preset)
    predictor = build(settings, Input(4, 600, 100.0, 100), km_s, 0).eval()
    optimiser = torch.optim.Adam(predictor.parameters(), lr=3e-3)
    for _ in range(120):
        optimiser.zero_grad()
        torch.nn.functional.mse_loss(predictor.network(windows), predictor.target.encode(km_s)).backward()
        optimiser.step()
    with torch.no_grad():
        error = (predictor(windows) - km_s).abs() / km_s
    assert error.max().item() < 0.03


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_every_experiment_takes_a_step(experiment: str, preset: str, archive, train_one, encoders) -> None:
    e = EXPERIMENTS[experiment]
    encoder = encoders(preset, 4 if e.ps_channel else 3) if e.transfer else None
    trial = train_one(experiment, encoder=encoder, preset=preset, max_epochs=1)
    assert not trial.missing
    assert trial.parts["test"].shape[0] == (4 if e.ps_channel else 3)
    untrained = build(
        trial.settings, Input(**trial.about["input"]), trial.parts["train"].labels, trial.seed
    ).state_dict()
    moved = [name for name, value in trial.weights.items() if not torch.equal(value, untrained[name])]
    assert any("encoder" in name for name in moved)
    assert any("encoder" not in name for name in moved)


@pytest.mark.parametrize("preset", PRESETS)
def test_the_same_seed_gives_the_same_bytes_and_another_trial_others(
    preset: str, train_one, tmp_path: Path
) -> None:
    for out in ("once", "again"):
        train_one(preset=preset, out=out)
    for name in FILES:
        assert (tmp_path / "once" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
    train_one(preset=preset, out="seed", seed=1)
    assert (tmp_path / "once" / FILES[2]).read_bytes() != (tmp_path / "seed" / FILES[2]).read_bytes()


@pytest.mark.parametrize("preset", PRESETS)
def test_evaluation_reproduces_the_validation_metric_of_training(preset: str, train_one, tmp_path) -> None:
    trial = train_one(preset=preset, max_epochs=4)
    table = read_parquet(tmp_path / "out" / FILES[0], PREDICTIONS)
    measured, predicted = (
        table.filter(pc.equal(table["split"], "validation"))[name].to_numpy()
        for name in ("vs30_m_s", "vs30_predicted_m_s")
    )
    best = trial.best_epoch - 1
    assert np.mean(np.abs(predicted - measured)) == pytest.approx(
        trial.history["validation_error_m_s"][best], rel=1e-7
    )
    assert trial.history["validation_loss"][best] == min(trial.history["validation_loss"])


def test_the_saved_weights_give_the_saved_predictions(train_one, tmp_path: Path) -> None:
    trial = train_one("alpha_auto_p15")
    loaded: Predictor = load_trained(tmp_path / "out" / FILES[2])
    torch.testing.assert_close(
        predict(loaded, trial.parts["test"]), trial.predictions["test"], rtol=0, atol=0
    )


def test_selection_never_looks_at_the_test_labels(archive, train_one, tmp_path: Path) -> None:
    tested = [name for name, split in read_split(archive.splits, 1).items() if split == "test"]
    table = read_parquet(archive.stations, STATIONS)
    rows = [
        row | ({"vs30_m_s": 9.0 * row["vs30_m_s"]} if row["station"] in tested else {})
        for row in table.to_pylist()
    ]
    write_parquet(pa.Table.from_pylist(rows, schema=STATIONS), tmp_path / "other.parquet")
    files = archive.files("beta_auto_p15")
    train_one(out="a", max_epochs=3)
    train_one(out="b", max_epochs=3, files=replace(files, stations=tmp_path / "other.parquet"))
    assert (tmp_path / "a" / FILES[2]).read_bytes() == (tmp_path / "b" / FILES[2]).read_bytes()
    assert (tmp_path / "a" / FILES[0]).read_bytes() != (tmp_path / "b" / FILES[0]).read_bytes()


KILLED = """
import os, signal, sys
from quakesite.cli import main
from quakesite.training.regression import Regression

step, (epoch, batch) = Regression.training_step, map(int, sys.argv.pop(1).split(","))

def killed(self, windows, index):
    loss = step(self, windows, index)
    if (len(self.history), index) == (epoch, batch):
        os.kill(os.getpid(), signal.SIGKILL)
    return loss

Regression.training_step = killed
main()
"""


@pytest.mark.parametrize("preset", PRESETS)
def test_killed_and_run_again_equals_straight_through(
    preset: str, archive, train_one, tmp_path: Path
) -> None:
    settings = {"preset": preset, "max_epochs": 6, "batch_size": 4, "patience": 99}
    if preset == "quakesite":
        settings |= {"augment": list(NAMES), "pool_records": 2, "target": "quantile"}
    train_one(out="straight", start_from_mean=False, **settings)
    files = archive.files("beta_auto_p15")
    epochs_done, batch = np.random.default_rng(len(preset)).integers(1, 5, 2)
    command = [sys.executable, "-c", KILLED, f"{epochs_done},{batch}"]
    command += ["training", "train", "beta_auto_p15", "--trial", "1"]
    command += ["--train-windows", *map(str, files.train_windows)]
    command += ["--test-windows", *map(str, files.test_windows)]
    command += ["--stations", str(files.stations), "--splits", str(files.splits)]
    command += ["--settings", json.dumps(settings), "--out-dir", str(tmp_path / "killed")]
    assert subprocess.run(command, env=os.environ | {"OMP_NUM_THREADS": "1"}).returncode == -signal.SIGKILL
    assert not (tmp_path / "killed" / FILES[0]).exists()
    checkpoint = tmp_path / "killed/checkpoint/last.ckpt"
    assert len(torch.load(checkpoint, weights_only=True)["quakesite"]["history"]) == epochs_done
    train_one(out="killed", start_from_mean=False, **settings)
    for name in FILES:
        assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "straight" / name).read_bytes()
    assert not checkpoint.exists()


NETWORK = """
from torch import nn
from quakesite.models.families import headed

def encode(windows, normalise):
    return nn.Sequential(nn.Conv1d(windows.channels, 4, 9, stride={stride}), nn.AdaptiveAvgPool1d(4)), 16

FAMILY = headed(encode, hidden=8, dropout=0.1)
"""


@pytest.mark.parametrize("changed", ["network", "marks"])
def test_a_checkpoint_of_another_network_file_or_of_other_marks_is_thrown_away(
    changed: str, archive, repicked, train_one, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = tmp_path / "mine.py"
    network.write_text(NETWORK.format(stride=8))
    files = archive.files("alpha_auto_p15")
    settings = {"preset": "quakesite", "network": str(network), "max_epochs": 3, "augment": []}
    begin = Regression._begin_epoch

    class Killed(Exception):
        pass

    def killed(self: Regression) -> None:
        begin(self)
        if len(self.history) == 1:
            raise Killed

    monkeypatch.setattr(Regression, "_begin_epoch", killed)
    with pytest.raises(Killed):
        train_one("alpha_auto_p15", files=files, **settings)
    assert (tmp_path / "out/checkpoint/last.ckpt").exists()
    monkeypatch.setattr(Regression, "_begin_epoch", begin)
    if changed == "network":
        network.write_text(NETWORK.format(stride=16))
    else:
        files = replace(files, train_windows=repicked, test_windows=repicked)
    for out in ("out", "straight"):
        train_one("alpha_auto_p15", files=files, out=out, **settings)
    for name in FILES:
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "straight" / name).read_bytes()
    told = json.loads((tmp_path / "out/trial.json").read_text())
    assert told["network_sha256"] == hashlib.sha256(network.read_bytes()).hexdigest()


def test_a_checkpoint_that_is_cut_off_starts_training_again(train_one, tmp_path: Path) -> None:
    train_one(out="straight", max_epochs=2)
    checkpoint = tmp_path / "cut/checkpoint/last.ckpt"
    checkpoint.parent.mkdir(parents=True)
    checkpoint.write_bytes(b"PK\x03\x04 the power went")
    train_one(out="cut", max_epochs=2)
    for name in FILES:
        assert (tmp_path / "cut" / name).read_bytes() == (tmp_path / "straight" / name).read_bytes()


def test_training_stops_when_validation_no_longer_gets_better(train_one) -> None:
    trial = train_one(preset="quakesite", max_epochs=400, patience=3, learning_rate=0.05)
    epochs = len(trial.history["epoch"])
    assert epochs < 400
    assert epochs - trial.best_epoch == 3


def test_the_history_is_one_row_per_epoch(train_one, tmp_path: Path) -> None:
    trial = train_one(max_epochs=3)
    history = pyarrow.csv.read_csv(tmp_path / "out" / FILES[1])
    assert history.column_names == HISTORY.names
    assert history["epoch"].to_pylist() == [1, 2, 3]
    assert all(math.isfinite(value) for name in HISTORY.names for value in history[name].to_pylist())
    assert history["train_loss"].to_pylist() == pytest.approx(trial.history["train_loss"])


def test_the_quakesite_preset_learns_what_the_windows_hold_of_unseen_stations(train_one) -> None:
    trials = [train_one(number=k, preset="quakesite", max_epochs=25, batch_size=8) for k in range(1, 6)]
    measured = np.concatenate([trial.parts["test"].labels.numpy() for trial in trials])
    predicted = np.concatenate([trial.predictions["test"].numpy() for trial in trials])
    error = np.mean(np.abs(predicted - measured) / measured)
    of_constants = [np.mean(np.abs(constant - measured) / measured) for constant in np.arange(200, 800)]
    assert error < 0.6 * min(of_constants)
    assert trials[0].summary()["collapsed"] is False
