"""The commands, as the workflow runs them."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from quakesite.errors import InputError
from quakesite.records.command import app
from quakesite.records.schema import RECORDS

from .conftest import three, write


def run(*arguments: object) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_index_shard_and_show(tmp_path: Path) -> None:
    (path, *_) = write(tmp_path / "archive", three())
    sources, archive_rejects = tmp_path / "sources.parquet", tmp_path / "rejects/archive.parquet"
    run("index", tmp_path / "archive", "--n-shards", 1, "--out", sources, "--rejects", archive_rejects)
    out, rejects = tmp_path / "0-of-1.parquet", tmp_path / "rejects/0-of-1.parquet"
    run("shard", "0-of-1", tmp_path / "archive", "--settings", "{}", "--out", out, "--rejects", rejects)
    assert pq.read_table(out)["record_id"].to_pylist() == ["20201030115124_0905"]
    for shown in (path, out):
        text = run("show", shown)
        assert "20201030115124_0905" in text
        assert "Vs30" in text


def test_a_wrong_setting_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"prefer.*--settings|--settings.*prefer"):
        run("shard", "0-of-1", "x", "--settings", '{"prefr": []}', "--out", "y", "--rejects", "z")


def test_show_as_json_has_the_columns_of_a_record_without_its_samples(tmp_path: Path) -> None:
    (path, *_) = write(tmp_path / "archive", three())
    (said,) = json.loads(run("show", path, "--json"))
    assert set(said) == set(RECORDS.names) - {"acceleration"}
    assert said["record_id"] == "20201030115124_0905"
    assert said["event_time"].startswith("2020-10-30T11:51:2")


def test_what_is_no_record_is_answered_by_the_forms_that_are_read(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(InputError, match=r"holds no record; expected TADAS \.asc.*new-reader\.md"):
        run("show", tmp_path / "notes.txt")
    with pytest.raises(InputError, match=r"no such file or folder; .*did you mean '.*notes\.txt'"):
        run("show", tmp_path / "note.txt")
