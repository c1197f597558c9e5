"""The shuffled control tells a model that lives on the P/S channel from one that does not look at it."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch
from rich.console import Console
from torch import Tensor
from typer.testing import CliRunner

from quakesite.evaluation import control
from quakesite.evaluation.command import app
from quakesite.evaluation.control import another_each, control_row, shuffled_predictions
from quakesite.evaluation.control_verdict import (
    BETTER,
    COLLAPSED,
    NO_DATA,
    NOT_TOLD,
    TOO_SMALL,
    WORSE,
    verdict,
)
from quakesite.evaluation.layout import write_csv
from quakesite.evaluation.saved import Member
from quakesite.evaluation.saved_network import SavedNetwork
from quakesite.evaluation.settings import EvaluationSettings
from quakesite.evaluation.summary import control_lines, show
from quakesite.training.schema import PREDICTIONS

SETTINGS = EvaluationSettings(bootstrap=300)
SAMPLES = 50


class Windows:
    """Two windows of each station: Z says Vs30 / 1000, and so does the length of the P/S channel."""

    def __init__(self, vs30: dict[str, float]) -> None:
        self.stations = [name for name in sorted(vs30) for _ in range(2)]
        self.record_ids = [f"{place % 2}_{name}" for place, name in enumerate(self.stations)]
        self.tensors = torch.zeros(len(self.stations), 4, SAMPLES)
        for place, name in enumerate(self.stations):
            self.tensors[place, 2] = vs30[name] / 1000.0
            self.tensors[place, 3, : round(vs30[name] * SAMPLES / 1500.0)] = 1.0

    def fetch(self, numbers: Sequence[int]) -> Tensor:
        return self.tensors[list(numbers)].clone()


def by_ps(windows: Tensor) -> Tensor:
    """A network that measures the P/S channel."""
    return windows[:, 3].sum(dim=1) * 1500.0 / SAMPLES


def by_z(windows: Tensor) -> Tensor:
    """A network that looks at Z alone."""
    return windows[:, 2].mean(dim=1) * 1000.0


@pytest.fixture
def shuffled(vs30, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[pa.Table, pa.Table]]:
    """A function that returns a network's predictions and those with shuffled channels."""
    windows = Windows(vs30)
    monkeypatch.setattr(control, "KeptWindows", lambda *_: windows)
    names = sorted(vs30)

    def make(network: Callable[[Tensor], Tensor], seed: int = 0) -> tuple[pa.Table, pa.Table]:
        members = [
            Member(
                trial,
                network,
                {"train": frozenset(names) - {*names[trial::2]}, "validation": frozenset()}
                | {"test": frozenset(names[trial::2])},
            )
            for trial in (0, 1)
        ]
        about = {
            "experiment": {"name": "alpha_auto_pga"},
            "excluded_flags": [],
            "input": {"channels": [0] * 4},
        }
        model = SavedNetwork(Path(), about, members)
        return model.table(windows.record_ids, windows.stations, windows.fetch), shuffled_predictions(
            model, [], vs30, (), seed
        )

    return make


def test_nobody_keeps_what_was_theirs_and_nothing_is_lost() -> None:
    for n in (2, 3, 50):
        items = list(range(100, 100 + n))
        other = another_each(items, seed=3)
        assert sorted(other) == items
        assert all(one != before for one, before in zip(other, items, strict=True))
    assert another_each(list(range(50)), 1) != another_each(list(range(50)), 2)


def test_a_network_that_lives_on_the_channel_loses_all_its_skill(shuffled) -> None:
    row = control_row("alpha_auto_pga", *shuffled(by_ps), SETTINGS)
    assert (row["n_stations"], row["n_records"]) == (100, 200)
    assert row["error_station_pct"] < 5.0
    assert row["shuffled_error_station_pct"] > 30.0
    assert row["change_pct"] == pytest.approx(row["shuffled_error_station_pct"] - row["error_station_pct"])
    assert row["change_low"] > 20.0
    assert row["p_change"] < 0.01
    assert row["prediction_change_pct"] > 10.0
    assert row["relative_change_pct"] == pytest.approx(100.0 * row["change_pct"] / row["error_station_pct"])
    assert (row["collapsed"], row["verdict"]) == (False, WORSE)


def test_a_network_that_does_not_look_at_it_changes_nothing(shuffled) -> None:
    row = control_row("alpha_auto_pga", *shuffled(by_z), SETTINGS)
    assert (row["change_pct"], row["change_low"], row["change_high"], row["p_change"]) == (0.0, 0.0, 0.0, 1.0)
    assert (row["relative_change_pct"], row["collapsed"], row["verdict"]) == (0.0, False, TOO_SMALL)


def collapsed(windows: Tensor) -> Tensor:
    """A network that has collapsed, and yet takes a hair more off the longer the P/S channel is."""
    return 900.0 - windows[:, 3].sum(dim=1) * 0.01


def test_a_collapsed_model_says_nothing_of_the_channel_however_small_its_p(shuffled) -> None:
    row = control_row("alpha_auto_pga", *shuffled(collapsed), SETTINGS)
    assert row["collapsed"]
    assert row["verdict"] == COLLAPSED
    assert abs(row["relative_change_pct"]) < 1.0


def row_with(**values: object) -> dict:
    """A row of `control.csv` of a model that is clearly worse with another record's channel."""
    return {
        **{"change_pct": 2.0, "change_low": 1.0, "change_high": 3.0, "p_change": 0.001},
        **{"relative_change_pct": 6.0, "collapsed": False},
        **values,
    }


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, WORSE),
        ({"change_pct": -2.0, "change_low": -3.0, "change_high": -1.0, "relative_change_pct": -6.0}, BETTER),
        ({"p_change": 0.2}, NOT_TOLD),
        ({"change_low": -0.1}, NOT_TOLD),
        ({"change_low": float("nan"), "change_high": float("nan")}, NOT_TOLD),
        ({"change_pct": 1e-4, "change_low": 1e-5, "relative_change_pct": 3e-4}, TOO_SMALL),
        ({"collapsed": True}, COLLAPSED),
        ({"collapsed": None}, WORSE),
        ({"change_pct": float("nan")}, NO_DATA),
    ],
)
def test_a_verdict_asks_for_an_effect_that_matters_beside_its_p(values, expected: str) -> None:
    assert verdict(row_with(**values)) == expected


def test_predictions_below_zero_have_a_median_change_all_the_same(shuffled) -> None:
    row = control_row("alpha_auto_pga", *shuffled(lambda windows: 0.0 * windows[:, 2, 0]), SETTINGS)
    assert row["prediction_change_pct"] == 0.0


def test_the_same_seed_shuffles_alike_and_only_test_windows_are_judged(shuffled) -> None:
    before, one = shuffled(by_ps)
    again, other = shuffled(by_ps)[1], shuffled(by_ps, seed=1)[1]
    assert one.equals(again)
    assert not one.equals(other)
    assert set(one["split"].to_pylist()) == {"test"}
    assert one.schema.equals(PREDICTIONS)
    tested = {(row["trial"], row["station"]) for row in before.to_pylist() if row["split"] == "test"}
    assert {(row["trial"], row["station"]) for row in one.to_pylist()} == tested


def test_records_that_were_not_predicted_before_are_an_error(shuffled) -> None:
    before, after = shuffled(by_z)
    with pytest.raises(RuntimeError, match="200 records shuffled, 199 of them predicted before"):
        control_row("alpha_auto_pga", before.slice(1), after, SETTINGS)
    row = control_row("alpha_auto_pga", before, after.slice(0, 0), SETTINGS)
    assert row["n_records"] == 0
    assert np.isnan(row["change_pct"])
    assert row["verdict"] == NO_DATA
    assert set(row) == set(control.COLUMNS)


def test_an_untrained_model_has_no_row(stations: Path, tmp_path: Path) -> None:
    folder, out = tmp_path / "alpha_man_pga", tmp_path / "control.csv"
    folder.mkdir()
    (folder / "model.json").write_text(
        json.dumps({"format": "quakesite-model-1", "members": [], "missing": "no windows"})
    )
    arguments = ["control", str(folder), "--stations", str(stations), "--out", str(out), "--settings", "{}"]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert "alpha_man_pga: never trained" in result.stderr
    assert out.read_text().splitlines() == [",".join(control.COLUMNS)]


def test_the_summary_says_what_the_channel_is_worth(shuffled, predictions, models, tmp_path: Path) -> None:
    row = control_row("alpha_auto_pga", *shuffled(by_ps), SETTINGS)
    with (tmp_path / "control.csv").open("w", newline="") as handle:
        writer = csv.DictWriter(handle, control.COLUMNS)
        writer.writeheader()
        writer.writerow(row)
    [line] = control_lines(tmp_path, ["alpha_auto_pga"])
    assert line.startswith("control: alpha_auto_pga with the P/S channels of other records: error ")
    assert f"instead of {row['error_station_pct']:.1f} % (+{row['change_pct']:.1f}, p 0.003)" in line
    assert (
        control_lines(tmp_path, ["beta_auto_pga"]) == control_lines(tmp_path / "y", ["alpha_auto_pga"]) == []
    )
    for values, expected in (
        ({"verdict": COLLAPSED}, "(+0.0, the model has collapsed, so this says nothing of the channel)"),
        ({"verdict": TOO_SMALL}, "(+0.0, too little to matter)"),
        ({"verdict": NOT_TOLD, "p_change": 0.0004998}, "(+0.0, p < 0.001)"),
    ):
        write_csv([row | {"change_pct": 1e-4} | values], control.COLUMNS, tmp_path / "x" / "control.csv")
        assert expected in control_lines(tmp_path / "x", ["alpha_auto_pga"])[0]
    predictions("alpha_auto_pga", models["useful"])
    for terminal in (False, True):
        console = Console(record=True, width=300, force_terminal=terminal, file=(tmp_path / "z").open("w"))
        show(tmp_path, 2, SETTINGS, console)
        assert line in console.export_text()
