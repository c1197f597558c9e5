"""Regions: clusters that are there are found, and errors are averaged where they belong."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from quakesite.errors import InputError
from quakesite.evaluation.command import app
from quakesite.evaluation.layout import read_csv
from quakesite.evaluation.regions import (
    clusters,
    criteria,
    ground_coordinates,
    kilometres,
    most_common,
    region_tables,
)

CENTRES = ((37.0, 28.0), (41.0, 28.8), (37.0, 34.0), (41.0, 34.8))


@pytest.fixture(autouse=True)
def few_references(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five references tell apart what these tests hold, in a quarter of the time."""
    monkeypatch.setattr("quakesite.evaluation.regions.REFERENCES", 5)


def predictions() -> list[dict[str, str]]:
    """Forty stations in each of four far-apart towns; town k errs by a factor of exp(0.1 k)."""
    rng = np.random.default_rng(0)
    rows = []
    for town, (latitude, longitude) in enumerate(CENTRES, 1):
        for place in range(40):
            error = 0.1 * town * (1 if town % 2 else (-1) ** place)
            rows.append(
                {
                    "station": f"{town}{place:02d}",
                    "latitude": str(latitude + rng.normal(0.0, 0.1)),
                    "longitude": str(longitude + rng.normal(0.0, 0.1)),
                    "vs30_measured": "400",
                    "vs30_predicted": str(400.0 * np.exp(error)),
                    "out_of_fold": "true",
                }
            )
    return rows


def coordinates(rows: list[dict[str, str]]) -> np.ndarray:
    return kilometres(*(np.array([float(row[name]) for row in rows]) for name in ("latitude", "longitude")))


def test_elbow_and_gap_statistic_find_the_four_towns() -> None:
    found = criteria(coordinates(predictions()), seed=0)
    assert (found.elbow, found.gap_choice) == (4, 4)
    assert (np.diff(found.inertia) < 0).all()


def test_points_without_structure_are_one_cluster_to_the_gap_statistic() -> None:
    points = np.random.default_rng(1).uniform(0.0, 500.0, (200, 2))
    assert criteria(points, seed=0).gap_choice == 1


def test_regions_are_numbered_from_west_to_east() -> None:
    region = clusters(coordinates(predictions()), 4, seed=5)
    assert region.tolist() == [town for town in range(1, 5) for _ in range(40)]


def test_signed_and_absolute_mean_log_ratio_per_region() -> None:
    regions, members, chosen = region_tables(predictions(), None, seed=0)
    assert len(members) == 160
    assert [row["n_stations"] for row in regions] == [40] * 4
    assert [row["mean_ln_ratio"] for row in regions] == pytest.approx([0.1, 0.0, 0.3, 0.0])
    assert [row["mean_absolute_ln_ratio"] for row in regions] == pytest.approx([0.1, 0.2, 0.3, 0.4])
    assert [row["std_ln_ratio"] for row in regions] == pytest.approx([0.0, 0.2, 0.0, 0.4], abs=1e-9)
    assert [row["clusters"] for row in chosen if row["used"]] == [4]


def test_kilometres_are_kilometres() -> None:
    east, north = np.ptp(kilometres(np.array([39.0, 39.0, 40.0]), np.array([32.0, 33.0, 32.5])), axis=0)
    assert north == pytest.approx(111.2, abs=0.1)
    assert east == pytest.approx(86.4, abs=1.0)


def test_kinds_of_ground_spread_as_far_as_asked_however_many_there_are() -> None:
    two = ground_coordinates(["Alluvium", "limestone"] * 20, 50.0)
    five = ground_coordinates([str(place % 5) for place in range(40)], 50.0)
    for axes in (two, five):
        assert np.sqrt((axes**2).sum(axis=1).mean()) == pytest.approx(50.0)
    assert ground_coordinates(["Alluvium", " ALLUVIUM", None], 50.0).shape == (3, 0)
    unknown = ground_coordinates(["a", "b", None, "a"], 50.0)[2]
    assert unknown.tolist() == [0.0, 0.0]


def test_geology_parts_stations_that_stand_together_and_its_weight_says_how_much() -> None:
    rows = predictions()
    ground = {row["station"]: ("rock" if int(row["station"]) % 2 else "fill", None) for row in rows}
    regions, members, _ = region_tables(rows, 2, 0, ground, 10.0)
    assert {row["geology"] for row in regions} == {"rock", "fill"}
    assert all(ground[row["station"]][0] == regions[int(row["region"]) - 1]["geology"] for row in members)
    without = region_tables(rows, 2, 0, ground, 0.0)
    assert without[1] == region_tables(rows, 2, 0)[1]
    assert {round(float(row["longitude"])) for row in without[0]} == {28, 34}


def test_a_region_is_named_after_the_ground_most_of_its_stations_stand_on() -> None:
    assert most_common(["b", None, "a", "b", "a"]) == "a"
    assert most_common([None]) == ""


def test_stations_seen_in_training_or_without_a_place_do_not_count() -> None:
    rows = predictions()
    rows[0]["out_of_fold"] = "false"
    rows[1]["latitude"] = ""
    rows[2]["vs30_measured"] = ""
    assert len(region_tables(rows, 4, seed=0)[1]) == 157
    assert region_tables([], None, seed=0) == ([], [], [])


def test_the_command_writes_three_tables_that_stay_the_same(tmp_path: Path) -> None:
    source = tmp_path / "predictions.csv"
    with source.open("w", newline="") as handle:
        writer = csv.DictWriter(handle, predictions()[0])
        writer.writeheader()
        writer.writerows(predictions())
    names = ("regions", "members", "criteria")
    for run in ("a", "b"):
        out, members, chosen = (str(tmp_path / f"{name}-{run}.csv") for name in names)
        arguments = ["regions", str(source), "--out", out, "--members", members, "--criteria", chosen]
        CliRunner().invoke(app, [*arguments, "--clusters", "3", "--settings", "{}"], catch_exceptions=False)
    assert len(read_csv(tmp_path / "regions-a.csv")) == 3
    for name in names:
        assert (tmp_path / f"{name}-a.csv").read_bytes() == (tmp_path / f"{name}-b.csv").read_bytes()


@pytest.mark.parametrize(
    ("column", "value", "line"),
    [
        ("latitude", "north", "latitude: 'north'; expected a number"),
        ("vs30_measured", "NaN", "vs30_measured: 'NaN'; expected a number"),
        ("vs30_predicted", "0.0", "vs30_predicted: 0; expected m/s above 0"),
    ],
)
def test_what_is_no_number_is_named(column: str, value: str, line: str) -> None:
    rows = predictions()
    rows[3][column] = value
    with pytest.raises(InputError, match=line):
        region_tables(rows, 4, seed=0)


def test_another_table_is_refused_and_one_without_places_says_why_nothing_comes_of_it(tmp_path: Path) -> None:
    source = tmp_path / "predictions.csv"
    names = ("out", "members", "criteria")
    arguments = ["regions", str(source), "--settings", "{}"]
    arguments += [word for name in names for word in (f"--{name}", str(tmp_path / f"{name}.csv"))]
    source.write_text("station,latitude\n0101,38.0\n")
    with pytest.raises(InputError, match=r"longitude, vs30_measured, .*: column missing"):
        CliRunner().invoke(app, arguments, catch_exceptions=False)
    rows = [row | {"latitude": ""} for row in predictions()]
    with source.open("w", newline="") as handle:
        writer = csv.DictWriter(handle, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    said = CliRunner().invoke(app, arguments, catch_exceptions=False).stderr
    assert f"none of {len(rows)} stations is measured, out of fold and located: empty tables" in said
    assert [len(read_csv(tmp_path / f"{name}.csv")) for name in names] == [0, 0, 0]
