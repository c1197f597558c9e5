"""A local server that answers as AFAD's services do, errors and all."""

from __future__ import annotations

import contextlib
import io
import json
import threading
import zipfile
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

COMPONENTS = "ENU"
PAGE = b"<!DOCTYPE html><html><head><title>503</title></head><body><h1>Under maintenance</h1></body></html>"


def zipped(files: Sequence[tuple[str, bytes]]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return buffer.getvalue()


def nested(files: dict[str, list[tuple[str, bytes]]]) -> bytes:
    return zipped([(f"{record}.zip", zipped(inner)) for record, inner in files.items()])


def flat(files: dict[str, list[tuple[str, bytes]]]) -> bytes:
    return zipped([one for inner in files.values() for one in inner])


@dataclass
class Reply:
    """What the server sends: `cut_at` closes the connection after so many bytes."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    cut_at: int | None = None


def json_reply(value: Any, status: int = 200, **headers: str) -> Reply:
    return Reply(status, json.dumps(value).encode(), headers=headers)


def page_reply(status: int = 200) -> Reply:
    return Reply(status, PAGE, "text/html; charset=utf-8")


Behaviour = Callable[[dict[str, Any], Reply], Reply]
"""Given a request's body and the good reply, the reply that is sent."""


def always(reply: Reply) -> Behaviour:
    return lambda _body, _good: reply


def cut(_body: dict[str, Any], good: Reply) -> Reply:
    good.cut_at = len(good.body) // 2
    return good


def truncated(_body: dict[str, Any], good: Reply) -> Reply:
    good.body = good.body[: len(good.body) // 2]
    return good


class Afad:
    """Event service, guest login, search and export, on a free port.

    Attributes:
        events: rows of the event list, any order.
        rows: rows of the search.
        exports: for each record its files; a record without an entry is not in the zip.
        pack: puts the files of several records into one zip.
        next_exports, next_searches, next_logins, next_events: what to do about the next requests, one each;
            the good reply once they are used up.
        poison: records that spoil the whole answer with a 500.
        served: how often each record was sent in full.
    """

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.rows: list[dict[str, Any]] = []
        self.exports: dict[str, list[tuple[str, bytes]]] = {}
        self.pack: Callable[[dict[str, list[tuple[str, bytes]]]], bytes] = flat
        self.next_exports: deque[Behaviour | None] = deque()
        self.next_searches: deque[Behaviour | None] = deque()
        self.next_logins: deque[Behaviour | None] = deque()
        self.next_events: deque[Behaviour | None] = deque()
        self.poison: set[str] = set()
        self.hold_export: int | None = None
        self.held, self.release = threading.Event(), threading.Event()
        self.tokens: set[str] = set()
        self.counts: Counter[str] = Counter()
        self.served: Counter[str] = Counter()
        self.bodies: list[dict[str, Any]] = []
        self.searches: list[dict[str, Any]] = []
        self.queries: list[dict[str, str]] = []
        self.agents: set[str] = set()
        self.paths: list[str] = []
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.base = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def urls(self) -> dict[str, str]:
        return {
            "event_url": f"{self.base}/apiv2/event/filter",
            "login_url": f"{self.base}/Admin/Login/GuestUser/{{nonce}}",
            "search_url": f"{self.base}/Waveforms/GetWaveforms",
            "export_url": f"{self.base}/ExportData",
        }

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.release.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def add_record(self, record: str, version: str = "ap_Acc", **row: object) -> None:
        """Adds a record of three small files to the search and the export."""
        stamp, station = record.split("_")
        when = datetime.strptime(stamp, "%Y%m%d%H%M%S")
        known = {
            "recordFilename": record,
            "stationCode": station,
            "eventId": 1,
            "mvalue": "4.5",
            "repi": 12.5,
        }
        self.rows.append(
            {**known, "eventDate": when.isoformat(), "isManual": version.startswith("mp"), **row}
        )
        self.exports[record] = [
            (f"{record}_{version}_{component}.asc", f"STATION_CODE: {station}\n{component}\n".encode() * 40)
            for component in COMPONENTS
        ]

    def add_records(self, count: int) -> list[str]:
        """Adds `count` records of February 2023, one station each, and returns their names."""
        names = [f"20230206011732_{3100 + index}" for index in range(count)]
        for name in names:
            self.add_record(name)
        return names

    # What each service does

    def _event_list(self, query: dict[str, str]) -> Reply:
        self.queries.append(query)
        start, end = (datetime.fromisoformat(query[name]) for name in ("start", "end"))
        least = float(query.get("minmag", "-9"))
        matching = [
            row
            for row in self.events
            if start <= datetime.fromisoformat(row["date"]) <= end and float(row["magnitude"]) >= least
        ]
        # As seen of the real one: it cuts first and sorts then.
        return json_reply(sorted(matching[: int(query["limit"])], key=lambda row: row["date"]))

    def _login(self, _body: dict[str, Any]) -> Reply:
        token = f"token-{self.counts['login']}"
        self.tokens.add(token)
        return json_reply({"token": token, "username": "GuestUser"})

    def _search(self, body: dict[str, Any]) -> Reply:
        self.searches.append(body)
        start, end = (datetime.fromisoformat(body[name][:19]) for name in ("startDate", "endDate"))
        return json_reply(
            [row for row in self.rows if start <= datetime.fromisoformat(row["eventDate"]) <= end]
        )

    def _export(self, body: dict[str, Any]) -> Reply:
        self.bodies.append(body)
        names = body["filename"]
        if len(names) > 10:
            return json_reply({"message": "at most 10"}, 400)
        if self.poison & set(names):
            return json_reply({"message": "Object reference not set"}, 500)
        there = {name: self.exports[name] for name in names if name in self.exports}
        return Reply(body=self.pack(there), content_type="application/zip")

    def _answer(self, handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> Reply | None:
        parts = urlsplit(handler.path)
        with self._lock:
            self.paths.append(parts.path)
            self.agents.add(handler.headers.get("User-Agent", ""))
            if parts.path == "/apiv2/event/filter":
                self.counts["events"] += 1
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                return self._behave(self.next_events, body, self._event_list(query))
            if parts.path.startswith("/Admin/Login/GuestUser/"):
                self.counts["login"] += 1
                return self._behave(self.next_logins, body, self._login(body))
            token = handler.headers.get("Authorization", "").removeprefix("Bearer ")
            service = {"/Waveforms/GetWaveforms": "search", "/ExportData": "export"}.get(parts.path)
            if service is None:
                return json_reply({"message": "no such page"}, 404)
            self.counts[service] += 1
            if token not in self.tokens or handler.headers.get("IsGuest") != "true":
                return json_reply({"message": "token"}, 401)
            if service == "search":
                return self._behave(self.next_searches, body, self._search(body))
            hold = self.counts[service] == self.hold_export
            if not hold:
                return self._behave(self.next_exports, body, self._export(body))
        self.held.set()
        self.release.wait()
        return None

    @staticmethod
    def _behave(waiting: deque[Behaviour | None], body: dict[str, Any], good: Reply) -> Reply:
        behaviour = waiting.popleft() if waiting else None
        return behaviour(body, good) if behaviour else good

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        afad = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1
            disable_nagle_algorithm = True

            def handle(self) -> None:
                # A client that was killed closes its connection in the middle of a request.
                with contextlib.suppress(ConnectionError):
                    super().handle()

            def finish(self) -> None:
                with contextlib.suppress(ConnectionError):
                    super().finish()

            def do_GET(self) -> None:
                self._reply({})

            def do_POST(self) -> None:
                self._reply(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

            def _reply(self, body: dict[str, Any]) -> None:
                reply = afad._answer(self, body)
                if reply is None:
                    self.close_connection = True
                    return
                # Counted first: once the client has its answer, a test may look at the count.
                if reply.status == 200 and reply.cut_at is None and "filename" in body:
                    afad._count_served(body, reply)
                with contextlib.suppress(ConnectionError):
                    self._send(reply)

            def _send(self, reply: Reply) -> None:
                self.send_response(reply.status)
                self.send_header("Content-Type", reply.content_type)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                if reply.status != 204:
                    self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                self.wfile.write(reply.body[: reply.cut_at])
                if reply.cut_at is not None:
                    self.close_connection = True

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        return Handler

    def _count_served(self, body: dict[str, Any], reply: Reply) -> None:
        with self._lock, contextlib.suppress(zipfile.BadZipFile):
            zipfile.ZipFile(io.BytesIO(reply.body))
            self.served.update(name for name in body["filename"] if name in self.exports)
