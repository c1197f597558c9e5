"""What docs/windows.md says is so: its columns, its metadata, and every piece of code in it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from quakesite.cli import main
from quakesite.records.record import Record
from quakesite.windows import read_tensors
from quakesite.windows.schema import WINDOWS

PAGE = (Path(__file__).parents[2] / "docs/windows.md").read_text(encoding="utf-8")
PYTHON = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = [
    line for block in re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()
]
RECORD = "20201030115124_0905"
IDS = ["20200101000000_0001", "20200102000000_0002", RECORD]


@pytest.fixture
def results(
    make_record: Callable[..., Record],
    shard: Callable[..., tuple[Path, Path]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """A folder of results in the working directory, with one shard; returns the shard."""
    picks = dict.fromkeys(IDS, (30.0, 37.0, 20.0))
    source, _ = shard([make_record(record_id, epicentral_distance_km=9.0) for record_id in IDS], picks)
    target = tmp_path / "results/windows/pga60/auto/0-of-8.parquet"
    target.parent.mkdir(parents=True)
    source.rename(target)
    monkeypatch.chdir(tmp_path)
    return target


@pytest.mark.parametrize("code", PYTHON, ids=range(len(PYTHON)))
def test_code_of_the_page_gives_a_window(
    results: Path, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("polars", "duckdb", "datasets"):
        if re.search(rf"import.*\b{name}\b", code):
            module = pytest.importorskip(name, reason=f"{name} is not installed")
            if name == "datasets":
                monkeypatch.setattr(module.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    names: dict[str, object] = {}
    exec(compile(code, "docs/windows.md", "exec"), names)
    window = np.asarray(names["window"])
    assert any(np.array_equal(window, stored[: len(window)]) for stored in read_tensors(results)), (
        "no window of the shard"
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_command_of_the_page_runs(results: Path, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = shlex.split(command)
    monkeypatch.setattr("sys.argv", arguments)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    assert Path(arguments[arguments.index("--out") + 1]).exists()


def test_page_has_every_column_and_every_key(results: Path) -> None:
    columns = PAGE.partition("## Columns")[2].partition("The tensor's shape")[0]
    cells = [line.split("|")[1] for line in columns.splitlines() if line.startswith("| `")]
    assert [name for cell in cells for name in re.findall(r"`(\w+)`", cell)] == WINDOWS.names
    for key, value in pq.read_schema(results).metadata.items():
        assert f"`{key.decode()}`" in PAGE
        if key in (
            b"schema.version",
            b"tensor.shape",
            b"tensor.channels",
            b"tensor.units",
            b"tensor.rate_hz",
        ):
            assert f"`{value.decode()}`" in PAGE


def test_page_has_code_for_each_reader() -> None:
    assert len(PYTHON) == 7
    assert len(COMMANDS) == 4
