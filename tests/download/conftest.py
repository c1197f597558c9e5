"""A server that behaves like AFAD's, and a clock that nobody waits for."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from quakesite.download.clock import Clock
from quakesite.download.run import Order, fetch_records
from quakesite.download.search import Query
from quakesite.download.settings import DownloadSettings
from quakesite.download.spans import span

from .afad_server import Afad


@dataclass
class Watch:
    """A clock whose time passes only when somebody sleeps; it keeps the sleeps."""

    time: float = 1_600_000_000.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.time, lambda: self.time, self.sleep, lambda: 0.5)


@pytest.fixture(autouse=True)
def without_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "127.0.0.1")


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def afad() -> Iterator[Afad]:
    with Afad() as server:
        yield server


@pytest.fixture
def settings(afad: Afad) -> DownloadSettings:
    """Settings that point to the server, the pauses as they are by default."""
    return DownloadSettings.model_validate(afad.urls)


WHOLE = Query(span("2023-02-01", "2023-02-28"))

Fetch = Callable[..., list[str]]


@pytest.fixture
def fetch(settings: DownloadSettings, watch: Watch, tmp_path: Path) -> Fetch:
    """Runs a download to `tmp_path / "tadas"`; takes fields of the settings and of the order."""

    def run(*, dry_run: bool = False, **changes: object) -> list[str]:
        ours = {key: value for key, value in changes.items() if key in DownloadSettings.model_fields}
        order = Order(tmp_path / "tadas", WHOLE)
        order = replace(order, **{key: value for key, value in changes.items() if key not in ours})
        return fetch_records(settings.model_copy(update=ours), watch.clock, order, dry_run)

    return run


def zips(tmp_path: Path) -> list[str]:
    """Names of the zips that were kept."""
    return sorted(path.name for path in (tmp_path / "tadas").rglob("*.zip"))


def refused(tmp_path: Path) -> dict[str, str]:
    """Reason for each record that was not fetched."""
    with (tmp_path / "tadas/refused.csv").open() as handle:
        return {row["record_id"]: row["reason"] for row in csv.DictReader(handle)}


def names_in(tmp_path: Path) -> list[str]:
    """Names of the files in the zips that were kept."""
    return sorted(
        member for path in (tmp_path / "tadas").rglob("*.zip") for member in zipfile.ZipFile(path).namelist()
    )
