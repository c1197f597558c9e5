"""A small synthetic archive, made once."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pytest

from quakesite.demo.make import make
from quakesite.demo.settings import DemoSettings

SMALL = DemoSettings(stations=6, events=2)


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a synthetic archive of six stations and two events each."""
    out = tmp_path_factory.mktemp("demo") / "made"
    make(SMALL, out)
    return out


@pytest.fixture(scope="session")
def truth(archive: Path) -> list[dict[str, object]]:
    """The rows of its truth table."""
    return rows_of(archive / "truth.csv")


def rows_of(path: Path) -> list[dict[str, object]]:
    as_text = pa.csv.ConvertOptions(column_types={"station": pa.string(), "event": pa.string()})
    return pa.csv.read_csv(path, convert_options=as_text).to_pylist()
