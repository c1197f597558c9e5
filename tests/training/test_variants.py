"""Variants of a way to train: read, applied, chosen from by validation, and judged one against the other."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow.csv
import pytest
from typer.testing import CliRunner

from quakesite.errors import InputError
from quakesite.evaluation.command import app as evaluation
from quakesite.tables import read_parquet, write_parquet
from quakesite.training.command import app
from quakesite.training.experiments import EXPERIMENTS
from quakesite.training.schema import SELECTION, SETTINGS, TRIAL_PREDICTIONS, TRIALS
from quakesite.training.selection import ranked, station_error
from quakesite.training.settings import TrainingSettings
from quakesite.training.train import train_trial
from quakesite.training.trial import FILES
from quakesite.training.variants import changed, encoders_of, remarks_of, settings_of, variants_of


def table(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_cells_are_read_as_yaml_and_empty_ones_change_nothing(tmp_path: Path) -> None:
    path = table(
        tmp_path / "v.csv",
        "name,about,network,augment,normalise,learning_rate,precision",
        'a,what it is,tcn,"[shift, noise]",,1e-2,32',
        "b,,,[],false,,bf16-mixed",
    )
    assert variants_of(path) == {
        "a": {"network": "tcn", "augment": ["shift", "noise"], "learning_rate": "1e-2", "precision": 32},
        "b": {"augment": [], "normalise": False, "precision": "bf16-mixed"},
    }
    assert remarks_of(path) == {"a": "what it is", "b": ""}
    made = settings_of(TrainingSettings(variants=str(path), trials=4, patience=7))
    assert (made["a"].learning_rate, made["a"].patience, made["b"].network) == (0.01, 7, None)


def test_inline_variants_are_those_of_a_table(tmp_path: Path) -> None:
    path = table(tmp_path / "v.csv", "name,target", "a,ln", "b,percent")
    inline = [{"name": "a", "target": "ln"}, {"name": "b", "target": "percent"}]
    assert variants_of(inline) == variants_of(path)
    assert variants_of(None) == {}


def test_variants_share_the_encoder_that_would_be_the_same_file() -> None:
    settings = TrainingSettings(
        variants=[
            {"name": "frozen", "encoder_rate": 0},
            {"name": "other_network", "network": "tcn"},
            {"name": "other_network_pooled", "network": "tcn", "pool_records": 4},
            {"name": "other_rate", "learning_rate": 0.01},
            {"name": "other_seed", "seed": 7},
            {"name": "as_configured"},
        ]
    )
    assert encoders_of(settings, settings_of(settings, [])) == {
        "frozen": None,
        "other_network": "other_network",
        "other_network_pooled": "other_network",
        "other_rate": "other_rate",
        "other_seed": "other_seed",
        "as_configured": None,
    }


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        ([{"target": "ln"}], "name: ''"),
        ([{"name": "../x"}], "name: '../x'"),
        ([{"name": "configured"}], "not 'configured'"),
        ([{"name": "a"}, {"name": "a"}], "'a' is there twice"),
        (
            [{"name": "a", "learning_rat": 1}],
            "variant a: learning_rat: unknown key; did you mean 'learning_rate'",
        ),
        ([{"name": "a", "target": "log"}], "variant a: target: 'log'"),
        ([{"name": "a", "trials": 3}], "variant a: trials: not of a single training"),
    ],
)
def test_a_wrong_variant_is_one_clear_line(rows: list[dict[str, Any]], complaint: str) -> None:
    with pytest.raises(InputError) as caught:
        settings_of(TrainingSettings(variants=rows))
    assert complaint in str(caught.value)


def test_the_seed_of_a_variant_does_not_deal_the_splits_anew() -> None:
    variants = [{"name": "again", "seed": 8}, {"name": "same", "seed": 7}, {"name": "ln", "target": "ln"}]
    made = settings_of(TrainingSettings(seed=7, variants=variants))
    assert {name: one.seed_of_splits for name, one in made.items()} == dict.fromkeys(made, 7)
    assert [one.seed for one in made.values()] == [8, 7, 7]
    assert made["same"].split_seed is None
    with pytest.raises(InputError, match="variant a: split_seed: all variants have the same splits"):
        settings_of(TrainingSettings(variants=[{"name": "a", "split_seed": 1}]))


def test_tables_that_cannot_be_read_are_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.csv: cannot be read"):
        variants_of(tmp_path / "nowhere.csv")
    with pytest.raises(InputError, match=r"columns name;target; expected a column name, and commas"):
        variants_of(table(tmp_path / "v.csv", "name;target", "a;ln"))
    assert variants_of(table(tmp_path / "v.csv", "\ufeffname,target", "a,ln")) == {"a": {"target": "ln"}}
    with pytest.raises(InputError, match="'a' has more cells than columns; quote lists"):
        variants_of(table(tmp_path / "v.csv", "name,target", "a,ln, percent"))
    with pytest.raises(InputError, match=r"augment of 'a': '\[shift'; expected YAML"):
        variants_of(table(tmp_path / "v.csv", "name,augment", "a,[shift"))


def test_one_name_cannot_mean_two_things() -> None:
    both = {"variants": [{"name": "a", "target": "ln"}], "ablation": {"variants": [{"name": "a"}]}}
    with pytest.raises(InputError, match="'a' is another one in variants and in ablation"):
        settings_of(TrainingSettings.model_validate(both))
    both["ablation"] = {"variants": [{"name": "a", "target": "ln"}]}
    assert list(settings_of(TrainingSettings.model_validate(both))) == ["a"]


def test_the_shipped_ablation_changes_one_piece_at_a_time(root: Path) -> None:
    shipped = root / "resources" / "ablation.csv"
    first, *others = variants_of(shipped).items()
    assert first == ("quakesite", {"preset": "quakesite"})
    for name, changes in others:
        assert changes == {"preset": "paper"} or len(changes) == 2, name
        changed(TrainingSettings(), name, changes)
    assert all(remarks_of(shipped).values())


@pytest.fixture(scope="module")
def trials(archive, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Two trials of one experiment as configured and in two variants, one of which cannot have learned."""
    base = tmp_path_factory.mktemp("variants")
    experiment = EXPERIMENTS["beta_auto_p15"]
    ways: dict[str, dict[str, Any]] = {
        "training": {},
        "training_variants/percent": {"target": "percent"},
        "training_variants/stuck": {"learning_rate": 1e-12, "start_from_mean": False},
    }
    folders = []
    for folder, settings in ways.items():
        for number in (1, 2):
            out = base / folder / experiment.name / str(number)
            values = {"preset": "quakesite", "max_epochs": 6, "batch_size": 8} | settings
            train_trial(experiment, number, archive.files(experiment.name), TrainingSettings(**values), out)
            folders.append(str(out))
    return folders


def select(folders: list[str], out: Path) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    arguments = ["select", *folders, "--trials", str(out / "trials.csv"), "--out", str(out / "selection.csv")]
    assert CliRunner().invoke(app, arguments, catch_exceptions=False).exit_code == 0
    read = []
    for name, schema in (("trials.csv", TRIALS), ("selection.csv", SELECTION)):
        assert pyarrow.csv.read_csv(out / name).column_names == schema.names
        read.append(list(csv.DictReader((out / name).open())))
    return read[0], read[1]


def test_the_variant_of_least_validation_error_is_chosen_and_it_alone_is_tested(
    trials: list[str], tmp_path: Path
) -> None:
    rows, (choice,) = select(trials, tmp_path)
    assert [(row["variant"], row["trial"]) for row in rows] == [
        (variant, trial) for variant in ("configured", "percent", "stuck") for trial in "12"
    ]
    of_variant = {
        name: sum(float(r["validation_error_station_pct"]) for r in rows if r["variant"] == name) / 2
        for name in ("configured", "percent", "stuck")
    }
    assert choice["variant"] == "configured", "of equal ones the first: the preset learns `percent` anyway"
    assert of_variant["configured"] == of_variant["percent"] < of_variant["stuck"]
    assert float(choice["validation_error_station_pct"]) == pytest.approx(of_variant["configured"])
    assert (choice["n_variants"], choice["n_trials"], choice["second_variant"]) == ("3", "2", "percent")
    assert [bool(row["test_error_station_pct"]) for row in rows] == [True, True, False, False, False, False]
    tested = [station_error(folder, "test") for folder in trials[:2]]
    assert float(choice["test_error_station_pct"]) == pytest.approx(sum(tested) / 2)
    told = json.loads((Path(trials[0]) / "trial.json").read_text())
    assert rows[0]["data_sha256"] == told["data_sha256"]
    assert (rows[0]["network"], rows[0]["target"], rows[0]["augment"]) == ("spectral", "percent", "[]")
    assert rows[0]["learning_rate"] == "0.003"
    assert set(SETTINGS) <= set(told["resolved"])


def test_the_choice_does_not_depend_on_the_test_set(trials: list[str], tmp_path: Path) -> None:
    rows_before, (before,) = select(trials, tmp_path)

    def edit(folder: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        factor = 1.0 if "stuck" in folder else 5.0
        return [
            row | ({"vs30_predicted_m_s": factor * row["vs30_m_s"]} if row["split"] == "test" else {})
            for row in rows
        ]

    rows_after, (after,) = select(edited(trials, tmp_path, edit), tmp_path)
    assert after["variant"] == before["variant"]
    assert after["test_error_station_pct"] == "400"
    tested = {"test_error_station_pct": ""}
    assert [row | tested for row in rows_after] == [row | tested for row in rows_before]


def edited(trials: list[str], target: Path, edit: Any) -> list[str]:
    """Copies trials to `target`, their predictions changed by `edit(folder, rows)`; returns their folders."""
    copies = [str(shutil.copytree(folder, target / Path(*Path(folder).parts[-4:]))) for folder in trials]
    for folder in copies:
        path = Path(folder) / FILES[0]
        rows = edit(folder, read_parquet(path, TRIAL_PREDICTIONS).to_pylist())
        write_parquet(pyarrow.Table.from_pylist(rows, schema=TRIAL_PREDICTIONS), path)
    return copies


def test_collapse_is_told_of_the_validation_windows(trials: list[str], tmp_path: Path) -> None:
    def edit(folder: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        constant = "validation" if "stuck" in folder else "test"
        for row in rows:
            row["split"] = "test" if row["split"] == "test" else "validation"
            told = 330.0 if row["split"] == constant else row["vs30_m_s"]
            row["vs30_predicted_m_s"] = told
        return rows

    rows, _ = select(edited(trials, tmp_path, edit), tmp_path)
    assert [row["collapsed"] for row in rows] == ["false"] * 4 + ["true"] * 2


def test_leaving_validation_windows_out_does_not_make_a_variant_the_better(
    trials: list[str], tmp_path: Path
) -> None:
    def edit(folder: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        easy = min(row["record_id"] for row in rows if row["split"] == "validation")
        changed = [
            row | ({"vs30_predicted_m_s": row["vs30_m_s"]} if row["record_id"] == easy else {})
            for row in rows
        ]
        out = ("validation",) if "stuck" in folder else ()
        return [row for row in changed if row["split"] not in out or row["record_id"] == easy]

    rows, (choice,) = select(edited(trials, tmp_path, edit), tmp_path)
    own = {row["variant"]: float(row["validation_error_station_pct"]) for row in rows}
    assert own["stuck"] == 0.0 < own["configured"]
    assert (choice["variant"], choice["validation_error_station_pct"]) == ("configured", "0")


def test_variants_are_compared_on_the_trials_that_all_of_them_have() -> None:
    def row(variant: str, trial: int, error: float) -> dict[str, Any]:
        return {"variant": variant, "trial": trial, "validation_error_station_pct": error}

    nan = float("nan")
    rows = [row("a", 1, 30.0), row("a", 2, 10.0), row("b", 1, 25.0), row("b", 2, nan), row("c", 1, nan)]
    assert [(one.variant, one.error_pct, one.n_trials) for one in ranked(rows)] == [
        ("b", 25.0, 1),
        ("a", 30.0, 1),
    ]
    assert ranked([row("c", 1, nan)]) == []


def test_a_trial_of_an_older_version_has_to_be_trained_again(train_one, tmp_path: Path) -> None:
    train_one(max_epochs=1)
    told = json.loads((tmp_path / "out/trial.json").read_text())
    del told["resolved"]
    (tmp_path / "out/trial.json").write_text(json.dumps(told))
    with pytest.raises(InputError, match="older version; train again"):
        select([str(tmp_path / "out")], tmp_path)


def test_the_ablation_compares_every_variant_with_the_first(
    trials: list[str], archive, tmp_path: Path
) -> None:
    remarks = table(tmp_path / "v.csv", "name,about", "training,the reference", "stuck,learns nothing")
    out = {name: tmp_path / f"ablation.{name}" for name in ("csv", "md")}
    arguments = ["ablation", *trials, "--stations", str(archive.stations), "--table", str(remarks)]
    arguments += ["--settings", '{"bootstrap": 200}', "--out", str(out["csv"]), "--markdown", str(out["md"])]
    result = CliRunner().invoke(evaluation, [*arguments, "--synthetic"], catch_exceptions=False)
    assert result.exit_code == 0
    reference, percent, stuck = csv.DictReader(out["csv"].open())
    assert (reference["variant"], reference["about"]) == ("training", "the reference")
    assert float(reference["difference_pct"]) == 0.0
    assert (reference["same_as"], percent["same_as"], stuck["same_as"]) == ("", "training", "")
    assert {k: percent[k] for k in ("skill", "error_station_pct")} == {
        k: reference[k] for k in ("skill", "error_station_pct")
    }
    assert float(stuck["difference_pct"]) == pytest.approx(
        float(stuck["error_station_pct"]) - float(reference["error_station_pct"]), abs=2e-4
    )
    low, high = float(stuck["difference_low"]), float(stuck["difference_high"])
    assert low < float(stuck["difference_pct"]) < high
    assert stuck["n_stations"] == "4"
    written = out["md"].read_text()
    assert "learns nothing" in written
    assert "synthetic" in written
