"""Precision, devices, Slurm and loggers: what Lightning is told, and what it does."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lightning as L
import numpy as np
import pytest
import torch
from lightning.fabric.plugins.environments.lightning import LightningEnvironment
from lightning.fabric.plugins.environments.slurm import SLURMEnvironment

from quakesite.errors import InputError
from quakesite.models.network import Input
from quakesite.training import fit as fitting
from quakesite.training.batches import TrainingBatches
from quakesite.training.presets import fit_of, model_of, resolved
from quakesite.training.settings import TrainingSettings
from quakesite.training.tally import Tally
from quakesite.training.train import build
from quakesite.training.trial import FILES


def told(**settings: object) -> dict[str, object]:
    return fitting.trainer_settings(fit_of(TrainingSettings(accelerator="cpu", **settings)))


def test_bf16_takes_steps_and_does_not_end_where_32_bits_do(train_one, tmp_path: Path) -> None:
    for precision in (32, "bf16-mixed"):
        trial = train_one(preset="quakesite", precision=precision, max_epochs=2, out=str(precision))
        assert np.isfinite(trial.history["train_loss"]).all()
        assert all(value.dtype == torch.float32 for value in trial.weights.values())
    one, other = ((tmp_path / name / FILES[2]).read_bytes() for name in ("32", "bf16-mixed"))
    assert one != other


def test_half_precision_on_a_cpu_is_one_clear_line() -> None:
    with pytest.raises(
        InputError, match=r"training\.precision: 16-mixed; expected 32 or bf16-mixed on a CPU"
    ):
        told(precision="16-mixed")


def test_one_device_unless_more_are_asked_for() -> None:
    assert (told()["devices"], told()["strategy"]) == (1, "auto")
    assert (told(devices="auto")["devices"], told(devices="auto")["strategy"]) == (1, "auto")
    assert (told(devices=2)["devices"], told(devices=2)["strategy"]) == (2, "ddp")


def test_slurm_is_not_asked_unless_it_may_requeue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    monkeypatch.setenv("SLURM_NTASKS", "1")
    monkeypatch.setenv("SLURM_PROCID", "0")
    (plain,), (requeue,) = told()["plugins"], told(requeue=True)["plugins"]
    assert isinstance(plain, LightningEnvironment)
    assert isinstance(requeue, SLURMEnvironment)
    assert requeue.auto_requeue


@pytest.fixture
def slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A Slurm job of one task, whose `scontrol` writes down what it is told."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "scontrol").write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/told\n')
    (folder / "scontrol").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    names = {"JOB_ID": "7", "JOB_NAME": "train", "NTASKS": "1", "PROCID": "0", "LOCALID": "0", "NODEID": "0"}
    for name, value in names.items():
        monkeypatch.setenv(f"SLURM_{name}", value)
    for name in ("ARRAY_JOB_ID", "NTASKS_PER_NODE", "NNODES"):
        monkeypatch.delenv(f"SLURM_{name}", raising=False)
    handler = signal.getsignal(signal.SIGUSR1)
    yield tmp_path / "told"
    signal.signal(signal.SIGUSR1, handler)


def test_a_job_that_slurm_warns_asks_to_be_queued_again_and_ends_as_if_it_had_not_been(
    train_one, slurm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"preset": "quakesite", "max_epochs": 3, "requeue": True, "augment": ["shift", "noise"]}
    train_one(out="straight", **settings)
    begin = fitting.Regression._begin_epoch

    class NodeTaken(Exception):
        pass

    def warned(self: fitting.Regression) -> None:
        begin(self)
        if len(self.history) == 1:
            handler = signal.getsignal(signal.SIGUSR1)
            assert callable(handler)
            handler(signal.SIGUSR1, None)
            raise NodeTaken

    monkeypatch.setattr(fitting.Regression, "_begin_epoch", warned)
    with pytest.raises(NodeTaken):
        train_one(out="requeued", **settings)
    assert slurm.read_text() == "requeue 7\n"
    assert list((tmp_path / "requeued/checkpoint").glob(fitting.REQUEUED))
    monkeypatch.setattr(fitting.Regression, "_begin_epoch", begin)
    train_one(out="requeued", **settings)
    for name in FILES:
        assert (tmp_path / "requeued" / name).read_bytes() == (tmp_path / "straight" / name).read_bytes()


def test_without_tensorboard_its_logger_is_one_clear_line(train_one, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*args: object, **kwargs: object) -> None:
        raise ModuleNotFoundError("Neither `tensorboard` nor `tensorboardX` is available.")

    monkeypatch.setattr(fitting, "TensorBoardLogger", missing)
    with pytest.raises(InputError, match="tensorboard is not installed; pip install tensorboard"):
        train_one(logger="tensorboard")


def test_the_logger_gets_every_row_of_the_history(train_one, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = []

    class Kept(L.pytorch.loggers.CSVLogger):
        def log_metrics(self, metrics: dict[str, float], step: int | None = None) -> None:
            rows.append((step, dict(metrics)))

    monkeypatch.setattr(fitting, "TensorBoardLogger", Kept)
    trial = train_one(logger="tensorboard", max_epochs=3)
    by_epoch = [(step, row) for step, row in rows if "train_error_pct" in row]
    assert [step for step, _ in by_epoch] == [1, 2, 3]
    assert [row["validation_loss"] for _, row in by_epoch] == trial.history["validation_loss"]


def test_processes_share_every_batch_and_see_all_of_it() -> None:
    stations = [f"{k % 7}" for k in range(50)]
    alone = TrainingBatches(stations, 8, seed=1, balanced=True)
    shares = [TrainingBatches(stations, 8, seed=1, balanced=True, place=lambda r=r: (r, 3)) for r in range(3)]
    for epoch in (0, 1):
        for batches in (alone, *shares):
            batches.set_epoch(epoch)
        for whole, *parts in zip(alone, *shares, strict=True):
            assert {index for part in parts for index in part} == set(whole)
            assert len({len(part) for part in parts}) == 1
            assert sum(map(len, parts)) - len(whole) < 3


def test_the_tally_of_all_processes_is_the_mean_over_all_windows() -> None:
    tallies = []
    for n, error in ((3, 1.0), (1, 5.0)):
        tally = Tally()
        tally.add(torch.tensor(error), (torch.full((n,), error), torch.full((n,), 2 * error)))
        tallies.append(tally)
    joined = tallies[0].summed(lambda sums: sums + torch.tensor([5.0, 5.0, 10.0, 1.0], dtype=torch.float64))
    assert joined.means("train") == {"train_loss": 2.0, "train_error_m_s": 2.0, "train_error_pct": 4.0}


def test_the_last_weights_predict_where_no_epoch_is_to_be_chosen(train_one) -> None:
    settings = {"preset": "quakesite", "max_epochs": 6, "patience": 1, "learning_rate": 0.05}
    trial = train_one(keep="last", schedule="cosine", **settings)
    assert trial.best_epoch == len(trial.history["epoch"]) == 6
    assert all(torch.equal(trial.weights[name], trial.last[name]) for name in trial.last)
    assert train_one(**settings | {"max_epochs": 100}).best_epoch < 100


def test_the_learning_rate_falls_as_told() -> None:
    vs30 = torch.linspace(200, 900, 4)
    for schedule, expected in (("step", [1.0, 1.0, 0.9]), ("cosine", [1.0, 0.5, 0.0])):
        settings = TrainingSettings(schedule=schedule, max_epochs=20, learning_rate=1.0)
        predictor = build(settings, Input(3, 600, 100.0, 100), vs30, 0)
        module = fitting.Regression(predictor, fit_of(settings), 0, "")
        (optimiser,), (falling,) = module.configure_optimizers()
        rates = []
        for epoch in range(21):
            if epoch in (0, 10, 20):
                rates.append(optimiser.param_groups[0]["lr"])
            optimiser.step()
            falling.step()
        assert rates == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("settings", "patience"),
    [
        ({}, 20),
        ({"schedule": "cosine"}, None),
        ({"preset": "quakesite"}, None),
        ({"preset": "quakesite", "schedule": "step"}, None),
        ({"preset": "quakesite", "patience": 7}, 7),
        ({"patience": 7, "schedule": "cosine"}, 7),
    ],
)
def test_a_cosine_is_cut_short_only_where_it_is_asked_for(
    settings: dict[str, Any], patience: int | None
) -> None:
    assert fit_of(TrainingSettings(**settings)).patience == patience


def test_without_patience_all_epochs_are_trained(train_one) -> None:
    settings = {"preset": "quakesite", "max_epochs": 12, "learning_rate": 0.05, "schedule": "step"}
    assert len(train_one(**settings).history["epoch"]) == 12
    assert len(train_one(patience=1, **settings | {"max_epochs": 100}).history["epoch"]) < 100


def test_the_preset_quakesite_is_the_recipe_that_docs_skill_tells_of() -> None:
    settings = TrainingSettings(preset="quakesite")
    model, fit = model_of(settings), fit_of(settings)
    assert (model.network, model.target) == ("spectral", "percent")
    assert (fit.learning_rate, fit.weight_decay, fit.batch_size) == (3e-3, 1e-2, 64)
    assert (fit.schedule, fit.keep, fit.balanced, fit.max_epochs) == ("cosine", "best", True, 100)
    assert resolved(settings)["label_weights"] == "inverse_variance"


def test_a_balanced_training_begins_at_the_best_constant_of_its_stations(archive, train_one) -> None:
    trial = train_one(preset="quakesite", max_epochs=1)
    train = trial.parts["train"]
    labels = train.station_labels
    assert sorted(labels.tolist()) == sorted({*train.labels.tolist()})
    assert len(labels) == train.n_stations < len(train)
    shares = (1 / labels.sort().values).cumsum(dim=0)
    constant = labels.sort().values[int((shares < 0.5 * shares[-1]).sum())]
    assert trial.last["target.mean"].exp().item() == pytest.approx(constant.item(), rel=1e-5)
    assert trial.last["target.std"].item() == pytest.approx(labels.log().std(correction=0).item(), rel=1e-5)
