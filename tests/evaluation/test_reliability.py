"""Class probabilities are held against what came true, by trials that had not seen the station."""

from __future__ import annotations

import csv
import math

import numpy as np
import pytest
from typer.testing import CliRunner

from quakesite.evaluation.command import app
from quakesite.evaluation.folds import read_folds
from quakesite.evaluation.product import said_by
from quakesite.evaluation.reliability import (
    ALL,
    COLUMNS,
    SKILL_COLUMNS,
    HeldOut,
    class_skill_row,
    held_out_probabilities,
    reliability_rows,
)
from quakesite.evaluation.settings import EvaluationSettings
from quakesite.stations.schema import CLASSES, site_class

NAME = "beta_auto_pga"
SETTINGS = EvaluationSettings(bootstrap=200)


@pytest.fixture
def held_out(predictions, vs30):
    """The probabilities of the model called `predict`."""

    def make(predict) -> HeldOut:
        one = said_by(NAME, read_folds(predictions(NAME, predict))[NAME], vs30, {})
        return held_out_probabilities(one.pooled, one.known, vs30)

    return make


def test_every_station_has_probabilities_and_one_class(held_out, models, vs30) -> None:
    found = held_out(models["useful"])
    assert len(found) == len(vs30)
    for rows in (found.predicted, found.climatology, found.happened):
        assert rows.shape == (len(vs30), len(CLASSES))
        assert rows.sum(axis=1) == pytest.approx(1.0)
    counts = {name: list(map(site_class, vs30.values())).count(name) for name in CLASSES}
    assert dict(zip(CLASSES, found.happened.sum(axis=0), strict=True)) == counts


def test_climatology_is_the_frequencies_among_the_stations_of_the_other_trials(
    predictions, models, held_out, vs30
) -> None:
    rows = read_folds(predictions(NAME, models["useful"]))[NAME].rows
    own = {trial: set(rows.station[rows.trial == trial].tolist()) for trial in range(1, 6)}
    found = held_out(models["useful"]).climatology
    for place, name in enumerate(sorted(vs30)):
        tested = next(stations for stations in own.values() if name in stations)
        others = [site_class(value) for station, value in vs30.items() if station not in tested]
        expected = [(others.count(one) + 0.2) / (len(others) + 1) for one in CLASSES]
        assert found[place] == pytest.approx(expected)


def test_a_perfect_model_scores_near_zero_and_a_constant_like_the_frequencies(held_out, models) -> None:
    perfect, constant, random = (
        class_skill_row(NAME, held_out(models[kind]), SETTINGS) for kind in ("perfect", "constant", "random")
    )
    assert perfect["brier"] < 0.01
    assert perfect["brier_skill_low"] > 0.9
    assert perfect["right_class"] == 1.0
    assert constant["brier_skill"] == pytest.approx(0.0, abs=0.05)
    assert random["brier_skill"] < 0.05
    assert constant["brier_climatology"] == perfect["brier_climatology"]


def test_a_model_that_is_sure_and_wrong_in_one_trial_is_worse_than_the_frequencies(held_out) -> None:
    def wrong(measured, seen, trial):
        return measured * (3.0 if trial == 3 else 1.0)

    found = held_out(wrong)
    assert class_skill_row(NAME, found, SETTINGS)["right_class"] < 0.9
    sure = next(row for row in reliability_rows(NAME, found) if row["probability_from"] == 0.9)
    assert sure["mean_probability"] > 0.9
    assert sure["frequency_high"] < 0.5


def test_the_brier_score_is_that_of_its_definition() -> None:
    predicted = np.array([[0.0, 0.2, 0.8, 0.0, 0.0], [0.0, 0.0, 0.5, 0.5, 0.0]])
    climatology = np.full((2, 5), 0.2)
    happened = np.array([[0.0, 0.0, 1.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0, 0.0]])
    row = class_skill_row(NAME, HeldOut(predicted, climatology, happened), SETTINGS)
    assert row["brier"] == pytest.approx((0.04 + 0.04 + 1.0 + 0.25 + 0.25) / 2)
    assert row["brier_climatology"] == pytest.approx(0.8)
    assert row["brier_skill"] == pytest.approx(1.0 - 0.79 / 0.8)
    assert row["right_class"] == 0.5
    assert math.isnan(row["brier_skill_low"])


def test_bins_count_every_station_once_per_class_and_classes_once_per_station() -> None:
    predicted = np.array([[0.1, 0.9, 0.0, 0.0, 0.0], [0.3, 0.0, 0.0, 0.0, 0.7], [0.0, 0.0, 1.0, 0.0, 0.0]])
    happened = np.eye(5)[[1, 4, 2]]
    rows = reliability_rows(NAME, HeldOut(predicted, predicted, happened))
    bins = {(row["probability_from"], row["n"], row["frequency"]) for row in rows if row["site_class"] == ALL}
    assert bins == {(0.0, 10, 0.0), (0.1, 1, 0.0), (0.3, 1, 0.0), (0.7, 1, 1.0), (0.9, 2, 1.0)}
    assert sum(row["n"] for row in rows if row["site_class"] == ALL) == 15
    of_class = {row["site_class"]: row for row in rows if row["site_class"] != ALL}
    assert list(of_class) == list(CLASSES)
    assert {row["n"] for row in of_class.values()} == {3}
    assert of_class["C"]["frequency"] == of_class["C"]["mean_probability"] == pytest.approx(1 / 3)
    assert of_class["A"]["frequency_low"] == 0.0 < of_class["A"]["frequency_high"]


def test_one_trial_alone_has_nobody_to_be_judged_by(predictions, models, vs30) -> None:
    one = said_by(NAME, read_folds(predictions(NAME, models["useful"], trials=1))[NAME], vs30, {})
    found = held_out_probabilities(one.pooled, one.known, vs30)
    assert len(found) == 0
    assert reliability_rows(NAME, found) == []
    row = class_skill_row(NAME, found, SETTINGS)
    assert row["n_stations"] == 0
    assert math.isnan(row["brier"])


def test_the_command_writes_both_tables_the_same_every_time(predictions, models, stations, tmp_path) -> None:
    paths = predictions(NAME, models["useful"]) + predictions("alpha_auto_pga", models["random"])
    for run in ("a", "b"):
        arguments = ["skill", *paths, "--stations", stations, "--settings", '{"bootstrap": 100}']
        arguments += ["--out", tmp_path / "s.csv", "--class-skill", tmp_path / f"skill-{run}.csv"]
        arguments += ["--class-reliability", tmp_path / f"bins-{run}.csv"]
        result = CliRunner().invoke(app, [str(word) for word in arguments], catch_exceptions=False)
        assert result.exit_code == 0
    for name, columns in (("skill", SKILL_COLUMNS), ("bins", COLUMNS)):
        with (tmp_path / f"{name}-a.csv").open() as handle:
            rows = list(csv.DictReader(handle))
        assert list(rows[0]) == list(columns)
        assert list(dict.fromkeys(row["model"] for row in rows)) == ["alpha_auto_pga", NAME]
        assert (tmp_path / f"{name}-a.csv").read_bytes() == (tmp_path / f"{name}-b.csv").read_bytes()
