"""miniSEED and full SEED, as TADAS and the seismic networks export them: ObsPy decodes the samples.

The instrument is described by StationXML in the archive, or by full SEED's own control records.
"""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from quakesite.records import inventories, seedfile
from quakesite.records.candidates import Candidate
from quakesite.records.components import shared_part
from quakesite.records.deconvolution import acceleration
from quakesite.records.metadata import make_record
from quakesite.records.naming import station_code
from quakesite.records.opening import Sources, part_of, without_part
from quakesite.records.orientation import to_east_north_up
from quakesite.records.record import Metadata, Record
from quakesite.records.refusal import Refusal, unreadable
from quakesite.records.times import parse_stamp
from quakesite.rejects import Reason

if TYPE_CHECKING:
    from obspy import Inventory, Stream

LAYOUTS, DESCRIPTIONS, STATIONS = 256, 4, 64
"""How many SEED files' layouts, descriptions of instruments, and stations of these are kept at once."""

ORIENTED = {"E": "E", "N": "N", "Z": "Z", "U": "Z"}
UNORIENTED = frozenset("123Z")
"""Orientation codes whose direction only the description of the instrument tells."""


class _Sensor(NamedTuple):
    """The three traces of one sensor: by E, N and Z, or else `unoriented` by their codes."""

    traces: dict[str, Any]
    unoriented: bool


def load_seed(candidate: Candidate, sources: Sources) -> Record:
    """Returns the record of one SEED file, or of one part of it, as acceleration in cm/s^2.

    Where a station has several sensors, the accelerometer (second letter of the channel N, else L or G) is
    taken before others, and the location code that comes first. Components named 1, 2, 3 are turned to east,
    north and up by the azimuths and dips of their description. Event, magnitude and distance are unknown to
    this form: only the stamp in the file's name tells of an event. Gaps are refused, not filled.

    Raises:
        Refusal: `unreadable`, `unsupported` (no response, several stations, an unknown orientation),
            `missing_component`, `component_mismatch`, `bad_samples`, `bad_header` or `flat`.
    """
    source = candidate.files["ENZ"]
    layout = layout_of(source, sources)
    stream = _stream(layout, source, sources)
    sensor = _sensor(stream, source)
    traces = sensor.traces
    description = _description(candidate, layout, list(traces.values()), sources)
    first = next(iter(traces.values())).stats
    earliest = min(trace.stats.starttime for trace in traces.values())
    lags = {
        name: round((trace.stats.starttime - earliest) * first.sampling_rate)
        for name, trace in traces.items()
    }
    try:
        offsets, length = shared_part(lags, {name: trace.stats.npts for name, trace in traces.items()})
    except ValueError as error:
        raise Refusal(source, Reason.COMPONENT_MISMATCH, str(error)) from None
    in_cm_s2 = 100.0 * np.stack(
        [
            _acceleration(trace, description.inventory, source)[offsets[name] : offsets[name] + length]
            for name, trace in traces.items()
        ]
    )
    if sensor.unoriented:
        in_cm_s2 = _turned(in_cm_s2, list(traces.values()), description.inventory, source)
    if not np.isfinite(in_cm_s2).all():
        raise Refusal(source, Reason.BAD_SAMPLES, "NaN or infinity after the response was removed")
    start = max(trace.stats.starttime for trace in traces.values())
    metadata = _metadata(first, description.inventory, candidate, _utc(start), source)
    files = (source, *description.sources)
    return make_record(metadata, in_cm_s2, stamp=candidate.stamp, form="mseed", sources=files)


def layout_of(source: str, sources: Sources) -> seedfile.Layout:
    """Returns where everything stands in the SEED file that `source` is, or is a part of.

    Raises:
        Refusal: `unreadable` or `too_large`.
    """
    whole = without_part(source)

    def find() -> seedfile.Layout:
        with unreadable(source):
            content = sources.read(whole)
        try:
            return seedfile.layout(content)
        except seedfile.SeedError as error:
            raise Refusal(source, Reason.UNREADABLE, str(error)) from None

    return sources.remembered("SEED layout", whole, LAYOUTS, find)


class _Description(NamedTuple):
    """What an instrument is, and the file beside the SEED file that says so, if any."""

    inventory: Inventory
    sources: tuple[str, ...]


def _description(
    candidate: Candidate, layout: seedfile.Layout, traces: list[Any], sources: Sources
) -> _Description:
    """Returns the first description that has all the channels at their time, else the one with the most."""
    best: tuple[int, _Description] | None = None
    damaged: Refusal | None = None
    for describe in _descriptions(candidate, layout, traces[0].stats, sources):
        try:
            described = describe()
        except Refusal as refusal:
            damaged = damaged or refusal
            continue
        channels = (inventories.channel_of(described.inventory, trace.stats) for trace in traces)
        count = sum(channel is not None for channel in channels)
        if best is None or count > best[0]:
            best = count, described
        if count == len(traces):
            break
    if best is not None:
        return best[1]
    if damaged is not None:
        raise damaged
    detail = "no StationXML of its station in the archive, nor full SEED: counts, not acceleration"
    raise Refusal(candidate.files["ENZ"], Reason.UNSUPPORTED, detail)


def _descriptions(
    candidate: Candidate, layout: seedfile.Layout, stats: Any, sources: Sources
) -> Iterator[Callable[[], _Description]]:
    """Yields what reads each description of the instrument: the StationXML files, then control records."""
    for source in candidate.inventories:
        yield partial(_from_xml, source, stats, sources)
    if layout.control:
        yield partial(_from_control_records, candidate.files["ENZ"], layout, stats, sources)


def _from_xml(source: str, stats: Any, sources: Sources) -> _Description:
    whole = without_part(source)

    def parse() -> Inventory:
        with unreadable(source):
            xml = sources.read(whole)
        return inventories.from_xml(xml, source)

    return _Description(_of_station(whole, parse, stats, sources), (source,))


def _from_control_records(source: str, layout: seedfile.Layout, stats: Any, sources: Sources) -> _Description:
    whole = without_part(source)

    def parse() -> Inventory:
        with unreadable(source):
            control = sources.pieces(whole, layout.control)
        return inventories.from_control_records(control, source)

    return _Description(_of_station(whole, parse, stats, sources), ())


def _of_station(whole: str, parse: Callable[[], Inventory], stats: Any, sources: Sources) -> Inventory:
    """Returns what a description says of one station, so that the others are not searched for each trace."""

    def select() -> Inventory:
        everything = sources.remembered("description", whole, DESCRIPTIONS, parse)
        return everything.select(network=stats.network or None, station=stats.station)

    key = f"{whole}#{stats.network}.{stats.station}"
    return sources.remembered("station", key, STATIONS, select)


def _stream(layout: seedfile.Layout, source: str, sources: Sources) -> Stream:
    from obspy import read
    from obspy.core.util.obspy_types import ObsPyException
    from obspy.io.mseed import InternalMSEEDError

    wanted = part_of(source)
    parts = [layout.parts[wanted]] if wanted in layout.parts else [] if wanted else layout.parts.values()
    with unreadable(source):
        content = sources.pieces(without_part(source), [place for part in parts for place in part.places])
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


def _sensor(stream: Stream, source: str) -> _Sensor:
    """Returns the traces of the preferred sensor of one station; gaps and doubles are refused."""
    stations = sorted({f"{trace.stats.network}.{trace.stats.station}" for trace in stream})
    if len(stations) != 1:
        detail = f"{len(stations)} stations ({', '.join(stations[:3])}) in a file named after one"
        raise Refusal(source, Reason.UNSUPPORTED, detail)
    if any(trace.data.dtype.kind not in "if" for trace in stream):
        raise Refusal(source, Reason.BAD_SAMPLES, "a trace that holds no numbers")
    for identity in sorted({trace.id for trace in stream}):
        _check_continuity([trace for trace in stream if trace.id == identity], source)
    for trace in stream:
        trace.data, trace.stats.calib = trace.data.astype(np.float64), 1.0
    stream.merge(method=1)
    first = min(stream, key=_preference).stats
    chosen = [
        trace
        for trace in stream
        if (trace.stats.location, trace.stats.channel[:2]) == (first.location, first.channel[:2])
    ]
    for trace in chosen:
        if np.ma.isMaskedArray(trace.data):
            raise Refusal(source, Reason.BAD_SAMPLES, f"a gap in {trace.id}")
    sensor = _by_component({trace.stats.channel[2:]: trace for trace in chosen}, source)
    rates = {trace.stats.sampling_rate for trace in sensor.traces.values()}
    if len(rates) > 1:
        raise Refusal(source, Reason.COMPONENT_MISMATCH, f"sampling rates {sorted(rates)} Hz")
    return sensor


def _by_component(by_code: dict[str, Any], source: str) -> _Sensor:
    if set(by_code) <= set(ORIENTED):
        traces = {ORIENTED[code]: trace for code, trace in by_code.items()}
        missing = [name for name in "ENZ" if name not in traces]
        if missing:
            raise Refusal(source, Reason.MISSING_COMPONENT, f"no component {' and '.join(missing)}")
        return _Sensor({name: traces[name] for name in "ENZ"}, unoriented=False)
    if not set(by_code) <= UNORIENTED:
        ids = ", ".join(sorted(trace.stats.channel for trace in by_code.values()))
        raise Refusal(source, Reason.UNSUPPORTED, f"channels {ids} are no E, N, Z nor 1, 2, 3")
    if len(by_code) != 3:
        ids = ", ".join(sorted(trace.stats.channel for trace in by_code.values()))
        raise Refusal(source, Reason.MISSING_COMPONENT, f"{ids}: not three components")
    return _Sensor(dict(sorted(by_code.items())), unoriented=True)


def _turned(
    samples: npt.NDArray[np.float64], traces: list[Any], inventory: Inventory, source: str
) -> npt.NDArray[np.float64]:
    channels = [inventories.channel_of(inventory, trace.stats) for trace in traces]
    angles = [(channel.azimuth, channel.dip) for channel in channels if channel is not None]
    ids = ", ".join(trace.stats.channel for trace in traces)
    if len(angles) != 3 or any(angle is None for pair in angles for angle in pair):
        raise Refusal(source, Reason.UNSUPPORTED, f"{ids}: no azimuth and dip in their description")
    try:
        azimuths, dips = ([float(angle) for angle in column] for column in zip(*angles, strict=True))
        return to_east_north_up(samples, azimuths, dips)
    except ValueError as error:
        raise Refusal(source, Reason.UNSUPPORTED, f"{ids}: {error}") from None


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


def _preference(trace: Any) -> tuple[bool, str, float, str]:
    """Accelerometers (second letter N, or L and G in older files) first, then by location, then by rate."""
    stats = trace.stats
    return stats.channel[1:2] not in ("N", "L", "G"), stats.location, -stats.sampling_rate, stats.channel


def _acceleration(trace: Any, inventory: Inventory, source: str) -> npt.NDArray[np.float64]:
    channel = inventories.channel_of(inventory, trace.stats)
    if channel is None:
        detail = f"the description has no response of {trace.id} at its time"
        raise Refusal(source, Reason.UNSUPPORTED, detail)
    from obspy.core.util.obspy_types import ObsPyException

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return acceleration(trace.data, trace.stats.sampling_rate, channel.response)
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
    station = inventories.station_of(inventory, stats)
    try:
        event_time = parse_stamp(candidate.stamp) if candidate.stamp else None
    except ValueError:
        raise Refusal(source, Reason.BAD_HEADER, f"{candidate.stamp} in the file's name is no date") from None
    return Metadata(
        network=stats.network,
        station=station_code(stats.station),
        location=stats.location,
        instrument=stats.channel[:2],
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
