"""One shard of records through each method, and the commands around it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from quakesite.errors import InputError
from quakesite.picks.command import app
from quakesite.picks.picked import Arrival, Picked
from quakesite.picks.schema import AGREEMENT, CANDIDATES, PICKS
from quakesite.picks.settings import PicksSettings
from quakesite.picks.shard import ShardPicks, by_author, by_hand
from quakesite.records.record import Record
from quakesite.records.store import write_records
from quakesite.rejects import SCHEMA
from quakesite.shards import shard_of

Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def shard(make_record: Callable[..., Record], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four records: two ordinary ones, a short one that came with picks, and noise."""
    start = datetime(2020, 1, 1, tzinfo=UTC)
    records = [
        make_record("20200101000000_0001", start_time=start),
        make_record("20200101000000_0002", duration_s=45.0, author_p_s=20.0, author_s_s=30.0),
        make_record("20200101000000_0003", p_s=25.0, s_s=33.0, author_p_s=25.0, start_time=start),
        make_record("20200101000000_0004", p_s=None, s_s=None),
    ]
    path = tmp_path_factory.mktemp("records") / "0-of-1.parquet"
    write_records(records, path)
    return path


def run(*arguments: object) -> None:
    result = CliRunner().invoke(app, [str(one) for one in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output


def rows(path: Path, schema: pa.Schema) -> Rows:
    table = pq.read_table(path)
    assert table.schema.equals(schema)
    found: Rows = table.to_pylist()
    return found


def eqtransformer(shard: Path, weights: Path, folder: Path) -> Path:
    folder.mkdir()
    run(
        *("shard", shard, "--method", "eqtransformer", "--weights", weights, "--settings", json.dumps({})),
        *("--out", folder / "picks.parquet", "--rejects", folder / "rejects.parquet"),
        *("--candidates", folder / "candidates.parquet"),
    )
    return folder


def test_every_record_is_picked_or_rejected_and_twice_gives_the_same_bytes(
    shard: Path, weights_file: Path, weights_sha256: str, tmp_path: Path
) -> None:
    first = eqtransformer(shard, weights_file, tmp_path / "first")
    picks, rejects = rows(first / "picks.parquet", PICKS), rows(first / "rejects.parquet", SCHEMA)
    assert [(row["record_id"][-1], row["phase"]) for row in picks] == [
        *(("1", "P"), ("1", "S"), ("2", "P"), ("2", "S"), ("3", "P"), ("3", "S"))
    ]
    assert [(row["record_id"][-1], row["reason"]) for row in rejects] == [("4", "no_pick")]
    assert {row["weights_sha256"] for row in picks} == {weights_sha256}
    for p, s in zip(picks[::2], picks[1::2], strict=True):
        assert p["snr_db"] == s["snr_db"]
        assert p["snr_db"] > 20
        assert p["time_s"] < s["time_s"]
    candidates = rows(first / "candidates.parquet", CANDIDATES)
    assert sum(row["chosen"] for row in candidates) == len(picks)
    detections = [row["record_id"][-1] for row in candidates if row["phase"] == "detection"]
    assert detections == ["1", "2", "3", "4"]  # of the rejected record, too
    for row in (*picks, *candidates):
        assert (row["weights"], row["weights_sha256"]) == ("original", weights_sha256)
    second = eqtransformer(shard, weights_file, tmp_path / "second")
    for name in ("picks.parquet", "rejects.parquet", "candidates.parquet"):
        assert (first / name).read_bytes() == (second / name).read_bytes()


def test_empty_shard_gives_empty_tables_without_loading_the_network(tmp_path: Path) -> None:
    write_records([], tmp_path / "empty.parquet")
    folder = eqtransformer(tmp_path / "empty.parquet", tmp_path / "no-weights", tmp_path / "out")
    assert rows(folder / "picks.parquet", PICKS) == []
    assert rows(folder / "rejects.parquet", SCHEMA) == []


def manual_table(folder: Path, *lines: str) -> Path:
    path = folder / "manual.csv"
    path.write_text("\n".join(["record_id,phase,time_s", *lines]) + "\n")
    return path


def test_manual_picks_of_unknown_records_are_rejected(shard: Path, tmp_path: Path) -> None:
    table = manual_table(
        tmp_path,
        *("20200101000000_0001,P,19.9", "20200101000000_0001,S,30.1", "20200101000000_0003,S,33"),
        *("20200101000000_0009,P,5", "20200101000000_0009,S,6"),
    )
    result = by_hand(shard, table, "0-of-1")
    assert [(one.record_id[-1], len(one.arrivals)) for one in result.found] == [("1", 2), ("3", 1)]
    assert result.found[0].snr_db is not None
    assert result.found[1].snr_db is None
    assert [(one.record_id[-1], one.reason, one.detail) for one in result.rejects] == [
        ("9", "unknown_record", "P at 5 s, S at 6 s")
    ]


def test_manual_pick_belongs_to_the_shard_of_its_station(shard: Path, tmp_path: Path) -> None:
    table = manual_table(tmp_path, "20200101000000_0001,P,20", "20200101000000_0009,P,5")
    for index in range(4):
        name = f"{index}-of-4"
        result = by_hand(shard, table, name)
        assert len(result.found) == (shard_of("0001", 4) == name)
        assert len(result.rejects) == (shard_of("0009", 4) == name)


def test_manual_pick_outside_its_record_is_kept_with_a_flag(shard: Path, tmp_path: Path) -> None:
    result = by_hand(shard, manual_table(tmp_path, "20200101000000_0001,S,90.5"), "0-of-1")
    assert result.found[0].flags == ("outside_record",)


def test_author_picks_come_from_the_records(shard: Path) -> None:
    result = by_author(shard)
    assert [(one.record_id[-1], len(one.arrivals)) for one in result.found] == [("2", 2), ("3", 1)]
    assert [one.record_id[-1] for one in result.rejects] == ["1", "4"]


def test_lost_record_stops_the_run() -> None:
    result = ShardPicks("author")
    result.add(Picked("a_1", None, None, None, ()), ["a.asc"])
    with pytest.raises(RuntimeError, match="2 records in, 0 picked, 1 rejected"):
        result.check_balance(2)


def test_join_agreement_and_quakeml_from_the_command_line(shard: Path, tmp_path: Path) -> None:
    table = manual_table(tmp_path, "20200101000000_0003,P,25.05", "20200101000000_0001,P,20")
    methods: dict[str, list[object]] = {
        "manual": ["--manual", table, "--shard", "0-of-1"],
        "author": [],
        "kalkan": [],
    }
    for method, options in methods.items():
        out = ("--out", tmp_path / f"{method}.parquet", "--rejects", tmp_path / f"{method}-rejects.parquet")
        run("shard", shard, "--method", method, *options, *out)
    run("join", *(tmp_path / f"{method}.parquet" for method in methods), "--out", tmp_path / "all.parquet")
    keys = [(row["record_id"], row["method"], row["phase"]) for row in rows(tmp_path / "all.parquet", PICKS)]
    assert keys == sorted(keys)
    assert {method for _, method, _ in keys} == set(methods)

    run("agreement", tmp_path / "all.parquet", "--records", shard, "--out", tmp_path / "agreement.csv")
    header, *lines = (tmp_path / "agreement.csv").read_text().splitlines()
    assert header.replace('"', "").split(",") == AGREEMENT.names
    assert any(line.replace('"', "").startswith("author,manual,P,all,all,1,1,1,-0.05") for line in lines)

    run("export", tmp_path / "manual.parquet", "--records", shard, "--out", tmp_path / "manual.xml")
    again = by_hand(shard, tmp_path / "manual.xml", "0-of-1")
    assert {one.record_id: one.p.time_s for one in again.found if one.p} == {
        "20200101000000_0001": 20.0,
        "20200101000000_0003": 25.05,
    }


def test_manual_picks_of_two_shards_are_exported_together_with_what_the_analyst_said(
    make_record: Callable[..., Record], tmp_path: Path
) -> None:
    """The command of docs/annotate.md, as the shell expands it."""
    start = datetime(2020, 1, 1, tzinfo=UTC)
    names = [f"20200101000000_{number:04d}" for number in range(1, 5)]
    table = tmp_path / "manual.csv"
    lines = [f"{name},P,19.5,Ayşe,2,emergent" for name in names]
    table.write_text("\n".join(["record_id,phase,time_s,analyst,uncertainty_class,comment", *lines]) + "\n")
    for shard in ("0-of-2", "1-of-2"):
        mine = [make_record(name, start_time=start) for name in names if shard_of(name[-4:], 2) == shard]
        assert mine
        write_records(mine, tmp_path / f"records/{shard}.parquet")
        run(
            *("shard", tmp_path / f"records/{shard}.parquet", "--method", "manual", "--manual", table),
            *("--shard", shard, "--out", tmp_path / f"manual/{shard}.parquet"),
            *("--rejects", tmp_path / f"rejects/{shard}.parquet"),
        )
    picks, records = (sorted((tmp_path / name).glob("*.parquet")) for name in ("manual", "records"))
    run("export", *picks, "--records", *records, "--out", tmp_path / "picks.xml")
    run("export", *picks, "--out", tmp_path / "picks.csv")
    for shard, path in zip(("0-of-2", "1-of-2"), records, strict=True):
        for written in (tmp_path / "picks.xml", tmp_path / "picks.csv"):
            result = by_hand(path, written, shard)
            assert [one.record_id for one in result.found] == [
                n for n in names if shard_of(n[-4:], 2) == shard
            ]
            for one in result.found:
                assert one.p == Arrival(19.5, None, "Ayşe", 0.2, "emergent")
    row = rows(picks[0], PICKS)[0]
    assert (row["analyst"], row["uncertainty_s"], row["comment"]) == ("Ayşe", 0.2, "emergent")


def test_missing_option_is_one_clear_line(shard: Path, tmp_path: Path) -> None:
    out = ["--out", str(tmp_path / "a"), "--rejects", str(tmp_path / "b")]
    for method, option in (("eqtransformer", "--weights"), ("manual", "--manual")):
        with pytest.raises(InputError, match=option):
            CliRunner().invoke(app, ["shard", str(shard), "--method", method, *out], catch_exceptions=False)


def test_stride_of_whole_seconds_is_refused() -> None:
    with pytest.raises(ValueError, match="whole number of seconds"):
        PicksSettings(stride_s=5.0)
