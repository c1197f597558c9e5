"""The web server: who may talk to it, what it answers, and what it keeps."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from annotation_client import Serve, Served, action
from made_up_archive import P_S

from quakesite.annotate.notebook import read_notebook


@pytest.fixture(scope="module")
def served(results: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    server = Served(results, tmp_path_factory.mktemp("annotations"), "Ayşe Öztürk")
    yield server
    server.stop()


# Who may talk to it


def test_only_loopback_is_listened_on(served: Served) -> None:
    hexadecimal = f"{served.port:04X}"
    listening: set[str] = set()
    for _ in range(1000):  # while others open and close, the kernel's table may leave out a line
        listening |= {
            line.split()[1]
            for table in ("/proc/net/tcp", "/proc/net/tcp6")
            if os.path.exists(table)
            for line in Path(table).read_text().splitlines()[1:]
            if line.split()[1].endswith(f":{hexadecimal}") and line.split()[3] == "0A"
        }
        if listening:
            break
    assert listening == {f"0100007F:{hexadecimal}"}


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8765", "127.0.0.1.evil.example", "10.0.0.1", "0.0.0.0", ""]
)
def test_other_hosts_are_refused(served: Served, host: str) -> None:
    for path in ("/", "/api/session", f"/?key={served.key}"):
        assert served.ask("GET", path, headers={"Host": host})[0] in (400, 403)


def test_localhost_and_a_tunnelled_port_are_welcome(served: Served) -> None:
    for host in (f"localhost:{served.port}", "localhost:9999", "127.0.0.1"):
        assert served.ask("GET", "/api/session", headers={"Host": host})[0] == 200


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://127.0.0.1:1", "https://127.0.0.1", "http://localhost"]
)
def test_other_origins_are_refused_and_change_nothing(
    served: Served, record_ids: list[str], origin: str
) -> None:
    body = action("set", record_ids[0], phase="P", time_s=1.0)
    status, _, _ = served.ask("POST", "/api/action", body, headers={"Origin": origin})
    assert status == 403
    assert served.get(f"/api/record?record={record_ids[0]}")["picks"] == {}


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_requests_that_the_browser_calls_foreign_are_refused(served: Served, site: str) -> None:
    assert served.ask("GET", "/api/session", headers={"Sec-Fetch-Site": site})[0] == 403


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", None]
)
def test_forms_of_other_pages_are_refused(served: Served, kind: str | None) -> None:
    assert served.ask("POST", "/api/action", action("undo"), headers={"Content-Type": kind})[0] == 403


def test_without_the_key_nothing_is_told(served: Served) -> None:
    for cookie in (
        None,
        f"{served.cookie}=guess",
        f"{served.cookie}=",
        f"quakesite_{served.port}={served.key}",
    ):
        for path in (
            "/",
            "/statistics",
            "/page/page.js",
            "/api/session",
            "/api/list",
            "/?key=guess",
            "/nothing",
        ):
            status, body, _ = served.ask("GET", path, headers={"Cookie": cookie})
            assert status == 403
            assert b"record" not in body


def test_key_becomes_a_cookie_that_scripts_and_other_pages_cannot_use(served: Served) -> None:
    status, _, headers = served.ask("GET", f"/?key={served.key}&record=x", headers={"Cookie": None})
    assert (status, headers["Location"]) == (303, "/?record=x")
    assert {"HttpOnly", "SameSite=Strict"} <= set(headers["Set-Cookie"].replace("; ", ";").split(";"))


def test_key_can_be_read_by_its_owner_only(served: Served) -> None:
    assert stat.S_IMODE((served.folder / f".{served.annotator}.key").stat().st_mode) == 0o600


def test_browser_is_told_to_fetch_from_nowhere_else(served: Served) -> None:
    for path in ("/", "/api/session", "/nothing"):
        policy = served.ask("GET", path)[2]["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "connect-src 'self'" in policy
        assert "http" not in policy
        assert "unsafe-eval" not in policy


@pytest.mark.parametrize(
    "path", ["/page/../server.py", "/page/%2e%2e/server.py", "/page/..%2fserver.py", "/bokeh/bokeh.js"]
)
def test_only_the_files_of_the_page_are_served(served: Served, path: str) -> None:
    assert served.ask("GET", path)[0] == 404


def test_page_names_no_other_host(root: Path) -> None:
    paths = sorted((root / "src/quakesite/annotate/page").iterdir())
    named = {
        found
        for path in paths
        for found in re.findall(r"https?://[^\s\"']+", path.read_text(encoding="utf-8"))
    }
    assert named <= {"http://www.w3.org/2000/svg"}  # the name of a markup language, fetched by nobody
    assert len(paths) > 5


def test_page_of_another_annotator_is_refused_and_changes_nothing(
    served: Served, record_ids: list[str]
) -> None:
    body = action("set", record_ids[0], phase="P", time_s=1.0)
    for name in ("0123456789abcdef", "", None):
        for method, path, content in (
            ("POST", "/api/action", body),
            ("GET", f"/api/record?record={record_ids[0]}", None),
            ("GET", "/api/list", None),
        ):
            status, answer, _ = served.ask(method, path, content, headers={"X-Notebook": name})
            assert status == 409
            assert served.annotator in json.loads(answer)["error"]
    assert served.get(f"/api/record?record={record_ids[0]}")["picks"] == {}


def test_two_annotators_on_one_port_have_cookies_of_their_own(serve: Serve) -> None:
    first = serve()
    first.stop()
    second = serve(annotator="Mehmet", port=first.port)
    assert first.cookie != second.cookie
    assert second.ask("GET", "/api/session", headers={"Cookie": f"{first.cookie}={first.key}"})[0] == 403
    name, _, value = second.ask("GET", f"/?key={second.key}", headers={"Cookie": None})[2][
        "Set-Cookie"
    ].partition("=")
    assert (name, value.partition(";")[0]) == (second.cookie, second.key)


# What it answers


def test_samples_are_those_of_the_record(served: Served, results: Path, record_ids: list[str]) -> None:
    _, body, _ = served.ask("GET", f"/api/samples?record={record_ids[2]}")
    samples = np.frombuffer(body, "<f4").reshape(3, -1)
    described = served.get(f"/api/record?record={record_ids[2]}")
    assert samples.shape[1] == described["n_samples"]
    assert np.abs(samples[2, : int(P_S * 100)]).max() < np.abs(samples[2, int(P_S * 100) :]).max() / 5


def test_record_is_described_with_suggestions_and_their_probabilities(
    served: Served, record_ids: list[str]
) -> None:
    found = served.get(f"/api/record?record={record_ids[3]}")
    picks = {
        (one["method"], one["phase"]): (one["time_s"], one["probability"]) for one in found["suggestions"]
    }
    assert picks["eqtransformer", "P"] == (12.02, 0.93)
    assert picks["phasenet", "P"] == (14.0, 0.71)
    assert found["doubt"] == "P 2.0 s apart"
    assert found["snr_from"] == "eqtransformer"
    assert found["snr_db"] > 10


def test_theory_is_told_where_the_hypocentre_is_known(served: Served, record_ids: list[str]) -> None:
    found = served.get(f"/api/theory?record={record_ids[0]}")
    assert 5 < found["P"] < found["S"] < 30
    assert served.get(f"/api/theory?record={record_ids[1]}") == {}
    assert served.get(f"/api/theory?record={record_ids[2]}") == {
        "sp": pytest.approx(found["S"] - found["P"], abs=0.0011)
    }


def test_rivals_of_the_picks_are_told_and_what_lies_in_the_padding_is_not(
    served: Served, record_ids: list[str]
) -> None:
    (rival,) = served.get(f"/api/record?record={record_ids[0]}")["rivals"]
    assert (rival["method"], rival["phase"], rival["time_s"]) == ("eqtransformer", "P", 30.0)
    assert served.get(f"/api/record?record={record_ids[1]}")["rivals"] == []


def test_pick_in_a_record_that_is_not_there_is_refused_by_its_name(
    served: Served, record_ids: list[str]
) -> None:
    status, body, _ = served.ask("POST", "/api/action", action("set", "nothing", phase="P", time_s=1.0))
    assert (status, json.loads(body)["error"]) == (404, "there is no record 'nothing'")


def test_spectrogram_comes_with_its_axes(served: Served, record_ids: list[str]) -> None:
    _, body, headers = served.ask("GET", f"/api/spectrogram?record={record_ids[0]}&component=N")
    assert len(body) % int(headers["X-Rows"]) == 0
    assert float(headers["X-Top"]) == 50.0


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/record?record=nothing", 404),
        ("/api/samples?record=nothing", 404),
        ("/api/list?queue=other", 400),
        ("/api/list?offset=x", 400),
        ("/api/list?offset=nan", 400),
        ("/api/samples?record={}&low=1&high=80", 400),
        ("/api/samples?record={}&low=x", 400),
        ("/api/spectrogram?record={}&component=Q", 400),
    ],
)
def test_wrong_request_is_told_what_is_wrong(
    served: Served, record_ids: list[str], path: str, status: int
) -> None:
    found, body, _ = served.ask("GET", path.format(record_ids[0]))
    assert found == status
    assert json.loads(body)["error"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"time_s": 40.0},
        {"time_s": -0.1},
        {"time_s": "soon"},
        {"phase": "Q"},
        {"uncertainty_class": 5},
        {"comment": "x" * 501},
        {"more": 1},
        {"kind": "drop"},
        {"id": ""},
    ],
)
def test_wrong_action_is_refused_and_changes_nothing(
    served: Served, record_ids: list[str], wrong: dict[str, Any]
) -> None:
    body = action("set", record_ids[6], phase="P", time_s=1.0) | wrong
    status, answer, _ = served.ask("POST", "/api/action", body)
    assert status == 400
    assert json.loads(answer)["error"]
    assert served.get(f"/api/record?record={record_ids[6]}")["picks"] == {}


def test_body_that_is_too_large_is_refused(served: Served) -> None:
    assert served.ask("POST", "/api/action", {"id": "x" * 20_000})[0] in (400, 413)


# What it keeps


def test_pick_snaps_to_a_sample_and_is_on_disk_when_the_answer_comes(
    served: Served, record_ids: list[str]
) -> None:
    before = served.get("/api/session")["progress"]["done"]
    comment = " iki\nsatır "
    reply = served.act("set", record_ids[9], phase="P", time_s=12.0149, uncertainty_class=1, comment=comment)
    assert reply["picks"]["P"]["time_s"] == 12.01
    found = read_notebook(served.csv)[record_ids[9]].picks["P"]
    assert (found.time_s, found.uncertainty_class, found.comment) == (12.01, 1, "iki satır")
    assert reply["progress"]["done"] == before + 1
    assert (reply["snr_from"], reply["can_undo"]) == ("your P", True)
    assert served.act("undo")["record_id"] == record_ids[9]
    assert record_ids[9] not in read_notebook(served.csv)


def test_implausible_picks_are_remarked_on(served: Served, record_ids: list[str]) -> None:
    served.act("set", record_ids[8], phase="P", time_s=20.0)
    assert served.act("set", record_ids[8], phase="S", time_s=19.0)["remarks"] == ["S is not after P"]
    reply = served.act("set", record_ids[8], phase="P", time_s=1.0)
    assert reply["remarks"] == ["S−P does not fit the hypocentral distance", "P lies in the first 5 s"]


def test_action_sent_twice_is_done_once(served: Served, record_ids: list[str]) -> None:
    for time_s in (1.0, 2.0, 3.0):
        served.act("set", record_ids[10], phase="P", time_s=time_s)
    again = action("undo")
    replies = [json.loads(served.ask("POST", "/api/action", again)[1]) for _ in range(2)]
    assert replies[0] == replies[1]
    assert replies[0]["picks"]["P"]["time_s"] == 2.0
    for class_ in (1, 2, 3):
        served.act("set", record_ids[10], phase="P", time_s=2.0, uncertainty_class=class_)
    late = json.loads(served.ask("POST", "/api/action", again)[1])  # from another tab, after others
    assert late["picks"]["P"]["uncertainty_class"] == 3


def test_two_annotators_are_kept_apart_and_compared(
    served: Served, results: Path, record_ids: list[str]
) -> None:
    second = Served(results, served.folder, "Mehmet")
    try:
        served.act("set", record_ids[11], phase="S", time_s=12.0)
        assert second.get(f"/api/record?record={record_ids[11]}")["picks"] == {}
        second.act("set", record_ids[11], phase="S", time_s=12.25)
        (_, s) = second.get("/api/agreement")["pairs"]
        assert (s["ours"], s["theirs"], s["n"], s["median_s"]) == (served.annotator, "Mehmet", 1, -0.25)
    finally:
        second.stop()


def test_full_disk_is_told_and_nothing_is_lost(
    desk: Any, record_ids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from quakesite.annotate import notebook
    from quakesite.annotate.desk import Action

    desk.act(Action(**action("set", record_ids[0], phase="P", time_s=1.0)))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(notebook, "atomic_open", full)
    with pytest.raises(OSError, match="No space left"):
        desk.act(Action(**action("set", record_ids[0], phase="P", time_s=2.0)))
    assert desk.notebook[record_ids[0]].picks["P"].time_s == 1.0
    assert read_notebook(desk.notebook.path)[record_ids[0]].picks["P"].time_s == 1.0


def test_table_changed_by_something_else_is_a_conflict_that_passes(
    serve: Serve, record_ids: list[str]
) -> None:
    served = serve()
    served.csv.mkdir()
    wanted = action("set", record_ids[0], phase="P", time_s=1.0)
    status, body, _ = served.ask("POST", "/api/action", wanted)
    assert (status, "changed by something else" in json.loads(body)["error"]) == (409, True)
    served.csv.rmdir()
    assert served.ask("POST", "/api/action", wanted)[0] == 200
    assert read_notebook(served.csv)[record_ids[0]].picks["P"].time_s == 1.0


def test_killed_server_loses_no_acknowledged_pick(serve: Serve, record_ids: list[str]) -> None:
    """SIGKILL at random moments while picks stream in; the next server goes on where the file stands."""
    rng = random.Random(5)
    acknowledged: dict[tuple[str, str], float] = {}
    for _ in range(4):
        n_acknowledged = 0
        served = serve()
        assert served.get("/api/session")["progress"]["done"] == len(
            {record_id for record_id, _ in acknowledged}
        )
        killer = threading.Timer(rng.uniform(0.05, 0.4), served.kill)
        asked: tuple[tuple[str, str], float] | None = None
        try:
            while True:
                asked = ((rng.choice(record_ids), rng.choice("PS")), rng.randrange(3900) / 100)
                served.act("set", asked[0][0], phase=asked[0][1], time_s=asked[1])
                acknowledged[asked[0]] = asked[1]
                n_acknowledged += 1
                if n_acknowledged == 3:
                    killer.start()
        except (OSError, HTTPException):
            killer.join()
        on_disk = {
            (name, phase): pick.time_s
            for name, entry in read_notebook(served.csv).items()
            for phase, pick in entry.picks.items()
        }
        assert asked is not None
        assert on_disk in (acknowledged, acknowledged | dict([asked]))
        assert n_acknowledged >= 3
        acknowledged = on_disk


def test_any_of_36000_records_is_listed_read_picked_and_left(serve: Serve, large_results: Path) -> None:
    served = serve(results=large_results)
    assert served.get("/api/session")["progress"]["records"] == 36_000
    for number in (0, 9, 19):
        page = served.get(f"/api/list?offset={number * 1800}&limit=100")
        assert len(page["rows"]) == 100
        record_id = page["rows"][0][0]
        assert served.get(f"/api/record?record={record_id}")
        served.ask("GET", f"/api/samples?record={record_id}")
        served.act("set", record_id, phase="P", time_s=0.2)
        assert served.get(f"/api/step?record={record_id}&by=1&unpicked=1")


# How it starts


def run(*options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "quakesite.annotate", "--no-browser", *map(str, options)]
    return subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)


def test_missing_records_are_one_clear_line(tmp_path: Path) -> None:
    done = run("--annotator", "a", "--results", tmp_path, "--folder", tmp_path / "a")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "no shard of records" in done.stderr


def test_taken_port_is_one_clear_line(results: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("--annotator", "a", "--results", results, "--folder", tmp_path, "--port", port)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert f"{port} is in use" in done.stderr


def test_second_server_for_one_annotator_is_refused(served: Served, results: Path) -> None:
    done = run("--annotator", served.annotator, "--results", results, "--folder", served.folder)
    assert done.returncode == 1
    assert "at work in another" in done.stderr


def test_ctrl_c_ends_it_quietly_and_an_open_page_works_on_with_the_next(serve: Serve) -> None:
    served = serve()
    served.process.send_signal(signal.SIGINT)
    assert served.process.wait(timeout=600) == 0
    assert served.process.stderr is not None
    assert "Traceback" not in served.process.stderr.read()
    again = serve(port=served.port)
    assert (again.port, again.key) == (served.port, served.key)
