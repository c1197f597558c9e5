"""NSMN `.txt`, AFAD's old form: 18 header lines in Windows-1254, then columns N-S, E-W and U-D in gal."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from quakesite.records import sample_text
from quakesite.records.candidates import Candidate
from quakesite.records.fields import FieldReader, known
from quakesite.records.metadata import check_count, make_record
from quakesite.records.naming import station_code
from quakesite.records.opening import Sources
from quakesite.records.quality import peak_mismatch
from quakesite.records.record import Metadata, Record
from quakesite.records.refusal import Refusal, unreadable
from quakesite.rejects import Reason

HEAD_SIZE = 8192
"""Bytes within which the header ends; real ones have 900."""

_COLUMNS = re.compile(rb"^[ \t]*N-S[ \t]+E-W[ \t]+U-D[ \t\r]*\n", re.MULTILINE)
_PLACE = re.compile(r"(-?\d+(?:\.\d*)?)\s*([NS])\s*-\s*(-?\d+(?:\.\d*)?)\s*([EW])")
_PGA = re.compile(r"\(N-S\)\s*(\S+)\s*\(E-W\)\s*(\S+)\s*\(U-D\)\s*(\S+)")


def load_nsmn(candidate: Candidate, sources: Sources) -> Record:
    """Returns the record of one NSMN file; raises as `read_nsmn` does, and `flat`."""
    source = candidate.files["ENZ"]
    with unreadable(source):
        content = sources.read(source)
    metadata, samples = read_nsmn(content, source)
    return make_record(metadata, samples, stamp=candidate.stamp, form="nsmn", sources=(source,))


def read_nsmn(content: bytes, source: str) -> tuple[Metadata, npt.NDArray[np.float64]]:
    """Returns what an NSMN file says and its samples (3, n), E N Z, in cm/s^2.

    Checked against NUMBER OF DATA and RAW PGA VALUES. The form carries no network code; all its stations are
    of the national network, TK.

    Raises:
        Refusal: `bad_header`, `bad_samples`, `truncated` or `pga_mismatch`.
    """
    columns = _COLUMNS.search(content, 0, HEAD_SIZE)
    if not columns:
        raise Refusal(source, Reason.BAD_HEADER, "no line `N-S E-W U-D` before the samples")
    fields: dict[str, str] = {}
    for line in content[: columns.start()].decode("cp1254", "replace").split("\n"):
        key, colon, value = line.partition(":")
        if colon:
            fields.setdefault(key.strip(), value.strip())
    reader = FieldReader(source)
    metadata = _metadata(fields, reader)
    lines = sample_text.line_count(content, columns.end())
    count = fields.get("NUMBER OF DATA", "")
    if count != str(lines):
        raise Refusal(source, Reason.TRUNCATED, f"{lines} samples, NUMBER OF DATA says {count[:20]}")
    check_count(lines, source)
    try:
        north, east, up = sample_text.columns(content[columns.end() :], 3)
    except sample_text.BadNumber as error:
        raise Refusal(source, Reason.BAD_SAMPLES, str(error)) from None
    found = _PGA.search(fields.get("RAW PGA VALUES (gal)", ""))
    if found:
        stated = [reader.number(text, "RAW PGA VALUES (gal)") for text in found.groups()]
        for name, samples, pga in zip("NEU", (north, east, up), stated, strict=True):
            check_peak(source, name, samples, pga)
        metadata = replace(metadata, pga_mismatch=peak_mismatch((north, east, up), stated))
    return replace(metadata, header_doubts=reader.summary()), np.stack([east, north, up])


def check_peak(source: str, name: str, samples: npt.NDArray[np.float64], stated: float | None) -> None:
    """Checks a component's largest sample against the PGA its header states, to one part in a thousand.

    Raises:
        Refusal: `pga_mismatch`.
    """
    peak = float(np.abs(samples).max(initial=0.0))
    if stated is not None and abs(peak - abs(stated)) > 1e-3 * abs(stated) + 1e-6:
        detail = f"component {name}: largest sample {peak:.6g}, the header says {stated:.6g}"
        raise Refusal(source, Reason.PGA_MISMATCH, detail)


def _metadata(fields: dict[str, str], reader: FieldReader) -> Metadata:
    def value(key: str, low: float = -math.inf, high: float = math.inf) -> float | None:
        return reader.number(fields.get(key, ""), key, low, high)

    interval = reader.required(
        fields.get("SAMPLING INTERVAL (sec)", ""), "SAMPLING INTERVAL (sec)", 1e-4, 1.0
    )
    station = station_code(fields.get("STATION ID", ""))
    if not station:
        raise Refusal(reader.source, Reason.BAD_HEADER, "STATION ID: missing")
    size, _, scale = fields.get("EARTHQUAKE MAGNITUDE", "").partition(" ")
    magnitude = reader.number(size, "EARTHQUAKE MAGNITUDE", -2, 10)
    epicentre = _place(fields, "EPICENTER COORDINATES", reader)
    station_place = _place(fields, "STATION COORDINATES", reader)
    return Metadata(
        network="TK",
        station=station,
        st_latitude=station_place[0],
        st_longitude=station_place[1],
        st_elevation_m=value("STATION ALTITUDE (m)"),
        vs30_m_s=None,
        event_time=reader.time(fields.get("EARTHQUAKE DATE", ""), "EARTHQUAKE DATE"),
        ev_latitude=epicentre[0],
        ev_longitude=epicentre[1],
        ev_depth_km=value("EARTHQUAKE DEPTH (km)"),
        magnitude=magnitude,
        **of_scale(magnitude, magnitude_scale(scale)),
        stated_distance_km=None,
        start_time=reader.time(fields.get("RECORD TIME", ""), "RECORD TIME"),
        sampling_rate_hz=round(1.0 / interval, 6),
    )


def magnitude_scale(text: str) -> str | None:
    """Returns `Mw` or `ML` for either in any case, another scale's name as it stands."""
    text = text.strip()
    return {"mw": "Mw", "ml": "ML"}.get(text.lower(), text or None)


def of_scale(magnitude: float | None, scale: str | None) -> dict[str, Any]:
    """Returns the columns that a magnitude of this scale fills beside `magnitude` itself."""
    if magnitude is None:
        return {"magnitude_type": None}
    return {
        "magnitude_type": scale,
        "mw": magnitude if scale == "Mw" else None,
        "ml": magnitude if scale == "ML" else None,
    }


def _place(fields: dict[str, str], key: str, reader: FieldReader) -> tuple[float | None, float | None]:
    text = known(fields.get(key, ""))
    match = _PLACE.search(text)
    if not match:
        if text:
            reader.doubts.append(f"{key}: {text[:40]!r} taken as unknown, expected 36.9N-27.4E")
        return None, None
    latitude = float(match[1]) * (1 if match[2] == "N" else -1)
    longitude = float(match[3]) * (1 if match[4] == "E" else -1)
    return reader.within(latitude, key, -90, 90), reader.within(longitude, key, -180, 180)
