"""The commands, on real records where they are at hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from quakesite.cli import main
from quakesite.records import read
from quakesite.records.record import Record
from quakesite.windows import read_tensors
from quakesite.windows.command import app

RUN = CliRunner()


def test_shard_show_and_export_run_from_the_command_line(
    make_record: Callable[..., Record],
    make_picks: Callable[..., Path],
    shard: Callable[..., tuple[Path, Path]],
    tmp_path: Path,
) -> None:
    shard([make_record()])
    picks = make_picks({make_record().record_id: (40.0, 47.0, 21.0)})
    records, out = tmp_path / "records/0-of-1.parquet", tmp_path / "out/0-of-1.parquet"
    cut = ["shard", str(records), str(picks), "--window", "p15", "--settings", "{}", "--out", str(out)]
    done = RUN.invoke(app, [*cut, "--rejects", str(tmp_path / "r.parquet"), "--min-snr-db", "20"])
    assert done.exit_code == 0, done.output
    assert read_tensors(out).shape == (1, 4, 1500)
    drawn = RUN.invoke(
        app,
        ["show", make_record().record_id, "--windows", str(out.parent), "--out", str(tmp_path / "w.png")],
    )
    assert drawn.exit_code == 0, drawn.output
    assert (tmp_path / "w.png").read_bytes().startswith(b"\x89PNG")
    exported = RUN.invoke(
        app, ["export", str(out.parent), "--format", "numpy", "--out", str(tmp_path / "numpy")]
    )
    assert exported.exit_code == 0, exported.output
    assert np.load(tmp_path / "numpy/tensors.npy").shape == (1, 4, 1500)


def test_a_window_is_drawn_by_the_short_option_too(
    make_record: Callable[..., Record],
    shard: Callable[..., tuple[Path, Path]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out, _ = shard([make_record()])
    (tmp_path / "results/windows/pga60").mkdir(parents=True)
    out.parent.rename(tmp_path / "results/windows/pga60/auto")
    monkeypatch.chdir(tmp_path)
    drawn = RUN.invoke(app, ["--show", make_record().record_id])
    assert drawn.exit_code == 0, drawn.output
    assert (tmp_path / f"{make_record().record_id}.png").read_bytes().startswith(b"\x89PNG")
    (tmp_path / "results").rename(tmp_path / "mine")
    there = ["--windows", "mine/windows/pga60/auto", "--out", "w.svg"]
    drawn = RUN.invoke(app, ["--show", make_record().record_id, *there])
    assert (drawn.exit_code, (tmp_path / "w.svg").exists()) == (0, True)
    (tmp_path / "config.yaml").write_text("results: mine\n")
    drawn = RUN.invoke(app, ["--show", make_record().record_id, "--out", "w.pdf"])
    assert (drawn.exit_code, (tmp_path / "w.pdf").exists()) == (0, True), drawn.output
    assert RUN.invoke(app, [*there, "show", "x"]).exit_code == 2


def test_export_is_a_command_of_its_own_too(
    make_record: Callable[..., Record],
    shard: Callable[..., tuple[Path, Path]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out, _ = shard([make_record()])
    command = ["quakesite", "export", str(out), "--format", "numpy", "--out", str(tmp_path / "numpy")]
    monkeypatch.setattr("sys.argv", command)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    assert np.load(tmp_path / "numpy/tensors.npy").shape == (1, 4, 6000)


def test_real_samos_record_has_its_pga_in_the_middle(
    shared_data: Path, shard: Callable[..., tuple[Path, Path]]
) -> None:
    folders = [folder for folder in (shared_data / "tadas").glob("GuestUser_RawAcc_*") if folder.is_dir()]
    records = sorted(read(folders[0]), key=lambda record: record.record_id)
    out, _ = shard(records)
    row, tensor = pq.read_table(out).to_pylist()[0], read_tensors(out)[0]
    amplitude = np.linalg.norm(tensor[:3].astype(np.float64), axis=0)
    assert int(amplitude.argmax()) == pytest.approx(3000, abs=1)
    assert amplitude.max() == pytest.approx(row["pga_cm_s2"], rel=0.02)
    assert row["pga_cm_s2"] == pytest.approx(records[0].pga_cm_s2)
