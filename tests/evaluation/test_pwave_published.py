"""Vs30 from the first P motion by published relations alone."""

from __future__ import annotations

import csv

import numpy as np
import pyarrow as pa
import pytest
from typer.testing import CliRunner

from quakesite.errors import InputError
from quakesite.evaluation.command import app
from quakesite.evaluation.features.pwave import FIRST_MOTION_S
from quakesite.evaluation.forest import all_predictions, none_because
from quakesite.evaluation.pwave_published import (
    ROCK_M_S,
    TOP_M,
    VS30_M_S,
    mean_velocity,
    published_vs30,
    velocity_parameters,
    vs30_of_surface_velocity,
)
from quakesite.evaluation.recovery import mean_velocity_of, recovery_rows
from quakesite.evaluation.schema import FEATURES
from quakesite.tables import write_parquet


def by_steps(vs30_m_s: float, time_s: float = np.inf, depth_m: float = np.inf) -> float:
    """Returns the mean velocity down to what S reaches first, a time or a depth, in steps of a centimetre."""
    top, k, n = (float(one[0]) for one in velocity_parameters(np.array([vs30_m_s])))
    depth = spent = 0.0
    while spent < time_s and depth < depth_m:
        below = max(depth + 0.005 - TOP_M, 0.0)
        spent += 0.01 / min(top * (1.0 + k * below) ** (1.0 / n), ROCK_M_S)
        depth += 0.01
    return depth / spent


@pytest.mark.parametrize("vs30_m_s", [175.0, 250.0, 400.0, 600.0, 760.0, 1000.0])
def test_the_depth_that_s_reaches_is_that_of_the_profile_run_through_in_steps(vs30_m_s: float) -> None:
    for time_s in (0.005, 0.1, 0.4):
        found = mean_velocity(np.array([vs30_m_s]), time_s)[0]
        assert found == pytest.approx(by_steps(vs30_m_s, time_s), rel=2e-3)


@pytest.mark.parametrize(("vs30_m_s", "within"), [(200.0, 0.09), (300.0, 0.02), (400.0, 0.01), (600.0, 0.02)])
def test_the_profile_of_a_vs30_has_that_vs30(vs30_m_s: float, within: float) -> None:
    assert by_steps(vs30_m_s, depth_m=30.0) == pytest.approx(vs30_m_s, rel=within)


def test_a_faster_surface_has_a_larger_vs30_and_the_ends_are_those_of_the_relation() -> None:
    velocity = mean_velocity(VS30_M_S, FIRST_MOTION_S)
    assert (np.diff(velocity) > 0.0).all()
    assert vs30_of_surface_velocity(velocity) == pytest.approx(VS30_M_S)
    assert vs30_of_surface_velocity([50.0, 5000.0]) == pytest.approx([173.1, 1000.0])
    assert np.isnan(vs30_of_surface_velocity(np.nan))


def features(velocities: dict[str, list[float | None]], curve: list[float]) -> pa.Table:
    """Features of one record per velocity."""
    rows = [
        dict.fromkeys(FEATURES.names)
        | {"record_id": f"{place}_{station}", "station": station, "surface_velocity_m_s": velocity}
        | {"pga_cm_s2": 1.0, "sa_0_2_s_cm_s2": 1.0, "sa_1_0_s_cm_s2": 1.0, "ln_hv": curve}
        for station, of_station in velocities.items()
        for place, velocity in enumerate(of_station)
    ]
    return pa.Table.from_pylist(rows, schema=FEATURES)


def test_a_station_is_predicted_from_the_geometric_mean_of_its_records_and_learns_nothing(vs30) -> None:
    table = features({"0101": [400.0, None, 900.0], "0102": [None], "9999": [600.0]}, [0.0] * 32)
    found = published_vs30(table)
    assert set(found) == {"0101", "9999"}
    assert found["0101"] == found["9999"] == pytest.approx(float(vs30_of_surface_velocity(600.0)))
    splits = {1: {"0101": "test"}, 2: {"0101": "train"}}
    rows = all_predictions("pwave_published", table, pa.table({}), splits, vs30, 0).to_pylist()
    assert {row["vs30_predicted_m_s"] for row in rows} == {found["0101"]}
    assert {(row["station"], row["trial"], row["split"]) for row in rows} == {
        ("0101", 1, "test"),
        ("0101", 2, "train"),
        ("9999", 1, "unmeasured"),
        ("9999", 2, "unmeasured"),
    }
    none = features({"0101": [None]}, [0.0] * 32)
    assert len(all_predictions("pwave_published", none, pa.table({}), splits, vs30, 0)) == 0
    assert "no record has a P pick" in none_because("pwave_published")


def test_the_mean_velocity_of_layers_is_theirs_until_the_time_is_over() -> None:
    layers = ([20.0, 30.0], [200.0, 300.0, 1000.0])
    assert mean_velocity_of(layers, 0.05) == pytest.approx(200.0)
    assert mean_velocity_of(layers, 0.2) == pytest.approx(250.0)
    assert mean_velocity_of(layers, 0.4) == pytest.approx((20.0 + 30.0 + 200.0) / 0.4)


def test_recovery_says_what_is_found_of_what_was_put_in(tmp_path) -> None:
    truth = tmp_path / "truth.csv"
    put_in = {"9001": 250.0, "9002": 400.0, "9003": 600.0}
    with truth.open("w", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(["station", "vs30_m_s", "f0_hz", "profile"])
        for name, value in put_in.items():
            writer.writerow([name, value, 2.0, f'{{"thickness_m": [], "vs_m_s": [{value}]}}'])
    peak_at_two = np.exp(-((np.log(np.geomspace(0.2, 20.0, 32)) - np.log(2.0)) ** 2) / 0.2).tolist()
    table = features({name: [2.0 * value, None] for name, value in put_in.items()}, peak_at_two)
    write_parquet(table, tmp_path / "f.parquet")
    peak, surface, against_vs30, _ = recovery_rows(table, truth)
    assert peak["within_10_pct"] == 3
    assert surface["median_ratio"] == against_vs30["median_ratio"] == pytest.approx(2.0)
    assert surface["correlation_ln"] == pytest.approx(1.0)
    assert against_vs30["within_25_pct"] == 0
    arguments = ["recovery", str(tmp_path / "f.parquet"), "--truth", str(truth)]
    said = CliRunner().invoke(app, [*arguments, "--out", str(tmp_path / "r.csv")], catch_exceptions=False)
    assert "| surface velocity from P | Vs30 | 3 | 2.00 | 0 | 0 | 0.00 | 1.00 |" in said.stdout
    assert (tmp_path / "r.csv").read_text().count("\n") == 5
    truth.write_text("station,vs30_m_s,f0_hz,profile\n9001,250,2,none\n9002,250,2,none\n9003,250,2,none\n")
    with pytest.raises(InputError, match="station 9001: no profile"):
        recovery_rows(table, truth)
    with pytest.raises(InputError, match="0 of the stations"):
        recovery_rows(table.slice(0, 0), truth)
