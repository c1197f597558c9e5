"""The baselines learn what there is to learn, on the experiments' own splits, blind to the test stations."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from quakesite.evaluation import forest
from quakesite.evaluation.command import app
from quakesite.evaluation.features.table import features_of
from quakesite.evaluation.folds import read_folds
from quakesite.evaluation.layout import read_csv
from quakesite.evaluation.metrics import best_constant, judge
from quakesite.evaluation.schema import FEATURES
from quakesite.evaluation.settings import BASELINES
from quakesite.records.schema import RECORDS, to_bytes
from quakesite.tables import write_parquet


@pytest.fixture(scope="module", autouse=True)
def small_forests() -> Iterator[None]:
    """Forests of 40 trees are enough to tell, and take a second."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forest, "N_TREES", 40)
        yield


@pytest.fixture(scope="module")
def splits(vs30: dict[str, float], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five trials over the hundred stations, each tested once."""
    names = np.random.default_rng(3).permutation(sorted(vs30))
    path = tmp_path_factory.mktemp("splits") / "splits.csv"
    with path.open("w", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(["trial", "station", "split"])
        for trial in range(1, 6):
            for place, name in enumerate(np.roll(names, 20 * trial)):
                writer.writerow(
                    [trial, name, "test" if place < 20 else "validation" if place < 30 else "train"]
                )
    return path


@pytest.fixture(scope="module")
def features(vs30: dict[str, float], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two records a station, the H/V peak where a quarter wavelength puts it; one unmeasured station."""
    rng = np.random.default_rng(0)
    grid = np.log(np.geomspace(0.2, 20.0, 32))
    rows = []
    for station, value in {**vs30, "9999": 250.0}.items():
        for event in range(2):
            curve = np.exp(-((grid - np.log(value / 120.0)) ** 2) / 0.2) + rng.normal(0.0, 0.15, 32)
            rows.append(
                {"record_id": f"{event}_{station}", "station": station, "magnitude": 5.0, "pga_cm_s2": 10.0}
                | {"epicentral_distance_km": None, "sa_0_2_s_cm_s2": 20.0, "sa_1_0_s_cm_s2": 5.0}
                | {"ln_hv": curve.tolist()}
            )
    path = tmp_path_factory.mktemp("features") / "0-of-1.parquet"
    write_parquet(pa.Table.from_pylist(rows, schema=FEATURES), path)
    return path


@pytest.fixture(scope="module")
def baselines(features: Path, splits: Path, stations: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the baselines' predictions."""
    out = tmp_path_factory.mktemp("baselines")
    arguments = ["baselines", features, "--stations", stations, "--splits", splits, "--settings", "{}"]
    result = CliRunner().invoke(app, [*map(str, arguments), "--out-dir", str(out)], catch_exceptions=False)
    assert result.exit_code == 0
    return out


def test_curves_that_tell_vs30_beat_the_constant_and_features_that_tell_nothing_do_not(
    baselines: Path,
) -> None:
    skills = {}
    for name in BASELINES:
        folds = read_folds([baselines / f"{name}.parquet"], [name])[name]
        assert folds.leaked == ()
        skills[name] = judge(folds.rows, resamples=200, confidence=0.95, seed=0)
    assert skills["hvsr_forest"].skill_low > 0.3
    assert skills["intensity_forest"].skill == pytest.approx(0.0, abs=0.05)
    assert skills["intensity_forest"].collapsed
    assert skills["pwave_forest"].n_records == 0


def test_every_station_is_predicted_out_of_fold_and_the_unmeasured_one_too(
    baselines: Path, stations: Path, vs30, tmp_path: Path
) -> None:
    out = tmp_path / "predictions.csv"
    tables = [str(baselines / f"{name}.parquet") for name in BASELINES]
    arguments = ["predictions", *tables, "--stations", str(stations), "--settings", "{}", "--out", str(out)]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert "101 stations out of fold (1 of them without a measured Vs30), 0 seen in training" in result.stderr
    with out.open() as handle:
        rows = {row["station"]: row for row in csv.DictReader(handle)}
    assert (rows["9999"]["vs30_measured"], rows["9999"]["out_of_fold"], rows["9999"]["n_records"]) == (
        "",
        "true",
        "2",
    )
    assert float(rows["9999"]["vs30_low"]) < 250.0 < float(rows["9999"]["vs30_high"])


def test_test_stations_are_never_trained_on(features: Path, stations: Path, splits: Path, vs30) -> None:
    table, known = pq.read_table(features), pq.read_table(stations)
    split = {name: "test" if int(name) < 130 else "train" for name in vs30}
    honest = forest.all_predictions("hvsr_forest", table, known, {1: split}, vs30, 0)
    other = {name: 5.0 * value if split[name] == "test" else value for name, value in vs30.items()}
    moved = forest.all_predictions("hvsr_forest", table, known, {1: split}, other, 0)
    assert honest["vs30_predicted_m_s"].equals(moved["vs30_predicted_m_s"])
    assert set(pc.unique(honest["split"]).to_pylist()) == {"train", "test", "unmeasured"}


def test_the_same_seed_gives_the_same_forest(features: Path, stations: Path, vs30) -> None:
    table, known = pq.read_table(features), pq.read_table(stations)
    split = {name: "test" if int(name) < 130 else "train" for name in vs30}
    predicted = [
        forest.all_predictions("hvsr_forest", table, known, {1: split}, vs30, seed) for seed in (0, 0, 1)
    ]
    first, again, other = (table["vs30_predicted_m_s"] for table in predicted)
    assert first.equals(again)
    assert not first.equals(other)


def test_without_anything_to_tell_stations_apart_a_forest_is_the_best_constant() -> None:
    measured = np.random.default_rng(0).uniform(150.0, 1200.0, 80)
    same = np.zeros((80, 3))
    predicted = forest.neighbourhood_constants(same, measured, same[:5], seed=0)
    assert predicted.tolist() == [best_constant(measured)] * 5


def test_no_records_give_no_predictions(stations: Path, vs30) -> None:
    known = pq.read_table(stations)
    assert len(forest.all_predictions("hvsr_forest", FEATURES.empty_table(), known, {}, vs30, 0)) == 0


def test_features_are_one_row_per_record_in_order(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = [
        {
            "record_id": name,
            "network": "TK",
            "station": name,
            "event_id": "1",
            "form": "mp_Acc",
            "sources": [],
        }
        | {"sampling_rate_hz": rate, "n_samples": 3000, "pga_cm_s2": 1.0, "magnitude": None}
        | {"acceleration": to_bytes(rng.normal(0.0, 1.0, (3, 3000)))}
        for name, rate in (("b", 100.0), ("a", 200.0))
    ]
    path = tmp_path / "0-of-1.parquet"
    write_parquet(pa.Table.from_pylist(rows, schema=RECORDS), path)
    table = features_of(path, {"a": 12.0})
    assert table.schema.equals(FEATURES)
    assert table["record_id"].to_pylist() == ["b", "a"]
    assert np.isfinite(np.array(table["ln_hv"].to_pylist())).all()
    assert table["magnitude"].null_count == 2


def test_the_learning_curve_falls_where_there_is_something_to_learn(
    features: Path, stations: Path, splits: Path, tmp_path: Path
) -> None:
    out = tmp_path / "learning_curve.csv"
    arguments = ["learning-curve", features, "--stations", stations, "--splits", splits, "--out", out]
    CliRunner().invoke(app, [*map(str, arguments), "--settings", "{}"], catch_exceptions=False)
    rows = read_csv(out)
    counts = sorted({int(row["n_stations"]) for row in rows})
    assert counts == [7, 14, 24, 35, 52, 70]
    errors = {
        count: np.mean([float(row["error_station_pct"]) for row in rows if int(row["n_stations"]) == count])
        for count in counts
    }
    assert errors[70] < 0.8 * errors[7]
    constants = [float(row["constant_error_pct"]) for row in rows if int(row["n_stations"]) == 70]
    assert errors[70] < np.mean(constants)
