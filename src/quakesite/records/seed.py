"""miniSEED with StationXML beside it, as TADAS and the seismic networks export: ObsPy reads both."""

from __future__ import annotations

import io
import struct
import warnings
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from quakesite.records.candidates import Candidate
from quakesite.records.deconvolution import acceleration
from quakesite.records.metadata import Metadata, make_record
from quakesite.records.naming import station_code
from quakesite.records.opening import Sources
from quakesite.records.peeking import xml_dialect
from quakesite.records.record import Record
from quakesite.records.refusal import Refusal, unreadable
from quakesite.records.seedfile import SeedError, data_records
from quakesite.records.times import parse_stamp
from quakesite.rejects import Reason

if TYPE_CHECKING:
    from obspy import Inventory, Stream

COMPONENT_OF_CODE = {"E": "E", "N": "N", "Z": "Z", "U": "Z"}


def load_seed(candidate: Candidate, sources: Sources) -> Record:
    """Returns the record of one miniSEED file, as acceleration in cm/s^2.

    Event, magnitude and distance are unknown to this form: only the stamp in the file's name tells of an
    event. Gaps are refused, not filled.

    Raises:
        Refusal: `unreadable`, `unsupported` (no StationXML, several stations), `missing_component`,
            `component_mismatch`, `bad_samples` or `flat`.
    """
    source = candidate.files["ENZ"]
    if not candidate.inventory:
        raise Refusal(
            source,
            Reason.UNSUPPORTED,
            "no StationXML of its station in the archive: counts, not acceleration",
        )
    stream = _stream(source, sources)
    inventory = _inventory(candidate.inventory, sources)
    traces = _three(stream, source)
    start = max(trace.stats.starttime for trace in traces.values())
    end = min(trace.stats.endtime for trace in traces.values())
    longest = max(trace.stats.npts for trace in traces.values())
    first = traces["E"].stats
    if (end - start) * first.sampling_rate < 0.5 * longest:
        raise Refusal(source, Reason.COMPONENT_MISMATCH, "the components share less than half of the longest")
    samples = []
    length = int((end - start) * first.sampling_rate + 0.5) + 1
    for name in "ENZ":
        motion = _acceleration(traces[name], inventory, source)
        offset = round((start - traces[name].stats.starttime) * first.sampling_rate)
        samples.append(motion[offset : offset + length])
    length = min(len(one) for one in samples)
    in_cm_s2 = np.stack([one[:length] for one in samples]) * 100.0
    if not np.isfinite(in_cm_s2).all():
        raise Refusal(source, Reason.BAD_SAMPLES, "NaN or infinity after the response was removed")
    metadata = _metadata(first, inventory, candidate, _utc(start), source)
    files = (source, candidate.inventory)
    return make_record(metadata, in_cm_s2, stamp=candidate.stamp, form="mseed", sources=files)


def _stream(source: str, sources: Sources) -> Stream:
    from obspy import read
    from obspy.core.util.obspy_types import ObsPyException
    from obspy.io.mseed import InternalMSEEDError

    with unreadable(source):
        content = sources.read(source)
    try:
        content = data_records(content)
    except SeedError as error:
        raise Refusal(source, Reason.UNREADABLE, str(error)) from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            stream: Stream = read(io.BytesIO(content), format="MSEED")
    except (
        InternalMSEEDError,
        ObsPyException,
        ValueError,
        TypeError,
        OverflowError,
        IndexError,
        struct.error,
        OSError,
    ) as error:
        raise Refusal(source, Reason.UNREADABLE, f"ObsPy: {error}") from None
    return stream


def _inventory(source: str, sources: Sources) -> Inventory:
    from obspy import read_inventory
    from obspy.core.util.obspy_types import ObsPyException

    with unreadable(source):
        content = sources.read(source)
    dialect = xml_dialect(content)
    if not dialect:
        raise Refusal(source, Reason.BAD_HEADER, "neither StationXML nor an inventory of Arclink or SeisComP")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return read_inventory(io.BytesIO(content), format=dialect)
    except (
        SyntaxError,
        ObsPyException,
        ValueError,
        TypeError,
        AttributeError,
        KeyError,
        IndexError,
    ) as error:
        raise Refusal(source, Reason.BAD_HEADER, f"StationXML: {error}") from None


def _three(stream: Stream, source: str) -> dict[str, Any]:
    """Returns the traces by component, of one station and one instrument; gaps and doubles are refused."""
    stations = sorted({f"{trace.stats.network}.{trace.stats.station}" for trace in stream})
    if len(stations) != 1:
        raise Refusal(
            source, Reason.UNSUPPORTED, f"{len(stations)} stations in one file ({', '.join(stations[:3])})"
        )
    if any(trace.data.dtype.kind not in "if" for trace in stream):
        raise Refusal(source, Reason.BAD_SAMPLES, "a trace that holds no numbers")
    for identity in sorted({trace.id for trace in stream}):
        _check_continuity([trace for trace in stream if trace.id == identity], source)
    for trace in stream:
        trace.data, trace.stats.calib = trace.data.astype(np.float64), 1.0
    stream.merge(method=1)
    instruments = sorted(
        {(trace.stats.location, trace.stats.channel[:2]) for trace in stream}, key=_by_instrument
    )
    location, instrument = instruments[0]
    traces = {}
    for trace in stream.select(location=location, channel=f"{instrument}?"):
        component = COMPONENT_OF_CODE.get(trace.stats.channel[2:])
        if component is None:
            raise Refusal(source, Reason.UNSUPPORTED, f"channel {trace.stats.channel} is no E, N or Z")
        if np.ma.isMaskedArray(trace.data):
            raise Refusal(source, Reason.BAD_SAMPLES, f"a gap in {trace.id}")
        traces[component] = trace
    missing = [name for name in "ENZ" if name not in traces]
    if missing:
        raise Refusal(source, Reason.MISSING_COMPONENT, f"no component {' and '.join(missing)}")
    rates = {trace.stats.sampling_rate for trace in traces.values()}
    if len(rates) > 1:
        raise Refusal(source, Reason.COMPONENT_MISMATCH, f"sampling rates {sorted(rates)} Hz")
    return traces


def _check_continuity(pieces: list[Any], source: str) -> None:
    """Checks that the pieces of one channel have one rate and no gap, before ObsPy fills a gap of years."""
    name = pieces[0].id
    rates = {piece.stats.sampling_rate for piece in pieces}
    if len(rates) > 1 or not 1.0 <= min(rates) <= 1e4:
        raise Refusal(source, Reason.COMPONENT_MISMATCH, f"sampling rates {sorted(rates)} Hz in {name}")
    pieces = sorted(pieces, key=lambda piece: piece.stats.starttime.timestamp)
    end = pieces[0].stats.endtime
    for piece in pieces[1:]:
        if piece.stats.starttime - end > 1.5 * piece.stats.delta:
            raise Refusal(source, Reason.BAD_SAMPLES, f"a gap in {name} at {end}")
        end = max(end, piece.stats.endtime)


def _by_instrument(one: tuple[str, str]) -> tuple[bool, str, str]:
    """Accelerometers (second letter N, or L and G in older files) before anything else."""
    location, code = one
    return code[1:2] not in ("N", "L", "G"), code, location


def _acceleration(trace: Any, inventory: Inventory, source: str) -> npt.NDArray[np.float64]:
    stats = trace.stats
    found = inventory.select(
        stats.network, stats.station, stats.location, stats.channel, time=stats.starttime
    )
    channels = [channel for network in found for station in network for channel in station]
    if not channels or channels[0].response is None:
        raise Refusal(source, Reason.UNSUPPORTED, f"the StationXML has no response of {trace.id} at its time")
    from obspy.core.util.obspy_types import ObsPyException

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return acceleration(trace.data, stats.sampling_rate, channels[0].response)
    except (
        ObsPyException,
        ValueError,
        TypeError,
        AttributeError,
        KeyError,
        IndexError,
        NotImplementedError,
    ) as error:
        detail = f"response of {trace.id} cannot be removed: {error}"
        raise Refusal(source, Reason.UNSUPPORTED, detail) from None


def _metadata(
    stats: Any, inventory: Inventory, candidate: Candidate, start: datetime, source: str
) -> Metadata:
    found = inventory.select(network=stats.network or None, station=stats.station)
    station = found[0][0] if len(found) and len(found[0]) else None
    try:
        event_time = parse_stamp(candidate.stamp) if candidate.stamp else None
    except ValueError:
        raise Refusal(source, Reason.BAD_HEADER, f"{candidate.stamp} in the file's name is no date") from None
    return Metadata(
        network=stats.network,
        station=station_code(stats.station),
        st_latitude=float(station.latitude) if station else None,
        st_longitude=float(station.longitude) if station else None,
        st_elevation_m=float(station.elevation) if station else None,
        vs30_m_s=None,
        event_time=event_time,
        ev_latitude=None,
        ev_longitude=None,
        ev_depth_km=None,
        magnitude=None,
        magnitude_type=None,
        stated_distance_km=None,
        start_time=start,
        sampling_rate_hz=float(stats.sampling_rate),
    )


def _utc(time: Any) -> datetime:
    stamp: datetime = time.datetime
    return stamp.replace(tzinfo=UTC)
