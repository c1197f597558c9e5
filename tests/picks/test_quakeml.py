"""Picks as QuakeML."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from quakesite.errors import InputError
from quakesite.picks.manual import ManualPick
from quakesite.picks.quakeml import AbsolutePick, read_quakeml, relative, write_quakeml
from quakesite.picks.schema import PICKS

START = datetime(2020, 1, 1, tzinfo=UTC)


def row(record_id: str, start: datetime | None = START, **fields: Any) -> dict[str, Any]:
    event, _, station = record_id.partition("_")
    return {
        "record_id": record_id,
        "network": "TK",
        "station": station,
        "event_id": event,
        "event_time": start,
        "ev_latitude": 37.0,
        "ev_longitude": 37.0,
        "ev_depth_km": 10.0,
        "start_time": start,
        "sampling_rate_hz": 100.0,
        "n_samples": 6001,
        **fields,
    }


def manual(**times: float) -> dict[str, ManualPick]:
    return {phase: ManualPick(time_s) for phase, time_s in times.items()}


def picks_of(*picks: tuple[str, str, float], **said: Any) -> pa.Table:
    nothing = dict.fromkeys(PICKS.names)
    rows = [
        nothing
        | {"record_id": name, "method": "manual", "phase": phase, "time_s": time_s, "flags": []}
        | said
        for name, phase, time_s in picks
    ]
    return pa.Table.from_pylist(rows, schema=PICKS)


def pick(after_s: float, phase: str = "P", station: str = "0001") -> AbsolutePick:
    return AbsolutePick(station, START + timedelta(seconds=after_s), phase)


def test_pick_belongs_to_the_record_in_whose_time_it_lies() -> None:
    records = [row("a_0001"), row("b_0001", START + timedelta(minutes=5)), row("a_0002")]
    found = relative([pick(12.25), pick(310.0, "S"), pick(60.0, station="0002")], records, "x.xml")
    assert found == {"a_0001": manual(P=12.25), "b_0001": manual(S=10.0), "a_0002": manual(P=60.0)}


def test_pick_of_no_record_is_named_by_time_and_station() -> None:
    assert relative([pick(61.0)], [row("a_0001"), row("c_0001", None)], "x.xml") == {
        "20200101000101_0001": manual(P=0.0)
    }


FIRST, SECOND = row("20200101000000_0001"), row("20200101000040_0001", START + timedelta(seconds=40))
"""Records of one station whose times overlap from 40 to 60 s."""


def test_overlapping_records_get_their_own_picks_back(tmp_path: Path) -> None:
    names = (FIRST["record_id"], SECOND["record_id"])
    picks = picks_of(
        (names[0], "P", 20.0), (names[0], "S", 45.0), (names[1], "P", 15.0), (names[1], "S", 19.0)
    )
    write_quakeml(picks, [FIRST, SECOND], tmp_path / "picks.xml")
    for records in ([FIRST, SECOND], [SECOND, FIRST]):
        found = relative(read_quakeml(tmp_path / "picks.xml"), records, "picks.xml")
        assert found == {names[0]: manual(P=20.0, S=45.0), names[1]: manual(P=15.0, S=19.0)}


def test_own_pick_of_a_record_of_another_shard_is_given_to_no_other_record(tmp_path: Path) -> None:
    write_quakeml(picks_of((FIRST["record_id"], "S", 45.0)), [FIRST], tmp_path / "picks.xml")
    found = relative(read_quakeml(tmp_path / "picks.xml"), [SECOND], "picks.xml")
    assert list(found) == [FIRST["record_id"]]


@pytest.mark.parametrize("records", [[FIRST, SECOND], [SECOND, FIRST]])
def test_foreign_pick_in_overlapping_records_goes_by_its_earthquake(records: list[dict[str, Any]]) -> None:
    def name_of(pick: AbsolutePick) -> str:
        return next(iter(relative([pick], records, "x.xml")))

    later = START + timedelta(seconds=42)
    assert name_of(replace(pick(50.0), event_time=START + timedelta(seconds=3))) == FIRST["record_id"]
    assert name_of(replace(pick(50.0), event_time=later)) == SECOND["record_id"]
    assert name_of(pick(50.0)) == SECOND["record_id"]  # no origin time: the earthquake last before it
    assert name_of(replace(pick(20.0), event_time=later)) == "20200101000020_0001"  # of neither
    before_both = [row | {"event_time": START + timedelta(seconds=55)} for row in records]
    assert next(iter(relative([pick(50.0)], before_both, "x.xml"))) == "20200101000050_0001"


def test_what_the_analyst_says_goes_out_and_comes_back(tmp_path: Path) -> None:
    import obspy

    picks = picks_of(
        (FIRST["record_id"], "P", 20.0), analyst="Ayşe", uncertainty_s=0.2, comment="late?", snr_db=30.0
    )
    write_quakeml(picks, [FIRST], tmp_path / "picks.xml")
    (written,) = obspy.read_events(str(tmp_path / "picks.xml"))[0].picks
    assert written.time_errors.uncertainty == 0.2
    assert written.creation_info.author == "Ayşe"
    assert "comment: late?" in [comment.text for comment in written.comments]
    found = relative(read_quakeml(tmp_path / "picks.xml"), [FIRST], "picks.xml")
    assert found == {FIRST["record_id"]: {"P": ManualPick(20.0, "Ayşe", 0.2, "late?")}}


def test_records_without_a_start_time_are_counted(tmp_path: Path) -> None:
    timeless = row("c_0001", None)
    picks = picks_of(
        ("c_0001", "P", 1.0), ("c_0001", "S", 2.0), ("x_9", "P", 1.0), (FIRST["record_id"], "P", 1.0)
    )
    exported = write_quakeml(picks, [FIRST, timeless], tmp_path / "picks.xml")
    assert (exported.written, exported.without_start_time, exported.without_record) == (1, 2, 1)
    assert "2 of records without a start time" in exported.left_out


def test_two_picks_of_one_phase_are_an_error() -> None:
    with pytest.raises(InputError, match="second P"):
        relative([pick(1.0), pick(2.0)], [row("a_0001")], "x.xml")


def test_other_phases_are_left_alone_and_head_waves_count(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from obspy import UTCDateTime
    from obspy.core.event import Catalog, Event, Pick, WaveformStreamID

    station = WaveformStreamID("TK", "0001")
    picks = [
        Pick(time=UTCDateTime(START) + 5, phase_hint=phase, waveform_id=station)
        for phase in ("Pn", "Sg", "IAML")
    ]
    Catalog([Event(picks=picks)]).write(str(tmp_path / "picks.xml"), format="QUAKEML")
    assert read_quakeml(tmp_path / "picks.xml") == [pick(5.0, "P"), pick(5.0, "S")]
    assert "1 picks that are neither P nor S" in capsys.readouterr().err


def test_file_that_is_not_quakeml_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "other.xml").write_text("<html/>")
    for name in ("other.xml", "absent.xml"):
        with pytest.raises(InputError, match=name):
            read_quakeml(tmp_path / name)
