"""Versions of one record, told apart from records of two earthquakes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from obspy import UTCDateTime

from quakesite.records.opening import Sources

from .conftest import Component, Ingested, motion, three, write
from .test_mat import FIELDS
from .test_mat import write as write_mat
from .test_nsmn import content as nsmn_content
from .test_seed import inventory, stream

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


def an_hour_of_seed(folder: Path, seconds_before: float) -> None:
    """An hour of miniSEED of station 0905 that begins so long before the first sample of `Component`."""
    folder.mkdir(parents=True, exist_ok=True)
    start = UTCDateTime("2020-10-30T11:51:01.926024") - seconds_before
    waves, station_xml = stream(180_000), inventory()
    for trace in waves:
        trace.stats.station, trace.stats.starttime, trace.stats.sampling_rate = "0905", start, 50.0
    station_xml[0][0].code = "0905"
    waves.write(str(folder / "hour.mseed"), format="MSEED")
    station_xml.write(str(folder / "hour.xml"), format="STATIONXML")


@pytest.mark.parametrize("seconds_before", [60.0, 1200.0, 3400.0])
def test_a_long_record_holds_versions_however_late_they_begin(
    tmp_path: Path, ingest: Ingest, seconds_before: float
) -> None:
    write(tmp_path / "a", three(samples=SHORT))
    an_hour_of_seed(tmp_path / "a", seconds_before)
    kept, refused = ingest(tmp_path / "a")
    assert kept == ["20201030115124_0905"]
    assert refused == {"hour.mseed": "duplicate", "hour.xml": "not_a_record"}


def test_a_long_record_that_ends_before_another_is_none_of_its_versions(
    tmp_path: Path, ingest: Ingest
) -> None:
    write(tmp_path / "a", three(samples=SHORT))
    an_hour_of_seed(tmp_path / "a", 3700.0)
    assert len(ingest(tmp_path / "a", max_epicentral_distance_km=None)[0]) == 2


def test_a_long_record_under_a_stamp_of_its_own_is_matched_too(tmp_path: Path, ingest: Ingest) -> None:
    """Its header is read although no stamp is near."""
    long = three(stamp="20201030105000", start="2020/10/30 10:50:00.0", interval="1.0", samples=motion(5000))
    write(tmp_path / "a", long)
    write(tmp_path / "a", three(version="mp_Acc", samples=SHORT))
    kept, refused = ingest(tmp_path / "a")
    assert kept == ["20201030115124_0905"]
    assert refused == dict.fromkeys(names(long), "duplicate")


@pytest.mark.parametrize(("second", "copies"), [("04", True), ("07", True), ("08", False), ("57", False)])
def test_copies_whose_time_is_unknown_are_found_by_close_stamps(
    tmp_path: Path, ingest: Ingest, second: str, copies: bool
) -> None:
    (tmp_path / "a").mkdir()
    unknown = FIELDS | {"recordtime": None, "statID": 4905}
    for stamp in ("20120112192502", f"201201121925{second}"):
        write_mat(tmp_path / "a", f"{stamp}_4905.mat", **unknown)
    kept, refused = ingest(tmp_path / "a", max_epicentral_distance_km=None)
    assert "20120112192502_4905" in kept
    assert refused == ({f"201201121925{second}_4905.mat": "duplicate"} if copies else {})


def test_a_version_whose_time_is_unknown_is_matched_to_one_of_another_form(
    tmp_path: Path, ingest: Ingest
) -> None:
    write(tmp_path / "a", three())
    unknown = FIELDS | {"recordtime": None, "statID": 905}
    write_mat(tmp_path / "a", "20201030115126_0905.mat", **unknown)
    write_mat(tmp_path / "a", "20201030115224_0905.mat", **unknown)
    kept, refused = ingest(tmp_path / "a", max_epicentral_distance_km=None)
    assert kept == ["20201030115124_0905", "20201030115224_0905"]
    assert refused == {"20201030115126_0905.mat": "duplicate"}


def test_headers_of_stations_with_one_record_are_not_read_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ingest: Ingest
) -> None:
    read: list[str] = []
    head = Sources.head

    def counted(self: Sources, source: str, size: int) -> bytes:
        read.append(source)
        return head(self, source, size)

    monkeypatch.setattr(Sources, "head", counted)
    write(tmp_path / "a", three())
    write(tmp_path / "a", three(station="0101"))
    assert len(ingest(tmp_path / "a")[0]) == 2
    assert read == []


@pytest.mark.parametrize(
    ("stamp", "start"), [("00010101000000", "0001/01/01 00:00:00"), ("99991231235959", "9999/12/31 23:59:59")]
)
def test_stamps_at_the_ends_of_time_are_placed_like_others(
    tmp_path: Path, ingest: Ingest, stamp: str, start: str
) -> None:
    write(tmp_path / "a", three())
    write(tmp_path / "a", three(stamp=stamp, start=start))
    write(tmp_path / "a", three(stamp=stamp, version="mp_Acc", start="None"))
    write_mat(tmp_path / "a", f"{stamp}_0905.mat", **FIELDS | {"recordtime": None, "statID": 905})
    kept, refused = ingest(tmp_path / "a", max_epicentral_distance_km=None)
    assert "20201030115124_0905" in kept
    assert len(kept) <= 2
    assert len(refused) == 10 - 3 * len(kept)


@pytest.mark.parametrize("interval", ["1e300", "1e12", "99999999"])
def test_a_record_that_claims_to_last_for_ever_is_placed_like_others(
    tmp_path: Path, ingest: Ingest, interval: str
) -> None:
    write(tmp_path / "a", three())
    write(tmp_path / "a", three(stamp="20190101000000", interval=interval))
    assert "20201030115124_0905" in ingest(tmp_path / "a")[0]
