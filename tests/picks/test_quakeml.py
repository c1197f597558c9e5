"""Picks as QuakeML."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from quakesite.errors import InputError
from quakesite.picks.quakeml import AbsolutePick, read_quakeml, relative

START = datetime(2020, 1, 1, tzinfo=UTC)


def row(record_id: str, start: datetime | None = START) -> dict[str, Any]:
    station = record_id.partition("_")[2]
    return {
        "record_id": record_id,
        "station": station,
        "start_time": start,
        "sampling_rate_hz": 100.0,
        "n_samples": 6001,
    }


def pick(after_s: float, phase: str = "P", station: str = "0001") -> AbsolutePick:
    return AbsolutePick(station, START + timedelta(seconds=after_s), phase)


def test_pick_belongs_to_the_record_in_whose_time_it_lies() -> None:
    records = [row("a_0001"), row("b_0001", START + timedelta(minutes=5)), row("a_0002")]
    found = relative([pick(12.25), pick(310.0, "S"), pick(60.0, station="0002")], records, "x.xml")
    assert found == {"a_0001": {"P": 12.25}, "b_0001": {"S": 10.0}, "a_0002": {"P": 60.0}}


def test_pick_of_no_record_is_named_by_time_and_station() -> None:
    assert relative([pick(61.0)], [row("a_0001"), row("c_0001", None)], "x.xml") == {
        "20200101000101_0001": {"P": 0.0}
    }


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
