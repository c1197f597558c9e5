from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from quakesite.demo.command import app
from quakesite.errors import InputError

RUNNER = CliRunner()
SETTINGS = '{"stations": 5, "events": 1}'


def test_make_writes_everything_that_the_workflow_names(tmp_path: Path) -> None:
    out = tmp_path / "resources" / "demo"
    done = RUNNER.invoke(app, ["make", "--settings", SETTINGS, "--out", str(out)])
    assert done.exit_code == 0
    assert {path.name for path in out.iterdir()} == {
        "archive",
        "reports",
        "stations.xlsx",
        "manual_picks.csv",
        "truth.csv",
        "truth_stations.csv",
    }


def test_all_that_is_made_is_on_disk_before_it_has_its_name(tmp_path: Path, flushed: list[int]) -> None:
    assert (
        RUNNER.invoke(app, ["make", "--settings", SETTINGS, "--out", str(tmp_path / "demo")]).exit_code == 0
    )
    made = [tmp_path / "demo", *(tmp_path / "demo").rglob("*")]
    assert {path.stat().st_ino for path in made} <= set(flushed)


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    result = RUNNER.invoke(app, ["make", "--settings", SETTINGS, "--out", str(tmp_path)])
    assert isinstance(result.exception, InputError)
    assert "thesis.tex" in str(result.exception)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "demo").write_text("")
    result = RUNNER.invoke(app, ["make", "--settings", SETTINGS, "--out", str(tmp_path / "demo")])
    assert isinstance(result.exception, InputError)
    assert "is a file" in str(result.exception)


def test_an_unknown_key_is_answered_with_the_right_one(tmp_path: Path) -> None:
    result = RUNNER.invoke(app, ["make", "--settings", '{"station": 5}', "--out", str(tmp_path / "demo")])
    assert isinstance(result.exception, InputError)
    assert "did you mean 'stations'" in str(result.exception)
    assert not (tmp_path / "demo").exists()


def test_a_failure_leaves_the_older_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from quakesite.demo import make as module
    from quakesite.demo.settings import DemoSettings

    settings = DemoSettings(stations=5, events=1)
    module.make(settings, tmp_path / "demo")

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(module, "write_station_list", fail)
    with pytest.raises(OSError, match="disk full"):
        module.make(settings, tmp_path / "demo")
    assert (tmp_path / "demo" / "stations.xlsx").is_file()
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]
