"""A server that speaks as much of S3 as reading needs, and counts what it is asked for."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Bucket(BaseHTTPRequestHandler):
    """Serves the files of `folder` as the objects of any bucket: HEAD, and GET with a range."""

    protocol_version = "HTTP/1.1"
    folder: Path
    ranges: list[str]

    def do_HEAD(self) -> None:
        self.answer(with_body=False)

    def do_GET(self) -> None:
        self.answer(with_body=True)

    def answer(self, *, with_body: bool) -> None:
        path = self.folder / self.path.partition("?")[0].rsplit("/", 1)[-1]
        content = path.read_bytes() if path.is_file() else b""
        digest = hashlib.sha256(content).hexdigest()
        wanted = self.headers.get("Range", "")
        status = 200 if content else 404
        if content and wanted and with_body:
            first, last = wanted.removeprefix("bytes=").split("-")
            self.ranges.append(wanted)
            total, content, status = len(content), content[int(first) : int(last) + 1], 206
            if int(first) >= total:
                content, status = b"", 416
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("ETag", f'"{digest}"')
        self.send_header("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")
        if status == 206:
            self.send_header("Content-Range", f"bytes {first}-{last}/{total}")
        self.end_headers()
        if with_body:
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Keeps quiet."""


@dataclass
class Store:
    """The server's address, and the ranges of bytes it was asked for."""

    place: str
    ranges: list[str] = field(default_factory=list)

    def uri(self, path: Path) -> str:
        """Returns the s3:// URI of a file."""
        return f"s3://key:secret@bucket/{path.name}?{self.place}"


@contextmanager
def serving(folder: Path) -> Iterator[Store]:
    """Serves the files in `folder` while the block runs."""
    ranges: list[str] = []
    handler = type("Served", (Bucket,), {"folder": folder, "ranges": ranges})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    place = f"endpoint_override=127.0.0.1%3A{server.server_port}&scheme=http&region=us-east-1"
    yield Store(place, ranges)
    server.shutdown()
    server.server_close()
    thread.join()
