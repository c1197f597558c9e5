"""Intervals and class probabilities: they cover what they promise, whatever the model is like."""

from __future__ import annotations

import numpy as np
import pytest

from quakesite.evaluation.conformal import (
    Calibrator,
    class_probabilities,
    distribution,
    fewest_for,
    interval,
)
from quakesite.stations.schema import CLASSES, site_class

REPEATS, N_STATIONS = 3000, 60


def skewed(random: np.random.Generator, n: int) -> np.ndarray:
    """Errors as no textbook has them: of one sign mostly, with a long tail on one side."""
    return 0.4 + 0.25 * random.gamma(1.5, size=n) - 0.3 * (random.random(n) < 0.2)


def alone(residuals: np.ndarray) -> list[Calibrator]:
    """Calibration stations of a model of one member."""
    return [Calibrator(f"{place:03d}", frozenset({1}), float(value)) for place, value in enumerate(residuals)]


@pytest.mark.parametrize("coverage", [0.6, 0.9])
def test_the_interval_of_one_model_covers_an_unseen_station_as_often_as_asked(coverage: float) -> None:
    random = np.random.default_rng(0)
    inside = 0
    for _ in range(REPEATS):
        errors = skewed(random, N_STATIONS + 1)
        ends = interval(distribution({1: 6.0}, alone(errors[1:])), coverage)
        inside += ends is not None and ends[0] <= 6.0 + errors[0] <= ends[1]
    error = 3.5 * np.sqrt(coverage * (1 - coverage) / REPEATS)
    assert coverage - error <= inside / REPEATS <= coverage + 2 / (N_STATIONS + 1) + error


def test_the_interval_of_five_folds_covers_stations_that_nobody_has_measured() -> None:
    """Each fold's model is the mean Vs30 of the neighbours it has seen: members differ, as networks do."""
    random = np.random.default_rng(1)
    covered = []
    for _ in range(30):
        x = random.uniform(0, 3, 140)
        ln_vs30 = 6.0 + 0.3 * np.sin(2 * x) + 0.2 * random.standard_t(4, 140)
        measured, new, fold = np.arange(80), np.arange(80, 140), np.arange(80) % 5
        near = np.exp(-(((x[:, None] - x[None, :80]) / 0.2) ** 2))
        predicted = np.stack(
            [(near * (fold != k)) @ ln_vs30[:80] / (near * (fold != k)).sum(axis=1) for k in range(5)]
        )
        known = [
            Calibrator(str(i), frozenset({int(fold[i])}), float(ln_vs30[i] - predicted[fold[i], i]))
            for i in measured
        ]
        for i in new:
            ends = interval(distribution(dict(enumerate(predicted[:, i])), known), 0.9)
            assert ends is not None
            covered.append(ends[0] <= ln_vs30[i] <= ends[1])
    assert 0.88 <= np.mean(covered) <= 0.94


def test_class_probabilities_come_true() -> None:
    random = np.random.default_rng(2)
    said, true = [], []
    for _ in range(1000):
        predicted = random.normal(np.log(300), 0.4)
        errors = skewed(random, N_STATIONS + 1)
        ln_vs30 = predicted + errors[0]
        values = distribution({1: predicted}, alone(errors[1:]))
        said.append([class_probabilities(values)[name] for name in CLASSES])
        true.append([site_class(np.exp(ln_vs30)) == name for name in CLASSES])
    probabilities, happened = np.array(said), np.array(true)
    assert np.allclose(probabilities.sum(axis=1), 1.0)
    assert np.abs(probabilities.mean(axis=0) - happened.mean(axis=0)).max() < 0.03
    likely = probabilities > 0.7
    assert happened[likely].mean() == pytest.approx(probabilities[likely].mean(), abs=0.04)


def test_no_class_is_impossible_after_few_stations() -> None:
    probabilities = class_probabilities(distribution({1: np.log(500)}, alone(np.zeros(9))))
    assert probabilities == pytest.approx({"A": 0.02, "B": 0.02, "C": 0.92, "D": 0.02, "E": 0.02})


def test_too_few_stations_for_the_coverage_give_no_interval() -> None:
    assert fewest_for(0.9) == 19
    values = np.linspace(-1, 1, 19)
    assert interval(values, 0.9) == (-1.0, 1.0)
    assert interval(values[1:], 0.9) is None
    assert interval(np.empty(0), 0.5) is None


def test_a_stations_own_residual_does_not_make_its_interval() -> None:
    known = alone(np.array([0.1, 0.2, 0.3]))
    assert distribution({1: 1.0}, known, without="001").tolist() == [1.1, 1.3]


def test_members_that_have_learnt_from_a_calibration_station_do_not_speak_beside_its_residual() -> None:
    known = [Calibrator("a", frozenset({1}), 0.0), Calibrator("b", frozenset({2, 3}), 0.0)]
    assert distribution({1: 5.0, 2: 6.0, 3: 7.0}, known).tolist() == [5.0, 6.5]
    assert distribution({3: 7.0}, known).tolist() == [7.0, 7.0]
