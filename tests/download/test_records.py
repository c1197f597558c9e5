"""Fetching records: everything comes once, whole, and what does not come has a reason."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from email.message import Message
from pathlib import Path

import pytest

from quakesite import __version__
from quakesite.download import client
from quakesite.download.search import Waveform
from quakesite.errors import InputError

from .afad_server import Afad, Reply, always, json_reply, nested
from .conftest import WHOLE, Fetch, Watch, names_in, refused, zips


def test_eleven_records_come_in_two_batches_of_at_most_ten(
    afad: Afad, fetch: Fetch, tmp_path: Path, watch: Watch
) -> None:
    names = afad.add_records(11)
    lines = fetch()
    assert [len(body["filename"]) for body in afad.bodies] == [10, 1]
    assert afad.bodies[0] == {
        "filename": names[:10],
        "file_type": ["ap"] * 10,
        "file_status": "Acc",
        "export_type": "asc2",
        "user_name": "GuestUser",
        "call": "afad",
    }
    assert zips(tmp_path) == [f"{name}_ap_Acc.zip" for name in names]
    assert names_in(tmp_path) == sorted(file for name in names for file, _ in afad.exports[name])
    assert any(line.split()[:2] == ["fetched", "11"] for line in lines)
    assert refused(tmp_path) == {}
    # login, search, two exports: a pause between each and the one before
    assert watch.slept == [2.0, 2.0, 2.0]


def test_files_are_kept_as_they_came_byte_for_byte(afad: Afad, fetch: Fetch, tmp_path: Path) -> None:
    (name,) = afad.add_records(1)
    fetch()
    with zipfile.ZipFile(tmp_path / f"tadas/3100/{name}_ap_Acc.zip") as kept:
        assert [(member, kept.read(member)) for member in kept.namelist()] == sorted(afad.exports[name])


def test_zips_within_the_zip_are_unpacked(afad: Afad, fetch: Fetch, tmp_path: Path) -> None:
    names = afad.add_records(3)
    afad.pack = nested
    fetch()
    assert len(names_in(tmp_path)) == 9
    assert sum(afad.served.values()) == len(names)


def test_second_run_asks_for_nothing(afad: Afad, fetch: Fetch) -> None:
    afad.add_records(3)
    fetch()
    lines = fetch()
    assert afad.counts["export"] == 1
    assert any(line.split()[:3] == ["there", "already", "3"] for line in lines)


def test_records_in_another_archive_are_not_fetched(afad: Afad, fetch: Fetch, tmp_path: Path) -> None:
    here, half, elsewhere = afad.add_records(3)
    own = tmp_path / "own"
    own.mkdir()
    for file, content in afad.exports[here]:
        (own / file).write_bytes(content)
    for file, content in afad.exports[half][:2]:
        (own / file).write_bytes(content)
    fetch(archives=[str(own)])
    assert set(afad.served) == {half, elsewhere}, "a record with a component missing does not count as there"


def test_loose_files_in_the_folder_itself_count_as_there(afad: Afad, fetch: Fetch, tmp_path: Path) -> None:
    (name,) = afad.add_records(1)
    (tmp_path / "tadas").mkdir()
    for file, content in afad.exports[name]:
        (tmp_path / "tadas" / file).write_bytes(content)
    fetch()
    assert afad.counts["export"] == 0


def test_what_was_fetched_and_has_gone_is_fetched_only_on_request(
    afad: Afad, fetch: Fetch, tmp_path: Path
) -> None:
    (name,) = afad.add_records(1)
    fetch()
    (tmp_path / f"tadas/3100/{name}_ap_Acc.zip").unlink()
    lines = fetch()
    assert afad.served[name] == 1
    assert any("gone" in line and "--again" in line for line in lines)
    fetch(again=True)
    assert afad.served[name] == 2


def test_dry_run_says_how_much_and_writes_nothing(afad: Afad, fetch: Fetch, tmp_path: Path) -> None:
    afad.add_records(23)
    lines = fetch(dry_run=True)
    assert "23 records" in lines[0]
    assert "69 files" in lines[0]
    assert "3 requests" in lines[0]
    assert afad.counts["export"] == 0
    assert not (tmp_path / "tadas").exists()


def test_search_found_nothing(afad: Afad, fetch: Fetch, tmp_path: Path) -> None:
    lines = fetch()
    assert any("search_time_format" in line for line in lines)
    assert zips(tmp_path) == []


def test_no_content_of_the_search_is_nothing(afad: Afad, fetch: Fetch) -> None:
    afad.next_searches.append(always(Reply(204)))
    assert any(line.split()[:2] == ["wanted", "0"] for line in fetch())


def test_stations_are_sifted_and_levels_follow_the_search(afad: Afad, fetch: Fetch, tmp_path: Path) -> None:
    afad.add_record("20230206011732_0208", "mp_Acc", stationCode="208")
    afad.add_record("20230206011732_3104")
    fetch(query=replace(WHOLE, stations=frozenset({"0208"})))
    assert zips(tmp_path) == ["20230206011732_0208_mp_Acc.zip"]
    assert afad.bodies[0]["file_type"] == ["mp"]


def test_listed_names_need_no_search(afad: Afad, fetch: Fetch, tmp_path: Path) -> None:
    first, *_ = afad.add_records(3)
    fetch(query=None, listed=[Waveform(first)])
    assert afad.counts["search"] == 0
    assert zips(tmp_path) == [f"{first}_ap_Acc.zip"]


def test_ledger_line_that_a_kill_left_unfinished_is_overwritten(
    afad: Afad, fetch: Fetch, tmp_path: Path
) -> None:
    afad.add_records(1)
    fetch()
    ledger = tmp_path / "tadas/download.jsonl"
    with ledger.open("ab") as handle:
        handle.write(b'{"wanted": {"record": "2023')
    afad.add_record("20230206011732_4000")
    fetch()
    lines = [json.loads(line) for line in ledger.read_text().splitlines()]
    assert [line["wanted"]["record"][-4:] for line in lines] == ["3100", "4000"]


def test_ledger_that_is_none_is_one_clear_line(afad: Afad, fetch: Fetch, tmp_path: Path) -> None:
    (tmp_path / "tadas").mkdir()
    (tmp_path / "tadas/download.jsonl").write_text("hello\n")
    with pytest.raises(InputError, match=r"download\.jsonl: line 1: b'hello'"):
        fetch()


def test_user_agent_says_who_asks(afad: Afad, fetch: Fetch, monkeypatch: pytest.MonkeyPatch) -> None:
    about = Message()
    about["Project-URL"] = "Changelog, https://quakesite.example/changes"
    about["Project-URL"] = "Homepage, https://quakesite.example"
    monkeypatch.setattr(client, "metadata", lambda _name: about)
    fetch(contact="Ayşe, someone@example.org")
    assert afad.agents == {f"quakesite/{__version__} (+https://quakesite.example; Ay?e, someone@example.org)"}


def test_token_stands_in_no_file_and_no_message(
    afad: Afad, fetch: Fetch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    afad.add_records(2)
    afad.next_exports.append(always(json_reply({}, 500)))
    lines = fetch()
    said = "\n".join(lines) + "".join(capsys.readouterr())
    written = b"".join(path.read_bytes() for path in (tmp_path / "tadas").rglob("*") if path.is_file())
    assert "token-" not in said
    assert b"token-" not in written
