"""ObsPy reads our forms; tested as it tests its own: from path, open file and bytes, against the header."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import numpy as np
import obspy
import pytest

from quakesite.errors import InputError
from quakesite.records import obspy_plugin

from . import test_esm, test_mat, test_nsmn
from .conftest import Component, motion, write

FORMATS = {"QUAKESITE_ASC", "QUAKESITE_NSMN", "QUAKESITE_MAT"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write(tmp_path, [Component()])[0]


def check(stream: Any) -> None:
    (trace,) = stream
    assert trace.id == "TK.0905..HNE"
    assert trace.data.tobytes() == motion().tobytes()
    assert np.abs(trace.data).max() == pytest.approx(np.abs(motion()).max(), abs=5e-4)
    assert (trace.stats.npts, trace.stats.endtime - trace.stats.starttime) == (400, pytest.approx(3.99))
    assert trace.stats.starttime == obspy.UTCDateTime("2020-10-30T11:51:01.926024")
    assert (trace.stats.sampling_rate, trace.stats.afad.vs30_m_s) == (100.0, 369.0)


Ways = Callable[[Path], Any]
FROM: dict[str, Ways] = {
    "path": str,
    "open file": lambda path: path.open("rb"),
    "bytes": lambda path: io.BytesIO(path.read_bytes()),
}


@pytest.mark.parametrize("way", FROM.values(), ids=list(FROM))
def test_an_asc_is_read_from_path_open_file_and_bytes(path: Path, way: Ways) -> None:
    given = way(path)
    assert obspy_plugin.is_asc(given)
    check(obspy_plugin.read_asc(given))
    check(obspy.read(way(path)))
    check(obspy.read(way(path), format="QUAKESITE_ASC"))
    (trace,) = obspy.read(way(path), headonly=True)
    assert (len(trace.data), trace.stats.npts, trace.id) == (0, 400, "TK.0905..HNE")
    assert trace.stats.endtime == obspy.UTCDateTime("2020-10-30T11:51:05.916024")


@pytest.mark.parametrize("way", FROM.values(), ids=list(FROM))
def test_esm_keeps_its_codes(tmp_path: Path, way: Ways) -> None:
    (path,) = test_esm.write(tmp_path, [test_esm.File(stream="HGZ", location="00")])
    (trace,) = obspy.read(way(path))
    assert trace.id == "HI.ARS1.00.HGZ"
    assert trace.data.tobytes() == motion().tobytes()
    assert np.abs(trace.data).max() == pytest.approx(np.abs(motion()).max())


@pytest.mark.parametrize("way", FROM.values(), ids=list(FROM))
def test_an_nsmn_file_gives_three_traces(tmp_path: Path, way: Ways) -> None:
    path = test_nsmn.write(tmp_path, test_nsmn.content())
    assert obspy_plugin.is_nsmn(way(path))
    for stream in (obspy.read(way(path)), obspy_plugin.read_nsmn(way(path))):
        assert [trace.stats.channel for trace in stream] == ["HNE", "HNN", "HNZ"]
        assert stream[1].data.tolist() == test_nsmn.NEU[0].tolist()
        assert [np.abs(stream[n].data).max() for n in (1, 0, 2)] == np.abs(test_nsmn.NEU).max(axis=1).tolist()
    heads = obspy.read(way(path), headonly=True)
    assert [(len(trace.data), trace.stats.npts) for trace in heads] == [(0, test_nsmn.NEU.shape[1])] * 3


@pytest.mark.parametrize("way", FROM.values(), ids=list(FROM))
def test_a_mat_file_gives_three_traces(tmp_path: Path, way: Ways) -> None:
    path = test_mat.write(tmp_path)
    assert obspy_plugin.is_mat(way(path))
    for stream in (
        obspy.read(way(path)),
        obspy.read(way(path), format="QUAKESITE_MAT"),
        obspy_plugin.read_mat(way(path)),
    ):
        assert [trace.id for trace in stream] == [f"TK.0208..HN{component}" for component in "ENZ"]
        for trace, column in zip(stream, (1, 0, 2), strict=True):
            assert trace.data.tolist() == test_mat.NEU[:, column].tolist()
            assert np.abs(trace.data).max() == np.abs(test_mat.NEU[:, column]).max()
        assert {str(trace.stats.starttime) for trace in stream} == {"2018-09-26T09:48:41.000000Z"}
    heads = obspy.read(way(path), headonly=True)
    assert [(len(trace.data), trace.stats.npts) for trace in heads] == [(0, len(test_mat.NEU))] * 3


@pytest.mark.parametrize("way", FROM.values(), ids=list(FROM))
def test_a_mat_file_without_times_starts_at_its_names_or_the_epoch(tmp_path: Path, way: Ways) -> None:
    path = test_mat.write(tmp_path, date=None, recordtime=None)
    stream = obspy.read(way(path))
    nameless = isinstance(way(path), io.BytesIO)
    expected = "1970-01-01T00:00:00.000000Z" if nameless else "2018-09-26T09:48:45.000000Z"
    assert {str(trace.stats.starttime) for trace in stream} == {expected}
    assert {trace.stats.afad.start_time for trace in stream} == {None}


@pytest.mark.parametrize("way", FROM.values(), ids=list(FROM))
def test_every_real_mat_file_is_read_opaque_ones_too(shared_data: Path, way: Ways) -> None:
    for path in sorted((shared_data / "afad1218").glob("*.mat")):
        stream = obspy.read(way(path))
        assert [trace.stats.channel for trace in stream] == ["HNE", "HNN", "HNZ"], path.name
        assert len({trace.stats.npts for trace in stream}) == 1


def test_every_real_component_has_the_peak_of_its_header(shared_data: Path) -> None:
    paths = sorted((shared_data / "tadas").glob("GuestUser*/2*.asc"))
    assert len(paths) == 12
    for path in paths:
        (trace,) = obspy.read(str(path))
        lines = path.read_text("latin-1").split("\n")[:64]
        header = dict(line.split(": ", 1) for line in lines if ": " in line)
        assert np.abs(trace.data).max() == pytest.approx(abs(float(header["PGA_CM/S^2"])), abs=5.1e-4)
        assert trace.stats.npts == int(header["NDATA"])


OTHERS = ("MSEED", "SAC", "GSE2", "SLIST", "TSPAIR", "WAV", "SU", "SEGY", "SH_ASC")
"""Forms that ObsPy writes itself."""


def test_other_formats_are_read_as_before(tmp_path: Path) -> None:
    data = np.arange(100, dtype=np.int32)
    header = {"station": "ABC", "channel": "HNE", "sampling_rate": 100.0}
    for form in OTHERS:
        path = tmp_path / f"x.{form.lower()}"
        kind = np.float32 if form in ("SU", "SEGY") else np.int32
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            obspy.Stream([obspy.Trace(data.astype(kind), header)]).write(str(path), format=form)
        for given in (str(path), io.BytesIO(path.read_bytes())):
            assert not obspy_plugin.is_asc(given), form
            assert not obspy_plugin.is_nsmn(given), form
            assert not obspy_plugin.is_mat(given), form
        assert obspy.read(str(path))[0].stats._format == form


@pytest.mark.parametrize("content", [b"", b"hello\n" * 1000, b"\0" * 5000, b"GSE2 and so on"])
def test_other_files_are_left_to_others(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x").write_bytes(content)
    assert not obspy_plugin.is_asc(str(tmp_path / "x"))
    assert not obspy_plugin.is_nsmn(str(tmp_path / "x"))
    assert not obspy_plugin.is_mat(str(tmp_path / "x"))


def test_a_broken_file_is_one_clear_line(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(InputError, match="truncated"):
        obspy_plugin.read_asc(str(path))


def test_obspy_finds_the_readers_by_itself() -> None:
    registered = {entry.name for entry in entry_points(group="obspy.plugin.waveform")}
    assert registered >= FORMATS, "install the package anew: its entry points are older than this checkout"
