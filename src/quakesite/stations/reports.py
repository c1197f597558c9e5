"""MASW reports: the station, the layers and the stated Vs30 of each, with where each of them stands."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from quakesite.rejects import Reason, Reject
from quakesite.stations import profile
from quakesite.stations.document import Document, ReportError, read_document
from quakesite.stations.layer_table import LayerTable, find_layers
from quakesite.stations.parsing import composed, date, fold, number, station_code
from quakesite.stations.report_layouts import FieldName, Layout
from quakesite.stations.schema import Source
from quakesite.stations.statements import Statement

STATED_VS30_M_S = (50.0, 5000.0)
STATED_DIFFERS_PCT = 1.0
"""Above this a stated value is flagged: layer tables rounded to a decimetre and 1 m/s stay well below."""


@dataclass(frozen=True)
class _Found:
    value: str
    unit: str
    network: str | None
    place: str


def read_report(
    path: Path, layouts: Sequence[Layout], shallow_profiles: Literal["reject", "boore2004", "boore2011"]
) -> Statement | Reject:
    """Returns what a report says about its station, or why it cannot be used.

    Every layout is tried, and the one that finds most of the report counts (of equals, the first).

    Args:
        path: a .pdf, .csv or .xlsx file.
        layouts: see `read_layouts`.
        shallow_profiles: what becomes of a profile that ends above 30 m.
    """
    try:
        document = read_document(path)
        return _best(document, layouts, shallow_profiles)
    except ReportError as error:
        return Reject("", str(path), "stations", error.reason, str(error))


def _best(
    document: Document, layouts: Sequence[Layout], shallow: Literal["reject", "boore2004", "boore2011"]
) -> Statement:
    readings: list[tuple[int, int, Layout, dict[FieldName, _Found], LayerTable | ReportError]] = []
    for index, layout in enumerate(layouts):
        fields = _fields(document, layout)
        table: LayerTable | ReportError
        try:
            table = find_layers(document, layout)
            score = 100 + table.n_columns + len(fields)
        except ReportError as error:
            table = error
            score = len(fields) + (50 if not str(error).startswith("no layer table") else 0)
        readings.append((-score, index, layout, fields, table))
    if not readings:
        raise ReportError(Reason.BAD_REPORT, "no layout to read it by")
    _, _, layout, fields, table = min(readings, key=lambda reading: reading[:2])
    station = fields.get("station")
    code = station_code(station.value) if station is not None else None
    if station is None or code is None:
        raise ReportError(Reason.BAD_REPORT, "no station code, neither in the text nor in the file's name")
    try:
        if isinstance(table, ReportError):
            raise table
        return _statement(document, layout, fields, table, shallow)
    except ReportError as error:
        raise ReportError(error.reason, f"station {code[1]}: {error}") from None


def _fields(document: Document, layout: Layout) -> dict[FieldName, _Found]:
    found: dict[FieldName, _Found] = {}
    for name, patterns in layout.field_patterns.items():
        candidates = [
            _cut(match, line.text, line.place)
            for line in document.lines
            for pattern in patterns
            for match in pattern.finditer(fold(line.text))
            if match["value"]
        ]
        if name == "vs30":
            candidates = [candidate for candidate in candidates if _stated(candidate) is not None]
        elif name == "station":
            candidates = [one for one in candidates if station_code(one.value) is not None]
            candidates.sort(key=lambda candidate: not candidate.value.isdigit())
        if candidates:
            found[name] = candidates[0]
    if "station" not in found and layout.station_in_file_name is not None:
        stem = composed(document.path.stem)
        match = re.search(layout.station_in_file_name, fold(stem))
        if match is not None:
            found["station"] = _cut(match, stem, "file name")
    return found


def _cut(match: re.Match[str], text: str, place: str) -> _Found:
    groups = match.groupdict()
    start, end = match.span("value")
    unit = groups.get("unit") or groups.get("unit_before") or ""
    network = groups.get("network")
    return _Found(text[start:end].strip(), unit, network.upper() if network else None, place)


def _stated(found: _Found) -> float | None:
    try:
        value = number(found.value.rstrip(".,"))
    except ValueError:
        return None
    if value is None:
        return None
    if re.search(r"km\s*/", found.unit):
        value *= 1000.0
    low, high = STATED_VS30_M_S
    return value if low <= value <= high else None


def _statement(
    document: Document,
    layout: Layout,
    fields: dict[FieldName, _Found],
    table: LayerTable,
    shallow: Literal["reject", "boore2004", "boore2011"],
) -> Statement:
    station = fields["station"]
    code = station_code(station.value)
    if code is None:
        raise ValueError(f"{station.value!r} is no station code")
    layers = table.layers
    deepest = profile.depth_reached(layers)
    flags: list[str] = []
    notes = [
        f"station {code[1]}: {station.place}",
        f"{len(layers)} layers: {_span(table)}",
        f"layout {layout.name}",
    ]
    if station.place == "file name":
        flags.append("station_from_file_name")
    sigma = None
    if deepest >= profile.DEPTH_M - profile.ROUNDING_M:
        vs30 = profile.vs30(layers)
        top = math.fsum(layer.thickness_m for layer in layers[:-1])
        if math.isinf(deepest) and top < profile.DEPTH_M:
            flags.append(f"half_space_from_{top:g}_m")
    elif shallow == "reject":
        detail = f"the profile ends at {deepest:g} m, above 30 m ({table.last_place})"
        raise ReportError(Reason.SHALLOW_PROFILE, detail)
    else:
        try:
            vs30, sigma, depth = profile.extrapolated_vs30(layers, shallow)
        except profile.ShallowProfileError as error:
            raise ReportError(Reason.SHALLOW_PROFILE, f"{error} ({table.last_place})") from None
        flags.append(f"extrapolated_{shallow}_from_{depth}_m")
    stated = _stated(fields["vs30"]) if "vs30" in fields else None
    if stated is not None:
        notes.append(f"stated Vs30 {stated:g} m/s: {fields['vs30'].place}")
        if abs(stated - vs30) > STATED_DIFFERS_PCT / 100.0 * vs30:
            flags.append("stated_vs30_differs")
    latitude, longitude = _coordinates(fields)
    network = fields["network"].value.upper() if "network" in fields else None
    end = deepest if math.isfinite(deepest) else math.fsum(layer.thickness_m for layer in layers[:-1])
    return Statement(
        source=Source.REPORT,
        network=station.network or code[0] or network,
        station=code[1],
        file=str(document.path),
        place=_span(table),
        vs30_m_s=vs30,
        latitude=latitude,
        longitude=longitude,
        date=date(fields["date"].value) if "date" in fields else None,
        method=fields["method"].value if "method" in fields else None,
        sigma_ln=sigma,
        stated_vs30_m_s=stated,
        profile_depth_m=end or None,
        vsz_m_s=profile.vsz(layers, end) if end else None,
        z1_m=profile.z1(layers),
        flags=tuple(flags),
        notes=tuple(notes),
    )


def _span(table: LayerTable) -> str:
    first, last = table.first_place, table.last_place
    if first == last:
        return first
    before, _, number_of_first = first.rpartition(" ")
    before_last, _, number_of_last = last.rpartition(" ")
    return (
        f"{before}s {number_of_first} to {number_of_last}" if before == before_last else f"{first} to {last}"
    )


def _coordinates(fields: dict[FieldName, _Found]) -> tuple[float | None, float | None]:
    if "latitude" not in fields or "longitude" not in fields:
        return None, None
    latitude, longitude = number(fields["latitude"].value), number(fields["longitude"].value)
    if latitude is None or longitude is None or abs(latitude) > 90 or abs(longitude) > 180:
        return None, None
    return latitude, longitude
