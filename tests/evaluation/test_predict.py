"""From records to Vs30 with a saved model: the workflow's figures, from a folder that stands alone."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import yaml
from typer.testing import CliRunner

from quakesite import cli
from quakesite.demo.make import make
from quakesite.demo.settings import DemoSettings
from quakesite.errors import InputError
from quakesite.evaluation.assemble_network import Origin, assemble
from quakesite.evaluation.command import app
from quakesite.evaluation.layout import write_csv as write_rows
from quakesite.evaluation.predict import read_records
from quakesite.evaluation.predict_command import predict
from quakesite.evaluation.ranking import ranking_rows
from quakesite.evaluation.settings import EvaluationSettings
from quakesite.models import load
from quakesite.picks.picked import picks_table
from quakesite.picks.settings import PicksSettings
from quakesite.picks.shard import by_kalkan
from quakesite.records import Record, ingest
from quakesite.records import read as read_any
from quakesite.records.settings import RecordsSettings
from quakesite.rejects import Reason, Reject
from quakesite.stations.schema import STATIONS
from quakesite.tables import read_parquet, write_csv, write_parquet
from quakesite.training.experiments import EXPERIMENTS
from quakesite.training.schema import PREDICTIONS
from quakesite.training.settings import TrainingSettings
from quakesite.training.splits import make_splits
from quakesite.training.train import Files, train_trial
from quakesite.windows.settings import Window, WindowsSettings
from quakesite.windows.sharding import make_shard

SHARD, NAME = "0-of-1", "beta_auto_p15"
UNMEASURED = {"9001", "9010"}
TRIALS = (1, 2)
SETTINGS = EvaluationSettings(coverage=0.6, bootstrap=100)


@dataclass(frozen=True)
class Run:
    """A small run of the workflow's stages, in one folder."""

    folder: Path
    archive: Path
    stations: Path
    windows: list[Path]

    def trials(self, name: str) -> list[Path]:
        """The folders of an experiment's trials."""
        return [self.folder / name / str(trial) for trial in TRIALS]

    def model(self, name: str = NAME) -> Path:
        """The folder of an experiment's model."""
        return self.folder / "models" / name

    def predicted(self, name: str = NAME) -> Path:
        """What the model says of all stations."""
        return self.folder / f"{name}.parquet"

    def assemble(self, name: str, limits: dict[str, float]) -> None:
        """Makes the model."""
        origin = Origin(PicksSettings(methods=["kalkan"]), limits, True)
        files = (self.model(name), self.predicted(name))
        assemble(name, self.trials(name), self.windows, self.stations, SETTINGS, origin, *files)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Twelve synthetic stations of two records, windows at Kalkan's P picks, two trials of two epochs."""
    folder = tmp_path_factory.mktemp("run")
    make(DemoSettings(stations=12, events=2), folder / "demo")
    archive = folder / "demo" / "archive"
    records, windows = folder / "records.parquet", folder / "p15" / "auto" / f"{SHARD}.parquet"
    unlimited = RecordsSettings(max_epicentral_distance_km=None, min_component_ratio=None)
    ingest.shard(SHARD, [str(archive)], unlimited, records, folder / "rejects.parquet")
    found = by_kalkan(records)
    write_parquet(picks_table(found.found, "kalkan"), folder / "picks.parquet")
    make_shard(
        records, folder / "picks.parquet", "p15", WindowsSettings(), windows, folder / "refused.parquet"
    )
    known = {row.station: row for row in read_any(archive, rejects=[])}
    vs30 = {name: 250.0 + 50.0 * at for at, name in enumerate(sorted(known)) if name not in UNMEASURED}
    rows = [
        dict.fromkeys(STATIONS.names)
        | {"station": name, "network": "TK", "vs30_m_s": vs30.get(name), "n_records": 2}
        | {"latitude": known[name].st_latitude, "longitude": known[name].st_longitude}
        for name in sorted(known)
    ]
    stations = folder / "stations.parquet"
    write_parquet(pa.Table.from_pylist(rows, schema=STATIONS), stations)
    write_csv(make_splits(vs30, TRIALS, 0), folder / "splits.csv")
    made = Run(folder, archive, stations, [windows])
    files = Files([windows], [windows], stations, folder / "splits.csv")
    settings = TrainingSettings(preset="quakesite", max_epochs=2, trials=2)
    for trial, out in zip(TRIALS, made.trials(NAME), strict=True):
        train_trial(EXPERIMENTS[NAME], trial, files, settings, out)
    made.assemble(NAME, {})
    return made


@pytest.fixture(scope="module")
def records(run: Run) -> list[Record]:
    """All records of the archive."""
    return read_any(run.archive, rejects=[])


def say(*arguments: str | Path) -> str:
    """Returns what `quakesite predict` writes to standard output."""
    import typer

    one = typer.Typer()
    one.command()(predict)
    result = CliRunner().invoke(one, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def test_three_lines_of_python_predict_as_the_workflow_does(run: Run) -> None:
    model = load(run.model())
    estimates = model.predict(read_any(run.archive, rejects=[]), rejects=[])
    held_out = {name for member in model.members for name in member.stations["test"]}
    of_workflow = read_parquet(run.predicted(), PREDICTIONS).to_pylist()
    for one in estimates:
        rows = [row for row in of_workflow if row["station"] == one.station]
        expected = np.exp(np.mean([np.log(row["vs30_predicted_m_s"]) for row in rows]))
        assert one.vs30_m_s == pytest.approx(expected, rel=1e-5)
        assert one.n_records == len({row["record_id"] for row in rows})
        unmeasured = one.station in UNMEASURED
        assert one.out_of_fold == (unmeasured or one.station in held_out)
        assert len({row["trial"] for row in rows}) == (2 if unmeasured or not one.out_of_fold else 1)
        assert unmeasured == any(row["vs30_m_s"] != row["vs30_m_s"] for row in rows)
    assert {one.station for one in estimates} == {row["station"] for row in of_workflow} >= UNMEASURED


COMPUTED = ("vs30_predicted", "vs30_low", "vs30_high", "latitude", "longitude", "probability_", "outside_p")


def test_the_command_gives_the_figures_of_predictions_csv(run: Run, tmp_path: Path) -> None:
    tables = [str(folder / "predictions.parquet") for folder in run.trials(NAME)]
    arguments = ["predictions", *tables, "--stations", str(run.stations), "--out", str(tmp_path / "w.csv")]
    arguments += ["--predicted", str(run.predicted()), "--settings", SETTINGS.model_dump_json()]
    CliRunner().invoke(app, arguments, catch_exceptions=False)
    printed = say(run.archive, "--model", run.model(), "--out", tmp_path / "p.csv")
    of_workflow, own = ((tmp_path / name).read_text().splitlines() for name in ("w.csv", "p.csv"))
    assert of_workflow[0] + ",beyond_training" == own[0]
    header = of_workflow[0].split(",")
    for mine, theirs in zip(own[1:], of_workflow[1:], strict=True):
        pair = zip(mine.split(",")[: len(header)], theirs.split(","), strict=True)
        for name, (value, expected) in zip(header, pair, strict=True):
            if name.startswith(COMPUTED) and expected:  # in batches of other sizes: the last digit may differ
                assert float(value) == pytest.approx(float(expected), rel=1e-4, abs=2e-4), name
            elif name != "vs30_measured":
                assert value == expected, name
    bounded = [line.split(",")[0] for line in own[1:] if line.split(",")[6] and line.split(",")[7]]
    assert set(bounded) >= UNMEASURED
    assert re.search(r"^9001 +\d +\d+ +\d+ to \d+ +[A-E] +0\.\d\d", printed, re.MULTILINE)
    assert "synthetic" in printed


def test_json_and_geojson_carry_the_same(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "map.geojson"
    said = json.loads(say(run.archive, "--model", run.model(), "--json", "--out", target))
    features = json.loads(target.read_text())["features"]
    assert [row["station"] for row in said["stations"]] == [one["id"] for one in features]
    for row, feature in zip(said["stations"], features, strict=True):
        assert feature["geometry"]["coordinates"] == pytest.approx([row["longitude"], row["latitude"]])
        assert feature["properties"].items() <= row.items()
    assert said["model"] == NAME


def test_the_components_of_a_record_may_all_be_named(run: Run) -> None:
    folder = run.folder / "loose"
    folder.mkdir()
    for path in sorted(run.archive.rglob("*.asc")):
        if re.match(r"\d{14}_9\d\d\d_", path.name):
            shutil.copy(path, folder / path.name)
    files = sorted(folder.iterdir())
    rejects: list[Reject] = []
    records = read_records(files, rejects)
    assert len(files) >= 3 * len(records) > 0
    assert [one.record_id for one in records] == [one.record_id for one in read_any(folder, rejects=[])]
    with pytest.raises(InputError, match="no such file"):
        read_records([*files, folder / "nowhere.asc"], rejects)


def test_what_is_refused_is_said_and_in_equals_out_and_refused(run: Run, records) -> None:
    model = load(run.model())
    twice = [*records[:4], records[0]]
    rejects: list[Reject] = []
    estimates = model.predict(twice, rejects=rejects)
    assert len(twice) == sum(one.n_records for one in estimates) + len(rejects)
    assert Reason.DUPLICATE in {reject.reason for reject in rejects}
    with pytest.warns(UserWarning, match="records refused, the first"):
        model.predict(twice)


def changed(model: Path, target: Path, **values: object) -> Path:
    """Copies a model's folder to `target`, with some keys of `model.json` changed."""
    shutil.copytree(model, target)
    about = json.loads((target / "model.json").read_text())
    (target / "model.json").write_text(json.dumps(about | values))
    return target


def test_the_limits_of_the_workflow_hold_for_picked_records(run: Run, records, tmp_path: Path) -> None:
    rejects: list[Reject] = []
    strict = changed(run.model(), tmp_path / "strict", limits={"min_snr_db": 500.0, "min_p_time_s": None})
    assert load(strict).predict(records[:2], rejects=rejects) == []
    assert [reject.reason for reject in rejects] == [Reason.LOW_SNR, Reason.LOW_SNR]


def test_a_folder_of_the_model_needs_nothing_else(run: Run, records, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere"
    shutil.copytree(run.model(), moved)
    assert sorted(path.name for path in moved.iterdir()) == [
        "1.safetensors",
        "2.safetensors",
        "README.md",
        "model.json",
    ]
    one, other = (load(folder).predict(records[:2], rejects=[]) for folder in (moved, run.model()))
    assert one == other
    about = json.loads((moved / "model.json").read_text())
    assert about["window"]["name"] == "p15"
    cut_as = Window.model_validate(about["window"]["settings"])
    assert cut_as == WindowsSettings().kinds["p15"].model_copy(update={"rate_hz": 100.0})
    assert about["input"]["channels"] == ["E", "N", "Z"]
    assert {row["target"]["scale"] for row in about["members"]} == {"ln (Vs30 / best constant) / std"}
    assert str(run.folder) not in json.dumps(about) + (moved / "README.md").read_text()


def test_the_same_inputs_give_the_same_folder(run: Run, tmp_path: Path) -> None:
    again = Run(tmp_path, run.archive, run.stations, run.windows)
    for folder, source in zip(again.trials(NAME), run.trials(NAME), strict=True):
        shutil.copytree(source, folder)
    again.assemble(NAME, {})
    for path in sorted(run.model().iterdir()):
        assert path.read_bytes() == (again.model() / path.name).read_bytes(), path.name
    assert run.predicted().read_bytes() == again.predicted().read_bytes()


def test_a_folder_that_is_none_or_was_changed_is_one_clear_line(run: Run, tmp_path: Path) -> None:
    made = (
        r"expected the folder of a trained model .*; `snakemake --cores all results/predictions\.csv` makes"
    )
    with pytest.raises(InputError, match=f"no trained model in it; {made}"):
        load(tmp_path)
    with pytest.raises(InputError, match=f"no such folder; {made}"):
        load(tmp_path / "results")
    with pytest.raises(InputError, match=r"snakemake --cores all \S*/models/gone/model\.json"):
        load(tmp_path / "models" / "gone")
    folder = tmp_path / "model"
    shutil.copytree(run.model(), folder)
    (folder / "2.safetensors").write_bytes((folder / "1.safetensors").read_bytes())
    with pytest.raises(InputError, match=r"2\.safetensors: sha256: not the file"):
        load(folder)
    (folder / "2.safetensors").unlink()
    with pytest.raises(InputError, match="no such file"):
        load(folder)
    (folder / "model.json").write_text('{"format": "another"}')
    with pytest.raises(InputError, match="format: 'another'; expected quakesite-model-1"):
        load(folder)


@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        ("support", None, r"model\.json: damaged \(TypeError"),
        ("support", {"features": []}, r"model\.json: damaged \(KeyError\('mean'\)"),
        ("calibration", [{"station": "9001", "members": [1]}], r"damaged \(KeyError\('residual_ln'\)"),
        ("calibration", [{"station": "9001", "members": [1], "residual_ln": "x"}], "a word for a number"),
        ("coverage", "often", "a word for a number"),
        ("members", [{"file": "1.safetensors"}], "members: damaged"),
        ("members", "1.safetensors", "members: damaged"),
        ("input", {}, r"damaged \(KeyError\('channels'\)"),
        ("window", {"settings": {"anchor": "pgv"}}, "anchor"),
        ("limits", {"min_snr_db": "much"}, "damaged"),
        ("ranges", {"magnitude": [1]}, "damaged"),
    ],
)
def test_a_damaged_manifest_is_one_clear_line(run: Run, tmp_path: Path, key: str, value, line: str) -> None:
    with pytest.raises(InputError, match=line):
        load(changed(run.model(), tmp_path / "damaged", **{key: value}))


def test_a_manifest_without_a_key_is_one_clear_line(run: Run, tmp_path: Path) -> None:
    folder = changed(run.model(), tmp_path / "cut")
    whole = json.loads((folder / "model.json").read_text())
    for key in (
        "support",
        "calibration",
        "coverage",
        "outside_level",
        "limits",
        "picks",
        "input",
        "synthetic",
    ):
        (folder / "model.json").write_text(json.dumps({name: whole[name] for name in whole if name != key}))
        with pytest.raises(InputError, match=rf"model\.json: damaged \(KeyError\('{key}'\)"):
            load(folder)


def test_a_record_beyond_what_the_model_has_seen_is_told(run: Run, records, tmp_path: Path) -> None:
    model = load(run.model())
    assert set(model.ranges) >= {"magnitude", "epicentral_distance_km"}
    # Only the stations that had no say in what the model has seen can lie beyond it.
    assert {one.station for one in model.predict(records, rejects=[]) if one.beyond} <= UNMEASURED
    near = next(record for record in records if record.station not in UNMEASURED)
    far = dataclasses.replace(near, epicentral_distance_km=203.4, magnitude=None)
    told = r"epicentral distance 203 km, seen \d+ to \d+ km"
    (found,) = model.predict([far], rejects=[])
    assert re.fullmatch(told, found.beyond[0])
    assert found.beyond[1:] == ("magnitude not known",)
    assert found.vs30_m_s == model.predict([near], rejects=[])[0].vs30_m_s
    narrow = changed(run.model(), tmp_path / NAME, ranges={"magnitude": [9.0, 9.5]})
    said = json.loads(say(run.archive, "--model", narrow, "--json"))
    assert {row["beyond_training"][-17:] for row in said["stations"]} == {", seen 9.0 to 9.5"}
    silent = changed(run.model(), tmp_path / "older", ranges={})
    assert load(silent).predict([far], rejects=[])[0].beyond == ()


def test_a_model_that_is_not_to_be_believed_says_so_with_its_figures(run: Run, tmp_path: Path) -> None:
    sentence = f"{NAME} has collapsed: its predictions spread over 0.1 m/s."
    bad = changed(run.model(), tmp_path / "bad" / NAME, audit=sentence)
    good = changed(run.model(), tmp_path / "good" / NAME, audit="")
    one = next(path for path in sorted(run.archive.rglob("*")) if path.is_file() and "9001" in path.name)
    assert f"Caution: {sentence}" in say(one, "--model", bad)
    assert sentence in json.loads(say(one, "--model", bad, "--json"))["note"]
    assert "Caution" not in say(one, "--model", good)
    with pytest.warns(UserWarning, match="has collapsed"):
        load(bad).predict(read_any(run.archive, rejects=[])[:1])
    told = json.loads((run.model() / "model.json").read_text())["audit"]
    card = (run.model() / "README.md").read_text()
    assert f"Collapse audit: {told or f'{NAME} is better than a constant'}" in card


@pytest.fixture(scope="module")
def needs_picks(run: Run) -> Path:
    """The model as if EQTransformer had picked for it, with a limit to the noise."""
    picks = PicksSettings().model_dump(mode="json")
    return changed(run.model(), run.folder / "needs" / NAME, picks=picks, limits={"min_snr_db": 25.0})


def test_a_model_that_needs_picks_says_how_to_get_them(
    run: Run, needs_picks: Path, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    one = next(path for path in sorted(run.archive.rglob("*")) if path.is_file() and "9001" in path.name)
    with pytest.raises(InputError, match=r"--weights: not given, and .* eqtransformer for its windows"):
        say(one, "--model", needs_picks)
    with pytest.raises(InputError, match="needs P picks; expected the weights of eqtransformer"):
        say(one, "--model", needs_picks, "--no-picks")
    with pytest.raises(InputError, match="not found; expected the weights"):
        say(one, "--model", needs_picks, "--weights", tmp_path / "none.safetensors")
    with pytest.raises(InputError, match="ends in"):
        say(one, "--model", needs_picks, "--out", "map.png")
    window = {"name": "pga15", "settings": {"anchor": "pga", "length_s": 15.0}}
    by_pga = changed(needs_picks, tmp_path / NAME, window=window)
    with pytest.raises(InputError, match=r"its limits \(min_snr_db 25\).* or give --no-picks"):
        say(one, "--model", by_pga)
    assert "9001" in (said := say(one, "--model", by_pga, "--no-picks"))
    assert "Nothing was picked: the model's records keep min_snr_db 25, these may not." in said


def test_eqtransformer_picks_with_given_weights(records, needs_picks: Path, shared_data: Path) -> None:
    rejects: list[Reject] = []
    found = load(needs_picks).predict(records[:3], weights=shared_data / "weights", rejects=rejects)
    assert found
    assert sum(one.n_records for one in found) + len(rejects) == 3
    assert {reject.reason for reject in rejects} <= {Reason.LOW_SNR, Reason.NO_P_PICK}


def test_the_card_has_front_matter_and_says_what_a_user_must_know(run: Run) -> None:
    text = (run.model() / "README.md").read_text(encoding="utf-8")
    _, front, body = text.split("---\n", 2)
    values = yaml.safe_load(front)
    assert values["license"] == "mit"
    assert "synthetic-data" in values["tags"]
    [result] = values["model-index"][0]["results"]
    metrics = {metric["type"]: metric["value"] for metric in result["metrics"]}
    assert {"error_per_station_pct", "error_of_the_best_constant_pct", "skill"} <= set(metrics)
    for heading in ("Use", "Data", "Split", "Skill", "Limits", "Licence"):
        assert f"\n## {heading}\n" in body
    assert "Trained on a synthetic archive" in body
    assert f"Collapse audit: {NAME}" in body
    assert f'load("results/models/{NAME}")' in body


def test_an_untrained_experiment_has_a_card_that_says_so_and_is_not_loaded(run: Run, tmp_path: Path) -> None:
    experiment = "beta_man_p15"
    other = Run(tmp_path, run.archive, run.stations, [])
    files = Files(run.windows, [], run.stations, run.folder / "splits.csv")
    for trial, out in zip(TRIALS, other.trials(experiment), strict=True):
        train_trial(EXPERIMENTS[experiment], trial, files, TrainingSettings(max_epochs=1), out)
    other.assemble(experiment, {})
    assert "Nothing was trained: no manual windows" in (other.model(experiment) / "README.md").read_text()
    assert len(read_parquet(other.predicted(experiment), PREDICTIONS)) == 0
    with pytest.raises(InputError, match="nothing was trained; no manual windows"):
        load(other.model(experiment))


def test_the_lines_of_the_documentation_run(run: Run, root: Path, tmp_path: Path, monkeypatch) -> None:
    text = (root / "docs" / "predict.md").read_text(encoding="utf-8")
    [block] = [found for found in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "load(" in found]
    shutil.copytree(run.model(), tmp_path / "results/models/beta_auto_pga")
    ranking = ranking_rows({"beta_auto_pga": 0.1})
    write_rows(ranking, ranking[0], tmp_path / "results" / "ranking.csv")
    (tmp_path / "my_records").mkdir()
    for path in run.archive.rglob("*"):
        if path.is_file() and ("9001" in path.name or "9002" in path.name):
            shutil.copy(path, tmp_path / "my_records")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    exec(compile(block, "docs/predict.md", "exec"), names)
    assert names["estimates"]


def test_the_command_stands_at_the_top(capsys, monkeypatch) -> None:
    monkeypatch.setattr("sys.argv", ["quakesite", "predict", "--help"])
    with pytest.raises(SystemExit) as left:
        cli.main()
    assert left.value.code == 0
    assert "--no-picks" in capsys.readouterr().out
