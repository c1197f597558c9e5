"""ObsPy's waveform plug-in: `obspy.read("20201030115124_0905_mp_RawAcc_E.asc")`.

Registered as an entry point of the package, so that it works wherever quakesite is installed. One file gives
one trace (three for NSMN and AFAD-1218), in cm/s^2, its header's metadata in `trace.stats.afad`. Traces whose
first sample's time is unknown start at the event's; `trace.stats.afad.start_time` is then None.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from quakesite.records import asc, mat, nsmn
from quakesite.records.naming import parse
from quakesite.records.opening import file_name
from quakesite.records.peeking import NSMN_TITLE
from quakesite.records.record import Metadata
from quakesite.records.refusal import unreadable
from quakesite.records.times import parse_stamp

if TYPE_CHECKING:
    from obspy import Stream

FileOrPath = str | IO[bytes]


def is_asc(file: FileOrPath) -> bool:
    """Returns whether a file (a path, or an open binary file, whose position is kept) is a DYNA `.asc`."""
    head = _content(file, asc.HEAD_SIZE)
    return b"STREAM:" in head and b"NDATA:" in head and b"STATION_CODE:" in head


def is_nsmn(file: FileOrPath) -> bool:
    """Returns whether a file is of the old NSMN form."""
    return _content(file, 200).startswith(NSMN_TITLE)


def read_asc(file: FileOrPath, headonly: bool = False, **_: Any) -> Stream:
    """Returns the one trace of a DYNA `.asc` file, checked against its NDATA and PGA.

    Raises:
        InputError: what is wrong with the file.
    """
    source = _name(file)
    content = _content(file, asc.HEAD_SIZE if headonly else -1, advance=True)
    header = asc.read_header(content, source)
    samples = np.empty(0) if headonly else asc.read_samples(content, header, source)
    return _stream({header.component: samples}, header.metadata, headonly, header.n_samples)


def read_nsmn(file: FileOrPath, headonly: bool = False, **_: Any) -> Stream:
    """Returns the three traces of an NSMN `.txt` file, checked against its counts and peaks.

    Raises:
        InputError: what is wrong with the file.
    """
    metadata, samples = nsmn.read_nsmn(_content(file, -1, advance=True), _name(file))
    components = dict(zip("ENZ", samples, strict=True))
    return _stream(components, metadata, headonly, samples.shape[1])


def is_mat(file: FileOrPath) -> bool:
    """Returns whether a file is a MATLAB 5 file; whether it holds a record only reading it tells."""
    head = _content(file, 128)
    return head.startswith(b"MATLAB 5.0 MAT-file") and head[126:128] in (b"IM", b"MI")


def read_mat(file: FileOrPath, headonly: bool = False, **_: Any) -> Stream:
    """Returns the three traces of an AFAD-1218 `.mat` file, checked against its counts and peaks.

    Where the file's own times are MATLAB objects, which cannot be read, the traces start at the event's time
    in the file's name, and where there is no name either at ObsPy's epoch, 1970-01-01;
    `trace.stats.afad.start_time` is then None.

    Raises:
        InputError: what is wrong with the file.
    """
    source = _name(file)
    metadata, samples = mat.read_mat(_content(file, -1, advance=True), source)
    if metadata.event_time is None:
        metadata = replace(metadata, event_time=_time_of_name(source))
    components = dict(zip("ENZ", samples, strict=True))
    return _stream(components, metadata, headonly, samples.shape[1])


def _time_of_name(source: str) -> datetime | None:
    try:
        return parse_stamp(parse(file_name(source)).stamp)
    except ValueError:
        return None


def _stream(samples: dict[str, Any], metadata: Metadata, headonly: bool, n_samples: int) -> Stream:
    from obspy import Stream, Trace, UTCDateTime
    from obspy.core.trace import Stats

    traces = []
    for component, values in samples.items():
        stats = Stats()
        stats.network, stats.station = metadata.network[:2], metadata.station
        stats.location, stats.channel = metadata.location or "", f"{metadata.instrument or 'HN'}{component}"
        stats.sampling_rate = metadata.sampling_rate_hz
        start = metadata.start_time or metadata.event_time
        if start is not None:
            stats.starttime = UTCDateTime(start)
        stats.afad = asdict(metadata) | {"units": "cm/s^2"}
        stats.npts = n_samples
        if headonly:
            traces.append(Trace(header=stats))
        else:
            traces.append(Trace(data=np.ascontiguousarray(values), header=stats))
    return Stream(traces)


def _name(file: FileOrPath) -> str:
    return file if isinstance(file, str) else str(getattr(file, "name", "an open file"))


def _content(file: FileOrPath, size: int, *, advance: bool = False) -> bytes:
    if isinstance(file, str):
        with unreadable(file), open(file, "rb") as opened:
            return opened.read(size)
    position = file.tell()
    content = file.read(size)
    if not advance:
        file.seek(position)
    return content
