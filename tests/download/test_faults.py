"""What a server can do wrong: what passes is tried again, what does not is told, nothing half is kept."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from quakesite import tables
from quakesite.errors import InputError

from .afad_server import Afad, Reply, always, cut, flat, json_reply, nested, page_reply, truncated, zipped
from .conftest import Fetch, Watch, names_in, refused, zips

# Faults that pass


def test_500_then_success_waits_longer_each_time(afad: Afad, fetch: Fetch, watch: Watch) -> None:
    afad.add_records(1)
    afad.next_exports += [always(json_reply({}, 500)), always(page_reply(502))]
    fetch()
    assert afad.counts["export"] == 3
    # 5 s and 10 s, half as much again by the drawn 0.5; then no pause on top
    assert watch.slept[-2:] == [7.5, 15.0]


def test_429_waits_as_long_as_the_server_says(afad: Afad, fetch: Fetch, watch: Watch) -> None:
    afad.add_records(1)
    date = "Sun, 13 Sep 2020 12:30:00 GMT"
    afad.next_exports += [
        always(json_reply({}, 429, **{"Retry-After": "77"})),
        always(json_reply({}, 503, **{"Retry-After": date})),
    ]
    fetch()
    assert watch.slept[-2] == 77 + 2.5
    assert watch.time == pytest.approx(1_600_000_200 + 2.5), "2020-09-13 12:30:00 UTC, and the drawn 2.5 s"


def test_a_longer_wait_than_allowed_ends_the_run_with_one_line(afad: Afad, fetch: Fetch) -> None:
    afad.add_records(1)
    afad.next_exports.append(always(json_reply({}, 429, **{"Retry-After": "86400"})))
    with pytest.raises(InputError, match=r"pause of 86400 s; expected at most download\.max_wait_s"):
        fetch()
    assert afad.counts["export"] == 1


def test_connection_cut_in_mid_body_is_asked_again(afad: Afad, fetch: Fetch, tmp_path: Path) -> None:
    names = afad.add_records(2)
    afad.next_exports.append(cut)
    fetch()
    assert afad.counts["export"] == 2
    assert len(names_in(tmp_path)) == 3 * len(names)


def test_token_that_expires_is_renewed_and_nothing_is_lost(afad: Afad, fetch: Fetch, tmp_path: Path) -> None:
    afad.add_records(11)

    def expire(_body: dict[str, object], good: Reply) -> Reply:
        afad.tokens.clear()
        return good

    afad.next_exports.append(expire)
    fetch()
    assert afad.counts["login"] == 2
    assert len(zips(tmp_path)) == 11
    assert set(afad.served.values()) == {1}


def test_token_that_is_never_accepted_ends_the_run(afad: Afad, fetch: Fetch) -> None:
    afad.next_logins += [always(json_reply({"token": "bad"}))] * 2
    with pytest.raises(InputError, match=r"GetWaveforms: HTTP 401.*guest_nonce"):
        fetch()
    assert afad.counts["login"] == 2


@pytest.mark.parametrize(
    ("reply", "found"),
    [
        (json_reply({"message": "wrong nonce"}, 403), "HTTP 403.*wrong nonce"),
        (json_reply({"status": "ok"}), "without a token: status"),
        (json_reply({"token": "with blank"}), "without a token"),
        (page_reply(), "a web page: .*Under maintenance"),
        (Reply(body=b"{", content_type="application/json"), "expected JSON with a token"),
        (Reply(204), "without a token"),
    ],
)
def test_login_that_gives_no_token_is_one_clear_line(
    afad: Afad, fetch: Fetch, reply: Reply, found: str
) -> None:
    afad.next_logins.append(always(reply))
    with pytest.raises(InputError, match=found) as caught:
        fetch()
    assert f"{afad.base}/Admin/Login/GuestUser/" in str(caught.value)
    assert "docs/download.md" in str(caught.value)


def test_nonce_is_the_configured_one_or_drawn(afad: Afad, fetch: Fetch) -> None:
    fetch()
    fetch(guest_nonce="fromMyBrowser")
    logins = [path.rsplit("/", 1)[1] for path in afad.paths if "GuestUser" in path]
    assert len(logins[0]) == 20
    assert logins[1] == "fromMyBrowser"


def test_token_under_another_key_or_alone_is_found(afad: Afad, fetch: Fetch) -> None:
    afad.tokens.add("abc")
    afad.next_logins += [always(json_reply({"data": {"accessToken": "abc"}})), always(json_reply("abc"))]
    fetch()
    fetch()
    assert afad.counts["search"] == 2


# Answers that are none


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (always(page_reply()), "html_page"),
        (truncated, "broken_zip"),
        (always(json_reply({}, 500)), "http_5xx"),
    ],
)
def test_fault_of_the_moment_is_noted_and_asked_for_by_the_next_run(
    afad: Afad, fetch: Fetch, tmp_path: Path, behaviour: object, reason: str
) -> None:
    (name,) = afad.add_records(1)
    afad.next_exports += [behaviour] * (5 if reason == "http_5xx" else 1)
    with pytest.raises(InputError, match=r"could not fetch 1 of the records.*goes on where this one stopped"):
        fetch()
    assert refused(tmp_path) == {name: reason}
    assert zips(tmp_path) == []
    fetch()
    assert refused(tmp_path) == {}
    assert zips(tmp_path) == [f"{name}_ap_Acc.zip"]


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (json_reply({"message": "not for guests"}), "message"),
        (json_reply({"message": "no such file"}, 404), "http_4xx"),
        (Reply(204), "empty_answer"),
        (Reply(200, b"", "application/zip"), "empty_answer"),
        (Reply(200, zipped([]), "application/zip"), "missing_from_answer"),
    ],
)
def test_refusal_is_final_until_asked_again(
    afad: Afad, fetch: Fetch, tmp_path: Path, reply: Reply, reason: str
) -> None:
    (name,) = afad.add_records(1)
    afad.next_exports.append(always(reply))
    lines = fetch()
    assert refused(tmp_path) == {name: reason}
    assert any(line.startswith(f"refused: {reason}") for line in lines)
    fetch()
    assert afad.counts["export"] == 1
    fetch(again=True)
    assert refused(tmp_path) == {}


def test_one_record_that_spoils_the_answer_costs_only_itself(
    afad: Afad, fetch: Fetch, tmp_path: Path
) -> None:
    names = afad.add_records(10)
    afad.poison = {names[7]}
    with pytest.raises(InputError, match="could not fetch 1 of"):
        fetch(tries=1)
    assert refused(tmp_path) == {names[7]: "http_5xx"}
    assert len(zips(tmp_path)) == 9
    assert set(afad.served.values()) == {1}


def test_records_missing_from_a_good_zip_are_refused_and_the_others_kept(
    afad: Afad, fetch: Fetch, tmp_path: Path
) -> None:
    names = afad.add_records(4)
    afad.exports[names[1]] = [("20230206011732_9999_ap_Acc_E.asc", b"another station's")]
    afad.exports[names[2]] = [(f"{names[2]}_ap_Acc_E.asc", b"")]
    fetch()
    assert refused(tmp_path) == {names[1]: "missing_from_answer", names[2]: "empty_file"}
    assert zips(tmp_path) == [f"{names[0]}_ap_Acc.zip", f"{names[3]}_ap_Acc.zip"]


@pytest.mark.parametrize(
    ("wanted", "came"),
    [
        ({"file_type": "mp", "file_status": "Acc"}, "mp_RawAcc_E.asc"),
        ({"file_type": "mp", "file_status": "Acc"}, "ap_Acc_E.asc"),
        ({"file_type": "ap", "file_status": "RawAcc"}, "ap_Acc_E.asc"),
        ({"file_type": "unprocessed", "file_status": "RawAcc"}, "mp_Acc_E.asc"),
        ({"file_type": "ap", "export_type": "mseed"}, "ap_Acc_E.asc"),
        ({"file_type": "ap", "export_type": "asc2"}, "H.mseed"),
    ],
)
def test_a_record_in_another_form_than_wanted_is_refused(
    afad: Afad, fetch: Fetch, tmp_path: Path, wanted: dict[str, str], came: str
) -> None:
    (name,) = afad.add_records(1)
    afad.exports[name] = [(f"{name}_{came}", b"x")]
    lines = fetch(**wanted)
    assert refused(tmp_path) == {name: "wrong_form"}
    assert any(line.startswith("refused: wrong_form") for line in lines)
    assert zips(tmp_path) == []
    fetch(**wanted)
    assert afad.counts["export"] == 1


@pytest.mark.parametrize(
    ("wanted", "came"),
    [
        ({"file_type": "unprocessed", "file_status": "RawAcc"}, "mp_RawAcc_E.asc"),
        ({"file_type": "mp", "file_status": "Acc"}, "of_a_new_form_E.asc"),
        ({"file_type": "ap", "export_type": "mseed"}, "H.mseed"),
    ],
)
def test_a_name_that_says_nothing_against_the_form_is_kept(
    afad: Afad, fetch: Fetch, tmp_path: Path, wanted: dict[str, str], came: str
) -> None:
    (name,) = afad.add_records(1)
    afad.exports[name] = [(f"{name}_{came}", b"x")]
    fetch(**wanted)
    assert len(zips(tmp_path)) == 1


def test_a_server_that_shuts_us_out_is_not_asked_for_every_record(
    afad: Afad, fetch: Fetch, tmp_path: Path
) -> None:
    names = afad.add_records(30)
    afad.next_exports += [always(json_reply({"message": "blocked"}, 403))] * 30
    with pytest.raises(InputError, match=r"4 requests in a row failed, the last with: HTTP 403 .*blocked"):
        fetch()
    assert afad.counts["export"] == 4
    afad.next_exports.clear()
    fetch()
    assert refused(tmp_path) == {}
    assert dict(afad.served) == dict.fromkeys(names, 1)


def test_one_record_that_is_forbidden_costs_only_itself(afad: Afad, fetch: Fetch, tmp_path: Path) -> None:
    names = afad.add_records(10)

    def forbid(body: dict[str, list[str]], good: Reply) -> Reply:
        return json_reply({"message": "no"}, 403) if names[0] in body["filename"] else good

    afad.next_exports += [forbid] * 9
    fetch()
    assert refused(tmp_path) == {names[0]: "http_4xx"}
    assert len(zips(tmp_path)) == 9
    assert afad.counts["export"] == 3


@pytest.mark.parametrize("pack", [flat, nested])
@pytest.mark.parametrize("prefix", ["../../", "/tmp/", "C:/", "a/../../", "..\\..\\"])
def test_unsafe_name_in_a_zip_is_refused(
    afad: Afad, fetch: Fetch, tmp_path: Path, prefix: str, pack: object
) -> None:
    bad, good = afad.add_records(2)
    afad.pack = pack
    file, content = afad.exports[bad][0]
    afad.exports[bad][0] = prefix + file, content
    fetch()
    assert refused(tmp_path) == {bad: "unsafe_name"}
    assert zips(tmp_path) == [f"{good}_ap_Acc.zip"]
    assert not list(tmp_path.rglob(f"*{file}*"))


def test_unsafe_name_in_the_search_is_refused_and_never_sent(
    afad: Afad, fetch: Fetch, tmp_path: Path
) -> None:
    afad.add_records(1)
    for name in ("../../etc/passwd", "/etc/passwd", "a\nb", ".hidden", "x" * 400):
        afad.rows.append({**afad.rows[0], "recordFilename": name})
    fetch()
    assert list(refused(tmp_path).values()) == ["unsafe_name"] * 5
    assert len(afad.bodies[0]["filename"]) == 1


def test_one_broken_member_costs_only_its_record(afad: Afad, fetch: Fetch, tmp_path: Path) -> None:
    names = afad.add_records(3)

    def damaged(_body: dict[str, object], good: Reply) -> Reply:
        at = good.body.index(f"{names[1]}_ap_Acc_N.asc".encode()) + 40
        good.body = good.body[:at] + b"\xff\xff\xff\xff" + good.body[at + 4 :]
        return good

    afad.next_exports.append(damaged)
    with pytest.raises(InputError, match="could not fetch 1 of"):
        fetch()
    assert refused(tmp_path) == {names[1]: "broken_zip"}
    fetch()
    assert len(zips(tmp_path)) == 3


def test_answer_larger_than_the_limit_is_not_kept(afad: Afad, fetch: Fetch, tmp_path: Path) -> None:
    (name,) = afad.add_records(1)
    afad.exports[name] = [(file, os.urandom(50_000)) for file, _ in afad.exports[name]]
    fetch(max_response_mb=0.1)
    assert refused(tmp_path) == {name: "too_large"}


def test_zip_bomb_within_the_zip_is_refused(afad: Afad, fetch: Fetch, tmp_path: Path) -> None:
    (name,) = afad.add_records(1)
    afad.exports[name] = [(file, bytes(2_000_000)) for file, _ in afad.exports[name]]
    afad.pack = lambda files: zipped([("inner.zip", nested(files) + bytes(2_000_000))])
    fetch(max_response_mb=1)
    assert refused(tmp_path) == {name: "too_large"}


def test_server_that_fails_again_and_again_ends_the_run(afad: Afad, fetch: Fetch, tmp_path: Path) -> None:
    afad.add_records(40)
    afad.next_exports += [None, *[always(page_reply())] * 99]
    with pytest.raises(InputError, match=r"25 requests in a row failed.*goes on where this one stopped"):
        fetch()
    assert len(zips(tmp_path)) == 10
    afad.next_exports.clear()
    fetch()
    assert len(zips(tmp_path)) == 40
    assert set(afad.served.values()) == {1}


def test_refusals_without_end_are_the_services_fault_and_not_the_records(
    afad: Afad, fetch: Fetch, tmp_path: Path
) -> None:
    afad.add_records(20)
    with pytest.raises(InputError, match=r"25 requests in a row failed, the last with: HTTP 404"):
        fetch(export_url=f"{afad.base}/Moved")
    assert len(refused(tmp_path)) > 10
    fetch()
    assert len(zips(tmp_path)) == 20
    assert refused(tmp_path) == {}


def test_folder_that_is_a_file_is_one_clear_line(afad: Afad, fetch: Fetch, tmp_path: Path) -> None:
    (tmp_path / "tadas").write_text("")
    with pytest.raises(InputError, match=r"tadas: cannot be written to \(File exists\)"):
        fetch()
    assert not afad.paths


def test_zip_with_apple_twins_turkish_folders_and_a_station_file(
    afad: Afad, fetch: Fetch, tmp_path: Path
) -> None:
    (name,) = afad.add_records(1)
    files = [(f"KUŞADASI/{file}", content) for file, content in afad.exports[name]]
    twins = [(f"__MACOSX/._{file}", b"x") for file, _ in afad.exports[name]]
    afad.exports[name] = [*files, *twins, (f"{name}.xml", b"<FDSNStationXML/>")]
    fetch()
    assert names_in(tmp_path) == sorted([f"{name}.xml", *(f"{name}_ap_Acc_{c}.asc" for c in "ENU")])


def test_bomb_of_many_small_members_is_refused(afad: Afad, fetch: Fetch, tmp_path: Path) -> None:
    (name,) = afad.add_records(1)
    afad.exports[name] = [(f"{name}_ap_Acc_{part}.asc", bytes(300_000)) for part in range(9)]
    fetch(max_response_mb=1)
    assert refused(tmp_path) == {name: "too_large"}


def test_server_that_is_not_there_ends_the_run_at_once(fetch: Fetch, tmp_path: Path) -> None:
    nowhere = "http://127.0.0.1:9"
    with pytest.raises(InputError, match=r"127\.0\.0\.1:9.*no connection"):
        fetch(login_url=f"{nowhere}/{{nonce}}", tries=2)


def test_export_that_is_not_there_ends_the_run_at_once(afad: Afad, fetch: Fetch, watch: Watch) -> None:
    afad.add_records(30)
    with pytest.raises(InputError, match=r"no connection to 127\.0\.0\.1:9; expected a server that answers"):
        fetch(export_url="http://127.0.0.1:9/ExportData", tries=3)
    assert watch.slept == [2.0, 2.0, 7.5, 15.0]


def test_export_that_has_moved_says_where_to(afad: Afad, fetch: Fetch) -> None:
    afad.add_records(1)
    afad.next_exports.append(always(Reply(302, headers={"Location": "https://new.example/Export"})))
    with pytest.raises(InputError, match=r"moved to https://new\.example/Export"):
        fetch()


@pytest.mark.parametrize(
    ("reply", "found"),
    [
        (page_reply(), "a web page"),
        (json_reply({"error": "x"}), "error"),
        (json_reply([{"name": "a"}]), "without a record's name: name.*download.fields.record"),
        (json_reply(["a"]), "none of them understood"),
    ],
)
def test_search_in_other_words_is_one_clear_line(afad: Afad, fetch: Fetch, reply: Reply, found: str) -> None:
    afad.next_searches.append(always(reply))
    with pytest.raises(InputError, match=found) as caught:
        fetch()
    assert f"{afad.base}/Waveforms/GetWaveforms" in str(caught.value)
    assert "expected" in str(caught.value)


@pytest.mark.parametrize(
    "odd",
    [
        {"mvalue": 10**400, "repi": "1e999", "eventDate": ["x"], "stationCode": {"a": 1}, "isManual": "TRUE"},
        {"mvalue": True, "eventId": "\ud800", "stationCode": "a\nb", "pga": "12,5"},
        {"recordFilename": "\ud800"},
        {"recordFilename": 7, "\udfff": None},
        {"recordFilename": None, "recordFile": "20230206011732_4000"},
    ],
)
def test_odd_values_in_the_search_harm_nobody_else(
    afad: Afad, fetch: Fetch, tmp_path: Path, odd: dict[str, object]
) -> None:
    (name,) = afad.add_records(1)
    row = {**afad.rows[0], "recordFilename": "20230206011732_4000", **odd}
    afad.next_searches.append(always(json_reply([row, afad.rows[0]])))
    fetch()
    assert f"{name}_ap_Acc.zip" in zips(tmp_path)
    assert len(refused(tmp_path)) == 1


@pytest.mark.parametrize("body", [b"1" * 5000, b"[" * 100_000, b'"\xff"', b"\xef\xbb\xbf", b"NaN"])
def test_strange_json_is_one_clear_line(afad: Afad, fetch: Fetch, body: bytes) -> None:
    afad.next_searches.append(always(Reply(body=body)))
    with pytest.raises(InputError, match=r"GetWaveforms: .*expected JSON with a list of records"):
        fetch()


def test_full_disk_is_one_clear_line_and_leaves_nothing_half(
    afad: Afad, fetch: Fetch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = afad.add_records(3)
    flushed = tables._fsync

    def full(path: Path) -> None:
        if names[1] in path.name:
            raise OSError(errno.ENOSPC, "No space left on device")
        flushed(path)

    with monkeypatch.context() as patch:
        patch.setattr(tables, "_fsync", full)
        with pytest.raises(InputError, match="the disk is full; make room; what is fetched is kept"):
            fetch()
    assert zips(tmp_path) == [f"{names[0]}_ap_Acc.zip"]
    assert not list((tmp_path / "tadas").rglob("*.tmp"))
    fetch()
    assert len(zips(tmp_path)) == 3
