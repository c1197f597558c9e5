"""An empty working directory, with a small archive where a test wants one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from quakesite.config import Config, resolve
from quakesite.preflight import scan_archive


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, which is the working directory."""
    monkeypatch.chdir(tmp_path)
    scan_archive.cache_clear()
    return tmp_path


@pytest.fixture
def archive(here: Path) -> Path:
    """Three records of two stations, told by the names of their nine files."""
    folder = here / "archive"
    folder.mkdir()
    for record in ("20230206011732_0208", "20230206102449_0208", "20230206011732_3116"):
        for component in "ENU":
            (folder / f"{record}_mp_Acc_{component}.asc").write_text("x" * 1000)
    return folder


@pytest.fixture
def config(archive: Path) -> Callable[..., Config]:
    """Makes a configuration whose archive is the small one."""
    return lambda **values: resolve({"archive": [str(archive)], **values})
