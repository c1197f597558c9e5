"""The stage as a whole: every record in is a window or a reject, and the file says what it holds."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from quakesite.errors import InputError
from quakesite.picks.schema import PICKS
from quakesite.records.record import Record
from quakesite.records.store import write_records
from quakesite.rejects import SCHEMA
from quakesite.settings import validated
from quakesite.tables import read_parquet, write_parquet
from quakesite.windows import open_shard, read_tensors
from quakesite.windows.cutting import Cut, cut
from quakesite.windows.processing import resampled
from quakesite.windows.schema import WINDOWS, Description
from quakesite.windows.settings import WindowsSettings
from quakesite.windows.sharding import make_shard, read_picks, write_windows

Shard = Callable[..., tuple[Path, Path]]
RecordMaker = Callable[..., Record]
IDS = [f"2020010{day}000000_{station:04d}" for day in (1, 2, 3) for station in (7, 11)]


def reasons(rejects: Path) -> dict[str, str]:
    table = pq.read_table(rejects, schema=SCHEMA)
    return dict(zip(table["record_id"].to_pylist(), table["reason"].to_pylist(), strict=True))


@hypothesis_settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    picks=st.dictionaries(
        st.sampled_from(IDS),
        st.tuples(st.none() | st.floats(0, 20), st.none() | st.floats(0, 20), st.none() | st.floats(-10, 40)),
    ),
    window=st.sampled_from(["pga60", "p15"]),
    method=st.sampled_from(["eqtransformer", "manual"]),
    limit=st.none() | st.floats(0, 30),
)
def test_every_record_is_a_window_or_a_reject(
    make_record: RecordMaker,
    shard: Shard,
    picks: dict[str, tuple[float | None, ...]],
    window: str,
    method: str,
    limit: float | None,
) -> None:
    records = [make_record(name, n_samples=2000) for name in IDS]
    out, rejects = shard(records, picks, window=window, method=method, min_snr_db=limit)
    windows = pq.read_table(out)["record_id"].to_pylist()
    refused = pq.read_table(rejects)["record_id"].to_pylist()
    assert sorted(windows + refused) == IDS
    assert windows == sorted(windows)


def test_a_late_trigger_is_refused_where_there_is_a_limit(make_record: RecordMaker, shard: Shard) -> None:
    records = [make_record(name, n_samples=3000) for name in IDS[:4]]
    picks = {
        IDS[0]: (4.99, 8.0, 30.0),
        IDS[1]: (5.0, 8.0, 30.0),
        IDS[2]: (None, 8.0),
        IDS[3]: (1.0, 8.0, None),
    }
    _, rejects = shard(records, picks, min_p_time_s=5.0, min_snr_db=25.0)
    assert reasons(rejects) == {IDS[0]: "late_trigger", IDS[2]: "no_p_pick", IDS[3]: "late_trigger"}
    _, rejects = shard(records, picks, min_p_time_s=4.5)
    assert reasons(rejects) == {IDS[2]: "no_p_pick", IDS[3]: "late_trigger"}
    _, rejects = shard(records, picks)
    assert reasons(rejects) == {}


def test_reasons_are_the_true_ones(make_record: RecordMaker, shard: Shard) -> None:
    records = [make_record(name, n_samples=3000) for name in IDS]
    picks = {
        IDS[0]: (5.0, 8.0, 30.0),
        IDS[1]: (5.0, 8.0, 12.0),
        IDS[2]: (5.0, None, None),
        IDS[3]: (None, 8.0),
    }
    _, rejects = shard(records, picks, min_snr_db=25.0)
    assert reasons(rejects) == dict.fromkeys(IDS[2:], "snr_unknown") | {IDS[1]: "low_snr"}
    _, rejects = shard(records, picks, window="p15", min_snr_db=25.0)
    assert reasons(rejects) == {
        IDS[1]: "low_snr",
        IDS[2]: "snr_unknown",
        **dict.fromkeys(IDS[3:], "no_p_pick"),
    }
    _, rejects = shard(records, picks)
    assert reasons(rejects) == {}
    _, rejects = shard(records, picks, method="manual")
    assert reasons(rejects) == dict.fromkeys(IDS[3:], "no_p_pick")


def test_shard_without_any_manual_pick_rejects_every_record(make_record: RecordMaker, shard: Shard) -> None:
    out, rejects = shard([make_record(name, n_samples=3000) for name in IDS], {}, method="manual")
    assert reasons(rejects) == dict.fromkeys(IDS, "no_p_pick")
    assert pq.read_table(out).num_rows == 0
    assert read_tensors(out).shape == (0, 4, 6000)


def test_annotation_can_be_stated(make_record: RecordMaker, shard: Shard) -> None:
    _, rejects = shard([make_record()], {}, annotation="manual")
    assert set(reasons(rejects).values()) == {"no_p_pick"}


def test_record_without_picks_still_gets_its_pga_window(make_record: RecordMaker, shard: Shard) -> None:
    out, _ = shard([make_record()], {})
    row = pq.read_table(out).to_pylist()[0]
    assert (row["p_sample"], row["s_sample"], row["snr_db"]) == (None, None, None)
    assert not read_tensors(out)[0, 3].any()


def test_p_without_s_is_kept_with_an_empty_fourth_channel(make_record: RecordMaker, shard: Shard) -> None:
    out, _ = shard([make_record()], {make_record().record_id: (30.0, None)})
    assert pq.read_table(out)["p_sample"].to_pylist()[0] is not None
    assert not read_tensors(out)[0, 3].any()


def test_file_says_what_its_tensors_are(make_record: RecordMaker, shard: Shard) -> None:
    out, _ = shard([make_record()], {make_record().record_id: (30.0, 35.0)}, window="p15")
    file = pq.ParquetFile(out)
    assert file.schema_arrow.remove_metadata() == WINDOWS
    stored = {key.decode(): value.decode() for key, value in file.schema_arrow.metadata.items()}
    assert json.loads(stored["tensor.shape"]) == [4, 1500]
    assert json.loads(stored["tensor.dim_names"]) == ["channel", "time"]
    assert json.loads(stored["tensor.channels"]) == ["E", "N", "Z", "PS"]
    assert json.loads(stored["tensor.units"]) == ["cm/s^2", "cm/s^2", "cm/s^2", "1"]
    assert (stored["tensor.rate_hz"], stored["tensor.dtype"]) == ("100", "<f4")
    assert (stored["window.name"], stored["picks.method"]) == ("p15", "eqtransformer")
    assert json.loads(stored["window.settings"])["anchor"] == "p"
    assert json.loads(stored["window.settings"])["rate_hz"] == 100
    assert stored["schema.version"] == "2"
    assert stored["quakesite.version"]


def test_file_says_where_its_records_are_from_and_what_was_asked_of_them(
    make_record: RecordMaker, shard: Shard
) -> None:
    start = datetime(2020, 1, 1, 12, 30, 5, 250_000, tzinfo=UTC)
    fields = {"start_time": start, "event_time": start, "magnitude_type": "Mw", "st_elevation_m": 812.0}
    out, _ = shard(
        [make_record(**fields)],
        {make_record().record_id: (30.0, 35.0, 31.0)},
        method="manual",
        min_snr_db=25.0,
        min_p_time_s=2.5,
    )
    row = pq.read_table(out).to_pylist()[0]
    assert row["network"] == "TK"
    assert {name: row[name] for name in fields} == fields
    about = open_shard(out).description
    assert (about.annotation, about.min_snr_db, about.min_p_time_s) == ("manual", 25.0, 2.5)
    about = open_shard(shard([make_record()], {}, name="other")[0]).description
    assert (about.annotation, about.min_snr_db, about.min_p_time_s) == ("auto", None, None)


def test_a_kind_of_window_can_have_its_own_rate(make_record: RecordMaker, shard: Shard) -> None:
    slow = {"anchor": "pga", "length_s": 20, "rate_hz": 50}
    kinds = {"slow": slow, "pga60": {"anchor": "pga", "length_s": 60}}
    settings = WindowsSettings.model_validate({"kinds": kinds})
    record = make_record()
    out, _ = shard([record], {record.record_id: (40.0, 45.0)}, window="slow", settings=settings)
    about, row = open_shard(out).description, pq.read_table(out).to_pylist()[0]
    assert (about.n_samples, about.rate_hz) == (1000, 50.0)
    assert json.loads(about.settings)["rate_hz"] == 50
    halved = resampled(record.acceleration, 100.0, 50.0).astype(np.float32)
    start = round(row["start_s"] * 50)
    np.testing.assert_array_equal(read_tensors(out)[0, :3], halved[:, start : start + 1000])
    assert row["p_sample"] == pytest.approx((40.0 - row["start_s"]) * 50)
    assert open_shard(shard([record], settings=settings)[0]).description.rate_hz == 100
    with pytest.raises(InputError, match=r"kinds\.slow\.length_s"):
        validated(WindowsSettings, {"kinds": {"slow": slow | {"rate_hz": 33.33}}}, "config")


def test_equal_inputs_give_equal_bytes(make_record: RecordMaker, shard: Shard) -> None:
    records = [make_record(name, rate_hz=200.0) for name in IDS]
    picks = {IDS[0]: (10.0, 15.0, 20.0)}
    first, second = (
        shard(records, picks, name="a")[0].read_bytes(),
        shard(records, picks, name="b")[0].read_bytes(),
    )
    assert first == second


def test_tensors_are_uncompressed_in_row_groups_of_64(make_record: RecordMaker, shard: Shard) -> None:
    settings = WindowsSettings.model_validate({"kinds": {"short": {"anchor": "pga", "length_s": 1.0}}})
    records = [make_record(f"20200101{i:06d}_0001", n_samples=200) for i in range(150)]
    out, _ = shard(records, window="short", settings=settings)
    metadata = pq.ParquetFile(out).metadata
    assert [metadata.row_group(i).num_rows for i in range(3)] == [64, 64, 22]
    column = metadata.row_group(0).column(WINDOWS.names.index("tensor"))
    assert (column.compression, column.has_dictionary_page) == ("UNCOMPRESSED", False)


def test_no_more_than_64_windows_are_held_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, made_at_each_write = [], []
    write_table = pq.ParquetWriter.write_table

    def watched(self: pq.ParquetWriter, table: pa.Table, **options: Any) -> None:
        made_at_each_write.append(len(made))
        write_table(self, table, **options)

    def rows() -> Iterator[dict[str, Any]]:
        for i in range(150):
            made.append(i)
            own = {"record_id": f"{i:03d}", "station": "1", "event_id": "1", "pga_cm_s2": 1.0, "start_s": 0.0}
            yield dict.fromkeys(WINDOWS.names) | own | {"filled_samples": 0, "tensor": b"\0" * 160}

    monkeypatch.setattr(pq.ParquetWriter, "write_table", watched)
    assert write_windows(rows(), Description("short", "{}", 10, 100.0), tmp_path / "x.parquet") == 150
    assert made_at_each_write == [64, 128, 150]


def test_rows_out_of_order_or_of_another_size_are_never_written(tmp_path: Path) -> None:
    own = {"station": "1", "event_id": "1", "pga_cm_s2": 1.0, "start_s": 0.0, "filled_samples": 0}
    target = tmp_path / "x.parquet"
    for ids, size, message in (
        (["b", "a"], 160, "ascending"),
        (["a", "a"], 160, "ascending"),
        (["a"], 156, "160 bytes"),
    ):
        rows = [dict.fromkeys(WINDOWS.names) | own | {"record_id": i, "tensor": b"\0" * size} for i in ids]
        with pytest.raises(RuntimeError, match=message):
            write_windows(rows, Description("short", "{}", 10, 100.0), target)
    assert list(tmp_path.iterdir()) == []


def test_interruption_in_mid_shard_leaves_the_old_file(
    make_record: RecordMaker, shard: Shard, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = [make_record(name, n_samples=2000) for name in IDS]
    out, _ = shard(records)
    before, calls = out.read_bytes(), []

    def interrupted(*arguments: Any) -> Cut:
        calls.append(arguments)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return cut(*arguments)

    monkeypatch.setattr("quakesite.windows.sharding.cut", interrupted)
    with pytest.raises(KeyboardInterrupt):
        shard(records, {IDS[0]: (1.0, 2.0)})
    assert out.read_bytes() == before
    assert [path.name for path in out.parent.iterdir()] == [out.name]


def test_a_record_that_is_lost_stops_the_stage(
    make_record: RecordMaker, shard: Shard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "quakesite.windows.sharding.write_windows", lambda rows, about, out: len(list(rows)) - 1
    )
    with pytest.raises(RuntimeError, match="1 records in, 0 windows and 0 rejects"):
        shard([make_record()])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"phase": "Q"}, "expected P or S"),
        ({"phase": "S"}, "two S picks"),
        ({"method": "kalkan"}, "the picks of one method"),
        ({"time_s": float("nan")}, "time_s: nan"),
    ],
)
def test_broken_picks_are_one_clear_line(
    make_picks: Callable[..., Path], change: dict[str, Any], message: str
) -> None:
    source = make_picks({IDS[0]: (1.0, 2.0)})
    rows = pq.read_table(source).to_pylist()
    rows[0] |= change
    write_parquet(pa.Table.from_pylist(rows, schema=PICKS), source)
    with pytest.raises(InputError, match=message):
        read_picks(source)


def test_unknown_window_is_one_clear_line(make_record: RecordMaker, shard: Shard) -> None:
    with pytest.raises(InputError, match="pga60, p15"):
        shard([make_record()], window="pga90")


def test_settings_that_make_no_sense_are_refused() -> None:
    for kind in (
        {"anchor": "pga", "length_s": 0.015},
        {"anchor": "p", "length_s": 10, "band_hz": [5, 1]},
        {"anchor": "p", "length_s": 10, "band_hz": [None, None]},
        {"anchor": "p", "length_s": 10, "tapper_pct": 5},
    ):
        with pytest.raises(InputError):
            validated(WindowsSettings, {"kinds": {"odd": kind}}, "config")


def test_flags_of_the_picks_stand_beside_the_window(make_record: RecordMaker, tmp_path: Path) -> None:
    ids = [f"2020010{day}000000_0001" for day in (1, 2, 3)]
    flags = {ids[0]: ["sp_implausible", "p_in_first_5s"], ids[1]: []}
    rows = [
        {"record_id": name, "method": "author", "phase": phase, "time_s": time_s, "flags": flags[name]}
        for name in ids[:2]
        for phase, time_s in (("P", 20.0), ("S", 30.0))
    ]
    picks = tmp_path / "picks.parquet"
    write_parquet(pa.Table.from_pylist(rows, schema=PICKS), picks)
    write_records([make_record(name) for name in ids], tmp_path / "records.parquet")
    out = tmp_path / "windows.parquet"
    make_shard(
        tmp_path / "records.parquet", picks, "pga60", WindowsSettings(), out, tmp_path / "rejects.parquet"
    )
    assert read_parquet(out, WINDOWS)["pick_flags"].to_pylist() == ["p_in_first_5s sp_implausible", "", None]
