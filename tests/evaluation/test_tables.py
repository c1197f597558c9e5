"""Tables made from models with known faults say so."""

from __future__ import annotations

import csv
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from quakesite.errors import InputError
from quakesite.evaluation.command import app
from quakesite.evaluation.folds import read_folds
from quakesite.evaluation.labels import measured_vs30
from quakesite.evaluation.table1 import read_splits, read_windows, table1_rows
from quakesite.stations.schema import STATIONS
from quakesite.tables import write_parquet
from quakesite.training.experiments import EXPERIMENTS, TABLE_II
from quakesite.training.schema import PREDICTIONS
from quakesite.windows.schema import WINDOWS

SETTINGS = '{"bootstrap": 300}'
runner = CliRunner()


def run(*arguments: str | Path) -> str:
    result = runner.invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stderr


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


@pytest.fixture
def table2(predictions, models, stations, tmp_path):
    """Runs `table2` on the model called `kind`, as the experiment beta_auto_pga; returns rows and stderr."""

    def make(kind: str, **options) -> tuple[list[dict[str, str]], str]:
        paths = predictions("beta_auto_pga", models[kind], **options)
        out = tmp_path / "table2.csv"
        said = run("table2", *paths, "--stations", stations, "--settings", SETTINGS, "--out", out)
        return [row for row in read(out) if row["experiment"] == "beta_auto_pga"], said

    return make


def test_table2_has_the_columns_of_the_contract_and_the_papers_rows_in_order(table2, tmp_path) -> None:
    table2("useful")
    header, *lines = (tmp_path / "table2.csv").read_text().splitlines()
    assert header == (
        "experiment,site_class,n_stations,n_records,absolute_mean_error_pct,absolute_mean_error_station_pct,"
        "constant_error_pct,skill,skill_low,skill_high,r2_ln_vs30,rms_ln_vs30,collapsed"
    )
    order = [tuple(line.split(",")[:2]) for line in lines]
    assert order == [(name, part) for name in TABLE_II for part in ("A", "B", "C", "D", "E", "Total")]


def test_an_experiment_without_data_gives_rows_of_nan_and_a_line_that_says_why(table2, tmp_path) -> None:
    _, said = table2("useful")
    rows = [row for row in read(tmp_path / "table2.csv") if row["experiment"] == "alpha_man_pga"]
    assert {(row["n_stations"], row["n_records"], row["skill"], row["collapsed"]) for row in rows} == {
        ("0", "0", "NaN", "")
    }
    assert [line for line in said.splitlines() if "alpha_man_pga" in line] == [
        "alpha_man_pga has no test records: manual picks gave no window pga60 at a test station, or nothing "
        "to train on."
    ]


def test_a_class_without_stations_is_nan_and_named(table2) -> None:
    rows, said = table2("useful")
    assert rows[0]["site_class"] == "A"
    assert rows[0]["n_stations"] == "0"
    assert rows[0]["absolute_mean_error_pct"] == "NaN"
    assert "beta_auto_pga has no test station of site class A." in said


def test_the_classes_add_up_to_the_total(table2, vs30) -> None:
    rows, _ = table2("useful")
    *parts, total = rows
    for name in ("n_stations", "n_records"):
        assert sum(int(row[name]) for row in parts) == int(total[name])
    assert int(total["n_stations"]) == len(vs30)
    weighted = sum(int(row["n_records"]) * float(row["absolute_mean_error_pct"]) for row in parts[1:])
    assert weighted / int(total["n_records"]) == pytest.approx(
        float(total["absolute_mean_error_pct"]), abs=1e-3
    )


def test_a_constant_model_is_called_collapsed_although_its_trials_differ(table2) -> None:
    rows, said = table2("constant")
    assert {row["collapsed"] for row in rows if row["n_records"] != "0"} == {"true"}
    assert float(rows[-1]["skill"]) <= 0.0
    assert "beta_auto_pga has collapsed: its predictions spread over 0.0 m/s, the stations' Vs30 over" in said


def test_a_model_that_was_stopped_near_zero_is_told_from_one_that_has_collapsed(table2) -> None:
    _, said = table2("unfinished")
    assert "beta_auto_pga is still near 0 m/s" in said
    assert "beta_auto_pga: 250 of its test predictions are under 1 m/s" in said
    assert "training.max_epochs" in said


def test_a_perfect_model_has_no_error_and_raises_suspicion(table2) -> None:
    rows, said = table2("perfect")
    total = rows[-1]
    assert (total["absolute_mean_error_pct"], total["skill"], total["skill_low"], total["r2_ln_vs30"]) == (
        "0.0000",
        "1.0000",
        "1.0000",
        "1.0000",
    )
    assert total["collapsed"] == "false"
    assert "too good to be true" in said


def test_a_model_that_has_diverged_is_called_so(table2, predictions, stations, tmp_path) -> None:
    def diverged(measured, seen, trial):
        return np.where(np.arange(len(measured)) % 7 == 0, np.inf, measured)

    paths = predictions("beta_auto_pga", diverged)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        said = run(
            "table2", *paths, "--stations", stations, "--settings", SETTINGS, "--out", tmp_path / "t.csv"
        )
    assert "beta_auto_pga has diverged: some of its predictions are not numbers." in said
    total = next(row for row in read(tmp_path / "t.csv") if row["site_class"] == "Total")
    assert (total["skill"], total["absolute_mean_error_pct"], total["collapsed"]) == ("NaN", "NaN", "")


@pytest.mark.parametrize(("value", "found"), [(float("nan"), "nan"), (0.0, "0"), (-5.0, "-5")])
def test_a_vs30_that_is_no_velocity_is_refused(value: float, found: str, stations, tmp_path) -> None:
    rows = pq.read_table(stations).to_pylist()
    rows[1]["vs30_m_s"] = value
    write_parquet(pa.Table.from_pylist(rows, schema=STATIONS), tmp_path / "s.parquet")
    with pytest.raises(InputError, match=rf"Vs30 of station 0102: {found}; expected m/s above 0, or nothing"):
        measured_vs30(tmp_path / "s.parquet")


def test_a_random_model_is_no_better_than_a_constant(table2) -> None:
    rows, said = table2("random")
    assert float(rows[-1]["skill_high"]) < 0.0
    assert rows[-1]["collapsed"] == "false"
    assert "beta_auto_pga is no better than a constant" in said


def test_a_useful_model_beats_the_constant_and_is_not_warned_of(table2) -> None:
    rows, said = table2("useful")
    assert float(rows[-1]["skill_low"]) > 0.3
    assert not [
        line for line in said.splitlines() if line.startswith("beta_auto_pga") and "class" not in line
    ]


def test_a_leaked_model_is_not_judged_on_what_it_has_seen(table2) -> None:
    rows, said = table2("perfect", leak=True)
    assert {row["n_records"] for row in rows} == {"0"}
    assert "beta_auto_pga leaks: 100 stations stand in test and in train or validation of one trial" in said


def test_the_constant_is_fitted_without_the_test_stations(predictions, models, vs30) -> None:
    folds = read_folds(predictions("beta_auto_pga", models["useful"]), ["beta_auto_pga"])["beta_auto_pga"]
    for trial in np.unique(folds.rows.trial):
        of_trial = folds.rows.trial == trial
        tested = set(folds.rows.station[of_trial].tolist())
        rest = np.sort([value for name, value in vs30.items() if name not in tested])
        scores = np.abs(rest[:, None] - rest[None, :]) / rest[None, :]
        assert folds.rows.constant[of_trial][0] == rest[np.argmin(scores.mean(axis=1))]


def test_two_runs_write_the_same_bytes(table2, tmp_path) -> None:
    table2("useful")
    first = (tmp_path / "table2.csv").read_bytes()
    table2("useful")
    assert (tmp_path / "table2.csv").read_bytes() == first


def test_the_order_of_the_files_does_not_matter(predictions, models, stations, tmp_path) -> None:
    paths = predictions("beta_auto_pga", models["useful"])
    for name, order in (("a.csv", paths), ("b.csv", paths[::-1])):
        run("table2", *order, "--stations", stations, "--settings", SETTINGS, "--out", tmp_path / name)
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_only_the_experiments_asked_for_are_printed(predictions, models, stations, tmp_path) -> None:
    paths = predictions("beta_auto_pga", models["useful"])
    out = tmp_path / "table2.csv"
    chosen = ["--experiments", "beta_auto_p15", "gamma_ps_auto", "beta_auto_pga"]
    run("table2", *paths, "--stations", stations, "--settings", SETTINGS, *chosen, "--out", out)
    assert list(dict.fromkeys(row["experiment"] for row in read(out))) == ["beta_auto_pga", "gamma_ps_auto"]


def test_predictions_of_another_vs30_are_refused(predictions, models, vs30) -> None:
    paths = predictions("beta_auto_pga", models["useful"])
    with pytest.raises(InputError, match=r"Vs30 of station 0101: trained with .* train again"):
        read_folds(paths, None, {**vs30, "0101": 999.0})


def test_markdown_and_latex_show_the_papers_values_beside_ours(
    predictions, models, stations, tmp_path
) -> None:
    paths = predictions("beta_auto_pga", models["useful"])
    more = ["--markdown", tmp_path / "table2.md", "--latex", tmp_path / "table2.tex", "--synthetic"]
    run("table2", *paths, "--stations", stations, "--settings", SETTINGS, "--out", tmp_path / "t.csv", *more)
    written = (tmp_path / "table2.md").read_text()
    assert "37.84%" in written
    assert "The archive is synthetic" in written
    latex = (tmp_path / "table2.tex").read_text()
    assert r"37.84\%" in latex
    assert r"beta\_auto\_pga" in latex
    assert latex.count(r"\midrule") == len(TABLE_II)
    assert latex.index("The archive is synthetic") < latex.index(r"\end{table}")
    assert latex.startswith("% needs \\usepackage{booktabs,graphicx}\n")
    assert latex.count("{") - latex.count(r"\{") == latex.count("}") - latex.count(r"\}")


def test_skill_names_what_each_model_is_worth(predictions, models, stations, tmp_path) -> None:
    names = {"beta_auto_pga": "constant", "alpha_auto_pga": "random", "gamma_ps_auto": "useful"}
    paths = [path for name, kind in names.items() for path in predictions(name, models[kind])]
    paths += predictions("beta_auto_p15", models["perfect"], leak=True)
    forest = predictions("hvsr_forest", models["useful"])
    out = tmp_path / "skill.csv"
    run("skill", *paths, "--stations", stations, "--settings", SETTINGS, "--baselines", *forest, "--out", out)
    rows = {row["name"]: row for row in read(out)}
    assert {name: row["verdict"] for name, row in rows.items()} == {
        "best_constant": "the constant itself",
        "alpha_auto_pga": "no better than a constant",
        "beta_auto_pga": "collapsed",
        "beta_auto_p15": "leaked",
        "gamma_ps_auto": "better than a constant",
        "hvsr_forest": "better than a constant",
    }
    assert rows["hvsr_forest"]["kind"] == "baseline"
    assert rows["best_constant"]["skill"] == "0.0000"
    assert (
        rows["best_constant"]["absolute_mean_error_station_pct"]
        == rows["gamma_ps_auto"]["constant_error_pct"]
    )
    assert float(rows["gamma_ps_auto"]["p_constant"]) < 0.01
    assert float(rows["gamma_ps_auto"]["p_best_baseline"]) > 0.5
    assert float(rows["alpha_auto_pga"]["p_best_baseline"]) < 0.01
    assert rows["hvsr_forest"]["p_best_baseline"] == "NaN"
    assert rows["beta_auto_p15"]["n_leaked_stations"] == "100"


def window_shard(folder: Path, window: str, annotation: str, shard: str, stations: Counter[str]) -> Path:
    rows = [
        {"record_id": f"{n}_{station}", "station": station, "event_id": "", "pga_cm_s2": 1.0, "start_s": 0.0}
        | {"filled_samples": 0, "tensor": b"", "p_sample": 1.0}
        | ({"pick_flags": "p_unsettled p_in_first_5s"} if n == 0 else {"s_sample": 2.0, "pick_flags": None})
        for station, count in stations.items()
        for n in range(count)
    ]
    path = folder / window / annotation / f"{shard}.parquet"
    write_parquet(pa.Table.from_pylist(rows, schema=WINDOWS), path)
    return path


def test_table1_counts_what_each_experiment_really_has(stations, tmp_path) -> None:
    splits = [tmp_path / "1.csv", tmp_path / "2.csv"]
    splits[0].write_text("trial,station,split\n1,0101,train\n1,0102,validation\n1,0103,test\n")
    splits[1].write_text(
        '"trial","station","split"\n2,"0101","test"\n2,"0102","train"\n2,"0103","validation"\n'
    )
    paths = [
        window_shard(tmp_path, "pga60", "auto", "0-of-2", Counter({"0101": 3, "9999": 5})),
        window_shard(tmp_path, "pga60", "auto", "1-of-2", Counter({"0102": 2, "0103": 4})),
        window_shard(tmp_path, "pga60", "manual", "1-of-2", Counter({"0103": 2})),
    ]
    out = tmp_path / "table1.csv"
    common = ["table1", "--splits", *splits, "--windows", *paths, "--out", out]

    def counted(stations: Path, settings: str) -> dict[str, dict[str, str]]:
        run(*common, "--stations", stations, "--settings", settings)
        return {row["experiment"]: row for row in read(out)}

    rows = counted(stations, "{}")
    assert list(rows) == list(EXPERIMENTS)
    run(*common, "--stations", stations, "--settings", "{}", "--markdown", tmp_path / "t.md")
    header = (tmp_path / "t.md").read_text().splitlines()[0]
    of_the_paper = (
        "| Training method | P/S info | Annotation, train | Annotation, test | Signal segment | Exp. name | "
    )
    assert header.startswith(of_the_paper + "Train stations")
    auto, man, p15 = rows["beta_auto_pga"], rows["alpha_man_pga"], rows["alpha_auto_p15"]
    assert (auto["train_records"], auto["test_stations"], auto["test_records"]) == ("2.5", "1.0", "3.5")
    # The first window of each station has no S pick, and is of no use with the P/S channel.
    assert (man["train_records"], man["test_stations"], man["test_records"]) == ("1.5", "0.5", "0.5")
    assert p15["train_records"] == "0.0"
    assert [man[name] for name in ("training", "ps_info", "annotation_train", "annotation_test")] == [
        "from scratch",
        "yes",
        "auto",
        "manual",
    ]
    assert rows["gamma_none_auto"]["training"] == "transfer"

    rows = counted(stations, '{"exclude_flags": {"beta_auto_pga": ["p_in_first_5s"]}}')
    assert [rows[name]["train_records"] for name in ("beta_auto_pga", "beta_man_pga")] == ["1.5", "2.5"]

    table = pq.read_table(stations)
    moved = pa.array([["1_0101", "2_0101"], *[None] * (len(table) - 1)], pa.list_(pa.string()))
    place = table.schema.get_field_index("records_before_move")
    write_parquet(table.set_column(place, table.schema.field(place), moved), tmp_path / "moved.parquet")
    rows = counted(tmp_path / "moved.parquet", "{}")
    assert (rows["beta_auto_pga"]["train_records"], rows["beta_auto_pga"]["test_records"]) == ("1.5", "2.5")


def test_splits_of_a_station_that_lost_its_vs30_are_refused(tmp_path) -> None:
    splits = tmp_path / "splits.csv"
    splits.write_text("trial,station,split\n1,0101,train\n")
    with pytest.raises(InputError, match=r"station 0101: no measured Vs30; split again"):
        read_splits([splits], ["0102"])


def test_experiments_without_any_windows_count_nothing() -> None:
    [row] = table1_rows(["beta_auto_pga"], {1: {"0101": "train"}}, read_windows([]), {})
    assert row["train_stations"] == 0.0


def test_predictions_with_another_split_name_are_refused(tmp_path) -> None:
    row = {"experiment": "x", "trial": 1, "record_id": "r", "station": "s", "split": "dev"}
    path = tmp_path / "predictions.parquet"
    row |= {"vs30_m_s": 300.0, "vs30_predicted_m_s": 300.0}
    write_parquet(pa.Table.from_pylist([row], schema=PREDICTIONS), path)
    with pytest.raises(InputError, match="expected train, validation or test"):
        read_folds([path])


def test_an_unknown_experiment_is_refused(stations, tmp_path) -> None:
    splits = tmp_path / "splits.csv"
    splits.write_text("trial,station,split\n")
    arguments = [
        "table1",
        "--splits",
        splits,
        "--stations",
        stations,
        "--experiment=beta",
        "--out",
        tmp_path / "t",
    ]
    with pytest.raises(InputError, match="'beta'; expected one of alpha_auto_pga"):
        runner.invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
