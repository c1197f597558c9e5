"""AFAD-1218 `.mat`, the collection of the paper's authors: one struct `EQ.anEQ` per record.

`Accel` has columns N, E, U in gal; `depth` is in metres; `statID` is an integer (208 is station 0208);
`Ptime` and `Stime` are the authors' picks in seconds from the first sample, at times plainly wrong, and
are passed on as they stand. `date` and `recordtime` may be MATLAB datetimes, whose values lie elsewhere:
the event's time is then that of the file's name, and the time of the first sample is unknown.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from quakesite.records.candidates import Candidate
from quakesite.records.fields import FieldReader
from quakesite.records.matfile import MatError, MatTooLarge, read_struct
from quakesite.records.metadata import check_count, make_record
from quakesite.records.naming import station_code
from quakesite.records.nsmn import check_peak, magnitude_scale, of_scale
from quakesite.records.opening import Sources
from quakesite.records.quality import peak_mismatch
from quakesite.records.record import Metadata, Record
from quakesite.records.refusal import Refusal, unreadable
from quakesite.rejects import Reason

LARGEST_UNPACKED = 64 * 2**20
"""Bytes that the struct may unpack to: the most samples a record may have take 24 MB as doubles."""


def load_mat(candidate: Candidate, sources: Sources) -> Record:
    """Returns the record of one `.mat` file; raises as `read_mat` does, and `flat` and `bad_samples`."""
    source = candidate.files["ENZ"]
    with unreadable(source):
        content = sources.read(source)
    metadata, samples = read_mat(content, source)
    return make_record(metadata, samples, stamp=candidate.stamp, form="mat", sources=(source,))


def read_mat(content: bytes, source: str) -> tuple[Metadata, npt.NDArray[np.float64]]:
    """Returns what a `.mat` file says and its samples (3, n), E N Z, in cm/s^2.

    Checked against its `numofData` and `pga`. Times that are MATLAB objects are unknown.

    Raises:
        Refusal: `unreadable`, `too_large`, `bad_header`, `bad_samples`, `truncated` or `pga_mismatch`.
    """
    fields = _fields(content, source)
    reader = FieldReader(source)
    metadata = _metadata(fields, reader)
    north, east, up = samples = _samples(fields, reader).T
    stated = fields.get("pga")
    if isinstance(stated, np.ndarray) and stated.size == 3:
        peaks = [reader.within(float(peak), "pga", -math.inf, math.inf) for peak in stated.flat]
        for name, column, peak in zip("NEU", samples, peaks, strict=True):
            check_peak(source, name, column, peak)
        metadata = replace(metadata, pga_mismatch=peak_mismatch(samples, peaks))
    return replace(metadata, header_doubts=reader.summary()), np.stack([east, north, up])


def _samples(fields: dict[str, Any], reader: FieldReader) -> npt.NDArray[np.float64]:
    """Returns the columns N, E, U, checked against `numofData` before they are converted; shape (n, 3)."""
    samples, source = fields.get("Accel"), reader.source
    if not (isinstance(samples, np.ndarray) and samples.ndim == 2 and samples.shape[1] == 3 and len(samples)):
        raise Refusal(source, Reason.BAD_SAMPLES, "Accel is no array of three columns")
    count = reader.within(_number(fields, "numofData"), "numofData", 0, math.inf)
    if count is not None and count != len(samples):
        raise Refusal(source, Reason.TRUNCATED, f"{len(samples)} samples, numofData says {count:g}")
    check_count(len(samples), source)
    samples = samples.astype(np.float64)
    if not np.isfinite(samples).all():
        raise Refusal(source, Reason.BAD_SAMPLES, "NaN or infinity in Accel")
    return samples


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


def _number(fields: dict[str, Any], name: str) -> float | None:
    value = fields.get(name)
    return float(value.flat[0]) if isinstance(value, np.ndarray) and value.size else None


def _text(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    return value.strip() if isinstance(value, str) else ""


def _pair(fields: dict[str, Any], name: str, reader: FieldReader) -> tuple[float | None, float | None]:
    value = fields.get(name)
    if not isinstance(value, np.ndarray) or value.size != 2:
        return None, None
    latitude, longitude = (float(part) for part in value.flat)
    return reader.within(latitude, name, -90, 90), reader.within(longitude, name, -180, 180)


def _metadata(fields: dict[str, Any], reader: FieldReader) -> Metadata:
    def value(name: str, low: float = -math.inf, high: float = math.inf) -> float | None:
        return reader.within(_number(fields, name), name, low, high)

    def required(name: str, low: float, high: float) -> float:
        number = _number(fields, name)
        return reader.required("" if number is None else repr(number), name, low, high)

    interval, station = required("sampling", 1e-4, 1.0), required("statID", 0, 999_999)
    depth_m, vs30 = value("depth"), value("Vs30")
    magnitude = value("magnitudeval", -2, 10)
    epicentre, place = _pair(fields, "epicenter", reader), _pair(fields, "statco", reader)
    return Metadata(
        network="TK",
        station=station_code(f"{station:.0f}"),
        st_latitude=place[0],
        st_longitude=place[1],
        st_elevation_m=value("alt"),
        vs30_m_s=vs30 if vs30 is not None and vs30 > 0 else None,
        event_time=reader.time(_text(fields, "date"), "date"),
        ev_latitude=epicentre[0],
        ev_longitude=epicentre[1],
        ev_depth_km=None if depth_m is None else depth_m / 1000.0,
        magnitude=magnitude,
        **of_scale(magnitude, magnitude_scale(_text(fields, "magnitudetype"))),
        stated_distance_km=None,
        start_time=reader.time(_text(fields, "recordtime"), "recordtime"),
        sampling_rate_hz=round(1.0 / interval, 6),
        author_p_s=value("Ptime"),
        author_s_s=value("Stime"),
    )
