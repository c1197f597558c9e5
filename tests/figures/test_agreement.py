"""The figure of the pick methods' agreement: what it shows is what stands in the table."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from typer.testing import CliRunner

from quakesite.evaluation.layout import read_csv
from quakesite.figures.agreement import draw
from quakesite.figures.command import app
from quakesite.figures.style import COLUMN_IN
from quakesite.picks.agreement import agreement
from quakesite.picks.schema import PICKS
from quakesite.tables import write_csv


def rows_of(tmp_path: Path, methods: tuple[str, ...], n_records: int = 12) -> list[dict[str, str]]:
    """Picks 0.15 s apart from method to method; S by the last method only; from 5 to 60 km."""
    picks: list[dict[str, Any]] = [
        {
            "record_id": f"r{i:02d}",
            "method": m,
            "phase": "P",
            "time_s": 10 + 0.15 * k,
            "snr_db": 3.0 * i,
            "flags": [],
        }
        for i in range(n_records)
        for k, m in enumerate(methods)
    ]
    picks += [one | {"phase": "S", "time_s": 20.0} for one in picks if one["method"] == methods[-1]]
    distances = {f"r{i:02d}": 5.0 * (i + 1) for i in range(n_records)}
    write_csv(agreement(pa.Table.from_pylist(picks, schema=PICKS), distances), tmp_path / "agreement.csv")
    return read_csv(tmp_path / "agreement.csv")


def test_bars_are_the_shares_of_the_table_and_lines_those_of_its_bins(tmp_path: Path) -> None:
    figure = draw(rows_of(tmp_path, ("author", "eqtransformer", "kalkan")))
    assert figure.get_figwidth() == COLUMN_IN
    bars = {
        patch.get_gid(): patch.get_width()
        for axes in figure.findobj(match=lambda one: hasattr(one, "patches"))
        for patch in getattr(axes, "patches", [])
        if patch.get_gid()
    }
    assert bars["agreement P eqtransformer − author 0.1"] == 0
    assert bars["agreement P eqtransformer − author 0.2"] == 100
    assert bars["agreement P kalkan − author 0.2"] == 0
    assert bars["agreement P kalkan − author 0.5"] == 100
    lines = {line.get_gid(): line for axes in figure.axes for line in axes.get_lines() if line.get_gid()}
    assert {gid for gid in lines if "distance" in gid} == {
        f"agreement P distance_km {pair}"
        for pair in ("eqtransformer − author", "kalkan − author", "kalkan − eqtransformer")
    }
    assert all(share == pytest.approx(100) for line in lines.values() for share in line.get_ydata())
    assert not any(" S " in gid for gid in (*bars, *lines))


def test_single_method_is_told_plainly(tmp_path: Path) -> None:
    figure = draw(rows_of(tmp_path, ("eqtransformer",)), synthetic=True)
    said = " ".join(text.get_text() for text in figure.texts).replace("\n", " ")
    assert "Nothing to compare: no record was picked by two methods" in said
    assert figure.axes == []


def test_bins_of_one_or_two_records_are_not_drawn(tmp_path: Path) -> None:
    figure = draw(rows_of(tmp_path, ("author", "kalkan"), n_records=2))
    assert not any(line.get_gid() for axes in figure.axes for line in axes.get_lines())


def test_command_writes_the_same_svg_and_png_twice(tmp_path: Path) -> None:
    rows_of(tmp_path, ("author", "kalkan"))
    for name in ("one", "two"):
        arguments = ["agreement", str(tmp_path / "agreement.csv"), "--out", str(tmp_path / f"{name}.svg")]
        assert CliRunner().invoke(app, arguments, catch_exceptions=False).exit_code == 0
    for suffix in ("svg", "png"):
        assert (tmp_path / f"one.{suffix}").read_bytes() == (tmp_path / f"two.{suffix}").read_bytes()
    assert ET.parse(tmp_path / "one.svg").getroot().tag.endswith("svg")
