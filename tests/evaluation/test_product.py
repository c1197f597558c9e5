"""`predictions.csv`: the right model, honest intervals, out of fold where it says so."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from typer.testing import CliRunner

from quakesite.errors import InputError
from quakesite.evaluation.command import app
from quakesite.evaluation.folds import read_folds
from quakesite.evaluation.product import best_by_validation, conformal_half_width, product_rows
from quakesite.stations.schema import STATIONS
from quakesite.tables import read_parquet


@pytest.fixture
def product(predictions, models, stations):
    """The rows made from the model called `kind`, by station."""

    def make(kind: str, coverage: float = 0.9, **options) -> dict[str, dict]:
        folds = read_folds(predictions("beta_auto_pga", models[kind], **options))["beta_auto_pga"]
        return {
            row["station"]: row for row in product_rows(folds, read_parquet(stations, STATIONS), coverage)
        }

    return make


def test_the_command_writes_the_columns_of_the_contract(predictions, models, stations, tmp_path) -> None:
    out = tmp_path / "predictions.csv"
    paths = predictions("beta_auto_pga", models["useful"]) + predictions("alpha_auto_pga", models["random"])
    arguments = ["predictions", *paths, "--stations", stations, "--settings", "{}", "--out", out]
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
    assert (
        "beta_auto_pga, 100 stations out of fold (0 of them without a measured Vs30), 0 seen in training"
        in result.stderr
    )
    with out.open() as handle:
        rows = list(csv.DictReader(handle))
    assert ",".join(rows[0]) == (
        "station,network,latitude,longitude,vs30_measured,vs30_predicted,vs30_low,vs30_high,n_records,"
        "site_class,out_of_fold"
    )
    assert len(rows) == 100
    assert rows[0]["n_records"] == "2"


def test_the_model_with_the_smallest_validation_error_is_chosen(predictions, models) -> None:
    names = {"beta_auto_pga": "random", "alpha_auto_pga": "useful", "gamma_ps_auto": "constant"}
    paths = [path for name, kind in names.items() for path in predictions(name, models[kind])]
    assert best_by_validation(read_folds(paths)) == "alpha_auto_pga"
    assert best_by_validation({}) is None


@pytest.mark.parametrize("kind", ["useful", "random", "constant"])
def test_ninety_per_cent_intervals_cover_ninety_per_cent_of_unseen_stations(kind, product) -> None:
    rows = product(kind).values()
    covered = np.mean([row["vs30_low"] <= row["vs30_measured"] <= row["vs30_high"] for row in rows])
    assert 0.85 <= covered <= 0.95


def test_a_stations_prediction_is_the_geometric_mean_over_its_records(predictions, models, product) -> None:
    rows = product("useful")
    table = read_folds(predictions("beta_auto_pga", models["useful"]))["beta_auto_pga"].rows
    of_station = table.predicted[table.station == "0103"]
    assert len(of_station) == rows["0103"]["n_records"] == 4
    assert rows["0103"]["vs30_predicted"] == pytest.approx(np.prod(of_station) ** 0.25)


def test_stations_that_no_trial_held_out_say_so(product) -> None:
    rows = product("useful", trials=2)
    held_out = [row for row in rows.values() if row["out_of_fold"]]
    assert (len(rows), len(held_out)) == (100, 40)
    assert all(row["vs30_low"] is not None for row in rows.values())


def test_too_few_stations_for_the_coverage_give_no_interval() -> None:
    assert conformal_half_width(np.array([0.1, 0.2, 0.3]), 0.9) == np.inf
    assert conformal_half_width(np.array([0.1, -0.2, 0.3]), 0.5) == 0.2


def test_an_unknown_experiment_is_refused(predictions, models, stations, tmp_path) -> None:
    [path, *_] = predictions("beta_auto_pga", models["useful"])
    arguments = [
        "predictions",
        path,
        "--stations",
        stations,
        "--experiment",
        "beta",
        "--out",
        tmp_path / "p.csv",
    ]
    with pytest.raises(InputError, match="'beta'; expected one of beta_auto_pga"):
        CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
