"""The uncertainty of a Vs30 as the weight of a label, and records whose station has moved since."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch

from quakesite.models.network import Input
from quakesite.stations.moved import records_before_move
from quakesite.stations.schema import STATIONS
from quakesite.tables import read_parquet, write_parquet
from quakesite.training.data import Part
from quakesite.training.label_weights import station_weights, window_weights
from quakesite.training.presets import fit_of
from quakesite.training.regression import Regression
from quakesite.training.settings import TrainingSettings
from quakesite.training.tally import Tally
from quakesite.training.train import build
from quakesite.training.trial import FILES
from quakesite.windows.dataset import WindowDataset

WEIGHTED = TrainingSettings(label_weights="inverse_variance", label_residual_ln=0.0)


@pytest.fixture
def stations(archive, tmp_path: Path) -> Any:
    """Writes the archive's stations once more, with changes by station; returns the path."""

    def write(**changes: dict[str, Any]) -> Path:
        rows = [
            row | changes.get(f"s{row['station']}", {})
            for row in read_parquet(archive.stations, STATIONS).to_pylist()
        ]
        path = tmp_path / "stations.parquet"
        write_parquet(pa.Table.from_pylist(rows, schema=STATIONS), path)
        return path

    return write


def test_weights_are_one_over_the_variance_of_label_and_residual(stations) -> None:
    path = stations(s0001={"vs30_sigma_ln": 0.1}, s0002={"vs30_sigma_ln": 0.2})
    assert station_weights(path, WEIGHTED) == {"0001": pytest.approx(100), "0002": pytest.approx(25)}
    with_residual = WEIGHTED.model_copy(update={"label_residual_ln": 0.3})
    assert station_weights(path, with_residual) == {
        "0001": pytest.approx(10),
        "0002": pytest.approx(1 / 0.13),
    }


def test_the_paper_s_preset_weighs_nothing_and_ours_does(stations) -> None:
    path = stations(s0001={"vs30_sigma_ln": 0.1})
    assert station_weights(path, TrainingSettings(preset="paper")) is None
    assert station_weights(path, TrainingSettings(preset="quakesite")) == {"0001": pytest.approx(10)}
    assert station_weights(path, TrainingSettings(preset="quakesite", label_weights="none")) is None


def test_window_weights_have_mean_one_and_the_unknown_count_one() -> None:
    weights = window_weights(["a", "a", "b", "c"], {"a": 100.0, "b": 25.0})
    assert weights is not None
    assert weights.tolist() == pytest.approx([100 / 75, 100 / 75, 25 / 75, 1.0])
    assert weights[:3].mean().item() == pytest.approx(1.0)


def test_labels_that_are_all_alike_are_not_weighted() -> None:
    assert window_weights(["a", "b"], {"a": 4.0, "b": 4.0}) is None
    assert window_weights(["a"], {"a": 4.0}) is None
    assert window_weights(["a", "b"], None) is None


def test_the_loss_is_the_weighted_mean_square_and_ones_change_nothing() -> None:
    settings = TrainingSettings(preset="quakesite", target="ln")
    vs30 = torch.tensor([200.0, 400.0, 800.0])
    predictor = build(settings, Input(3, 600, 100.0, 100), vs30, 0).eval()
    module = Regression(predictor, fit_of(settings), 0, "")
    windows = torch.randn(3, 3, 600, generator=torch.Generator().manual_seed(0))
    squares = (predictor.network(windows) - predictor.target.encode(vs30)).square().detach()
    weights = torch.tensor([2.0, 1.0, 0.0])
    weighted = module._step((windows, vs30, weights), Tally()).item()
    assert weighted == pytest.approx(((2 * squares[0] + squares[1]) / 3).item(), rel=1e-6)
    plain = module._step((windows, vs30), Tally()).item()
    assert plain == pytest.approx(module._step((windows, vs30, torch.ones(3)), Tally()).item(), rel=1e-6)
    assert plain != pytest.approx(weighted, rel=1e-3)


@pytest.mark.parametrize("memory_bytes", [0, 2**31])
def test_a_part_hands_out_weights_with_the_windows_they_belong_to(archive, memory_bytes: int) -> None:
    windows = WindowDataset(archive.windows["p15", "auto"])
    labels = torch.arange(len(windows)).float()
    rows = list(range(1, len(windows), 3))
    part = Part(windows, labels, rows, memory_bytes, weights=labels + 0.5)
    for batch in part.loader(4, seed=1, balanced=True):
        assert torch.equal(batch[1] + 0.5, batch[2])


def test_only_training_windows_are_weighted_and_by_their_station(archive, train_one, stations) -> None:
    path = stations(**{f"s{n:04d}": {"vs30_sigma_ln": 0.05 * n} for n in range(1, 11)})
    files = replace(archive.files("beta_auto_p15"), stations=path)
    trial = train_one(files=files, preset="quakesite", max_epochs=1)
    train = trial.parts["train"]
    assert trial.parts["validation"].weights is None
    assert trial.parts["test"].weights is None
    assert train.weights.mean().item() == pytest.approx(1.0, abs=1e-6)
    of_station = dict(zip(train.stations, train.weights.tolist(), strict=True))
    values = [of_station[name] for name in sorted(of_station)]
    assert values == sorted(values, reverse=True)
    assert len(set(values)) == len(values)


def test_weights_change_what_is_learned_but_not_with_the_paper_s_preset(
    archive, train_one, stations, tmp_path: Path
) -> None:
    path = stations(**{f"s{n:04d}": {"vs30_sigma_ln": 0.05 * n} for n in range(1, 11)})
    files = replace(archive.files("beta_auto_p15"), stations=path)
    for preset, same in (("paper", True), ("quakesite", False)):
        train_one(out=f"{preset} plain", preset=preset)
        train_one(out=f"{preset} weighted", preset=preset, files=files)
        plain, weighted = (
            (tmp_path / f"{preset} {name}" / FILES[2]).read_bytes() for name in ("plain", "weighted")
        )
        assert (plain == weighted) is same


def test_records_made_before_a_station_moved_have_no_label(archive, train_one, stations) -> None:
    trial = train_one(max_epochs=1)
    moved = [part.record_ids[0] for part in trial.parts.values()]
    path = stations(
        **{f"s{record[-4:]}": {"records_before_move": [record, "20010101000000_none"]} for record in moved}
    )
    assert records_before_move(path) == {*moved, "20010101000000_none"}
    files = replace(archive.files("beta_auto_p15"), stations=path)
    without = train_one(max_epochs=1, files=files, out="without")
    for name, part in without.parts.items():
        assert part.record_ids == [record for record in trial.parts[name].record_ids if record not in moved]
        assert len(part) == len(trial.parts[name]) - 1
    assert np.isfinite(without.predictions["test"].numpy()).all()
