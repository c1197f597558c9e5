"""The collapse audit: one plain sentence on each model that should not be believed."""

from __future__ import annotations

from quakesite.evaluation.layout import p_text
from quakesite.evaluation.metrics import SLOWEST_M_S, Figures
from quakesite.training.experiments import EXPERIMENTS

SIGNIFICANCE = 0.05
"""A model is better than a constant when its skill's interval lies above zero and p is under this."""

TOO_GOOD_PCT = 1.0
"""Repeated measurements of one site's Vs30 differ by several per cent (Moss 2008, Soil Dyn. Earthq. Eng. 28,
233-241), so a smaller error than this on unseen stations points at a leak."""

NEAR_ZERO = 0.1
"""A collapsed model whose predictions are a smaller part of the measured Vs30 has not climbed from 0 m/s."""


def verdict(figures: Figures, n_leaked: int = 0) -> str:
    """Returns what a table says about a model in a word or two; `leaked` and `collapsed` come first."""
    if n_leaked:
        return "leaked"
    if figures.n_records == 0:
        return "no data"
    if figures.absolute_mean_error_station_pct != figures.absolute_mean_error_station_pct:
        return "diverged"
    if figures.collapsed:
        return "collapsed"
    if figures.absolute_mean_error_station_pct < TOO_GOOD_PCT:
        return "too good"
    if figures.skill != figures.skill:
        return "no constant"
    if figures.skill <= 0.0:
        return "no better than a constant"
    if not (figures.skill_low > 0.0 and figures.p_constant < SIGNIFICANCE):
        return "not told from a constant"
    return "better than a constant"


def interval(figures: Figures) -> str:
    """Returns the interval of the skill as people read it, or why there is none."""
    if figures.skill_low != figures.skill_low:
        return "too few stations for an interval"
    return f"{figures.skill_low:.2f} to {figures.skill_high:.2f}"


def sentence(name: str, figures: Figures, leaked: tuple[str, ...] = ()) -> str | None:
    """Returns the sentence about `name`, or None where there is nothing to warn of."""
    pair = (
        f"{figures.absolute_mean_error_station_pct:.1f} % per station, the best constant "
        f"{figures.constant_error_pct:.1f} %"
    )
    match verdict(figures, len(leaked)):
        case "leaked":
            some = ", ".join(leaked[:5]) + (", …" if len(leaked) > 5 else "")
            return (
                f"{name} leaks: {len(leaked)} stations stand in test and in train or validation of one trial "
                f"({some}); their test records are left out."
            )
        case "no data":
            return f"{name} has no test records{_why(name)}."
        case "diverged":
            return f"{name} has diverged: some of its predictions are not numbers."
        case "collapsed" if figures.predicted_ratio < NEAR_ZERO:
            return (
                f"{name} is still near 0 m/s, where the paper's preset starts: it was trained for too few "
                "steps (training.max_epochs, training.start_from_mean; or training.preset: quakesite)."
            )
        case "collapsed":
            return (
                f"{name} has collapsed: its predictions spread over {figures.spread_m_s:.1f} m/s, "
                f"the stations' Vs30 over {figures.vs30_spread_m_s:.0f} m/s."
            )
        case "too good":
            return f"{name} is too good to be true ({pair}): look for a leak."
        case "no constant":
            return f"{name} cannot be compared: there are no train stations to fit a constant on."
        case "no better than a constant":
            return f"{name} is no better than a constant: {pair}."
        case "not told from a constant":
            return (
                f"{name} cannot be told from a constant: {pair}, skill {figures.skill:.2f} "
                f"({interval(figures)}, {p_text(figures.p_constant, 2)})."
            )
    return None


def clipped(name: str, figures: Figures) -> str | None:
    """Returns the sentence on predictions that no logarithm can be taken of, or None without any."""
    if not figures.n_clipped:
        return None
    return (
        f"{name}: {figures.n_clipped} of its test predictions are under {SLOWEST_M_S:g} m/s; in the figures "
        f"of ln Vs30 (R², RMS, calibration) each counts as {SLOWEST_M_S:g} m/s."
    )


def _why(name: str) -> str:
    experiment = EXPERIMENTS.get(name)
    if experiment is None:
        return ""
    annotation = {"auto": "automatic", "manual": "manual"}[experiment.test_annotation]
    return (
        f": {annotation} picks gave no window {experiment.window} at a test station, or nothing to train on"
    )
