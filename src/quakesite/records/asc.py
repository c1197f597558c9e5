"""TADAS `.asc` and its relatives (DYNA 1.2, as ITACA and ESM define it): one component per file.

`KEY: value` lines, then one value per line. TADAS writes 64 header lines; the number is never relied on:
a re-filtered family has 69, and its first line has no colon. ESM and ITACA give velocities, displacements and
response spectra out in the same form; only accelerations are records here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from quakesite.records import sample_text
from quakesite.records.metadata import UNKNOWN, bounded, number
from quakesite.records.naming import station_code
from quakesite.records.record import Metadata
from quakesite.records.refusal import Refusal
from quakesite.records.times import parse_time
from quakesite.rejects import Reason

HEAD_SIZE = 16384
"""Bytes within which the header ends; those of TADAS have 2.3 kB."""

REFILTERED_PGA_TOLERANCE = 0.5
"""Files that were filtered anew keep the PGA of the file they were made from. In 336 such files of the
2023-02-06 Mw 7.7 earthquake the peaks differ by up to 25 %, and by 37 % at 0.02 cm/s^2."""

RELATIVE_PGA_TOLERANCE = 1e-5
"""Beside one unit of the PGA's last decimal: 33 genuine files agree within half of it."""

TO_CM_S2 = {
    "cm/s^2": 1.0,
    "cm/s2": 1.0,
    "cm/s/s": 1.0,
    "gal": 1.0,
    "m/s^2": 100.0,
    "m/s2": 100.0,
    "g": 980.665,
}
COMPONENT_OF_STREAM = {"E": "E", "N": "N", "Z": "Z", "U": "Z"}

_LOCATION = re.compile(r"[A-Z0-9]{0,2}")
"""A location code; TADAS writes the name of a place."""

_INSTRUMENT = re.compile(r"[A-Z]{2}")

_FIRST_SAMPLE = re.compile(
    rb"^[ \t]*[-+]?(?:\d+(?:\.\d*)?|\.\d+|nan|inf(?:inity)?)(?:e[-+]?\d+)?[ \t\r]*$",
    re.MULTILINE | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Header:
    """What the header of one component says; `body` is where the samples begin, in bytes."""

    metadata: Metadata
    component: str
    version: str
    n_samples: int
    pga: float | None
    pga_tolerance: float
    to_cm_s2: float
    body: int


def read_header(content: bytes, source: str) -> Header:
    """Returns the header of a file from its first bytes (`HEAD_SIZE` suffice, all of it will do).

    Raises:
        Refusal: `bad_header` for a field that is missing or not understood, `unsupported` for units or
            components that are.
    """
    first = _FIRST_SAMPLE.search(content, 0, HEAD_SIZE)
    body = first.start() if first else min(len(content), HEAD_SIZE)
    fields: dict[str, str] = {}
    for line in content[:body].decode("latin-1").split("\n"):
        key, colon, value = line.partition(":")
        if colon:
            fields.setdefault(key.strip(), value.strip())
    if "STREAM" not in fields or "NDATA" not in fields:
        raise Refusal(source, Reason.BAD_HEADER, "STREAM or NDATA is missing; not a DYNA header")
    kind = fields.get("DATA_TYPE", "").lower()
    if kind not in ("", "acceleration"):
        raise Refusal(source, Reason.UNSUPPORTED, f"DATA_TYPE: {kind[:40]!r} is no acceleration")
    component = COMPONENT_OF_STREAM.get(fields["STREAM"][-1:])
    if component is None:
        detail = f"STREAM: {fields['STREAM'][:20]!r} is no E, N or Z, and the header carries no azimuth"
        raise Refusal(source, Reason.UNSUPPORTED, detail)
    units = fields.get("UNITS", "").strip().lower()
    if units not in TO_CM_S2:
        raise Refusal(source, Reason.UNSUPPORTED, f"UNITS: {units[:20]!r} is no acceleration")
    pga, tolerance = _pga(fields, source)
    return Header(
        metadata=_metadata(fields, source),
        component=component,
        version=_version(fields),
        n_samples=_count(fields["NDATA"], source),
        pga=pga,
        pga_tolerance=tolerance,
        to_cm_s2=TO_CM_S2[units],
        body=body,
    )


def read_samples(content: bytes, header: Header, source: str) -> npt.NDArray[np.float64]:
    """Returns the samples in cm/s^2, shape (NDATA,), checked against the header's NDATA and PGA.

    Raises:
        Refusal: `bad_samples`, `truncated` or `pga_mismatch`.
    """
    try:
        samples = sample_text.one_per_line(content, header.body)
    except sample_text.BadNumber as error:
        raise Refusal(source, Reason.BAD_SAMPLES, str(error)) from None
    if len(samples) != header.n_samples:
        found = f"{len(samples)} samples, NDATA says {header.n_samples}"
        raise Refusal(source, Reason.TRUNCATED, found)
    if header.to_cm_s2 != 1.0:
        samples = samples * header.to_cm_s2
    peak = max(float(samples.max(initial=0.0)), -float(samples.min(initial=0.0)))
    if header.pga is not None and abs(peak - header.pga) > header.pga_tolerance:
        found = f"largest sample {peak:.6g}, PGA_CM/S^2 says {header.pga:g} +- {header.pga_tolerance:.3g}"
        raise Refusal(source, Reason.PGA_MISMATCH, found)
    return samples


def _pga(fields: dict[str, str], source: str) -> tuple[float | None, float]:
    text = fields.get("PGA_CM/S^2", "").strip()
    pga = number(text, "PGA_CM/S^2", source)
    if pga is None:
        return None, 0.0
    pga = abs(pga)
    if any(key.startswith("AAD_") for key in fields):
        return pga, REFILTERED_PGA_TOLERANCE * pga
    mantissa, _, exponent = text.lower().partition("e")
    decimals = len(mantissa.partition(".")[2])
    return pga, 10.0 ** (int(exponent or 0) - decimals) + RELATIVE_PGA_TOLERANCE * pga


def _count(text: str, source: str) -> int:
    if not (text.isascii() and text.strip().isdigit()):
        raise Refusal(source, Reason.BAD_HEADER, f"NDATA: {text[:40]!r} is no count")
    return int(text[:20])


def _version(fields: dict[str, str]) -> str:
    """The version as TADAS would name it (`mp_Acc`), for files whose names do not tell."""
    processing = fields.get("PROCESSING", "").strip().lower()
    level = "mp" if processing.startswith("manual") else "ap"
    return f"{level}_{'RawAcc' if processing in ('', 'none') else 'Acc'}"


def _metadata(fields: dict[str, str], source: str) -> Metadata:
    def value(key: str) -> float | None:
        return number(fields.get(key, ""), key, source)

    def within(key: str, low: float, high: float) -> float | None:
        return bounded(value(key), low, high, key, source)

    interval = within("SAMPLING_INTERVAL_S", 1e-4, 1.0)
    station = station_code(fields.get("STATION_CODE", ""))
    if interval is None or not station:
        missing = "STATION_CODE" if interval is not None else "SAMPLING_INTERVAL_S"
        raise Refusal(source, Reason.BAD_HEADER, f"{missing}: missing")
    vs30 = value("VS30_M/S")
    moment, local = within("MAGNITUDE_W", -2, 10), within("MAGNITUDE_L", -2, 10)
    magnitude_type = "Mw" if moment is not None else "ML" if local is not None else None
    event = f"{fields.get('EVENT_DATE_YYYYMMDD', '')} {fields.get('EVENT_TIME_HHMMSS', '')}".strip()
    start = fields.get("DATE_TIME_FIRST_SAMPLE_YYYYMMDD_HHMMSS", "")
    try:
        event_time = parse_time(event) if event else None
        start_time = parse_time(start) if start.strip().lower() not in UNKNOWN_TIMES else None
    except (ValueError, OverflowError) as error:
        raise Refusal(source, Reason.BAD_HEADER, f"time: {error}") from None
    return Metadata(
        network=fields.get("NETWORK", ""),
        station=station,
        location=_code(fields.get("LOCATION", ""), _LOCATION),
        instrument=_code(fields["STREAM"][:-1], _INSTRUMENT),
        st_latitude=within("STATION_LATITUDE_DEGREE", -90, 90),
        st_longitude=within("STATION_LONGITUDE_DEGREE", -180, 180),
        st_elevation_m=value("STATION_ELEVATION_M"),
        vs30_m_s=vs30 if vs30 is not None and vs30 > 0 else None,
        agency_event_id=_event_id(fields.get("EVENT_ID", "")),
        event_time=event_time,
        ev_latitude=within("EVENT_LATITUDE_DEGREE", -90, 90),
        ev_longitude=within("EVENT_LONGITUDE_DEGREE", -180, 180),
        ev_depth_km=value("EVENT_DEPTH_KM"),
        magnitude=moment if moment is not None else local,
        magnitude_type=magnitude_type,
        stated_distance_km=value("EPICENTRAL_DISTANCE_KM"),
        start_time=start_time,
        sampling_rate_hz=round(1.0 / interval, 6),
    )


def _code(text: str, pattern: re.Pattern[str]) -> str | None:
    return text if pattern.fullmatch(text) else None


def _event_id(text: str) -> str | None:
    return None if text.lower() in UNKNOWN or text == "-1" else text[:80]


UNKNOWN_TIMES = frozenset({"", "none"})
