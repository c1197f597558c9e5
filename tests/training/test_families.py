"""Every network in place of the presets' own: from scratch, transferred, frozen, with every target."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest
import torch

from quakesite.models.families import FAMILIES
from quakesite.models.network import Input
from quakesite.models.target import TARGETS
from quakesite.tables import read_parquet
from quakesite.training.augment import NAMES
from quakesite.training.fit import predict
from quakesite.training.presets import Model, model_of
from quakesite.training.pretrain import pretrain
from quakesite.training.schema import TRIAL_PREDICTIONS
from quakesite.training.settings import Augmentation, Family, TargetName, TrainingSettings
from quakesite.training.trial import FILES
from quakesite.training.weights import load_trained, read_weights, transfer


def test_the_settings_know_all_there_is() -> None:
    assert set(get_args(Family)) == set(FAMILIES)
    assert set(get_args(TargetName)) == set(TARGETS)
    assert set(get_args(Augmentation)) == set(NAMES)


@pytest.mark.parametrize("family", FAMILIES)
def test_an_encoder_of_three_channels_serves_four_frozen_or_at_its_own_rate(
    family: str, archive, train_one, tmp_path: Path
) -> None:
    values: dict[str, Any] = {"preset": "quakesite", "network": family, "max_epochs": 1, "batch_size": 32}
    pretrained = tmp_path / "encoder"
    settings = TrainingSettings(**values)
    pretrain(1, 3, archive.windows["pga60", "auto"], archive.splits, settings, pretrained)
    trials = {
        rate: train_one("gamma_ps_auto", encoder=pretrained, encoder_channels=3, encoder_rate=rate, **values)
        for rate in (0.0, 0.1)
    }
    untrained, _ = model_of(settings).encoder(Input(**trials[0.0].about["input"]))
    assert transfer(untrained, pretrained, model_of(settings), channels=4)
    moved = {
        rate: [
            name
            for name, value in untrained.state_dict().items()
            if not torch.equal(trial.last[f"network.encoder.{name}"], value)
        ]
        for rate, trial in trials.items()
    }
    assert not moved[0.0]
    assert moved[0.1]
    assert trials[0.0].encoder == trials[0.1].encoder != "scratch"


@pytest.mark.parametrize("target", TARGETS)
def test_every_target_is_saved_with_what_it_needs_to_predict_again(
    target: str, train_one, tmp_path: Path
) -> None:
    trial = train_one(preset="quakesite", target=target, max_epochs=2)
    loaded = load_trained(tmp_path / "out" / FILES[2])
    assert torch.equal(predict(loaded, trial.parts["test"]), trial.predictions["test"])
    table = read_parquet(tmp_path / "out" / FILES[0], TRIAL_PREDICTIONS)
    low, high, median = (table[n].to_numpy() for n in ("vs30_low", "vs30_high", "vs30_predicted_m_s"))
    if target in ("gaussian", "quantile"):
        assert ((low < median) & (median < high)).all()
    else:
        assert (low != low).all()
        assert (high != high).all()


def test_last_weights_stand_beside_the_best(train_one, tmp_path: Path) -> None:
    trial = train_one(preset="quakesite", max_epochs=100, patience=3, learning_rate=0.05)
    assert trial.best_epoch < len(trial.history["epoch"])
    best, about = read_weights(tmp_path / "out" / FILES[2])
    last, same = read_weights(tmp_path / "out" / FILES[4])
    assert about == same
    assert best.keys() == last.keys()
    assert not all(torch.equal(best[name], last[name]) for name in best)


def test_a_header_of_before_networks_could_be_chosen_is_the_preset_s() -> None:
    assert Model.from_header({"preset": "paper"}) == Model("cnn_lstm", "m_s")
    assert Model.from_header({"preset": "quakesite"}) == model_of(TrainingSettings(preset="quakesite"))


def test_a_target_that_can_be_negative_is_not_cut_off_by_the_published_network() -> None:
    assert model_of(TrainingSettings(target="ln")).network == "cnn_lstm_linear"
    assert model_of(TrainingSettings(target="ln", network="cnn_lstm")).network == "cnn_lstm"
    assert model_of(TrainingSettings()).network == "cnn_lstm"
