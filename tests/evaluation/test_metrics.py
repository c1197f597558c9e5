"""The figures' definitions, against values computed by hand or by brute force."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from quakesite.evaluation.audit import clipped, verdict
from quakesite.evaluation.metrics import (
    NOTHING,
    TestRows,
    best_constant,
    calibration,
    judge,
    mean_interval,
    percentage_error,
    sign_flip_p,
    skill_interval,
    within_trial_spread,
)

vs30_arrays = arrays(np.float64, st.integers(1, 40), elements=st.floats(100, 1600, allow_subnormal=False))


def rows(station: str, measured: list[float], predicted: list[float], constant: float = 400.0) -> TestRows:
    n = len(measured)
    return TestRows(
        record=np.array([f"r{place}" for place in range(n)]),
        station=np.array(list(station)),
        trial=np.ones(n, dtype=np.int64),
        measured=np.array(measured),
        predicted=np.array(predicted),
        constant=np.full(n, constant),
    )


@given(vs30_arrays)
def test_best_constant_beats_every_other_constant(measured: np.ndarray) -> None:
    best = percentage_error(np.full(len(measured), best_constant(measured)), measured).mean()
    others = percentage_error(np.linspace(100, 1600, 301)[:, None], measured[None, :]).mean(axis=1)
    assert best <= others.min() + 1e-9


def test_best_constant_of_nothing_is_nan() -> None:
    assert np.isnan(best_constant(np.empty(0)))


def test_record_and_station_weighting_differ_where_stations_have_unequal_numbers_of_records() -> None:
    figures = judge(
        rows("aaab", [400.0] * 4, [440.0, 440.0, 440.0, 600.0]), resamples=100, confidence=0.9, seed=0
    )
    assert figures.absolute_mean_error_pct == pytest.approx((10 + 10 + 10 + 50) / 4)
    assert figures.absolute_mean_error_station_pct == pytest.approx((10 + 50) / 2)
    assert (figures.n_stations, figures.n_records) == (2, 4)


def test_ln_figures_pool_a_station_by_the_geometric_mean() -> None:
    figures = judge(
        rows("aab", [300.0, 300.0, 600.0], [200.0, 450.0, 600.0]), resamples=100, confidence=0.9, seed=0
    )
    assert figures.rms_ln_vs30 == pytest.approx(0.0, abs=1e-12)
    assert figures.r2_ln_vs30 == pytest.approx(1.0)


def test_a_constant_has_no_skill_over_itself() -> None:
    figures = judge(rows("abc", [300.0, 400.0, 700.0], [400.0] * 3), resamples=100, confidence=0.9, seed=0)
    assert figures.skill == pytest.approx(0.0)
    assert (figures.skill_low, figures.skill_high) == pytest.approx((0.0, 0.0))


def test_negative_predictions_keep_the_logarithms_finite() -> None:
    figures = judge(
        rows("abc", [300.0, 400.0, 700.0], [-5.0, 400.0, 700.0]), resamples=100, confidence=0.9, seed=0
    )
    assert np.isfinite(figures.rms_ln_vs30)


def test_predictions_that_are_not_numbers_make_the_figures_nan() -> None:
    figures = judge(
        rows("abc", [300.0, 400.0, 700.0], [np.nan, 4.0, 7.0]), resamples=100, confidence=0.9, seed=0
    )
    assert np.isnan(
        [figures.absolute_mean_error_pct, figures.skill, figures.skill_low, figures.r2_ln_vs30]
    ).all()
    assert figures.collapsed is None


def test_no_rows_give_no_figures() -> None:
    empty = rows("abc", [300.0, 400.0, 700.0], [1.0, 2.0, 3.0]).where(np.zeros(3, dtype=bool))
    assert judge(empty, resamples=100, confidence=0.9, seed=0) is NOTHING
    assert NOTHING.collapsed is None


def test_spread_is_taken_within_trials() -> None:
    values, trial = np.array([450.0, 450.0, 500.0, 500.0]), np.array([1, 1, 2, 2])
    assert within_trial_spread(values, trial) == 0.0
    assert values.std() == 25.0


def test_skill_interval_covers_the_true_skill_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    error, constant = rng.gamma(2.0, 12.0, (300, 60)), rng.gamma(2.0, 16.0, (300, 60))
    hits = [
        low <= 1 - 12.0 / 16.0 <= high
        for one, other in zip(error, constant, strict=True)
        for low, high in [skill_interval(one, other, resamples=300, confidence=0.9, seed=1)]
    ]
    assert 0.85 <= np.mean(hits) <= 0.94


def test_predictions_that_no_logarithm_can_be_taken_of_are_counted_and_count_as_one_metre_per_second() -> (
    None
):
    figures = judge(
        rows("aabc", [400.0] * 4, [-30.0, 0.999, 0.0, 1.0]), resamples=100, confidence=0.9, seed=0
    )
    assert figures.n_clipped == 3
    assert figures.rms_ln_vs30 == pytest.approx(np.log(400.0))
    said = clipped("beta_auto_pga", figures)
    assert said is not None
    assert said.startswith(
        "beta_auto_pga: 3 of its test predictions are under 1 m/s; in the figures of ln Vs30"
    )
    usual = judge(rows("abc", [400.0] * 3, [300.0, np.nan, 500.0]), resamples=100, confidence=0.9, seed=0)
    assert usual.n_clipped == NOTHING.n_clipped == 0
    assert clipped("beta_auto_pga", usual) is None


def test_skill_interval_is_undefined_below_three_stations() -> None:
    assert np.isnan(skill_interval(np.ones(2), np.ones(2), resamples=100, confidence=0.9, seed=0)).all()


def test_without_a_constant_there_is_no_skill_but_an_error() -> None:
    figures = judge(
        rows("abc", [300.0, 400.0, 700.0], [330.0, 440.0, 770.0], constant=np.nan),
        resamples=100,
        confidence=0.9,
        seed=0,
    )
    assert figures.absolute_mean_error_pct == pytest.approx(10.0)
    assert np.isnan([figures.skill, figures.skill_low, figures.skill_high]).all()


def test_sign_flips_call_chance_chance_and_a_difference_a_difference() -> None:
    rng = np.random.default_rng(0)
    by_chance = [sign_flip_p(rng.normal(0.0, 1.0, 40), resamples=400, seed=1) for _ in range(300)]
    assert 0.02 <= np.mean(np.array(by_chance) < 0.05) <= 0.09
    assert sign_flip_p(rng.normal(1.0, 1.0, 40), resamples=400, seed=1) == pytest.approx(1 / 401)
    assert np.isnan(sign_flip_p(np.array([np.nan, 1.0]), resamples=400, seed=1))


def test_better_than_a_constant_needs_both_the_interval_and_the_test() -> None:
    rng = np.random.default_rng(3)
    measured = rng.uniform(200.0, 900.0, 60)
    rows_of = TestRows(
        record=np.arange(60).astype(str),
        station=np.arange(60).astype(str),
        trial=np.ones(60, dtype=np.int64),
        measured=measured,
        predicted=measured * rng.uniform(0.7, 1.3, 60),
        constant=np.full(60, best_constant(measured)),
    )
    figures = judge(rows_of, resamples=400, confidence=0.95, seed=0)
    assert verdict(figures) == "better than a constant"
    assert verdict(replace(figures, p_constant=0.07)) == "not told from a constant"
    assert verdict(replace(figures, skill_low=-0.01)) == "not told from a constant"


def test_the_interval_of_an_error_holds_the_true_one_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    hits = [
        low <= 1.0 <= high
        for low, high in (
            mean_interval(rng.exponential(1.0, 60), resamples=300, confidence=0.9, seed=1) for _ in range(300)
        )
    ]
    assert 0.83 <= np.mean(hits) <= 0.95
    assert np.isnan(mean_interval(np.array([1.0, 2.0]), resamples=100, confidence=0.9, seed=1)).all()


def test_calibration_finds_predictions_that_differ_too_much_and_too_little() -> None:
    rng = np.random.default_rng(0)
    measured = rng.normal(6.0, 0.4, 400)
    for stretch in (0.5, 1.0, 2.0):
        predicted = 6.1 + stretch * (measured - 6.0)
        slope, intercept, low, high = calibration(predicted, measured, resamples=200, confidence=0.95, seed=0)
        assert (slope, low, high) == pytest.approx((1.0 / stretch,) * 3)
        assert intercept == pytest.approx(6.0 - 6.1 / stretch)
    noisy = measured + rng.normal(0.0, 0.4, 400)
    slope, _, low, high = calibration(noisy, measured, resamples=500, confidence=0.95, seed=0)
    assert low < 0.5 < high
    assert low < slope < high < 0.7
    collapsed = 6.0 + 0.01 * (measured - 6.0)
    assert np.isnan(calibration(collapsed, measured, resamples=99, confidence=0.9, seed=0)).all()
