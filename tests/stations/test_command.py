"""The commands: what the workflow calls, and what a person asks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from quakesite.errors import InputError
from quakesite.options import section_from
from quakesite.rejects import SCHEMA
from quakesite.stations import command
from quakesite.stations.comparison import COMPARISON
from quakesite.stations.schema import CONFLICTS, STATIONS
from quakesite.stations.settings import StationsSettings
from quakesite.stations.sources import report_files
from quakesite.tables import read_parquet

REPORT = "Vs30 = 340 m/s\nThickness (m);Vs (m/s)\n10;200\n25;400\n"


@pytest.fixture
def joined(tmp_path: Path, station_list: Callable[..., Path], record_shard: Callable[..., Path]) -> Path:
    """A folder with the three tables that `stations join` wrote from a list, two reports and a shard."""
    reports = tmp_path / "reports"
    reports.mkdir()
    (reports / "3506.csv").write_text(REPORT, encoding="utf-8")
    (reports / "3511.csv").write_text("No;Vs (m/s)\n1;200\n2;300\n", encoding="utf-8")
    (reports / "._3506.csv").write_text("macOS", encoding="utf-8")
    (reports / "photo.jpg").write_bytes(b"")
    table = station_list("list.csv", {"code": "3506", "vs30": 771}, {"code": "3511", "vs30": 827})
    shards = [record_shard("0.parquet", {"station": "3506", "vs30_m_s": 770.0}), record_shard("1.parquet")]
    join(tmp_path, {"tables": [str(table)], "reports": [str(reports)]}, shards)
    return tmp_path


@pytest.fixture(autouse=True)
def _wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "300")


def join(folder: Path, settings: dict[str, object], shards: Sequence[Path]) -> None:
    """Runs `stations join` into `folder`/out."""
    out = folder / "out"
    command.join(
        list(shards),
        settings=json.dumps(settings),
        out=out / "stations.parquet",
        conflicts=out / "conflicts.csv",
        rejects=out / "rejects.parquet",
    )


def test_the_join_writes_its_three_tables_in_their_schemas(joined: Path) -> None:
    stations = read_parquet(joined / "out" / "stations.parquet", STATIONS)
    assert stations.schema.equals(STATIONS)
    assert stations["station"].to_pylist() == ["3506", "3511"]
    assert stations["vs30_m_s"].to_pylist() == [pytest.approx(300.0), 827.0]
    assert stations["vs30_source"].to_pylist() == ["report", "table"]
    assert stations["n_records"].to_pylist() == [1, 0]
    conflicts = pyarrow.csv.read_csv(joined / "out" / "conflicts.csv")
    assert conflicts.column_names == CONFLICTS.names
    assert conflicts["other_source"].to_pylist() == ["header", "report_stated", "table"]
    rejects = read_parquet(joined / "out" / "rejects.parquet", SCHEMA).to_pylist()
    assert [Path(row["source"]).name for row in rejects] == ["3511.csv"]


def test_the_same_sources_give_the_same_bytes(joined: Path) -> None:
    out = joined / "out"
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    settings = {"tables": [str(joined / "list.csv")] * 2, "reports": [str(joined / "reports")]}
    join(joined, settings, [joined / "1.parquet", joined / "0.parquet"])
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_no_source_at_all_gives_empty_tables(tmp_path: Path) -> None:
    join(tmp_path, {}, [])
    assert pq.read_table(tmp_path / "out" / "stations.parquet").num_rows == 0
    assert (tmp_path / "out" / "conflicts.csv").read_text(encoding="utf-8").startswith('"station","network"')


def test_explain_says_where_each_number_came_from(joined: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command.explain("3506", stations=joined / "out" / "stations.parquet")
    said = "".join(capsys.readouterr().out.split())
    for part in (
        "TK3506:Vs30300.0m/sfromreport(NEHRPD,EC8C,TBDYZD)",
        "kept(station_from_file_name,stated_vs30_differs)",
        "2layers:rows3to4",
        "statedVs30340m/s:row1",
        "disagrees",
    ):
        assert part in said


def test_explain_names_the_refused_report_of_a_station(
    joined: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command.explain("3511", stations=joined / "out" / "stations.parquet")
    said = " ".join(capsys.readouterr().out.split())
    assert "bad_report: station 3511: column missing: thickness or depth" in said


@pytest.mark.parametrize(
    ("station", "message"), [("9999", "station: no station 9999"), ("?", "'\\?' is no station code")]
)
def test_explaining_what_is_not_there_is_one_clear_line(station: str, message: str, joined: Path) -> None:
    with pytest.raises(InputError, match=message):
        command.explain(station, stations=joined / "out" / "stations.parquet")


def test_check_tells_a_user_s_tables_from_reports(joined: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = joined / "check.html"
    command.check([joined / "list.csv", joined / "reports"], settings="{}", html=page)
    said = capsys.readouterr().out
    assert "Will be used: a Vs30 for 2 stations" in said
    assert "Will not be used: 1" in said
    text = page.read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>")
    assert "refused: bad_report" in text


def test_check_says_the_same_to_scripts(joined: Path) -> None:
    asked = ["check", str(joined / "list.csv"), str(joined / "reports"), "--settings", "{}", "--json"]
    said = json.loads(CliRunner().invoke(command.app, asked, catch_exceptions=False).stdout)
    assert [Path(one["file"]).name for one in said["files"]] == ["list.csv", "3506.csv", "3511.csv"]
    assert {row["station"]: round(row["vs30_m_s"]) for row in said["stations"]} == {"3506": 300, "3511": 827}
    assert [row["reason"] for row in said["rejects"]] == ["bad_report"]
    assert set(said["conflicts"][0]) == set(CONFLICTS.names)


def test_report_files_are_those_a_report_can_be(joined: Path) -> None:
    assert [path.name for path in report_files([joined / "reports"])] == ["3506.csv", "3511.csv"]
    with pytest.raises(InputError, match=r"stations\.reports: no such folder"):
        report_files([joined / "gone"])


def test_a_missing_table_ends_with_one_line_and_status_1(tmp_path: Path) -> None:
    settings = json.dumps({"tables": [str(tmp_path / "gone.xlsx")]})
    outputs = [
        part for name in ("out", "conflicts", "rejects") for part in (f"--{name}", str(tmp_path / name))
    ]
    run = subprocess.run(
        [sys.executable, "-m", "quakesite", "stations", "join", "--settings", settings, *outputs],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    begins = f"quakesite: {tmp_path / 'gone.xlsx'}: no such file"
    assert run.stderr.startswith(begins)
    assert run.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_settings_are_checked() -> None:
    with pytest.raises(InputError, match="did you mean 'tables'"):
        section_from(StationsSettings, "stations", '{"table": []}')


EXPLAIN = ["--stations", "out/stations.parquet"]
CHECK = ["list.csv", "reports", "--settings", "{}"]


@pytest.mark.parametrize(
    ("arguments", "same_as"),
    [
        (["--explain", "3506", *EXPLAIN], ["explain", "3506", *EXPLAIN]),
        (["--explain=3506", *EXPLAIN], ["explain", "3506", *EXPLAIN]),
        ([*EXPLAIN, "--explain", "3506"], ["explain", "3506", *EXPLAIN]),
        (["--check", *CHECK], ["check", *CHECK]),
    ],
)
def test_explain_and_check_are_options_of_the_group_too(
    arguments: list[str], same_as: list[str], joined: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(joined)
    option, sub_command = (CliRunner().invoke(command.app, line) for line in (arguments, same_as))
    assert option.exit_code == sub_command.exit_code == 0, option.output
    assert option.stdout == sub_command.stdout
    assert "3506" in option.stdout


def test_the_option_works_on_the_command_line_with_the_default_table(joined: Path) -> None:
    (joined / "results").mkdir()
    (joined / "out").rename(joined / "results" / "stations")
    command_ = [sys.executable, "-m", "quakesite", "stations", "--explain", "3506"]
    environment = os.environ | {"COLUMNS": "300"}
    done = subprocess.run(command_, cwd=joined, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "rows 3 to 4" in done.stdout


def test_the_help_names_both_options_and_the_commands() -> None:
    said = CliRunner().invoke(command.app, ["--help"]).output
    for name in ("--explain", "--check", " explain", " check", " compare"):
        assert name in said


def test_check_without_a_folder_looks_at_the_configured_sources(
    joined: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(InputError, match="no tables and no reports; name a folder"):
        command.check(None, settings="{}")
    command.check(None, settings=json.dumps({"tables": [str(joined / "list.csv")]}))
    assert "a Vs30 for 2 stations" in capsys.readouterr().out


def test_explain_shows_every_layer_with_its_page_and_line(
    tmp_path: Path, plain_pdf: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "reports").mkdir()
    lines = ["Station: 3506", "Method: MASW + MAM", "Vs30 = 300 ± 24 m/s", "---"]
    plain_pdf("reports/a.pdf", *lines, ["Thickness (m)", "Vs (m/s)"], ["10", "200"], ["25", "400"])
    join(tmp_path, {"reports": [str(tmp_path / "reports")]}, [])
    command.explain("3506", stations=tmp_path / "out" / "stations.parquet")
    said = capsys.readouterr().out
    for part in (
        "layer 10 m, 200 m/s: page 2, line 2",
        "layer 25 m, 400 m/s: page 2, line 3",
        "stated Vs30 300 m/s: page 1, line 3",
        "sigma of ln Vs30 0.08: page 1, line 3",
        "method MASW + MAM: page 1, line 2",
        "TK 3506: Vs30 300.0 m/s",
        "profile_depth_m",
        "vsz_m_s",
        "vs30_method",
    ):
        assert part in said
    (row,) = read_parquet(tmp_path / "out" / "stations.parquet", STATIONS).to_pylist()
    assert (row["vs30_sigma_ln"], row["vs30_sigma_basis"], row["vs30_n_methods"]) == (
        pytest.approx(0.08),
        "stated",
        2,
    )


def test_the_page_is_safe_to_open_whatever_a_file_is_called(
    tmp_path: Path, station_list: Callable[..., Path]
) -> None:
    table = station_list("<img src=x onerror=alert(1)>.csv", {"code": "3506", "vs30": 771})
    command.check([table], settings="{}", html=tmp_path / "check.html")
    text = (tmp_path / "check.html").read_text(encoding="utf-8")
    assert "<img" not in text
    assert "&lt;img src=x" in text


def test_compare_counts_and_names_the_stations_that_are_apart(
    joined: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shards = [joined / "0.parquet"]
    table = joined / "list.csv"
    table.write_text("Code;Vs30\n3506;700\n", encoding="utf-8")
    out = joined / "compared"
    command.join(
        shards,
        settings=json.dumps({"tables": [str(table)]}),
        out=out / "stations.parquet",
        conflicts=out / "c.csv",
        rejects=out / "r.parquet",
        comparison=out / "comparison.csv",
    )
    command.compare(stations=out / "stations.parquet", settings="{}")
    said = capsys.readouterr().out
    assert "1  over 5 % apart" in said
    assert "TK 3506: list 700 m/s, header 770 m/s (10.0 %)" in said
    written = pyarrow.csv.read_csv(out / "comparison.csv")
    assert written.column_names == COMPARISON.names
    assert written["outcome"].to_pylist() == ["apart"]


def test_comparing_an_archive_without_a_station_list_says_what_to_set(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"list\.xlsx: .*no such file.*stations\.tables"):
        command.compare(settings=json.dumps({"tables": ["list.xlsx"]}), archive=[str(tmp_path)])
