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
from quakesite.stations.document import Document, Line, ReportError, read_document
from quakesite.stations.layer_rows import SPEEDS
from quakesite.stations.layer_table import LayerTable, find_layers
from quakesite.stations.parsing import composed, date, fold, number, station_code
from quakesite.stations.report_layouts import FieldName, Layout
from quakesite.stations.report_parts import Part, parts_of
from quakesite.stations.schema import Source
from quakesite.stations.statements import Statement

STATED_VS30_M_S = (50.0, 5000.0)
STATED_DIFFERS_PCT = 1.0
"""Above this a stated value is flagged: layer tables rounded to a decimetre and 1 m/s stay well below."""
STATED_SIGMA_LN = (0.005, 1.0)
NO_STATION = "no station code, neither in the text nor in the file's name"
OF_THE_COVER: tuple[FieldName, ...] = ("network", "date", "method")
"""What the cover of a report on several stations says about all of them."""
SHOWN: tuple[FieldName, ...] = ("latitude", "longitude", "date", "method")

Shallow = Literal["reject", "boore2004", "boore2011"]


@dataclass(frozen=True)
class _Found:
    value: str
    unit: str
    network: str | None
    place: str


def read_report(path: Path, layouts: Sequence[Layout], shallow_profiles: Shallow) -> list[Statement | Reject]:
    """Returns what a report says about each of its stations (mostly one), or why it cannot be used.

    Every layout is tried, and the one that finds most of the report counts (of equals, the first).

    Args:
        path: a .pdf, .csv or .xlsx file.
        layouts: see `read_layouts`.
        shallow_profiles: what becomes of a profile that ends above 30 m.
    """
    try:
        document = read_document(path)
        layout = _best(document, layouts)
    except ReportError as error:
        return [_reject(path, error)]
    parts, cover = parts_of(document, layout, lambda line: _station_of(line, layout))
    said: list[Statement | Reject] = []
    for part in parts:
        said += _read_part(part, layout, cover, shallow_profiles)
    return said


def _reject(path: Path, error: ReportError, code: str | None = None) -> Reject:
    detail = f"station {code}: {error}" if code else str(error)
    return Reject("", str(path), "stations", error.reason, detail)


def _best(document: Document, layouts: Sequence[Layout]) -> Layout:
    scores: list[tuple[int, int]] = []
    for index, layout in enumerate(layouts):
        score = len(_fields(document, layout))
        try:
            score += 100 + find_layers(document, layout)[0].n_columns
        except ReportError as error:
            score += 50 if not str(error).startswith("no layer table") else 0
        scores.append((-score, index))
    if not scores:
        raise ReportError(Reason.BAD_REPORT, "no layout to read it by")
    return layouts[min(scores)[1]]


def _station_of(line: Line, layout: Layout) -> str | None:
    """Returns the code of the station that a line names by a label of the layout."""
    for pattern in layout.field_patterns.get("station", []):
        for match in pattern.finditer(fold(line.text)):
            start, end = match.span("value")
            code = station_code(line.text[start:end])
            if code is not None and any(character.isdigit() for character in code[1]):
                return code[1]
    return None


def _read_part(
    part: Part, layout: Layout, cover: Document | None, shallow: Shallow
) -> list[Statement | Reject]:
    document = part.document
    fields = _fields(document, layout)
    if part.station:
        place = document.lines[0].place if document.lines else ""
        stated = fields.get("station")
        if stated is None or station_code(stated.value) != station_code(part.station):
            fields["station"] = _Found(part.station, "", None, place)
        if cover is not None:
            fields = _fields(cover, layout, OF_THE_COVER) | fields
    try:
        groups = find_layers(document, layout)
    except ReportError as error:
        code = station_code(fields["station"].value) if "station" in fields else None
        if code is None:
            return [_reject(document.path, ReportError(Reason.BAD_REPORT, NO_STATION))]
        return [_reject(document.path, error, code[1])]
    said: list[Statement | Reject] = []
    for group in groups:
        own = dict(fields)
        if group.station:
            own["station"] = _Found(group.station, "", None, group.rows[0].place)
            if len(groups) > 1:
                own = {name: found for name, found in own.items() if name in ("station", *OF_THE_COVER)}
        code = station_code(own["station"].value) if "station" in own else None
        if code is None:
            said.append(_reject(document.path, ReportError(Reason.BAD_REPORT, NO_STATION)))
            continue
        try:
            said.append(_statement(document, layout, own, group.table(), shallow))
        except ReportError as error:
            said.append(_reject(document.path, error, code[1]))
    return said


def _fields(
    document: Document, layout: Layout, names: Sequence[FieldName] | None = None
) -> dict[FieldName, _Found]:
    found: dict[FieldName, _Found] = {}
    for name, patterns in layout.field_patterns.items():
        if names is not None and name not in names:
            continue
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
    if names is None and "station" not in found and layout.station_in_file_name is not None:
        stem = composed(document.path.stem)
        match = re.search(layout.station_in_file_name, fold(stem))
        if match is not None:
            found["station"] = _cut(match, stem, "file name")
    return found


def _cut(match: re.Match[str], text: str, place: str) -> _Found:
    groups = match.groupdict()
    start, end = match.span("value")
    unit = groups.get("unit") or groups.get("unit_before") or ""
    unit = "%" if groups.get("percent") else unit
    network = groups.get("network")
    return _Found(text[start:end].strip(), unit, network.upper() if network else None, place)


def _stated(found: _Found) -> float | None:
    try:
        value = number(found.value.rstrip(".,"))
    except ValueError:
        return None
    if value is None:
        return None
    value *= next((factor for pattern, factor in SPEEDS if re.search(pattern, fold(found.unit))), 1.0)
    low, high = STATED_VS30_M_S
    return value if low <= value <= high else None


def _sigma_ln(found: _Found, vs30: float) -> float | None:
    """Returns a stated uncertainty of Vs30 (in %, m/s or of ln Vs30) as standard deviation of ln Vs30."""
    try:
        value = number(found.value.rstrip(".,"))
    except ValueError:
        return None
    if value is None:
        return None
    unit = fold(found.unit)
    if "%" in unit:
        value /= 100.0
    elif value >= 1.0 or re.search(r"/\s*s", unit):
        value *= next((factor for pattern, factor in SPEEDS if re.search(pattern, unit)), 1.0)
        value /= vs30
    low, high = STATED_SIGMA_LN
    return value if low <= value <= high else None


def _statement(
    document: Document,
    layout: Layout,
    fields: dict[FieldName, _Found],
    table: LayerTable,
    shallow: Shallow,
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
        *(
            f"layer {_thickness(layer.thickness_m)}, {layer.vs_m_s:g} m/s: {place}"
            for layer, place in zip(layers, table.places, strict=True)
        ),
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
    stated_sigma = _sigma_ln(fields["uncertainty"], vs30) if "uncertainty" in fields else None
    if stated_sigma is not None:
        notes.append(f"sigma of ln Vs30 {stated_sigma:.3g}: {fields['uncertainty'].place}")
    notes += [f"{name} {fields[name].value}: {fields[name].place}" for name in SHOWN if name in fields]
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
        sigma_ln=stated_sigma,
        extrapolation_sigma_ln=sigma,
        stated_vs30_m_s=stated,
        profile_depth_m=end or None,
        vsz_m_s=profile.vsz(layers, end) if end else None,
        z1_m=profile.z1(layers),
        flags=tuple(flags),
        notes=tuple(notes),
    )


def _thickness(metres: float) -> str:
    return "half-space" if math.isinf(metres) else f"{metres:g} m"


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
