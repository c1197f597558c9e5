"""The summary counts what each stage left, and says what not to believe."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from rich.console import Console
from typer.testing import CliRunner

from quakesite import rejects
from quakesite.evaluation.audit import interval
from quakesite.evaluation.command import app
from quakesite.evaluation.corridor import steps
from quakesite.evaluation.layout import write_csv
from quakesite.evaluation.ranking import COLUMNS, ranking_rows, recommendation
from quakesite.evaluation.settings import EvaluationSettings
from quakesite.evaluation.summary import lines, show, trained_folds
from quakesite.evaluation.table2 import figures_of
from quakesite.picks.schema import PICKS
from quakesite.records.schema import SOURCES
from quakesite.rejects import Reason, Reject
from quakesite.tables import write_parquet

SETTINGS = EvaluationSettings(bootstrap=200)


def write_rejects(target: Path, *reasons: Reason) -> None:
    rows = [Reject(f"r{place}", "a.zip", "any", reason) for place, reason in enumerate(reasons)]
    write_parquet(rejects.rejects_table(rows), target)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """A run of two shards, and a leftover of an earlier run of three."""
    records = tmp_path / "records"
    rows = [{"shard": "0-of-2", "station": "1", "source": "a", "form": "asc", "size": 1}] * 9
    write_parquet(pa.Table.from_pylist(rows, schema=SOURCES), records / "sources.parquet")
    write_rejects(records / "rejects/archive.parquet", Reason.NOT_A_RECORD)
    one = pa.table({"record_id": ["r"]})
    for shard, count in (("0-of-2", 3), ("1-of-2", 4), ("0-of-3", 50)):
        write_parquet(pa.concat_tables([one] * count), records / f"{shard}.parquet")
        write_rejects(records / f"rejects/{shard}.parquet", Reason.TRUNCATED, Reason.FLAT, Reason.TRUNCATED)
        picks = [
            {"record_id": "r", "method": "m", "phase": phase, "time_s": 1.0, "flags": []} for phase in "PPS"
        ]
        write_parquet(
            pa.Table.from_pylist(picks, schema=PICKS), tmp_path / f"picks/eqtransformer/{shard}.parquet"
        )
        write_rejects(tmp_path / f"picks/rejects/eqtransformer/{shard}.parquet", Reason.NO_PICK)
        write_parquet(one, tmp_path / f"windows/pga60/auto/{shard}.parquet")
        write_rejects(tmp_path / f"windows/rejects/pga60/auto/{shard}.parquet", Reason.LOW_SNR)
    return tmp_path


def shown(results: Path, *, terminal: bool = False, **options) -> str:
    console = Console(record=True, width=120, force_terminal=terminal, file=(results / "shown.txt").open("w"))
    show(results, 2, SETTINGS, console, **options)
    return console.export_text()


def test_only_the_shards_of_this_run_are_counted(results: Path) -> None:
    found = {step.what: (step.kept, step.reasons) for step in steps(results, 2)}
    assert found == {
        "files of the archive": (9, "1 not_a_record"),
        "records read": (7, "4 truncated, 2 flat"),
        "P picks, eqtransformer": (4, "2 no_pick"),
        "S picks, eqtransformer": (2, ""),
        "windows pga60, auto picks": (2, "2 low_snr"),
    }


def test_an_empty_folder_has_an_empty_summary(tmp_path: Path) -> None:
    assert steps(tmp_path, 8) == []
    assert shown(tmp_path) == ""


def test_a_log_gets_plain_lines(results: Path) -> None:
    assert "records: 7 records read; rejected: 4 truncated, 2 flat\n" in shown(results)


def test_a_terminal_gets_a_table_with_the_same_numbers(results: Path) -> None:
    text = shown(results, terminal=True)
    assert "From the archive to the windows" in text
    assert "4 truncated, 2 flat" in text


def test_a_collapsed_model_is_told_in_a_sentence(predictions, models, tmp_path) -> None:
    predictions("beta_auto_pga", models["constant"])
    predictions("gamma_ps_auto", models["useful"])
    text = shown(tmp_path, synthetic=True)
    assert "beta_auto_pga has collapsed: its predictions spread over 0.0 m/s, the stations' Vs30 over" in text
    assert "gamma_ps_auto has" not in text
    assert "training: gamma_ps_auto: 250 test records of 100 stations, error" in text
    assert "The archive is synthetic" in text
    assert "Error on unseen stations" in shown(tmp_path, terminal=True)


def test_the_model_that_predict_uses_is_named(predictions, models, tmp_path: Path, monkeypatch) -> None:
    predictions("beta_auto_pga", models["constant"])
    rows = ranking_rows({"slope_proxy": 0.5, "hvsr_forest": 0.42, "beta_auto_pga": -0.01})
    write_csv(rows, COLUMNS, tmp_path / "ranking.csv")
    said = f"hvsr_forest (skill 0.42); `quakesite predict RECORDS --model {tmp_path}` uses it"
    assert f"best on validation stations: {said}\n" in shown(tmp_path)
    monkeypatch.chdir(tmp_path)
    Path("results").mkdir()
    write_csv(rows[2:], COLUMNS, Path("results/ranking.csv"))
    assert recommendation("results") == (
        "best on validation stations: beta_auto_pga (and no better than a constant, skill -0.01); "
        "`quakesite predict RECORDS` uses it"
    )
    write_csv(rows[:1], COLUMNS, Path("results/ranking.csv"))
    assert recommendation("results") is None
    assert recommendation(tmp_path / "nowhere") is None


def test_the_command_runs_where_nothing_has_run(tmp_path: Path) -> None:
    result = CliRunner().invoke(
        app, ["summary", "--results", str(tmp_path), "--n-shards", "2", "--settings", "{}"]
    )
    assert (result.exit_code, result.stdout) == (0, "")


def test_scripts_get_the_summary_as_json(predictions, models, results: Path, tmp_path: Path) -> None:
    predictions("beta_auto_pga", models["constant"])
    asked = ["summary", "--results", str(tmp_path), "--n-shards", "2", "--settings", "{}", "--json"]
    said = json.loads(CliRunner().invoke(app, asked, catch_exceptions=False).stdout)
    assert {
        "stage": "records",
        "what": "records read",
        "kept": 7,
        "rejected": {"truncated": 4, "flat": 2},
    } in said["corridor"]
    assert [(one["experiment"], one["collapsed"]) for one in said["models"]] == [("beta_auto_pga", True)]
    assert said["models"][0]["n_records"] == 250
    assert "beta_auto_pga has collapsed" in said["remarks"][0]


def test_rejects_of_all_stages_are_joined_sorted_and_none_is_lost(results: Path) -> None:
    tables = sorted(results.glob("**/rejects/**/*.parquet"))
    out = results / "rejects.csv"
    CliRunner().invoke(app, ["rejects", *map(str, tables), "--out", str(out)], catch_exceptions=False)
    with out.open() as handle:
        rows = list(csv.reader(handle))
    assert rows[0] == ["record_id", "source", "stage", "reason", "detail"]
    assert len(rows) - 1 == sum(pa.parquet.read_metadata(path).num_rows for path in tables) == 16
    assert rows[1:] == sorted(rows[1:])


def test_a_skill_without_an_interval_is_not_printed_as_nan(predictions, models, tmp_path) -> None:
    predictions("beta_auto_pga", models["useful"])
    figures = figures_of(trained_folds(tmp_path)["beta_auto_pga"].rows, SETTINGS)
    assert interval(figures) == f"{figures.skill_low:.2f} to {figures.skill_high:.2f}"
    alone = replace(figures, skill_low=float("nan"), skill_high=float("nan"))
    assert "(too few stations for an interval)" in lines([], {"beta_auto_pga": alone})[0]
    assert "nan" not in lines([], {"beta_auto_pga": alone})[0]
