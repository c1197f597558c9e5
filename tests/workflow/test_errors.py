"""A wrong input costs one clear line and exit status 1, before any job has started."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest


def run(
    root: Path, directory: Path, config: dict[str, object], target: str = "results/table2.csv"
) -> subprocess.CompletedProcess[str]:
    file = directory / "given.json"
    file.write_text(json.dumps(config))
    where = ["--snakefile", root / "Snakefile", "--directory", directory, "--configfile", file]
    how = ["--cores", "1", "--dry-run", "--quiet", "all", "--", target]
    return subprocess.run(
        [sys.executable, "-m", "snakemake", *where, *how],
        capture_output=True,
        text=True,
        timeout=3600,
        check=False,
    )


def only_line(done: subprocess.CompletedProcess[str]) -> str:
    """Returns the one line that is ours; around it Snakemake may say which configuration it read."""
    assert done.returncode == 1, done.stdout + done.stderr
    lines = (done.stdout + done.stderr).splitlines()
    assert not [line for line in lines if "Traceback" in line or "Error" in line or "Exception" in line]
    ours = [line for line in lines if not line.startswith(("Config file", "Using workflow specific profile"))]
    assert len(ours) == 1, ours
    return ours[0]


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A folder that looks like an archive: one component of one record by name."""
    folder = tmp_path / "archive"
    folder.mkdir()
    for component in "ENU":
        (folder / f"20200101000000_0101_mp_Acc_{component}.asc").write_text("STATION_CODE: 0101\n0.0\n")
    return folder


def test_archive_that_does_not_exist(root: Path, tmp_path: Path) -> None:
    line = only_line(run(root, tmp_path, {"archive": ["no/such/folder"]}))
    assert line.startswith("quakesite: ")
    assert "no/such/folder" in line


def test_archive_without_any_record(root: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    line = only_line(run(root, tmp_path, {"archive": ["empty"]}))
    assert "empty" in line
    assert "record" in line


def test_typo_in_the_configuration_names_the_right_key(root: Path, tmp_path: Path) -> None:
    line = only_line(run(root, tmp_path, {"records": {"min_snr": 20}}))
    assert "records.min_snr" in line
    assert "min_snr_db" in line


def test_segment_longer_than_the_window(root: Path, tmp_path: Path) -> None:
    assert "segment" in only_line(run(root, tmp_path, {"training": {"segment_s": 61}}))


def test_station_list_that_does_not_exist(root: Path, tmp_path: Path, archive: Path) -> None:
    config = {"archive": [str(archive)], "stations": {"tables": ["stations.xlsx"]}}
    assert "stations.xlsx" in only_line(run(root, tmp_path, config))


def test_station_list_without_vs30(root: Path, tmp_path: Path, archive: Path) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(["Network", "Code", "Latitude", "Longitude"])
    book.save(tmp_path / "stations.xlsx")
    config = {"archive": [str(archive)], "stations": {"tables": ["stations.xlsx"]}}
    line = only_line(run(root, tmp_path, config))
    assert "stations.xlsx" in line
    assert "Vs30" in line


def test_manual_picks_without_a_time(root: Path, tmp_path: Path, archive: Path) -> None:
    (tmp_path / "picks.csv").write_text("record_id,phase\n20200101000000_0101,P\n")
    line = only_line(run(root, tmp_path, {"archive": [str(archive)], "picks": {"manual": "picks.csv"}}))
    assert "time_s" in line


def test_folder_of_reports_that_does_not_exist(root: Path, tmp_path: Path, archive: Path) -> None:
    config = {"archive": [str(archive)], "stations": {"reports": ["no-reports"]}}
    assert "no-reports" in only_line(run(root, tmp_path, config))


def test_table_of_events_without_a_depth(root: Path, tmp_path: Path, archive: Path) -> None:
    (tmp_path / "events.csv").write_text("event_id,time\n1,2020-01-01T00:00:00\n")
    line = only_line(run(root, tmp_path, {"archive": [str(archive)], "records": {"events": ["events.csv"]}}))
    assert "events.csv" in line
    assert "depth" in line


def test_weights_that_do_not_exist(root: Path, tmp_path: Path, archive: Path) -> None:
    config = {"archive": [str(archive)], "picks": {"weights": "no.pt.v3"}}
    assert "no.pt.v3" in only_line(run(root, tmp_path, config))


def test_mistyped_target_is_answered_by_the_right_one(root: Path, tmp_path: Path) -> None:
    line = only_line(run(root, tmp_path, {}, "results/figures/fig9.svgg"))
    answer = "no rule makes it; did you mean 'results/figures/fig"
    assert line.startswith(f"quakesite: results/figures/fig9.svgg: {answer}")


def test_broken_yaml_in_the_working_directory_is_named_with_its_line(root: Path, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("n_shards: 8\narchive: [mine\nresults: here\n")
    line = only_line(run(root, tmp_path, {}))
    assert line.startswith(f"quakesite: {tmp_path / 'config.yaml'}, line 3, column 8: ")
    assert line.endswith("look for a missing bracket, quote or colon")
