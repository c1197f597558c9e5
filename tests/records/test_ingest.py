"""The stage: every file is in a record or among the rejects, and equal inputs give equal bytes."""

from __future__ import annotations

import tracemalloc
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from quakesite.records import ingest as stage
from quakesite.records.settings import RecordsSettings
from quakesite.rejects import Reason, Reject

from .conftest import Component, Ingested, motion, three, write

Ingest = Callable[..., Ingested]


def names(components: list[Component]) -> set[str]:
    return {one.name for one in components}


def test_one_bad_component_loses_its_record_and_names_the_culprit(tmp_path: Path, ingest: Ingest) -> None:
    east, north, up = three()
    write(tmp_path / "a", [east, replace(north, n_samples=500), up])
    kept, refused = ingest(tmp_path / "a")
    assert kept == []
    assert refused == dict.fromkeys(names([east, north, up]), "truncated")
    details = pq.read_table(tmp_path / "out/rejects.parquet")["detail"].to_pylist()
    assert sum(detail.startswith(f"{north.name}: ") for detail in details) == 2


def test_a_missing_component_loses_the_others(tmp_path: Path, ingest: Ingest) -> None:
    east, north, _ = three()
    write(tmp_path / "a", [east, north])
    assert ingest(tmp_path / "a") == ([], dict.fromkeys(names([east, north]), "missing_component"))


def test_the_preferred_version_is_kept(tmp_path: Path, ingest: Ingest) -> None:
    for version in ("mp_RawAcc", "ap_Acc", "mp_Acc", "mp_AAD_Acc"):
        write(tmp_path / "a", three(version=version))
    kept, refused = ingest(tmp_path / "a")
    assert kept == ["20201030115124_0905"]
    assert set(refused.values()) == {"duplicate"}
    assert not names(three(version="mp_Acc")) & set(refused)
    _, refused = ingest(tmp_path / "a", prefer=["ap_Acc"])
    assert not names(three(version="ap_Acc")) & set(refused)


def test_a_version_that_does_not_read_leaves_its_place_to_the_next(tmp_path: Path, ingest: Ingest) -> None:
    write(tmp_path / "a", three(version="mp_Acc", n_samples=1))
    write(tmp_path / "a", three(version="ap_Acc"))
    kept, refused = ingest(tmp_path / "a")
    assert kept == ["20201030115124_0905"]
    assert refused == dict.fromkeys(names(three(version="mp_Acc")), "truncated")


def test_one_event_under_two_stamps_is_kept_once(tmp_path: Path, ingest: Ingest) -> None:
    write(tmp_path / "a", three(version="ap_Acc"))
    write(tmp_path / "a", three(version="mp_Acc", stamp="20201030115126"))
    kept, refused = ingest(tmp_path / "a")
    assert kept == ["20201030115126_0905"]
    assert refused == dict.fromkeys(names(three(version="ap_Acc")), "duplicate")


def test_two_events_whose_records_touch_are_both_kept(tmp_path: Path, ingest: Ingest) -> None:
    write(tmp_path / "a", three())
    write(tmp_path / "a", three(Component().at(3.0), stamp="20201030115127"))
    assert ingest(tmp_path / "a") == (["20201030115124_0905", "20201030115127_0905"], {})


def test_copies_in_other_folders_are_duplicates(tmp_path: Path, ingest: Ingest) -> None:
    write(tmp_path / "a/one", three())
    write(tmp_path / "a/two", three())
    with zipfile.ZipFile(tmp_path / "a/three.zip", "w") as opened:
        for one in three():
            opened.writestr(one.name, one.content)
    kept, refused = ingest(tmp_path / "a")
    assert len(kept) == 1
    assert len(pq.read_table(tmp_path / "out/rejects.parquet")) == 6
    assert set(refused.values()) == {"duplicate"}


def test_components_in_separate_folders_are_matched(tmp_path: Path, ingest: Ingest) -> None:
    for one in three():
        write(tmp_path / "a" / one.component, [one])
    assert ingest(tmp_path / "a") == (["20201030115124_0905"], {})


def test_a_stray_copy_of_a_component_does_not_lose_the_others(tmp_path: Path, ingest: Ingest) -> None:
    for one in three():
        write(tmp_path / "a" / one.component, [one])
    write(tmp_path / "a/stray", three()[:1])
    write(tmp_path / "a/whole", three(station="0101"))
    write(tmp_path / "a/stray", three(station="0101")[:2])
    kept, _ = ingest(tmp_path / "a")
    assert kept == ["20201030115124_0101", "20201030115124_0905"]
    rows = pq.read_table(tmp_path / "out/rejects.parquet").to_pylist()
    assert {(Path(row["source"]).parent.name, row["reason"]) for row in rows} == {("stray", "duplicate")}
    assert len(rows) == 3


def test_components_are_taken_from_the_fullest_folder_first(tmp_path: Path, ingest: Ingest) -> None:
    east, north, up = three()
    write(tmp_path / "a/1", [replace(east, samples=motion(400, 7))])
    write(tmp_path / "a/2", [east, north])
    write(tmp_path / "a/3", [up])
    kept, _ = ingest(tmp_path / "a")
    assert len(kept) == 1
    (sources,) = pq.read_table(tmp_path / "out/records.parquet")["sources"].to_pylist()
    assert [Path(source).parent.name for source in sources] == ["2", "2", "3"]


def test_a_second_copy_of_one_component_is_a_duplicate(tmp_path: Path, ingest: Ingest) -> None:
    write(tmp_path / "a", three())
    spaced = Component().name.replace(".asc", " .asc")
    (tmp_path / "a" / spaced).write_bytes(Component().content)
    kept, refused = ingest(tmp_path / "a")
    assert len(kept) == 1
    assert list(refused.values()) == ["duplicate"]


@pytest.mark.parametrize("copy", ["_E (1).asc", "_E - Kopya.asc"])
def test_the_copy_that_a_browser_left_is_the_duplicate(tmp_path: Path, ingest: Ingest, copy: str) -> None:
    write(tmp_path / "a", three())
    cut_off = Component().name.replace("_E.asc", copy)
    (tmp_path / "a" / cut_off).write_bytes(Component().content[:900])
    kept, refused = ingest(tmp_path / "a")
    assert len(kept) == 1
    assert refused == {cut_off: "duplicate"}


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"max_epicentral_distance_km": 49.0}, "too_far"),
        ({"years": [2012, 2018]}, "year"),
        ({"magnitude": [2.2, 6.5]}, "magnitude"),
        ({"depth_km": [0, 16.5]}, "depth"),
        ({"min_component_ratio": 0.99999}, "flat"),
        ({"max_jump": 0.5}, "spikes"),
    ],
)
def test_selection_is_counted(
    tmp_path: Path, ingest: Ingest, settings: dict[str, object], reason: str
) -> None:
    write(tmp_path / "a", three())
    assert ingest(tmp_path / "a", **settings) == ([], dict.fromkeys(names(three()), reason))
    assert ingest(tmp_path / "a")[0] == ["20201030115124_0905"]


def test_the_papers_selection_keeps_what_lies_on_its_limits(tmp_path: Path, ingest: Ingest) -> None:
    chosen = {"years": [2012, 2018], "magnitude": [2.2, 6.5], "depth_km": [16.54, 16.54]}
    for year in (2011, 2012, 2018, 2019):
        for one in three(stamp=f"{year}1030115124", start=f"{year}/10/30 11:51:01.9", magnitude_w="6.5"):
            content = one.content.replace(b"2020/10/30", f"{year}/10/30".encode())
            write(tmp_path / "a", [one])[0].write_bytes(content)
    kept, refused = ingest(tmp_path / "a", **chosen)
    assert kept == ["20121030115124_0905", "20181030115124_0905"]
    assert list(refused.values()) == 6 * ["year"]


def test_an_unknown_depth_is_refused_only_where_there_is_a_limit(tmp_path: Path, ingest: Ingest) -> None:
    for one in three():
        write(tmp_path / "a", [one])[0].write_bytes(one.content.replace(b"DEPTH_KM: 16.54", b"DEPTH_KM: "))
    assert set(ingest(tmp_path / "a", depth_km=[0, 30])[1].values()) == {"depth"}
    assert ingest(tmp_path / "a")[1] == {}


def test_a_file_filtered_anew_is_refused_where_its_peak_is_too_far_from_the_headers(
    tmp_path: Path, ingest: Ingest
) -> None:
    pga = np.abs(motion(400, 1)).max() / 1.2
    east, north, up = three(version="ap_AAD_Acc", first_lines="AAD_FILTER: 0.05 25\n")
    write(tmp_path / "a", [east, replace(north, pga=f"{pga:.4f}"), up])
    assert len(ingest(tmp_path / "a")[0]) == 1
    (value,) = pq.read_table(tmp_path / "out/records.parquet")["pga_mismatch"].to_pylist()
    assert value == pytest.approx(0.2, abs=1e-4)
    assert set(ingest(tmp_path / "a", max_pga_mismatch=0.19)[1].values()) == {"pga_mismatch"}
    assert len(ingest(tmp_path / "a", max_pga_mismatch=0.21)[0]) == 1


def test_an_unknown_distance_is_refused_only_where_there_is_a_limit(tmp_path: Path, ingest: Ingest) -> None:
    east, north, up = (
        one.content.replace(b"EPICENTRAL_DISTANCE_KM: 49.38", b"X: ") for one in three(ev_latitude="")
    )
    for one, content in zip(three(), (east, north, up), strict=True):
        write(tmp_path / "a", [one])[0].write_bytes(content)
    assert set(ingest(tmp_path / "a")[1].values()) == {"distance_unknown"}
    assert ingest(tmp_path / "a", max_epicentral_distance_km=None)[1] == {}


def test_records_are_sorted_by_id_over_stations_and_late_versions(tmp_path: Path, ingest: Ingest) -> None:
    write(tmp_path / "a", three(station="0999"))
    write(tmp_path / "a", three(station="0101", version="mp_Acc", stamp="20201030115126"))
    write(tmp_path / "a", three(station="0101", version="ap_Acc"))
    write(tmp_path / "a", three(station="0500", stamp="20201030115125"))
    kept, _ = ingest(tmp_path / "a")
    assert kept == ["20201030115124_0999", "20201030115125_0500", "20201030115126_0101"]


def test_equal_inputs_give_equal_bytes(tmp_path: Path, ingest: Ingest) -> None:
    for number in range(20):
        write(tmp_path / "a", three(station=f"{number:04d}"))
    ingest(tmp_path / "a")
    first = [(tmp_path / "out" / name).read_bytes() for name in ("records.parquet", "rejects.parquet")]
    ingest(tmp_path / "a")
    assert first == [
        (tmp_path / "out" / name).read_bytes() for name in ("records.parquet", "rejects.parquet")
    ]


def test_an_empty_shard_is_an_empty_table(tmp_path: Path) -> None:
    write(tmp_path / "a", three())
    out = tmp_path / "out"
    stage.index([str(tmp_path / "a")], 50, out / "sources.parquet", out / "archive.parquet")
    (used,) = set(pq.read_table(out / "sources.parquet")["shard"].to_pylist())
    empty = "00-of-50" if used != "00-of-50" else "01-of-50"
    stage.shard(
        empty, [str(tmp_path / "a")], RecordsSettings(), out / "records.parquet", out / "rejects.parquet"
    )
    assert pq.read_table(out / "records.parquet").num_rows == 0


def test_a_file_that_vanishes_after_the_scan_is_unreadable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = write(tmp_path / "a", three())
    found = stage.scan([str(tmp_path / "a")])
    paths[2].unlink()
    monkeypatch.setattr(stage, "scan", lambda archives: found)
    out = tmp_path / "out"
    stage.shard(
        "0-of-1", [str(tmp_path / "a")], RecordsSettings(), out / "records.parquet", out / "rejects.parquet"
    )
    assert set(pq.read_table(out / "rejects.parquet")["reason"].to_pylist()) == {"unreadable"}


@pytest.mark.parametrize(
    ("used", "refused"), [({"a"}, []), ({"a", "b"}, ["b"]), ({"a", "b", "c"}, []), ({"a"}, ["b", "b"])]
)
def test_a_stage_that_does_not_balance_is_a_bug(used: set[str], refused: list[str]) -> None:
    rejects = [Reject("", source, "records", Reason.FLAT) for source in refused]
    with pytest.raises(RuntimeError, match="2 files in"):
        stage.check_balance(["a", "b"], used, rejects)


def test_a_long_sequence_of_aftershocks_is_read_in_order(tmp_path: Path, ingest: Ingest) -> None:
    for minute in range(0, 59, 4):
        stamp = f"2020103012{minute:02d}00"
        write(
            tmp_path / "a", three(start=f"2020/10/30 12:{minute:02d}:00.000", stamp=stamp, samples=motion(50))
        )
    kept, refused = ingest(tmp_path / "a")
    assert (len(kept), refused) == (15, {})


def test_memory_does_not_grow_with_the_shard(tmp_path: Path) -> None:
    """48 records of 480 kB each stream through less than a third of their 23 MB."""
    contents = [one.content for one in three(samples=motion(20_000))]
    (tmp_path / "a").mkdir()
    for number in range(48):
        for one, content in zip(three(station=f"{number:04d}"), contents, strict=True):
            (tmp_path / "a" / one.name).write_bytes(
                content.replace(b"CODE: 0905", f"CODE: {number:04d}".encode())
            )
    out = tmp_path / "out"
    tracemalloc.start()
    stage.shard("0-of-1", [str(tmp_path / "a")], RecordsSettings(), out / "r.parquet", out / "x.parquet")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert pq.read_metadata(out / "r.parquet").num_rows == 48
    assert peak < 8e6 + 16 * 480e3
