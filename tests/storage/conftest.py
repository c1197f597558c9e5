"""A local S3: moto's server, on the loopback interface."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))

BUCKET = "quakesite"


@dataclass(frozen=True)
class Store:
    """The server, and a client of it."""

    endpoint: str
    client: Any

    @property
    def options(self) -> str:
        """What pyarrow's URIs need to find the server."""
        return f"scheme=http&region=us-east-1&endpoint_override={self.endpoint.replace(':', '%3A')}"

    @property
    def environment(self) -> dict[str, str]:
        """What Snakemake's storage plugin needs to find the server."""
        settings = {"ENDPOINT_URL": f"http://{self.endpoint}", "ACCESS_KEY": "key", "SECRET_KEY": "secret"}
        return os.environ | {f"SNAKEMAKE_STORAGE_S3_{name}": value for name, value in settings.items()}

    def keys(self) -> list[str]:
        """Returns the keys of all objects in the bucket."""
        return [one["Key"] for one in self.client.list_objects_v2(Bucket=BUCKET).get("Contents", [])]


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The place of a running server."""
    server_of = pytest.importorskip("moto.server", reason="moto is not installed")
    server = server_of.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"{host}:{port}"
    server.stop()


@pytest.fixture
def store(server: str, monkeypatch: pytest.MonkeyPatch) -> Store:
    """An empty bucket."""
    boto3 = pytest.importorskip("boto3", reason="boto3 is not installed")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    urlopen(Request(f"http://{server}/moto-api/reset", method="POST"), timeout=600).close()
    client = boto3.client("s3", endpoint_url=f"http://{server}", region_name="us-east-1")
    client.create_bucket(Bucket=BUCKET)
    return Store(server, client)
