"""Shards behind a URI: read over S3's protocol from a server in this process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch

from quakesite.errors import InputError
from quakesite.windows import open_shard
from quakesite.windows.dataset import WindowDataset, loader

TENSORS = np.random.default_rng(8).standard_normal((70, 4, 50)).astype(np.float32)


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
        wanted = self.headers.get("Range", "")
        status = 200 if content else 404
        if content and wanted and with_body:
            first, last = wanted.removeprefix("bytes=").split("-")
            self.ranges.append(wanted)
            total, content, status = len(content), content[int(first) : int(last) + 1], 206
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("ETag", '"1"')
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


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A server that runs meanwhile."""
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    ranges: list[str] = []
    handler = type("Served", (Bucket,), {"folder": tmp_path / "written", "ranges": ranges})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    place = f"endpoint_override=127.0.0.1%3A{server.server_port}&scheme=http&region=us-east-1"
    yield Store(place, ranges)
    server.shutdown()
    server.server_close()
    thread.join()


def test_dataset_over_s3_equals_the_local_one(write_tensors: Callable[..., Path], store: Store) -> None:
    path = write_tensors(TENSORS)
    remote, local = WindowDataset([store.uri(path)]), WindowDataset([path])
    assert (remote.remote, local.remote) == (True, False)
    assert remote.table.equals(local.table)
    for one, other in zip(
        loader(remote, remote.batches(32, seed=1)), loader(local, local.batches(32, seed=1)), strict=True
    ):
        assert torch.equal(one.tensors, other.tensors)


def test_only_the_wanted_bytes_cross_the_network(write_tensors: Callable[..., Path], store: Store) -> None:
    shard = open_shard(store.uri(write_tensors(TENSORS)))
    store.ranges.clear()
    shard.read([33], channels=3)
    ((first, last),) = [map(int, wanted.removeprefix("bytes=").split("-")) for wanted in store.ranges]
    assert last - first + 1 == 3 * 50 * 4


def test_absent_object_is_one_clear_line_without_the_credentials(store: Store) -> None:
    with pytest.raises(InputError, match="no such file") as refused:
        open_shard(store.uri(Path("absent.parquet")))
    assert "s3://bucket/absent.parquet" in str(refused.value)
    assert "secret" not in str(refused.value)
