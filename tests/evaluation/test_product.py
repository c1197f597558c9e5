"""`predictions.csv`: the right model, honest intervals, out of fold where it says so; the same as GeoJSON."""

from __future__ import annotations

import csv
import json

import numpy as np
import pyarrow as pa
import pytest
from typer.testing import CliRunner

from quakesite.errors import InputError
from quakesite.evaluation.command import app
from quakesite.evaluation.coverage import LEVELS, binomial_interval, coverage_rows, held_out_intervals
from quakesite.evaluation.folds import read_folds
from quakesite.evaluation.geojson import feature_collection
from quakesite.evaluation.layout import read_csv
from quakesite.evaluation.pooling import estimates, pool
from quakesite.evaluation.product import CONTRACT, product, product_rows, ranked, said_by, summary
from quakesite.evaluation.schema import FEATURES, OUTSIDE, UNMEASURED
from quakesite.evaluation.settings import EvaluationSettings
from quakesite.stations.schema import CLASSES, STATIONS
from quakesite.tables import read_parquet, write_parquet
from quakesite.training.schema import PREDICTIONS

NAME = "beta_auto_pga"
SAID = {"model": NAME, "coverage": 0.9, "outside_level": 0.05}
NEW = "9999"


@pytest.fixture
def rows_of(predictions, models, stations, vs30):
    """The rows made from the model called `kind`, by station."""

    def make(kind: str, extra=None, **options) -> dict[str, dict]:
        folds = read_folds(predictions(NAME, models[kind], **options))[NAME]
        table = None if extra is None else extra(folds.table)
        found = product([said_by(NAME, folds, vs30, {}, table)], EvaluationSettings())
        return {row["station"]: row for row in product_rows(found, read_parquet(stations, STATIONS))}

    return make


def with_new_station(table: pa.Table) -> pa.Table:
    """Adds two records of a station that nobody has measured: trial k predicts 400 m/s times 1.1^k."""
    rows = [
        dict.fromkeys(PREDICTIONS.names)
        | {"experiment": NAME, "trial": trial, "station": NEW, "split": UNMEASURED}
        | {"record_id": f"2020010{event}000000_{NEW}", "vs30_m_s": float("nan")}
        | {"vs30_predicted_m_s": 400.0 * 1.1**trial}
        for trial in range(1, 6)
        for event in (1, 2)
    ]
    return pa.concat_tables([table, pa.Table.from_pylist(rows, schema=PREDICTIONS)])


def features_of_all(vs30: dict[str, float], path) -> None:
    """Writes features of one record per station; those of the last one are like no other's."""
    random = np.random.default_rng(0)
    rows = [
        dict.fromkeys(FEATURES.names)
        | {"record_id": f"20200101000000_{station}", "station": station, "ln_hv": [0.0] * 32}
        | {name: float(np.exp(random.normal())) for name in ("sa_0_2_s_cm_s2", "sa_1_0_s_cm_s2", "pga_cm_s2")}
        for station in sorted(vs30)
    ]
    rows[-1]["pga_cm_s2"] *= 1e6
    write_parquet(pa.Table.from_pylist(rows, schema=FEATURES), path)


@pytest.fixture
def written(predictions, models, stations, vs30, tmp_path):
    """What the command writes from two models, one of which knows a new station."""
    paths = predictions(NAME, models["useful"]) + predictions("alpha_auto_pga", models["random"])
    table = with_new_station(read_folds(paths)[NAME].table)
    outside = [0.01 if name == "0102" else 0.5 for name in table["station"].to_pylist()]
    predicted = tmp_path / "predicted.parquet"
    write_parquet(table.append_column(OUTSIDE.field("outside_p"), pa.array(outside)), predicted)
    features_of_all(vs30, tmp_path / "features.parquet")
    arguments = ["predictions", *paths, "--stations", stations, "--settings", "{}", "--synthetic"]
    arguments += ["--predicted", predicted, "--features", tmp_path / "features.parquet"]
    for option, name in (("--out", "p.csv"), ("--geojson", "p.geojson"), ("--coverage", "c.csv")):
        arguments += [option, tmp_path / name]
    arguments += ["--ranking", tmp_path / "ranking.csv"]
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
    assert (
        f"{NAME}, 101 stations out of fold (1 of them without a measured Vs30), 0 seen in training, 1 outside"
        in result.stderr
    )
    return tmp_path


def test_the_contracts_columns_come_first_and_the_others_behind(written) -> None:
    with (written / "p.csv").open() as handle:
        rows = list(csv.DictReader(handle))
    assert ",".join(rows[0]) == (
        "station,network,latitude,longitude,vs30_measured,vs30_predicted,vs30_low,vs30_high,n_records,"
        "site_class,out_of_fold,model,coverage,probability_a,probability_b,probability_c,probability_d,"
        "probability_e,outside_data,outside_p"
    )
    assert ",".join(CONTRACT) == ",".join(rows[0]).partition(",model")[0]
    assert len(rows) == 101
    assert rows[0]["n_records"] == "2"
    assert {row["model"] for row in rows} == {NAME}
    assert [row["station"] for row in rows if row["outside_data"] == "true"] == ["0102"]
    for row in rows:
        assert sum(float(row[f"probability_{name.lower()}"]) for name in CLASSES) == pytest.approx(
            1, abs=3e-4
        )


def test_the_ranking_names_the_models_and_where_they_are(written) -> None:
    rows = read_csv(written / "ranking.csv")
    assert [(row["model"], row["kind"], row["folder"]) for row in rows] == [
        (NAME, "experiment", f"models/{NAME}"),
        ("alpha_auto_pga", "experiment", "models/alpha_auto_pga"),
    ]
    assert float(rows[0]["validation_skill"]) > float(rows[1]["validation_skill"])


def test_an_unmeasured_station_is_predicted_by_the_ensemble_of_all_trials(rows_of) -> None:
    row = rows_of("useful", with_new_station)[NEW]
    assert (row["vs30_measured"], row["n_records"], row["out_of_fold"]) == (None, 2, True)
    assert row["vs30_predicted"] == pytest.approx(400.0 * 1.1**3)
    assert row["vs30_low"] < row["vs30_predicted"] < row["vs30_high"]


def test_the_model_with_the_best_validation_skill_is_chosen_and_tests_have_no_say(
    predictions, models
) -> None:
    names = {NAME: "random", "alpha_auto_pga": "useful", "gamma_ps_auto": "constant"}
    paths = [path for name, kind in names.items() for path in predictions(name, models[kind])]
    assert next(iter(ranked(read_folds(paths)))) == "alpha_auto_pga"
    tables = {name: folds.table for name, folds in read_folds(paths).items()}
    spoilt = tables["alpha_auto_pga"].to_pylist()
    for row in spoilt:
        row["vs30_predicted_m_s"] *= 50.0 if row["split"] == "test" else 1.0
    folds = read_folds(paths)
    folds["alpha_auto_pga"] = type(folds[NAME])(
        folds[NAME].rows, (), pa.Table.from_pylist(spoilt, schema=PREDICTIONS)
    )
    assert next(iter(ranked(folds))) == "alpha_auto_pga"
    assert list(ranked(folds, NAME))[:2] == [NAME, "alpha_auto_pga"]
    assert ranked({}) == {}


def test_experiments_tested_on_picks_by_hand_are_chosen_by_name_alone(predictions, models) -> None:
    paths = predictions("alpha_man_pga", models["useful"]) + predictions(NAME, models["random"])
    folds = read_folds(paths)
    assert list(ranked(folds)) == [NAME]
    assert list(ranked(folds, "alpha_man_pga")) == ["alpha_man_pga", NAME]


def test_a_station_without_records_in_the_best_model_is_predicted_by_the_next(
    predictions, models, vs30, stations
) -> None:
    paths = predictions(NAME, models["useful"]) + predictions("alpha_auto_pga", models["random"])
    folds = read_folds(paths)
    few = folds[NAME].table.filter(
        pa.array([name != "0105" for name in folds[NAME].table["station"].to_pylist()])
    )
    said = [
        said_by(NAME, folds[NAME], vs30, {}, few),
        said_by("alpha_auto_pga", folds["alpha_auto_pga"], vs30, {}),
    ]
    rows = product_rows(product(said, EvaluationSettings()), read_parquet(stations, STATIONS))
    assert {row["station"] for row in rows if row["model"] == "alpha_auto_pga"} == {"0105"}
    assert len(rows) == 100


@pytest.mark.parametrize("kind", ["useful", "random", "constant", "unfinished"])
def test_ninety_per_cent_intervals_cover_ninety_per_cent_of_stations_whose_vs30_is_hidden(
    kind, predictions, models, vs30, stations
) -> None:
    folds = read_folds(predictions(NAME, models[kind]))[NAME]
    rows = folds.table.to_pylist()
    random = np.random.default_rng(0)
    covered = []
    for _ in range(12):
        hidden = set(random.permutation(sorted(vs30))[:40].tolist())
        kept = [row for row in rows if row["station"] not in hidden]
        kept += [
            row | {"split": UNMEASURED} for row in rows if row["station"] in hidden and row["split"] == "test"
        ]
        table = pa.Table.from_pylist(kept, schema=PREDICTIONS)
        known = {name: value for name, value in vs30.items() if name not in hidden}
        found = product([said_by(NAME, folds, known, {}, table)], EvaluationSettings())
        covered += [
            one.low_m_s <= vs30[one.station] <= one.high_m_s for one in found if one.station in hidden
        ]
    assert len(covered) == 12 * 40
    assert 0.85 <= np.mean(covered) <= 0.96


def test_a_better_model_has_narrower_intervals(rows_of) -> None:
    width = {
        kind: np.median([np.log(row["vs30_high"] / row["vs30_low"]) for row in rows_of(kind).values()])
        for kind in ("perfect", "useful", "random")
    }
    assert width["perfect"] == 0.0
    assert width["useful"] < 0.5 * width["random"]


def test_a_stations_prediction_is_the_geometric_mean_over_its_records(predictions, models, rows_of) -> None:
    rows = rows_of("useful")
    table = read_folds(predictions(NAME, models["useful"]))[NAME].rows
    of_station = table.predicted[table.station == "0103"]
    assert len(of_station) == rows["0103"]["n_records"] == 4
    assert rows["0103"]["vs30_predicted"] == pytest.approx(np.prod(of_station) ** 0.25)


def test_stations_that_no_trial_held_out_say_so(rows_of) -> None:
    rows = rows_of("useful", trials=2)
    held_out = [row for row in rows.values() if row["out_of_fold"]]
    assert (len(rows), len(held_out)) == (100, 40)
    assert all(row["vs30_low"] is not None for row in rows.values())


def test_a_leaked_prediction_is_not_called_out_of_fold(rows_of) -> None:
    rows = rows_of("perfect", leak=True, trials=1)
    assert not any(row["out_of_fold"] for row in rows.values())
    assert all(row["vs30_low"] is None for row in rows.values())


@pytest.mark.parametrize(
    ("option", "line"),
    [
        (["--experiment", "beta"], "'beta'; expected one of best, beta_auto_pga"),
        (
            ["--settings", '{"product": "beta_auto_pg"}'],
            r"product: unknown model .* did you mean 'beta_auto_pga'",
        ),
        (
            ["--settings", '{"product": "gamma_ps_auto"}'],
            "'gamma_ps_auto'; expected one of best, beta_auto_pga",
        ),
    ],
)
def test_an_unknown_model_is_refused(predictions, models, stations, tmp_path, option, line: str) -> None:
    [path, *_] = predictions(NAME, models["useful"])
    arguments = ["predictions", path, "--stations", stations, *option, "--out", tmp_path / "p.csv"]
    with pytest.raises(InputError, match=line):
        CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)


def test_the_coverage_table_says_whether_the_intervals_hold(written) -> None:
    rows = read_csv(written / "c.csv")
    of_all = [row for row in rows if row["stations"] == "all"]
    assert [(row["model"], float(row["coverage"])) for row in of_all] == [
        (name, level) for name in (NAME, "alpha_auto_pga") for level in LEVELS
    ]
    for row in of_all:
        assert float(row["covered_low"]) <= float(row["coverage"]) <= float(row["covered_high"])
        assert row["n_stations"] == "100"
    assert float(of_all[2]["factor"]) < float(of_all[5]["factor"])
    for model in (NAME, "alpha_auto_pga"):
        counts = [
            int(row["n_stations"]) for row in rows if row["model"] == model and "record" in row["stations"]
        ]
        assert sum(counts) == 100


def test_the_coverage_table_tells_where_the_intervals_do_not_hold(predictions, models, vs30) -> None:
    def said(predict):
        folds = read_folds(predictions(NAME, predict))[NAME]
        one = said_by(NAME, folds, vs30, {})
        found = coverage_rows(NAME, one.pooled, one.known, vs30, 0.8)
        return {row["stations"]: row for row in found if row["coverage"] == 0.8}

    def worse_in_one_trial(measured, seen, trial):
        return measured * np.exp(
            np.random.default_rng(trial).normal(1.0 if trial == 3 else 0.0, 0.05, len(measured))
        )

    constant = said(models["constant"])
    assert constant["class C"]["covered"] > 0.85
    assert constant["class B"]["covered"] < 0.6
    assert said(models["useful"])["all"]["covered"] == pytest.approx(0.8, abs=0.1)
    intervals = held_out_intervals(*parts_of(predictions(NAME, worse_in_one_trial), vs30), 0.8)
    tested = read_folds(predictions(NAME, worse_in_one_trial))[NAME].rows
    spoilt = set(tested.station[tested.trial == 3].tolist())
    inside = [low <= np.log(vs30[name]) <= high for name, (low, high) in intervals.items() if name in spoilt]
    # Half of them would lie within intervals made from the residuals of their own trial as well.
    assert len(inside) == 20
    assert not any(inside)


def parts_of(paths, vs30):
    """The pooled predictions and the calibration stations of the one model in `paths`."""
    one = said_by(NAME, read_folds(paths)[NAME], vs30, {})
    return one.pooled, one.known


def test_binomial_intervals_are_those_of_clopper_and_pearson() -> None:
    assert binomial_interval(0, 10) == pytest.approx((0.0, 0.308497), abs=1e-6)
    assert binomial_interval(90, 100) == pytest.approx((0.823777, 0.950995), abs=1e-6)
    assert binomial_interval(10, 10)[1] == 1.0


def test_geojson_is_a_collection_of_points_by_rfc_7946(written) -> None:
    text = (written / "p.geojson").read_text(encoding="utf-8")
    collection = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert collection["type"] == "FeatureCollection"
    assert "synthetic" in collection["note"]
    assert "crs" not in collection
    rows = read_csv(written / "p.csv")
    assert [feature["id"] for feature in collection["features"]] == [row["station"] for row in rows]
    west, south, east, north = collection["bbox"]
    for feature, row in zip(collection["features"], rows, strict=True):
        assert set(feature) == {"type", "id", "geometry", "properties"}
        assert feature["type"] == "Feature"
        assert feature["geometry"]["type"] == "Point"
        longitude, latitude = feature["geometry"]["coordinates"]
        assert (longitude, latitude) == pytest.approx((float(row["longitude"]), float(row["latitude"])))
        assert -180 <= west <= longitude <= east <= 180
        assert -90 <= south <= latitude <= north <= 90
        assert feature["properties"]["vs30_predicted"] == float(row["vs30_predicted"])
        assert set(feature["properties"]) == set(row) - {"latitude", "longitude"}
    assert collection["features"][-1]["properties"]["vs30_measured"] is None


def test_geojson_is_what_geographers_programs_read(written) -> None:
    geopandas = pytest.importorskip("geopandas", reason="geopandas reads GeoJSON; it is not installed")
    frame = geopandas.read_file(written / "p.geojson")
    assert len(frame) == 101
    assert frame.geometry.is_valid.all()
    assert frame.crs.to_epsg() == 4326


def test_a_station_without_coordinates_has_no_geometry(rows_of) -> None:
    row = rows_of("useful")["0101"] | {"latitude": None}
    collection = feature_collection([row])
    assert collection["features"][0]["geometry"] is None
    assert "bbox" not in collection


def test_predictions_under_one_metre_per_second_are_counted_and_said(predictions, models) -> None:
    paths = predictions(NAME, lambda measured, seen, trial: np.where(measured > 600.0, -5.0, measured))
    table = read_folds(paths)[NAME].table
    pooled = pool(table)
    rows = [row for row in table.to_pylist() if row["split"] == "test"]
    low = {row["station"] for row in rows if row["vs30_predicted_m_s"] < 0.0}
    assert {name for name, one in pooled.items() if one.n_clipped} == low != set()
    found = estimates(pooled, [], {}, **SAID)
    n_low = sum(row["vs30_predicted_m_s"] < 0.0 for row in rows)
    assert sum(one.n_clipped for one in found) == n_low
    assert {one.vs30_m_s for one in found if one.station in low} == {1.0}
    assert summary(found, {}).endswith(f"; {n_low} predictions of records under 1 m/s count as 1 m/s")
    whole = estimates({"1": pooled[sorted(set(pooled) - low)[0]]}, [], {}, **SAID)
    assert "under" not in summary(whole, {})
