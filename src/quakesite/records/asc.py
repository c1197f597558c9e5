"""TADAS `.asc` and its relatives (DYNA 1.2, as ITACA and ESM define it): one component per file.

`KEY: value` lines, then one value per line. TADAS writes 64 header lines; the number is never relied on:
a re-filtered family has 69, and its first line has no colon. ESM and ITACA give velocities, displacements and
response spectra out in the same form; only accelerations are records here.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import numpy.typing as npt

from quakesite.records import sample_text
from quakesite.records.fields import LONGEST, FieldReader, known
from quakesite.records.metadata import check_count
from quakesite.records.naming import station_code
from quakesite.records.record import Metadata
from quakesite.records.refusal import Refusal
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

LONGEST_LINE = 64
"""Characters that a sample takes on the average at most; genuine ones take 10 to 22."""

_LOCATION = re.compile(r"[A-Z0-9]{0,2}")
"""A location code; TADAS writes the name of a place."""

_INSTRUMENT = re.compile(r"[A-Z]{2}")

_DECIMALS = re.compile(r"[-+]?\d*(?:[.,](?P<decimals>\d*))?(?:[eE](?P<exponent>[-+]?\d+))?", re.ASCII)

FIRST_SAMPLE_TIME = "DATE_TIME_FIRST_SAMPLE_YYYYMMDD_HHMMSS"
TRIGGERING = {"NT": "normal", "LT": "late"}
"""What ITACA and TADAS write under LATE/NORMAL_TRIGGERED."""

_FIRST_SAMPLE = re.compile(
    rb"^[ \t]*[-+]?(?:\d+(?:\.\d*)?|\.\d+|nan|inf(?:inity)?)(?:e[-+]?\d+)?[ \t\r]*$",
    re.MULTILINE | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Header:
    """What the header of one component says; `body` is where the samples begin, in bytes.

    `high_pass_hz` and `low_pass_hz` are the corners of the filter the component went through, where stated.
    """

    metadata: Metadata
    component: str
    version: str
    n_samples: int
    pga: float | None
    pga_tolerance: float
    to_cm_s2: float
    body: int
    high_pass_hz: float | None = None
    low_pass_hz: float | None = None


def read_header(content: bytes, source: str) -> Header:
    """Returns the header of a file from its first bytes (`HEAD_SIZE` suffice, all of it will do).

    What the record can do without and is not understood is unknown, and noted in `header_doubts`.

    Raises:
        Refusal: `bad_header` for a field it cannot do without (STREAM, NDATA, SAMPLING_INTERVAL_S,
            STATION_CODE), `unsupported` for units or components that no reader handles, `too_large` for more
            samples than a record may have.
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
    component, to_cm_s2 = _kind(fields, source)
    reader = FieldReader(source)
    pga, tolerance = _pga(fields, reader)
    low_cut, high_cut = (_corner(fields, key, reader) for key in ("LOW_CUT", "HIGH_CUT"))
    return Header(
        component=component,
        version=_version(fields, filtered=low_cut is not None or high_cut is not None),
        n_samples=_count(fields["NDATA"], source),
        pga=pga,
        pga_tolerance=tolerance,
        to_cm_s2=to_cm_s2,
        body=body,
        high_pass_hz=low_cut,
        low_pass_hz=high_cut,
        metadata=_metadata(fields, reader),
    )


def read_samples(content: bytes, header: Header, source: str) -> npt.NDArray[np.float64]:
    """Returns the samples in cm/s^2, shape (NDATA,), checked against the header's NDATA and PGA.

    Raises:
        Refusal: `bad_samples`, `truncated` or `pga_mismatch`.
    """
    lines = sample_text.line_count(content, header.body)
    if lines != header.n_samples:
        raise Refusal(source, Reason.TRUNCATED, f"{lines} samples, NDATA says {header.n_samples}")
    if len(content) - header.body > LONGEST_LINE * (lines + LONGEST_LINE):
        found = f"{len(content) - header.body} bytes for {lines} samples, at most {LONGEST_LINE} each"
        raise Refusal(source, Reason.BAD_SAMPLES, found)
    try:
        samples = sample_text.one_per_line(content, header.body)
    except sample_text.BadNumber as error:
        raise Refusal(source, Reason.BAD_SAMPLES, str(error)) from None
    if header.to_cm_s2 != 1.0:
        samples = samples * header.to_cm_s2
    peak = max(float(samples.max(initial=0.0)), -float(samples.min(initial=0.0)))
    if header.pga is not None and abs(peak - header.pga) > header.pga_tolerance:
        found = f"largest sample {peak:.6g}, PGA_CM/S^2 says {header.pga:g} +- {header.pga_tolerance:.3g}"
        raise Refusal(source, Reason.PGA_MISMATCH, found)
    return samples


def _kind(fields: dict[str, str], source: str) -> tuple[str, float]:
    """Returns the component, and what makes the samples cm/s^2."""
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
    return component, TO_CM_S2[units]


def _pga(fields: dict[str, str], reader: FieldReader) -> tuple[float | None, float]:
    """Returns the PGA in cm/s^2 and how far the samples' peak may lie from it."""
    text = fields.get("PGA_CM/S^2", "")
    pga = reader.number(text, "PGA_CM/S^2")
    if pga is None:
        return None, 0.0
    pga = abs(pga)
    if any(key.startswith("AAD_") for key in fields):
        return pga, REFILTERED_PGA_TOLERANCE * pga
    digits = _DECIMALS.match(text.strip()[:LONGEST])
    decimals, exponent = (digits["decimals"] or "", digits["exponent"] or "0") if digits else ("", "0")
    last = 10.0 ** max(-300, min(300, int(exponent) - len(decimals)))
    return pga, last + RELATIVE_PGA_TOLERANCE * pga


def _count(text: str, source: str) -> int:
    if not (text.isascii() and text.strip().isdigit()):
        raise Refusal(source, Reason.BAD_HEADER, f"NDATA: {text[:40]!r} is no count")
    count = int(text[:20])
    check_count(count, source)
    return count


def _corner(fields: dict[str, str], key: str, reader: FieldReader) -> float | None:
    """A corner frequency of the last filter: a re-filterer's, else the agency's."""
    name = f"{key}_FREQUENCY_HZ"
    found = reader.number(fields.get(f"AAD_{name}", ""), f"AAD_{name}", 0.0)
    found = found if found is not None else reader.number(fields.get(name, ""), name, 0.0)
    return found or None


def _version(fields: dict[str, str], *, filtered: bool) -> str:
    """The version as TADAS would name it (`mp_Acc`), for files whose names do not tell.

    TADAS writes the same PROCESSING into raw records as into filtered ones; what tells them apart is that
    raw ones state no corner frequency.
    """
    processing = fields.get("PROCESSING", "").strip().lower()
    level = "mp" if processing.startswith("manual") else "ap"
    if any(key.startswith("AAD_") for key in fields):
        return f"{level}_AAD_Acc"
    return f"{level}_{'Acc' if filtered and processing not in ('', 'none') else 'RawAcc'}"


def _metadata(fields: dict[str, str], reader: FieldReader) -> Metadata:
    def value(key: str, low: float = -math.inf, high: float = math.inf) -> float | None:
        return reader.number(fields.get(key, ""), key, low, high)

    interval = reader.required(fields.get("SAMPLING_INTERVAL_S", ""), "SAMPLING_INTERVAL_S", 1e-4, 1.0)
    station = station_code(fields.get("STATION_CODE", ""))
    if not station:
        raise Refusal(reader.source, Reason.BAD_HEADER, "STATION_CODE: missing")
    vs30 = value("VS30_M/S")
    moment, local = value("MAGNITUDE_W", -2, 10), value("MAGNITUDE_L", -2, 10)
    metadata = Metadata(
        network=fields.get("NETWORK", ""),
        station=station,
        location=_code(fields.get("LOCATION", ""), _LOCATION),
        instrument=_code(fields["STREAM"][:-1], _INSTRUMENT),
        st_latitude=value("STATION_LATITUDE_DEGREE", -90, 90),
        st_longitude=value("STATION_LONGITUDE_DEGREE", -180, 180),
        st_elevation_m=value("STATION_ELEVATION_M"),
        vs30_m_s=vs30 if vs30 is not None and vs30 > 0 else None,
        agency_event_id=_event_id(fields.get("EVENT_ID", "")),
        event_time=_event_time(fields, reader),
        ev_latitude=value("EVENT_LATITUDE_DEGREE", -90, 90),
        ev_longitude=value("EVENT_LONGITUDE_DEGREE", -180, 180),
        ev_depth_km=value("EVENT_DEPTH_KM"),
        hypocentre_reference=_reference(fields, "HYPOCENTER_REFERENCE"),
        magnitude=moment if moment is not None else local,
        magnitude_type="Mw" if moment is not None else "ML" if local is not None else None,
        mw=moment,
        mw_reference=_reference(fields, "MAGNITUDE_W_REFERENCE"),
        ml=local,
        ml_reference=_reference(fields, "MAGNITUDE_L_REFERENCE"),
        stated_distance_km=value("EPICENTRAL_DISTANCE_KM"),
        start_time=reader.time(fields.get(FIRST_SAMPLE_TIME, ""), FIRST_SAMPLE_TIME),
        triggering=TRIGGERING.get(fields.get("LATE/NORMAL_TRIGGERED", "").strip().upper()),
        sampling_rate_hz=round(1.0 / interval, 6),
    )
    return replace(metadata, header_doubts=reader.summary())


def _event_time(fields: dict[str, str], reader: FieldReader) -> datetime | None:
    """The event's time, where the header tells both day and hour."""
    day, hour = (known(fields.get(key, "")) for key in ("EVENT_DATE_YYYYMMDD", "EVENT_TIME_HHMMSS"))
    if not day and not hour:
        return None
    return reader.time(f"{day} {hour}", "EVENT_DATE_YYYYMMDD EVENT_TIME_HHMMSS")


def _reference(fields: dict[str, str], key: str) -> str | None:
    return known(fields.get(key, ""))[:80] or None


def _code(text: str, pattern: re.Pattern[str]) -> str | None:
    return text if pattern.fullmatch(text) else None


def _event_id(text: str) -> str | None:
    return None if text == "-1" else known(text)[:80] or None
