"""The command as it is run: killed, run twice at once, and its folder read by `quakesite records`."""

from __future__ import annotations

import csv
import json
import re
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from quakesite.config import Config
from quakesite.demo.make import make
from quakesite.demo.settings import DemoSettings
from quakesite.download.command import app
from quakesite.download.settings import DownloadSettings
from quakesite.errors import InputError
from quakesite.records.archive import BOOKKEEPING, scan
from quakesite.records.command import app as records_app
from quakesite.records.naming import parse
from quakesite.records.opening import Sources, file_name

from .afad_server import Afad, nested

MONTH = ["--start", "2023-02-01", "--end", "2023-02-28"]


def hasty(afad: Afad) -> str:
    """Settings without pauses, as JSON."""
    return json.dumps({**afad.urls, "seconds_between_requests": 0, "backoff_s": 0})


def started(afad: Afad, folder: Path) -> subprocess.Popen[str]:
    arguments = ["download", "records", "--folder", str(folder), *MONTH, "--settings", hasty(afad)]
    return subprocess.Popen(
        [sys.executable, "-m", "quakesite", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder.parent,
    )


def run(*arguments: object) -> str:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def counted(output: str, label: str) -> int:
    """The count in the row of the final table that begins with `label`."""
    (line,) = [line for line in output.splitlines() if re.match(rf"{label}  ", line)]
    return int(line.removeprefix(label).split()[0])


def test_killed_in_mid_download_it_goes_on_and_fetches_nothing_twice(afad: Afad, tmp_path: Path) -> None:
    names = afad.add_records(35)
    afad.hold_export = 3
    folder = tmp_path / "tadas"
    killed = started(afad, folder)
    assert afad.held.wait(600)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    assert len(list(folder.rglob("*.zip"))) == 20
    # What a kill while writing leaves behind.
    leftover = folder / "3100" / f".{names[0]}_ap_Acc.zip.{killed.pid}.tmp"
    leftover.write_bytes(b"PK\x03\x04 half of a")
    with (folder / "download.jsonl").open("ab") as ledger:
        ledger.write(b'{"wanted"')
    afad.release.set()
    out = run("records", "--folder", folder, *MONTH, "--settings", hasty(afad), "--archive", folder)
    assert (counted(out, "fetched"), counted(out, "there already")) == (15, 20)
    assert dict(afad.served) == dict.fromkeys(names, 1)
    assert not leftover.exists()
    assert all(zipfile.ZipFile(path).testzip() is None for path in folder.rglob("*.zip"))
    assert len(list(folder.rglob("*.zip"))) == 35


def test_killed_between_the_file_and_its_ledger_line_it_is_not_fetched_again(
    afad: Afad, tmp_path: Path
) -> None:
    afad.add_records(2)
    folder = tmp_path / "tadas"
    arguments = ["records", "--folder", folder, *MONTH, "--settings", hasty(afad), "--archive", folder]
    run(*arguments)
    (folder / "download.jsonl").unlink()
    assert counted(run(*arguments), "there already") == 2
    assert set(afad.served.values()) == {1}


def test_two_at_once_in_one_folder_share_nothing_and_the_second_says_so(afad: Afad, tmp_path: Path) -> None:
    names = afad.add_records(15)
    afad.hold_export = 2
    folder = tmp_path / "tadas"
    first = started(afad, folder)
    assert afad.held.wait(600)
    with pytest.raises(InputError, match="another download is at work here; wait for its end"):
        run("records", "--folder", folder, *MONTH, "--settings", hasty(afad), "--archive", folder)
    assert afad.counts["search"] == 1, "the second asks the server for nothing"
    afad.release.set()
    out, err = first.communicate(timeout=600)
    assert first.returncode == 0, err
    assert counted(out, "fetched") == 15
    assert dict(afad.served) == dict.fromkeys(names, 1)


def test_downloaded_folder_is_an_archive_with_the_right_records(afad: Afad, tmp_path: Path) -> None:
    demo = tmp_path / "demo"
    make(DemoSettings(stations=5, events=1), demo)
    serve_archive(afad, demo / "archive")
    afad.pack = nested
    wanted = len(afad.exports)
    folder = tmp_path / "tadas"
    output = run(
        *("records", "--folder", folder, "--start", "2010-01-01", "--end", "2025-01-01"),
        *("--settings", json.dumps({**json.loads(hasty(afad)), "search_days": 10_000}), "--archive", folder),
    )
    assert counted(output, "fetched") == wanted
    assert f"archive: [{folder}]" in output
    assert {path.name for path in folder.iterdir() if path.is_file()} <= BOOKKEEPING
    limits = '{"max_epicentral_distance_km": null, "min_component_ratio": null}'
    table, rejects = tmp_path / "0-of-1.parquet", tmp_path / "rejects.parquet"
    result = CliRunner().invoke(
        records_app,
        [
            *("shard", "0-of-1", str(folder), "--settings", limits),
            *("--out", str(table), "--rejects", str(rejects)),
        ],
        catch_exceptions=False,
    )
    assert result.exit_code == 0, result.output
    read, refused = pq.read_table(table)["record_id"].to_pylist(), pq.read_table(rejects).to_pylist()
    assert len(read) + len({row["record_id"] for row in refused} - {""}) == wanted
    assert len(read) >= wanted - 2, f"of {wanted} records too many refused: {refused}"


def serve_archive(afad: Afad, archive: Path) -> None:
    """Lets the server have the complete records of an archive, one version of each, called filtered."""
    with Sources() as sources:
        files: dict[str, dict[str, list[tuple[str, bytes]]]] = {}
        for found in scan([str(archive)]).found:
            name = parse(file_name(found.source))
            content = sources.read(found.source)
            record = f"{name.stamp}_{name.station}"
            called = file_name(found.source).replace("RawAcc", "Acc")
            files.setdefault(record, {}).setdefault(name.version, []).append((called, content))
    for record, versions in files.items():
        version, exported = next(iter(versions.items()))
        if len(exported) == 3:
            afad.add_record(record, version)
            afad.exports[record] = exported


def test_help_teaches() -> None:
    assert "events" in run("--help")
    assert "quakesite download events --start" in " ".join(run("events", "--help").split())
    text = " ".join(run("records", "--help").split())
    for word in (
        "--dry-run",
        "refused.csv",
        "waveforms.csv",
        "download.jsonl",
        "docs/download.md",
        "--again",
    ):
        assert word in text


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ([], "--start, --end: not both given"),
        (["--start", "2023-02-01"], "--start, --end: not both given"),
        (["--list", "x.csv", *MONTH], "--list: given together with a search"),
        (["--list", "x.csv"], "x.csv: cannot be read"),
        ([*MONTH, "--settings", '{"tires": 3}'], "did you mean 'tries'"),
        (
            [*MONTH, "--settings", '{"batch": 11}'],
            "batch: 11; expected input should be less",
        ),
        ([*MONTH, "--settings", '{"event_url": "ftp://x"}'], "'ftp://x' is no address"),
        (
            [*MONTH, "--settings", '{"guest_nonce": "a", "login_url": "https://x.example"}'],
            "guest_nonce has no place",
        ),
    ],
)
def test_wrong_use_is_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], found: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as caught:
        run("records", "--folder", "tadas", *arguments)
    assert found in str(caught.value)
    assert not (tmp_path / "tadas").exists()


@pytest.mark.parametrize(
    "text", ["record\n20230206011732_3100\n20230206011732_3100\n", "20230206011732_3100\n\n"]
)
def test_list_is_a_column_or_one_name_a_line(
    afad: Afad, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.chdir(tmp_path)
    afad.add_records(2)
    (tmp_path / "names.csv").write_text(text)
    run("records", "--folder", "tadas", "--list", "names.csv", "--settings", hasty(afad))
    assert [body["filename"] for body in afad.bodies] == [["20230206011732_3100"]]


@pytest.mark.parametrize(
    ("text", "found"),
    [("", "no name"), ("record\n", "no name"), ("../x\n", "line 1: '../x'"), ("a,record\nb\n", "line 2: ''")],
)
def test_list_of_no_names_is_one_clear_line(tmp_path: Path, text: str, found: str) -> None:
    (tmp_path / "names.csv").write_text(text)
    with pytest.raises(InputError) as caught:
        run("records", "--folder", tmp_path / "tadas", "--list", tmp_path / "names.csv")
    assert found in str(caught.value)


def test_what_the_search_found_can_be_sifted_and_listed(afad: Afad, tmp_path: Path) -> None:
    (name,) = afad.add_records(1)
    afad.add_record("20230206011732_0208", "mp_Acc")
    common = ["--settings", hasty(afad), "--archive", tmp_path / "none"]
    run("records", "--folder", tmp_path / "tadas", *MONTH, *common)
    table = tmp_path / "tadas/waveforms.csv"
    rows = list(csv.DictReader(table.open()))
    assert [(row["record"], row["level"]) for row in rows] == [("20230206011732_0208", "mp"), (name, "ap")]
    assert (rows[1]["time"], rows[1]["magnitude"], rows[1]["epicentral_distance_km"]) == (
        "2023-02-06T01:17:32",
        "4.5",
        "12.5",
    )
    run("records", "--folder", tmp_path / "sifted", "--list", table, *common)
    assert sorted(path.name for path in (tmp_path / "sifted").rglob("*.zip")) == [
        "20230206011732_0208_mp_Acc.zip",
        f"{name}_ap_Acc.zip",
    ]


def test_settings_stand_in_the_configuration() -> None:
    assert Config().download == DownloadSettings()
    assert all(
        url.startswith("https://") for url in (Config().download.event_url, Config().download.export_url)
    )
