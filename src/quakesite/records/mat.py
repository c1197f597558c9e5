"""AFAD-1218 `.mat`, the collection of the paper's authors: one struct `EQ.anEQ` per record.

`Accel` has columns N, E, U in gal; `depth` is in metres; `statID` is an integer (208 is station 0208);
`Ptime` and `Stime` are the authors' picks in seconds from the first sample, at times plainly wrong, and
are passed on as they stand. `date` and `recordtime` may be MATLAB datetimes, whose values lie elsewhere:
the event's time is then that of the file's name, and the time of the first sample is unknown.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np

from quakesite.records.candidates import Candidate
from quakesite.records.matfile import MatError, MatTooLarge, read_struct
from quakesite.records.metadata import bounded, make_record
from quakesite.records.naming import station_code
from quakesite.records.nsmn import check_peak, magnitude_scale
from quakesite.records.opening import LARGEST_MEMBER, Sources
from quakesite.records.quality import peak_mismatch
from quakesite.records.record import Metadata, Record
from quakesite.records.refusal import Refusal, unreadable
from quakesite.records.times import parse_stamp, parse_time
from quakesite.rejects import Reason

LARGEST_UNPACKED = LARGEST_MEMBER


def load_mat(candidate: Candidate, sources: Sources) -> Record:
    """Returns the record of one `.mat` file, checked against its `numofData` and `pga`.

    Raises:
        Refusal: `unreadable`, `too_large`, `bad_header`, `bad_samples`, `truncated`, `pga_mismatch`, `flat`.
    """
    source = candidate.files["ENZ"]
    with unreadable(source):
        content = sources.read(source)
    fields = _fields(content, source)
    metadata = _metadata(fields, candidate.stamp, source)
    samples = fields.get("Accel")
    if not (isinstance(samples, np.ndarray) and samples.ndim == 2 and samples.shape[1] == 3 and len(samples)):
        raise Refusal(source, Reason.BAD_SAMPLES, "Accel is no array of three columns")
    samples = samples.astype(np.float64)
    if not np.isfinite(samples).all():
        raise Refusal(source, Reason.BAD_SAMPLES, "NaN or infinity in Accel")
    count = _number(fields, "numofData", source)
    if count is not None and count != len(samples):
        raise Refusal(source, Reason.TRUNCATED, f"{len(samples)} samples, numofData says {count:g}")
    stated = fields.get("pga")
    if isinstance(stated, np.ndarray) and stated.size == 3:
        for name, column, peak in zip("NEU", samples.T, stated.ravel(), strict=True):
            check_peak(source, name, column, float(peak))
        metadata = replace(metadata, pga_mismatch=peak_mismatch(samples.T, stated.ravel().tolist()))
    north, east, up = samples.T
    enz = np.stack([east, north, up])
    return make_record(metadata, enz, stamp=candidate.stamp, form="mat", sources=(source,))


def _fields(content: bytes, source: str) -> dict[str, Any]:
    try:
        found = read_struct(content, "EQ", LARGEST_UNPACKED)
    except MatTooLarge as error:
        raise Refusal(source, Reason.TOO_LARGE, str(error)) from None
    except MatError as error:
        raise Refusal(source, Reason.UNREADABLE, str(error)) from None
    inner = found.get("anEQ", found)
    if not isinstance(inner, dict):
        raise Refusal(source, Reason.BAD_HEADER, "EQ.anEQ is no struct of one element")
    return inner


def _number(fields: dict[str, Any], name: str, source: str) -> float | None:
    value = fields.get(name)
    if not isinstance(value, np.ndarray) or value.size == 0:
        return None
    number = float(value.flat[0])
    if np.isnan(number):
        return None
    if not np.isfinite(number):
        raise Refusal(source, Reason.BAD_HEADER, f"{name}: {number}")
    return number


def _text(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    return value.strip() if isinstance(value, str) else ""


def _pair(fields: dict[str, Any], name: str, source: str) -> tuple[float | None, float | None]:
    value = fields.get(name)
    if not isinstance(value, np.ndarray) or value.size != 2:
        return None, None
    latitude, longitude = (float(part) for part in value.flat)
    return bounded(latitude, -90, 90, name, source), bounded(longitude, -180, 180, name, source)


def _time(fields: dict[str, Any], name: str, source: str) -> datetime | None:
    text = _text(fields, name)
    try:
        return parse_time(text) if text else None
    except (ValueError, OverflowError) as error:
        raise Refusal(source, Reason.BAD_HEADER, f"{name}: {error}") from None


def _metadata(fields: dict[str, Any], stamp: str, source: str) -> Metadata:
    interval = bounded(_number(fields, "sampling", source), 1e-4, 1.0, "sampling", source)
    station = _number(fields, "statID", source)
    if interval is None or station is None or station < 0:
        raise Refusal(source, Reason.BAD_HEADER, f"{'sampling' if interval is None else 'statID'}: missing")
    event_time = _time(fields, "date", source)
    if event_time is None and stamp:
        try:
            event_time = parse_stamp(stamp)
        except ValueError:
            raise Refusal(source, Reason.BAD_HEADER, f"{stamp} in the file's name is no date") from None
    depth_m, vs30 = _number(fields, "depth", source), _number(fields, "Vs30", source)
    magnitude = bounded(_number(fields, "magnitudeval", source), -2, 10, "magnitudeval", source)
    epicentre, place = _pair(fields, "epicenter", source), _pair(fields, "statco", source)
    return Metadata(
        network="TK",
        station=station_code(f"{station:.0f}"),
        st_latitude=place[0],
        st_longitude=place[1],
        st_elevation_m=_number(fields, "alt", source),
        vs30_m_s=vs30 if vs30 is not None and vs30 > 0 else None,
        event_time=event_time,
        ev_latitude=epicentre[0],
        ev_longitude=epicentre[1],
        ev_depth_km=None if depth_m is None else depth_m / 1000.0,
        magnitude=magnitude,
        magnitude_type=magnitude_scale(_text(fields, "magnitudetype")) if magnitude is not None else None,
        stated_distance_km=None,
        start_time=_time(fields, "recordtime", source),
        sampling_rate_hz=round(1.0 / interval, 6),
        author_p_s=_number(fields, "Ptime", source),
        author_s_s=_number(fields, "Stime", source),
    )
