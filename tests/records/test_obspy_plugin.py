"""ObsPy reads our forms; tested as it tests its own: from path, open file and bytes, against the header."""

from __future__ import annotations

import io
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import numpy as np
import obspy
import pytest

from quakesite.errors import InputError
from quakesite.records import obspy_plugin

from . import test_nsmn
from .conftest import Component, motion, write

FORMATS = {"QUAKESITE_ASC": "asc", "QUAKESITE_NSMN": "nsmn"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write(tmp_path, [Component()])[0]


def check(stream: Any) -> None:
    (trace,) = stream
    assert trace.id == "TK.0905..HNE"
    assert trace.data.tobytes() == motion().tobytes()
    assert np.abs(trace.data).max() == pytest.approx(np.abs(motion()).max(), abs=5e-4)
    assert trace.stats.starttime == obspy.UTCDateTime("2020-10-30T11:51:01.926024")
    assert (trace.stats.sampling_rate, trace.stats.afad.vs30_m_s) == (100.0, 369.0)


def test_an_asc_is_read_from_path_open_file_and_bytes(path: Path) -> None:
    check(obspy_plugin.read_asc(str(path)))
    with path.open("rb") as opened:
        assert obspy_plugin.is_asc(opened)
        check(obspy_plugin.read_asc(opened))
    check(obspy_plugin.read_asc(io.BytesIO(path.read_bytes())))


def test_a_head_has_no_samples_and_knows_how_many_there_are(path: Path) -> None:
    (trace,) = obspy_plugin.read_asc(str(path), headonly=True)
    assert (len(trace.data), trace.stats.npts) == (0, 400)


def test_an_nsmn_file_gives_three_traces(tmp_path: Path) -> None:
    path = test_nsmn.write(tmp_path, test_nsmn.content())
    stream = obspy_plugin.read_nsmn(str(path))
    assert [trace.stats.channel for trace in stream] == ["HNE", "HNN", "HNZ"]
    assert stream[1].data.tolist() == test_nsmn.NEU[0].tolist()


@pytest.mark.parametrize("content", [b"", b"hello\n" * 1000, b"\0" * 5000, b"GSE2 and so on"])
def test_other_files_are_left_to_others(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x").write_bytes(content)
    assert not obspy_plugin.is_asc(str(tmp_path / "x"))
    assert not obspy_plugin.is_nsmn(str(tmp_path / "x"))


def test_a_broken_file_is_one_clear_line(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(InputError, match="truncated"):
        obspy_plugin.read_asc(str(path))


def test_obspy_finds_the_reader_by_itself(path: Path, tmp_path: Path) -> None:
    registered = {entry.name for entry in entry_points(group="obspy.plugin.waveform")}
    assert set(FORMATS) <= registered, (
        "install the package anew: its entry points are older than this checkout"
    )
    check(obspy.read(str(path)))
    check(obspy.read(io.BytesIO(path.read_bytes())))
    check(obspy.read(str(path), format="QUAKESITE_ASC"))
    nsmn = test_nsmn.write(tmp_path, test_nsmn.content())
    assert len(obspy.read(str(nsmn))) == 3
