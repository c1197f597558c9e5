"""The flag on stations outside the data: rare on stations like the others, sure on those unlike them."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest

from quakesite.evaluation.schema import FEATURES
from quakesite.evaluation.support import (
    TABLE_FEATURES,
    WINDOW_FEATURES,
    Support,
    support_of,
    table_features,
    window_features,
)

RATE_HZ, LEVEL = 100.0, 0.05
N_SEEN, N_NEW = 80, 300


def records(random: np.random.Generator, n: int) -> np.ndarray:
    """Noise under an envelope, of many sizes, that rings at a frequency of its own; (n, 3, 2000)."""
    noise = np.fft.rfft(random.standard_normal((n, 3, 2000)), axis=2)
    frequency = np.maximum(np.fft.rfftfreq(2000, 1 / RATE_HZ), 0.05)
    ringing = np.log(frequency / np.exp(random.uniform(np.log(1), np.log(8), (n, 1, 1)))) ** 2
    noise[:, :2] *= 1 + 3 * np.exp(-ringing[:, 0:1] / 0.2)
    noise *= frequency / (1 + (frequency / 12) ** 2)
    envelope = np.exp(-np.arange(2000) / RATE_HZ / random.uniform(2, 6, (n, 1, 1)))
    return np.fft.irfft(noise, 2000, axis=2) * envelope * np.exp(random.normal(0, 1, (n, 1, 1)))


@pytest.fixture(scope="module")
def seen() -> Support:
    """The support of stations with one to three records each."""
    random = np.random.default_rng(0)
    names = [f"{place:03d}" for place in range(N_SEEN) for _ in range(place % 3 + 1)]
    features = window_features(records(random, len(names)), RATE_HZ)
    return support_of(features, names, set(names), WINDOW_FEATURES)


def flagged(seen: Support, motion: np.ndarray, level: float = LEVEL) -> float:
    """Returns the share of stations, one for each record, that are called outside."""
    names = [f"new{place}" for place in range(len(motion))]
    found = seen.p_values(window_features(motion, RATE_HZ), names, level)
    assert sorted(found) == sorted(names)
    return float(np.mean([p <= level for p in found.values()]))


@pytest.mark.parametrize("level", [0.05, 0.2])
def test_stations_like_the_others_are_flagged_about_as_often_as_the_level_says(seen, level: float) -> None:
    random = np.random.default_rng(1)
    names = [f"new{place}" for place in range(N_NEW) for _ in range(place % 3 + 1)]
    found = seen.p_values(window_features(records(random, len(names)), RATE_HZ), names, level)
    share = np.mean([p <= level for p in found.values()])
    assert level / 4 <= share <= level + 3 * np.sqrt(level * (1 - level) * (1 / N_NEW + 1 / N_SEEN))


@pytest.mark.parametrize(
    "shift",
    [
        lambda motion: motion / 981.0,
        lambda motion: motion * [[[1.0], [1.0], [0.01]]],
        lambda motion: np.cumsum(motion, axis=2),
        lambda motion: np.diff(motion, axis=2, append=0.0),
        lambda motion: np.random.default_rng(0).standard_normal(motion.shape),
    ],
    ids=["g instead of cm/s^2", "a dead vertical", "velocity", "a differentiated record", "white noise"],
)
def test_shifted_records_are_flagged(seen, shift) -> None:
    assert flagged(seen, shift(records(np.random.default_rng(2), 100))) > 0.95


def test_a_measured_station_is_judged_without_itself(seen) -> None:
    random = np.random.default_rng(0)
    names = [f"{place:03d}" for place in range(N_SEEN) for _ in range(place % 3 + 1)]
    features = window_features(records(random, len(names)), RATE_HZ)
    found = seen.p_values(features, names, LEVEL)
    assert sorted(found.values()) == pytest.approx(np.arange(1, N_SEEN + 1) / N_SEEN)
    others = support_of(features, names, set(names) - {"001"}, WINDOW_FEATURES)
    score = seen.scores["001"]
    assert others.p_values(features, names, LEVEL)["001"] == pytest.approx(
        (1 + sum(one >= score for one in others.scores.values())) / N_SEEN
    )


def test_too_few_stations_flag_nothing() -> None:
    names = [f"{place:03d}" for place in range(18)]
    features = window_features(records(np.random.default_rng(0), 18), RATE_HZ)
    assert support_of(features, names, set(names), WINDOW_FEATURES).p_values(features, names, LEVEL) == {}
    assert support_of(features, names, {"001"}, WINDOW_FEATURES).scores == {}


def test_the_support_comes_back_from_json(seen) -> None:
    again = Support.from_json(json.loads(json.dumps(seen.as_json())))
    features = window_features(records(np.random.default_rng(3), 20), RATE_HZ)
    names = [str(place) for place in range(20)]
    assert again.p_values(features, names, LEVEL) == seen.p_values(features, names, LEVEL)


def test_window_features_say_what_they_are_called() -> None:
    rng = np.random.default_rng(4)
    motion = rng.standard_normal((1, 3, 4000))
    [one] = window_features(motion, RATE_HZ)
    assert len(one) == len(WINDOW_FEATURES)
    assert one[0] == pytest.approx(np.log(np.sqrt((motion**2).sum(axis=1)).max()))
    assert one[1] == pytest.approx(np.log(0.9 * 40.0), abs=0.05)
    [louder] = window_features(7.0 * motion, RATE_HZ)
    assert louder - one == pytest.approx([np.log(7.0), *[0.0] * 17], abs=1e-9)
    [taller] = window_features(motion * [[[3.0], [3.0], [1.0]]], RATE_HZ)
    assert taller[10:] - one[10:] == pytest.approx([np.log(3.0)] * 8)


def test_what_a_table_does_not_know_counts_as_usual() -> None:
    random = np.random.default_rng(5)
    rows = [
        {
            "record_id": f"20200101000000_{place:03d}",
            "station": f"{place:03d}",
            "pga_cm_s2": float(np.exp(random.normal())),
            "sa_0_2_s_cm_s2": float(np.exp(random.normal())),
            "sa_1_0_s_cm_s2": float(np.exp(random.normal())),
            "ln_hv": random.normal(0, 0.3, 32).tolist() if place else [float("nan")] * 32,
        }
        for place in range(40)
    ]
    columns = {name: [row.get(name) for row in rows] for name in FEATURES.names}
    values = table_features(pa.table(columns, schema=FEATURES))
    names = [row["station"] for row in rows]
    found = support_of(values, names, set(names), TABLE_FEATURES).p_values(values, names, LEVEL)
    assert values.shape == (40, len(TABLE_FEATURES))
    assert found["000"] > LEVEL
