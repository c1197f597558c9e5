"""Picks in the form of manual ones."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from typer.testing import CliRunner

from quakesite.errors import InputError
from quakesite.picks.command import app
from quakesite.picks.manual import ManualPick, read_manual
from quakesite.picks.schema import PICKS
from quakesite.tables import write_parquet


def export(folder: Path, *picks: tuple[str, str, str, float]) -> Path:
    names = ("record_id", "method", "phase", "time_s")
    rows = [dict(zip(names, pick, strict=True)) | {"probability": 0.5, "flags": []} for pick in picks]
    write_parquet(pa.Table.from_pylist(rows, schema=PICKS), folder / "picks.parquet")
    arguments = ["export", str(folder / "picks.parquet"), "--out", str(folder / "picks.csv")]
    CliRunner().invoke(app, arguments, catch_exceptions=False)
    return folder / "picks.csv"


def manual(**times: float) -> dict[str, ManualPick]:
    return {phase: ManualPick(time_s, "phasenet") for phase, time_s in times.items()}


def test_exported_picks_can_be_given_back_as_manual_ones(tmp_path: Path) -> None:
    path = export(tmp_path, ("a_2", "phasenet", "S", 8.25), ("a_1", "phasenet", "P", 7.0))
    assert read_manual(path) == {"a_1": manual(P=7.0), "a_2": manual(S=8.25)}
    assert path.read_text(encoding="utf-8").splitlines() == [
        '"record_id","phase","time_s","analyst","probability","uncertainty_s","comment"',
        '"a_1","P",7,"phasenet",0.5,,',
        '"a_2","S",8.25,"phasenet",0.5,,',
    ]


def test_picks_of_several_methods_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"kalkan, phasenet.*one method"):
        export(tmp_path, ("a_1", "phasenet", "P", 8.25), ("a_1", "kalkan", "P", 7.0))


def test_quakeml_wants_the_records(tmp_path: Path) -> None:
    path = export(tmp_path, ("a_1", "phasenet", "P", 7.0)).with_suffix(".parquet")
    with pytest.raises(InputError, match="--records"):
        CliRunner().invoke(
            app, ["export", str(path), "--out", str(tmp_path / "p.xml")], catch_exceptions=False
        )
