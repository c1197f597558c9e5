"""Versions of one record, told apart from records of two earthquakes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq

from .conftest import Component, Ingested, motion, three, write
from .test_mat import FIELDS
from .test_mat import write as write_mat
from .test_nsmn import content as nsmn_content

Ingest = Callable[..., Ingested]
LONG, SHORT = motion(3000), motion(1000)


def names(components: list[Component]) -> set[str]:
    return {one.name for one in components}


def two_events_within_one_record(folder: Path, long: str, short: str) -> tuple[list[Component], ...]:
    """A 30 s record, and two of 10 s under stamps of their own that lie within it, 15 s apart."""
    whole = three(version=long, samples=LONG)
    first = three(version=short, stamp="20201030115126", samples=SHORT)
    second = three(Component().at(15.0), version=short, stamp="20201030115141", samples=SHORT)
    for one in (whole, first, second):
        write(folder, one)
    return whole, first, second


def test_two_events_that_a_longer_version_holds_are_two_records(tmp_path: Path, ingest: Ingest) -> None:
    whole, *_ = two_events_within_one_record(tmp_path / "a", long="ap_RawAcc", short="mp_Acc")
    kept, refused = ingest(tmp_path / "a")
    assert kept == ["20201030115126_0905", "20201030115141_0905"]
    assert refused == dict.fromkeys(names(whole), "duplicate")


def test_a_longer_version_that_is_preferred_replaces_both(tmp_path: Path, ingest: Ingest) -> None:
    _, first, second = two_events_within_one_record(tmp_path / "a", long="mp_Acc", short="ap_RawAcc")
    kept, refused = ingest(tmp_path / "a")
    assert kept == ["20201030115124_0905"]
    assert refused == dict.fromkeys(names(first) | names(second), "duplicate")
    details = set(pq.read_table(tmp_path / "out/rejects.parquet")["detail"].to_pylist())
    assert details == {"mp_Acc of record 20201030115124_0905 is preferred"}


def test_a_refused_long_version_leaves_both_short_ones(tmp_path: Path, ingest: Ingest) -> None:
    whole, *_ = two_events_within_one_record(tmp_path / "a", long="mp_Acc", short="ap_RawAcc")
    (tmp_path / "a" / whole[1].name).unlink()
    kept, refused = ingest(tmp_path / "a")
    assert kept == ["20201030115126_0905", "20201030115141_0905"]
    assert set(refused.values()) == {"missing_component"}


def test_another_form_of_the_same_motion_is_a_duplicate(tmp_path: Path, ingest: Ingest) -> None:
    write(tmp_path / "a", three(samples=motion(200)))
    of_that_event = {"date": "30-Oct-2020 11:51:26", "recordtime": "30-Oct-2020 11:51:02", "statID": 905}
    write_mat(tmp_path / "a", "20201030115126_0905.mat", **FIELDS | of_that_event)
    kept, refused = ingest(tmp_path / "a")
    assert kept == ["20201030115124_0905"]
    assert refused == {"20201030115126_0905.mat": "duplicate"}
    assert ingest(tmp_path / "a", prefer=["mat"])[0] == ["20201030115126_0905"]


def test_a_file_whose_name_has_no_stamp_is_matched_by_its_time(tmp_path: Path, ingest: Ingest) -> None:
    write(tmp_path / "a", three(station="0921", samples=motion(200)))
    later = three(station="0921", start="2020/10/30 11:58:00.0", stamp="20201030115800", samples=motion(200))
    write(tmp_path / "a", later)
    text = nsmn_content().replace("2017/07/20 22:31:09", "2020/10/30 11:51:26")
    text = text.replace("20/07/2017 22:30:58.000000", "30/10/2020 11:51:02.000000")
    (tmp_path / "a/aydin.txt").write_bytes(text.encode("cp1254"))
    kept, refused = ingest(tmp_path / "a")
    assert kept == ["20201030115124_0921", "20201030115800_0921"]
    assert refused == {"aydin.txt": "duplicate"}
    kept, _ = ingest(tmp_path / "a", prefer=["nsmn"])
    assert kept == ["20201030115126_0921", "20201030115800_0921"]


def test_one_event_under_two_ids_is_kept_once(tmp_path: Path, ingest: Ingest) -> None:
    write(tmp_path / "a", three())
    for one in three(version="ap_Acc", stamp="20201030115126"):
        content = one.content.replace(b"EVENT_ID: 10614", b"EVENT_ID: -1")
        write(tmp_path / "a", [one])[0].write_bytes(content)
    kept, refused = ingest(tmp_path / "a")
    assert len(kept) == 1
    assert set(refused.values()) == {"duplicate"}
    assert len(refused) == 3
