"""A running `quakesite annotate`, and a client that talks to it as the page does."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from quakesite.annotate.guard import notebook_id


class Served:
    """A `quakesite annotate` that runs, and a client that talks to it as the page does."""

    def __init__(self, results: Path, folder: Path, annotator: str, port: int = 0) -> None:
        self.folder, self.annotator = folder, annotator
        options = ["--results", results, "--folder", folder, "--port", port, "--no-browser"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "quakesite.annotate", "--annotator", annotator, *map(str, options)],
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONIOENCODING": "utf-8"},
            # A job that a shell started in the background ignores Ctrl-C, and hands that on.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        assert self.process.stderr is not None
        self.said = ""
        for line in self.process.stderr:
            self.said += line
            if found := re.search(r"open (http://127\.0\.0\.1:(\d+)/\?key=(\S+))", line):
                self.address, self.port, self.key = found[1], int(found[2]), found[3]
                return
        raise AssertionError(f"did not start:\n{self.said}")

    @property
    def cookie(self) -> str:
        return f"quakesite_{self.port}_{notebook_id(self.key)}"

    @property
    def csv(self) -> Path:
        return self.folder / f"{self.annotator}.csv"

    def ask(
        self, method: str, path: str, body: Any = None, headers: dict[str, str | None] | None = None
    ) -> tuple[int, bytes, dict[str, str]]:
        """Sends a request as the page would, `headers` aside (None leaves one out)."""
        usual: dict[str, str | None] = {
            "Host": f"127.0.0.1:{self.port}",
            "Cookie": f"{self.cookie}={self.key}",
            "X-Notebook": notebook_id(self.key),
        }
        if body is not None:
            usual |= {"Content-Type": "application/json", "Origin": f"http://127.0.0.1:{self.port}"}
        usual |= headers or {}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            data = b"" if body is None else json.dumps(body).encode()
            for name, value in (usual | {"Content-Length": str(len(data))}).items():
                if value is not None:
                    connection.putheader(name, value)
            connection.endheaders(data)
            answer = connection.getresponse()
            return answer.status, answer.read(), dict(answer.headers)
        finally:
            connection.close()

    def get(self, path: str) -> Any:
        status, body, _ = self.ask("GET", path)
        assert status == 200, body
        return json.loads(body)

    def act(self, kind: str, record_id: str = "", **values: Any) -> dict[str, Any]:
        status, body, _ = self.ask("POST", "/api/action", action(kind, record_id, **values))
        assert status == 200, body
        found: dict[str, Any] = json.loads(body)
        return found

    def kill(self) -> None:
        """Ends the server as a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=600)
        if self.process.stderr is not None:
            self.process.stderr.close()


def action(kind: str, record_id: str = "", **values: Any) -> dict[str, Any]:
    """Returns an action as the page sends it."""
    return {"id": uuid.uuid4().hex, "kind": kind, "record_id": record_id, **values}


Serve = Callable[..., Served]
