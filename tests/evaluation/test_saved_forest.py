"""A run's forest speaks of records of one's own as it did in the run, from a folder that stands alone."""

from __future__ import annotations

import csv
import dataclasses
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pytest
import typer
import yaml
from typer.testing import CliRunner

from quakesite.demo.make import make
from quakesite.demo.settings import DemoSettings
from quakesite.errors import InputError
from quakesite.evaluation import forest
from quakesite.evaluation.command import app
from quakesite.evaluation.features.table import features_of
from quakesite.evaluation.forest import all_predictions
from quakesite.evaluation.predict_command import predict
from quakesite.evaluation.ranking import better_than, recommended
from quakesite.evaluation.saved import Member
from quakesite.evaluation.saved_forest import SavedForest
from quakesite.evaluation.settings import BASELINES, FORESTS, EvaluationSettings
from quakesite.models import load
from quakesite.records import Record, ingest
from quakesite.records import read as read_any
from quakesite.records.catalogue import write_catalogue
from quakesite.records.settings import RecordsSettings
from quakesite.records.store import write_records
from quakesite.rejects import Reason, Reject
from quakesite.stations.schema import STATIONS
from quakesite.tables import write_csv, write_parquet
from quakesite.training.splits import make_splits

SETTINGS = EvaluationSettings(coverage=0.6, bootstrap=100).model_dump_json()
PICKS = json.dumps({"methods": ["kalkan"]})
TRIALS = (1, 2)
UNMEASURED = {"9001", "9010"}


@dataclass(frozen=True)
class Run:
    """The results of a small run, as far as forests need them, and its archive."""

    results: Path
    archive: Path

    def model(self, name: str = "hvsr_forest") -> Path:
        """The folder of a baseline's model."""
        return self.results / "models" / name


def command(*arguments: object) -> str:
    """Runs `quakesite evaluation …`; returns what it said."""
    done = CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
    assert done.exit_code == 0
    return done.stderr


@pytest.fixture(scope="module", autouse=True)
def small_forests() -> Iterator[None]:
    """Forests of 20 trees are enough to tell."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forest, "N_TREES", 20)
        yield


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Fourteen synthetic stations of two records, two of them unmeasured; no first motion is picked."""
    folder = tmp_path_factory.mktemp("run")
    make(DemoSettings(stations=14, events=2), folder / "demo")
    made = Run(folder / "results", folder / "demo" / "archive")
    records, features = made.results / "records.parquet", made.results / "features.parquet"
    unlimited = RecordsSettings(max_epicentral_distance_km=None, min_component_ratio=None)
    ingest.shard("0-of-1", [str(made.archive)], unlimited, records, folder / "rejects.parquet")
    write_catalogue([records], made.results / "catalogue.parquet")
    write_parquet(features_of(records, {}), features)
    known = {row.station: row for row in read_any(made.archive, rejects=[])}
    vs30 = {name: 250.0 + 50.0 * at for at, name in enumerate(sorted(known)) if name not in UNMEASURED}
    rows = [
        dict.fromkeys(STATIONS.names)
        | {"station": name, "network": "TK", "vs30_m_s": vs30.get(name), "n_records": 2}
        | {"latitude": one.st_latitude, "longitude": one.st_longitude, "elevation_m": one.st_elevation_m}
        for name, one in sorted(known.items())
    ]
    stations = made.results / "stations.parquet"
    write_parquet(pa.Table.from_pylist(rows, schema=STATIONS), stations)
    splits = [made.results / f"{trial}.csv" for trial in TRIALS]
    for trial, path in zip(TRIALS, splits, strict=True):
        write_csv(make_splits(vs30, [trial], 0), path)
    trees = made.results / "baselines"
    common = ("--stations", stations, "--settings", SETTINGS)
    command("baselines", features, "--splits", *splits, "--out-dir", trees, *common)
    assemble(made, made.results / "models")
    tables = [trees / f"{name}.parquet" for name in BASELINES]
    outputs = ("--out", made.results / "predictions.csv", "--ranking", made.results / "ranking.csv")
    wanted = ("--experiment", "hvsr_forest", "--features", features)
    command("predictions", "--baselines", *tables, *wanted, *outputs, *common)
    return made


def assemble(run: Run, out: Path, trials: tuple[int, ...] = TRIALS) -> str:
    """Runs `quakesite evaluation forests`; returns what it said."""
    arguments = ["--baselines", run.results / "baselines", "--catalogue", run.results / "catalogue.parquet"]
    arguments += [part for trial in trials for part in ("--trials", trial)]
    arguments += ["--features", run.results / "features.parquet", "--picks", PICKS, "--synthetic"]
    stations = run.results / "stations.parquet"
    return command("forests", *arguments, "--stations", stations, "--settings", SETTINGS, "--out-dir", out)


@pytest.fixture(scope="module")
def records(run: Run) -> list[Record]:
    """All records of the archive."""
    return read_any(run.archive, rejects=[])


def say(*arguments: str | Path) -> tuple[str, str]:
    """Returns what `quakesite predict` writes to standard output and to standard error."""
    one = typer.Typer()
    one.command()(predict)
    done = CliRunner().invoke(one, [str(argument) for argument in arguments], catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout, done.stderr


def rows_of(path: Path) -> dict[str, dict[str, str]]:
    """Returns the rows of a CSV file by station."""
    with path.open() as handle:
        return {row["station"]: row for row in csv.DictReader(handle)}


def test_the_best_model_of_a_run_gives_the_run_s_own_figures(run: Run, tmp_path: Path) -> None:
    said, aside = say(run.archive, "--model", run.results, "--out", tmp_path / "own.csv")
    assert f"model: {run.model()}, the best of {run.results} on validation stations" in aside
    own, of_run = rows_of(tmp_path / "own.csv"), rows_of(run.results / "predictions.csv")
    assert own.keys() == of_run.keys() >= UNMEASURED
    for station, row in of_run.items():
        for column in row.keys() - {"vs30_measured"}:
            assert own[station][column] == row[column], (station, column)
    assert all(row["model"] == "hvsr_forest" for row in own.values())
    assert own["9001"]["vs30_low"] < own["9001"]["vs30_predicted"] < own["9001"]["vs30_high"]
    assert "model hvsr_forest (random forest)" in said
    assert "recommends" not in said


def test_without_a_model_the_run_s_results_beside_speak(run: Run, tmp_path: Path, monkeypatch) -> None:
    shutil.copytree(run.results, tmp_path / "results")
    monkeypatch.chdir(tmp_path)
    said, aside = say(run.archive, "--json")
    assert json.loads(said)["model"] == "hvsr_forest"
    assert "model: results/models/hvsr_forest, the best of results" in aside
    monkeypatch.chdir(run.archive)
    with pytest.raises(InputError, match="results: no such folder; expected the folder of a trained model"):
        say(run.archive)


def test_another_model_of_the_run_says_which_one_it_recommends(run: Run) -> None:
    said, _ = say(run.archive, "--model", run.model("intensity_forest"))
    assert f"The run that made it recommends another model: --model {run.model()}" in said
    assert better_than(run.model()) is None
    assert better_than(run.archive) is None


def test_a_forest_that_knows_no_better_says_so(run: Run, tmp_path: Path) -> None:
    about = json.loads((run.model() / "model.json").read_text())
    assert about["audit"] in (run.model() / "README.md").read_text()
    shutil.copytree(run.model(), tmp_path / "bad")
    sentence = "hvsr_forest is no better than a constant: 40.0 % per station, the best constant 39.0 %."
    (tmp_path / "bad" / "model.json").write_text(json.dumps(about | {"audit": sentence}))
    assert f"Caution: {sentence}" in say(run.archive, "--model", tmp_path / "bad")[0]


def test_three_lines_of_python_and_a_folder_that_needs_nothing_else(
    run: Run, records, tmp_path: Path
) -> None:
    shutil.copytree(run.model(), tmp_path / "elsewhere")
    assert sorted(path.name for path in run.model().iterdir()) == [
        *("1.safetensors", "2.safetensors"),
        *("README.md", "model.json"),
    ]
    model = load(tmp_path / "elsewhere")
    assert isinstance(model, SavedForest)
    assert model.predict(records, rejects=[]) == load(run.results).predict(records, rejects=[])
    assert str(run.results) not in (run.model() / "model.json").read_text()


def test_the_same_inputs_give_the_same_folders(run: Run, tmp_path: Path) -> None:
    assemble(run, tmp_path)
    made = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file())
    assert len(made) == len(FORESTS) * 4
    for path in made:
        assert (tmp_path / path).read_bytes() == (run.results / "models" / path).read_bytes(), path


def test_a_record_that_lacks_what_the_forest_looks_at_is_refused(run: Run, records) -> None:
    model = load(run.model("intensity_forest"))
    twin = [record for record in records if record.station == records[0].station]
    lacking = [dataclasses.replace(twin[0], magnitude=None, epicentral_distance_km=None), *twin[1:]]
    rejects: list[Reject] = []
    found = model.predict(lacking, rejects=rejects)
    assert [(reject.record_id, reject.reason, reject.detail) for reject in rejects] == [
        (
            twin[0].record_id,
            Reason.FEATURE_UNKNOWN,
            "not known: magnitude, ln epicentral_distance_km",
        )
    ]
    assert sum(one.n_records for one in found) + len(rejects) == len(lacking)
    alone: list[Reject] = []
    assert model.predict(lacking[:1], rejects=alone) == []
    assert len(alone) == 1


def test_an_elevation_is_the_station_s_and_without_one_it_is_refused(run: Run, records) -> None:
    model = load(run.model("hvsr_elevation_forest"))
    twin = [record for record in records if record.station == "9010"]
    rejects: list[Reject] = []
    lost = [dataclasses.replace(one, st_elevation_m=None) for one in twin]
    assert model.predict(lost, rejects=rejects) == []
    assert [reject.detail for reject in rejects] == ["not known: elevation in m"] * len(twin)
    one = model.predict([*lost[:-1], twin[-1]], rejects=[])
    assert one == model.predict(twin, rejects=[])


def test_a_baseline_without_data_has_a_card_that_says_so_and_is_not_loaded(run: Run) -> None:
    assert (
        "Nothing was grown: no record has a P pick" in (run.model("pwave_forest") / "README.md").read_text()
    )
    with pytest.raises(InputError, match="nothing was trained; no record has a P pick"):
        load(run.model("pwave_forest"))


def test_what_looks_at_the_first_motion_needs_a_p_pick(run: Run, records, tmp_path: Path) -> None:
    shutil.copytree(run.model(), tmp_path / "pwave")
    about = json.loads((tmp_path / "pwave" / "model.json").read_text())
    about |= {"baseline": "pwave_forest", "picks": {"methods": ["eqtransformer"]}}
    (tmp_path / "pwave" / "model.json").write_text(json.dumps(about))
    with pytest.raises(InputError, match="32 features that this version does not compute"):
        load(tmp_path / "pwave")
    monkey = SavedForest(tmp_path, about, load(run.model()).members)
    assert monkey.cannot_do_without_picks
    with pytest.raises(InputError, match="needs P picks; expected the weights of eqtransformer"):
        monkey.predict(records[:1])


def test_a_damaged_folder_is_one_clear_line(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(run.model(), folder)
    (folder / "2.safetensors").write_bytes((folder / "1.safetensors").read_bytes())
    with pytest.raises(InputError, match=r"2\.safetensors: sha256: not the file"):
        load(folder)
    whole = json.loads((run.model() / "model.json").read_text())
    shutil.copy(run.model() / "2.safetensors", folder)
    for key in ("support", "calibration", "coverage", "limits", "picks", "synthetic", "input", "baseline"):
        (folder / "model.json").write_text(json.dumps({name: whole[name] for name in whole if name != key}))
        with pytest.raises(InputError, match=rf"model\.json: damaged \(KeyError\('{key}'\)"):
            load(folder)


def test_a_ranking_without_its_models_is_one_clear_line(run: Run, tmp_path: Path) -> None:
    shutil.copy(run.results / "ranking.csv", tmp_path)
    with pytest.raises(InputError, match=r"no such model; expected the best model of the run; .snakemake"):
        recommended(tmp_path)
    header, *lines = (run.results / "ranking.csv").read_text().splitlines()
    (tmp_path / "ranking.csv").write_text("\n".join([header, "slope_proxy,baseline,0.4,"]) + "\n")
    with pytest.raises(InputError, match="no model in it"):
        load(tmp_path)
    (tmp_path / "ranking.csv").write_text("\n".join([header, "slope_proxy,baseline,0.4,", *lines]) + "\n")
    shutil.copytree(run.results / "models", tmp_path / "models")
    assert recommended(tmp_path) == tmp_path / "models" / "hvsr_forest"


def test_a_folder_without_all_trials_of_the_run_is_not_made(run: Run, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"--trials: predictions of trials 2 as well; expected all trials"):
        assemble(run, tmp_path, trials=(1,))


def test_the_card_says_what_a_user_must_know(run: Run) -> None:
    text = (run.model() / "README.md").read_text(encoding="utf-8")
    _, front, body = text.split("---\n", 2)
    values = yaml.safe_load(front)
    assert values["license"] == "mit"
    [result] = values["model-index"][0]["results"]
    assert {"error_per_station_pct", "error_of_the_best_constant_pct"} <= {
        metric["type"] for metric in result["metrics"]
    }
    for heading in ("Use", "Data", "Split", "Skill", "Limits", "Licence"):
        assert f"\n## {heading}\n" in body
    assert "Trained on a synthetic archive" in body
    assert "2 random forests of 20 trees, one per trial, grown by scikit-learn" in body
    assert re.search(r"\| absolute mean error per station \| \d+\.\d % \|", body)
    about = json.loads((run.model() / "model.json").read_text())
    assert f"`{about['settings_sha256'][:16]}…`" in body
    assert len(about["calibration"]) == len({row["station"] for row in about["calibration"]}) > 0
    assert set(about["ranges"]) >= {"magnitude", "epicentral_distance_km", "pga_cm_s2"}


def test_real_stations_that_no_forest_knew_get_the_figures_of_the_tables(
    shared_data: Path, tmp_path: Path
) -> None:
    found = read_any(shared_data / "afad1218", rejects=[])
    records = [one for one in found if one.vs30_m_s is not None]
    vs30 = {one.station: float(one.vs30_m_s or 0.0) for one in records}
    assert len(vs30) >= 4
    hidden = sorted(vs30)[::3]
    write_records(records, tmp_path / "records.parquet")
    features = features_of(tmp_path / "records.parquet", {})
    known = {name: value for name, value in vs30.items() if name not in hidden}
    split = {1: dict.fromkeys(known, "train")}
    table = pa.table({"station": sorted(vs30), "elevation_m": pa.nulls(len(vs30), pa.float64())})
    forests = forest.forests_of("hvsr_forest", features, table, split, known, 0)
    expected = all_predictions("hvsr_forest", features, table, split, known, 0)
    of_station = {row["station"]: row["vs30_predicted_m_s"] for row in expected.to_pylist()}
    about = {"baseline": "hvsr_forest", "picks": {}, "limits": {}, "calibration": [], "coverage": 0.9}
    about |= {"outside_level": 0.05, "support": {"features": [], "mean": [], "precision": [], "scores": {}}}
    stations = {"train": frozenset(known), "validation": frozenset(), "test": frozenset()}
    member = Member(1, forests[1], stations)
    rejects: list[Reject] = []
    mine = [one for one in records if one.station in hidden]
    estimates = SavedForest(tmp_path, about, [member]).predict(mine, rejects=rejects)
    assert [one.station for one in estimates] == hidden
    assert [one.vs30_m_s for one in estimates] == pytest.approx([of_station[name] for name in hidden])
    assert all(one.out_of_fold for one in estimates)
    assert sum(one.n_records for one in estimates) + len(rejects) == len(mine)
