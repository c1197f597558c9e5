"""Every file in `examples/` runs, and says what is so."""

from __future__ import annotations

import contextlib
import io
import re
import runpy
import sys
from pathlib import Path
from unittest import mock

import numpy as np
import pyarrow.parquet as pq
import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
ARGUMENTS = {
    "read_record": ["resources/demo/archive"],
    "load_shards": ["results"],
    "predict_station": ["resources/demo/archive", "results/models/beta_auto_pga"],
}


@pytest.fixture
def said(finished: Path, request: pytest.FixtureRequest) -> list[str]:
    """What an example prints."""
    name: str = request.param
    arguments = [str(finished / argument) for argument in ARGUMENTS[name]]
    printed = io.StringIO()
    with mock.patch.object(sys, "argv", [name, *arguments]), contextlib.redirect_stdout(printed):
        runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")
    return printed.getvalue().splitlines()


def test_every_example_is_run() -> None:
    own_files = {"pick_method", "network"}
    assert {path.stem for path in EXAMPLES.glob("*.py")} - own_files == set(ARGUMENTS)
    assert list(EXAMPLES.glob("*.ipynb")) == []


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("said", ["read_record"], indirect=True)
def test_records_are_read(said: list[str], finished: Path) -> None:
    table = pq.read_table(finished / "results/records/catalogue.parquet").to_pylist()
    peaks = {row["record_id"]: row["pga_z_cm_s2"] for row in table}
    found = {line.partition(":")[0]: float(line.partition("PGA ")[2].split()[0]) for line in said}
    assert found.keys() >= peaks.keys()
    assert all(np.isclose(found[name], peak, atol=0.01) for name, peak in peaks.items())


@pytest.mark.parametrize("said", ["load_shards"], indirect=True)
def test_shards_are_loaded(said: list[str], finished: Path) -> None:
    windows = pq.read_table(finished / "results/windows/pga60/auto", columns=["record_id"]).num_rows
    shapes = [tuple(map(int, re.findall(r"\d+", line.partition(")")[0]))) for line in said]
    assert sum(shape[0] for shape in shapes) >= windows > 0
    assert {shape[1:] for shape in shapes} == {(3, 6000)}


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("said", ["predict_station"], indirect=True)
def test_a_station_is_predicted(said: list[str], finished: Path) -> None:
    windows = pq.read_table(finished / "results/windows/pga60/auto", columns=["station"])
    predicted = [line for line in said if re.match(r"\d+: Vs30 \d+ m/s", line)]
    assert [line.partition(":")[0] for line in predicted] == sorted(windows["station"].to_pylist())
