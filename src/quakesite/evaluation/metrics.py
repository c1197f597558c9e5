"""Every figure the tables print, defined once.

All errors are absolute percentage errors, 100 |predicted - measured| / measured.

- *per record*: the mean over test records, as the paper's "absolute mean error" (its Table II). A station
  with many records counts many times.
- *per station*: the mean over a station's records first, then over stations. A station counts once.
- *constant*: what the best constant scores, per station, on the same test stations. It is fitted for each
  trial on that trial's train and validation stations only (`best_constant`).
- *skill*: 1 - per station / constant. 1 is perfect, 0 is no better than a constant.
- *p of the constant*: two-sided, that model and constant err alike (`sign_flip_p`, over stations).
- *ln Vs30*: a station's predictions are pooled over records and trials by their geometric mean; R^2 and the
  root mean square are of ln(pooled) - ln(measured) over stations, R^2 against the judged stations' mean.
  A prediction under 1 m/s, which a network may make, counts as 1 m/s there; `n_clipped` says how many do.
- *calibration*: slope and intercept of the straight line of ln measured on ln pooled over stations, by least
  squares. A slope under 1: the predictions differ more than they should; over 1: less.
- *spread*: standard deviation within trials, over test records. Trials that collapse to different constants
  have no spread. A model is `collapsed` when its spread is under 5 % of the spread of the labels.

Test rows of all trials are pooled. A record tested by two trials enters every mean twice, `n_records` once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Strings = npt.NDArray[np.str_]

COLLAPSE_RATIO = 0.05
FEWEST_STATIONS_FOR_AN_INTERVAL = 3
SLOWEST_M_S = 1.0
"""Networks may predict less, even below zero; in logarithms that counts as this."""


@dataclass(frozen=True, slots=True)
class TestRows:
    """Predictions of one model for test records, all trials pooled; every array has one value per row.

    Attributes:
        record, station: names.
        trial: trial number.
        measured, predicted: Vs30 in m/s.
        constant: the best constant of the row's trial, in m/s; NaN where there was nothing to fit it on.
    """

    __test__ = False  # not a pytest class

    record: Strings
    station: Strings
    trial: npt.NDArray[np.int64]
    measured: Floats
    predicted: Floats
    constant: Floats

    def __len__(self) -> int:
        return len(self.record)

    def where(self, mask: npt.NDArray[np.bool_]) -> TestRows:
        """Returns the rows where `mask` is true."""
        return TestRows(
            self.record[mask],
            self.station[mask],
            self.trial[mask],
            self.measured[mask],
            self.predicted[mask],
            self.constant[mask],
        )


@dataclass(frozen=True, slots=True)
class Figures:
    """What the tables print about one model on one set of stations; NaN where it is not defined."""

    n_stations: int
    n_records: int
    n_clipped: int
    """Test rows whose prediction is under `SLOWEST_M_S`, and counts as that in logarithms."""
    absolute_mean_error_pct: float
    absolute_mean_error_station_pct: float
    constant_error_pct: float
    skill: float
    skill_low: float
    skill_high: float
    r2_ln_vs30: float
    rms_ln_vs30: float
    spread_m_s: float
    vs30_spread_m_s: float
    p_constant: float
    predicted_ratio: float
    """Median of predicted over measured Vs30."""
    error_station_low: float
    error_station_high: float
    calibration_slope: float
    calibration_intercept: float
    calibration_slope_low: float
    calibration_slope_high: float

    @property
    def collapsed(self) -> bool | None:
        """Whether the predictions hardly differ from each other; None where the labels do not either."""
        if self.n_records == 0 or np.isnan(self.spread_m_s) or not self.vs30_spread_m_s > 0.0:
            return None
        return self.spread_m_s < COLLAPSE_RATIO * self.vs30_spread_m_s


NOTHING = Figures(0, 0, 0, *[float("nan")] * 18)
"""The figures of an experiment or a class without test records."""


def percentage_error(predicted: Floats, measured: Floats) -> Floats:
    """Returns 100 |predicted - measured| / measured, elementwise."""
    return 100.0 * np.abs(predicted - measured) / measured


def best_constant(measured: Floats) -> float:
    """Returns the constant, in m/s, with the smallest mean absolute percentage error over `measured`.

    sum |c - v| / v is smallest at the median of v weighted by 1 / v: one value per station goes in, so that
    stations count alike. NaN when there is none.
    """
    if len(measured) == 0:
        return float("nan")
    ordered = np.sort(measured)
    weights = np.cumsum(1.0 / ordered)
    return float(ordered[np.searchsorted(weights, weights[-1] / 2.0)])


def station_mean(values: Floats, station: Strings) -> Floats:
    """Returns the mean of `values` for each station, in the order of the stations' sorted names."""
    _, codes = np.unique(station, return_inverse=True)
    return np.bincount(codes, values) / np.bincount(codes)


def within_trial_spread(values: Floats, trial: npt.NDArray[np.int64]) -> float:
    """Returns the standard deviation of `values` about their trial's mean; NaN when there are none."""
    if len(values) == 0:
        return float("nan")
    _, codes = np.unique(trial, return_inverse=True)
    means = np.bincount(codes, values) / np.bincount(codes)
    return float(np.sqrt(np.mean((values - means[codes]) ** 2)))


def skill_interval(
    error: Floats, constant_error: Floats, *, resamples: int, confidence: float, seed: int
) -> tuple[float, float]:
    """Returns the percentile bootstrap interval of skill over stations (Efron and Tibshirani 1993, ch. 13).

    Args:
        error, constant_error: per station, in per cent; a resample takes both from the same stations.
        resamples: number of resamples of the stations.
        confidence: level of the interval, e.g. 0.95.
        seed: of the random numbers.

    Resamples in which the constant is right everywhere have no skill and are left out; with fewer than three
    stations, or errors that are not numbers, both ends are NaN.
    """
    n = len(error)
    defined = np.isfinite(error).all() and np.isfinite(constant_error).all() and constant_error.any()
    if n < FEWEST_STATIONS_FOR_AN_INTERVAL or not defined:
        return float("nan"), float("nan")
    counts = np.random.default_rng(seed).multinomial(n, np.full(n, 1.0 / n), size=resamples)
    with np.errstate(divide="ignore", invalid="ignore"):
        skills = 1.0 - (counts @ error) / (counts @ constant_error)
    tail = (1.0 - confidence) / 2.0
    low, high = np.quantile(skills[np.isfinite(skills)], [tail, 1.0 - tail])
    return float(low), float(high)


def mean_interval(values: Floats, *, resamples: int, confidence: float, seed: int) -> tuple[float, float]:
    """Returns the percentile bootstrap interval of the mean of `values`, one per station.

    With fewer than three stations, or values that are not numbers, both ends are NaN.
    """
    n = len(values)
    if n < FEWEST_STATIONS_FOR_AN_INTERVAL or not np.isfinite(values).all():
        return float("nan"), float("nan")
    counts = np.random.default_rng(seed).multinomial(n, np.full(n, 1.0 / n), size=resamples)
    tail = (1.0 - confidence) / 2.0
    low, high = np.quantile(counts @ values / n, [tail, 1.0 - tail])
    return float(low), float(high)


def calibration(
    predicted: Floats, measured: Floats, *, resamples: int, confidence: float, seed: int
) -> tuple[float, float, float, float]:
    """Returns slope and intercept of measured on predicted, and the slope's bootstrap interval.

    NaN with fewer than three stations, or where the predictions hardly differ (see `COLLAPSE_RATIO`).

    Args:
        predicted, measured: ln Vs30, one value per station.
        resamples, confidence, seed: as in `skill_interval`.
    """
    n = len(predicted)
    nothing = (float("nan"),) * 4
    if n < FEWEST_STATIONS_FOR_AN_INTERVAL or not np.isfinite(predicted).all():
        return nothing
    if not predicted.std() >= max(COLLAPSE_RATIO * measured.std(), 1e-9):
        return nothing
    x, y = predicted - predicted.mean(), measured - measured.mean()
    slope = float(x @ y / (x @ x))
    weights = np.random.default_rng(seed).multinomial(n, np.full(n, 1.0 / n), size=resamples) / n
    of_x, of_y = weights @ x, weights @ y
    with np.errstate(divide="ignore", invalid="ignore"):
        slopes = (weights @ (x * y) - of_x * of_y) / (weights @ (x * x) - of_x**2)
    tail = (1.0 - confidence) / 2.0
    low, high = np.quantile(slopes[np.isfinite(slopes)], [tail, 1.0 - tail])
    return slope, float(measured.mean() - slope * predicted.mean()), float(low), float(high)


def sign_flip_p(difference: Floats, *, resamples: int, seed: int) -> float:
    """Returns the two-sided p value of a mean difference of zero, by random sign flips of the pairs.

    Fisher's randomisation test of paired differences (Good 2005, section 3.2), with the observed one counted
    in, so that p is never 0. NaN where a difference is.
    """
    if np.isnan(difference).any():
        return float("nan")
    signs = np.random.default_rng(seed).integers(0, 2, size=(resamples, len(difference))) * 2.0 - 1.0
    flipped = np.abs(signs @ difference)
    observed = abs(float(difference.sum()))
    return (1.0 + int(np.sum(flipped >= observed * (1.0 - 1e-12)))) / (1.0 + resamples)


def pooled_ln(rows: TestRows) -> tuple[Floats, Floats]:
    """Returns (ln of the pooled prediction, ln of the measured Vs30), one value per station, by name."""
    predicted = np.log(np.maximum(rows.predicted, SLOWEST_M_S))
    return station_mean(predicted, rows.station), station_mean(np.log(rows.measured), rows.station)


def r2(predicted: Floats, measured: Floats) -> float:
    """Returns the coefficient of determination; NaN when the measured values do not differ."""
    variance = float(np.sum((measured - measured.mean()) ** 2)) if len(measured) else 0.0
    if len(measured) < 2 or variance <= 1e-12:
        return float("nan")
    return 1.0 - float(np.sum((predicted - measured) ** 2)) / variance


def judge(rows: TestRows, *, resamples: int, confidence: float, seed: int) -> Figures:
    """Returns every figure of this module for `rows`; `NOTHING` when there are none."""
    if len(rows) == 0:
        return NOTHING
    per_record = percentage_error(rows.predicted, rows.measured)
    error = station_mean(per_record, rows.station)
    constant_error = station_mean(percentage_error(rows.constant, rows.measured), rows.station)
    low, high = skill_interval(error, constant_error, resamples=resamples, confidence=confidence, seed=seed)
    mean_constant = float(constant_error.mean())
    predicted, measured = pooled_ln(rows)
    error_low, error_high = mean_interval(error, resamples=resamples, confidence=confidence, seed=seed)
    slope, intercept, slope_low, slope_high = calibration(
        predicted, measured, resamples=resamples, confidence=confidence, seed=seed
    )
    return Figures(
        n_stations=len(error),
        n_records=len(np.unique(rows.record)),
        absolute_mean_error_pct=float(per_record.mean()),
        absolute_mean_error_station_pct=float(error.mean()),
        constant_error_pct=mean_constant,
        skill=1.0 - float(error.mean()) / mean_constant if mean_constant else float("nan"),
        skill_low=low,
        skill_high=high,
        r2_ln_vs30=r2(predicted, measured),
        rms_ln_vs30=float(np.sqrt(np.mean((predicted - measured) ** 2))),
        spread_m_s=within_trial_spread(rows.predicted, rows.trial),
        vs30_spread_m_s=within_trial_spread(rows.measured, rows.trial),
        p_constant=sign_flip_p(error - constant_error, resamples=resamples, seed=seed),
        predicted_ratio=float(np.median(rows.predicted / rows.measured)),
        error_station_low=error_low,
        error_station_high=error_high,
        calibration_slope=slope,
        calibration_intercept=intercept,
        calibration_slope_low=slope_low,
        calibration_slope_high=slope_high,
        n_clipped=int(np.sum(rows.predicted < SLOWEST_M_S)),
    )
