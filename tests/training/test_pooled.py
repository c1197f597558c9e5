"""Several records of a station that speak together in training."""

from __future__ import annotations

from collections import Counter
from itertools import groupby

import pytest
import torch

from quakesite.models.network import Input
from quakesite.training.batches import TrainingBatches
from quakesite.training.presets import fit_of
from quakesite.training.regression import Regression, pooled
from quakesite.training.settings import TrainingSettings
from quakesite.training.tally import Tally
from quakesite.training.train import build


def test_the_mean_is_over_the_windows_of_each_station_of_a_batch() -> None:
    stations = torch.tensor([7, 2, 7, 2, 2])
    output = torch.tensor([[1.0, 10], [2, 20], [3, 30], [4, 40], [6, 60]])
    labels, weights = torch.tensor([300.0, 500, 300, 500, 500]), torch.tensor([2.0, 1, 2, 1, 1])
    means = pooled(output, labels, weights, stations)
    expected = ([[4.0, 40], [2, 20]], [500.0, 300], [1.0, 2])
    for found, wanted in zip(means, expected, strict=True):
        assert found.tolist() == wanted


def test_the_loss_is_that_of_the_mean_output() -> None:
    settings = TrainingSettings(preset="quakesite", target="ln", pool_records=2)
    vs30 = torch.tensor([200.0, 200, 800, 800])
    predictor = build(settings, Input(3, 600, 100.0, 100), vs30, 0).eval()
    module = Regression(predictor, fit_of(settings), 0, "")
    windows = torch.randn(4, 3, 600, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        predictor.network.last.weight.mul_(100)
    output = predictor.network(windows).detach()
    means = output.reshape(2, 2).mean(dim=1)
    expected = (means - predictor.target.encode(vs30[::2])).square().mean()
    batch = (windows, vs30, torch.ones(4), torch.tensor([0, 0, 1, 1]))
    assert module._step(batch, Tally()).item() == pytest.approx(expected.item(), rel=1e-5)
    assert module._step(batch[:2], Tally()).item() != pytest.approx(expected.item(), rel=1e-3)


@pytest.mark.parametrize("balanced", [False, True])
def test_windows_of_a_station_stand_together_and_none_is_lost(balanced: bool) -> None:
    stations = [name for name, n in zip("abcdef", (12, 4, 8, 8, 4, 12), strict=True) for _ in range(n)]
    plain = TrainingBatches(stations, 8, seed=1, balanced=balanced)
    together = TrainingBatches(stations, 8, seed=1, balanced=balanced, run=4)
    orders = []
    for epoch in (0, 1):
        plain.set_epoch(epoch)
        together.set_epoch(epoch)
        assert Counter(together.order().tolist()) == Counter(plain.order().tolist())
        for batch in together:
            runs = [len(list(group)) for _, group in groupby(stations[index] for index in batch)]
            assert set(runs) <= {4, 8}
        orders.append(together.order().tolist())
    assert orders[0] != orders[1]


def test_a_pooled_training_runs_and_predicts_every_window_by_itself(train_one) -> None:
    trial = train_one(preset="quakesite", pool_records=4, max_epochs=2)
    assert len(trial.predictions["test"]) == len(trial.parts["test"])
    assert trial.predictions["test"].unique().numel() > trial.parts["test"].n_stations
    alone = train_one(preset="quakesite", max_epochs=2)
    assert not torch.equal(trial.predictions["test"], alone.predictions["test"])
