"""MASW reports: the station, the layers and the stated Vs30 of each, with where each of them stands."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from quakesite.rejects import Reason, Reject
from quakesite.stations import profile
from quakesite.stations.document import Document, Line, ReportError, read_document
from quakesite.stations.layer_table import LayerRows, LayerTable, find_layers, missing_column
from quakesite.stations.parsing import date, fold, station_code
from quakesite.stations.report_fields import (
    FILE_NAME,
    Found,
    coordinates,
    fields_of,
    stated_sigma_ln,
    stated_vs30,
)
from quakesite.stations.report_layouts import FieldName, Layout
from quakesite.stations.report_parts import Part, parts_of
from quakesite.stations.schema import Source
from quakesite.stations.statements import Statement

STATED_DIFFERS = "stated_vs30_differs"
STATED_DIFFERS_PCT = 1.0
"""Above this a stated value is flagged: layer tables rounded to a decimetre and 1 m/s stay well below."""
NO_TABLE = "no layer table (a Vs column beside a thickness or depth column)"
NO_STATION = "no station code, neither in the text nor in the file's name"
OF_THE_COVER: tuple[FieldName, ...] = ("network", "date", "method")
"""What the cover of a report on several stations says about all of them."""
SHOWN: tuple[FieldName, ...] = ("latitude", "longitude", "date", "method")

Shallow = Literal["reject", "boore2004", "boore2011"]


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
    """Returns the layout by which most is found: a table before a table that lacks a column, then fields."""
    scores: list[tuple[int, int, int]] = []
    for index, layout in enumerate(layouts):
        tables = find_layers(document, layout)
        n_columns = max((group.n_columns for groups in tables for group in groups), default=0)
        lacking = not tables and missing_column(document, layout) is not None
        scores.append((-(2 * bool(tables) + lacking), -len(fields_of(document, layout)) - n_columns, index))
    if not scores:
        raise ReportError(Reason.BAD_REPORT, "no layout to read it by")
    return layouts[min(scores)[-1]]


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
    fields = fields_of(document, layout)
    if part.station:
        place = document.lines[0].place if document.lines else ""
        stated = fields.get("station")
        if stated is None or station_code(stated.value) != station_code(part.station):
            fields["station"] = Found(part.station, "", None, place)
        if cover is not None:
            fields = fields_of(cover, layout, OF_THE_COVER) | fields
    tables = find_layers(document, layout)
    if not tables:
        lacking = missing_column(document, layout)
        detail = f"column missing: {lacking}" if lacking else NO_TABLE
        return [_refused(fields, document.path, ReportError(Reason.BAD_REPORT, detail))]
    by_station: dict[str, list[LayerRows]] = {}
    for group in (group for groups in tables for group in groups):
        by_station.setdefault(group.station, []).append(group)
    said: list[Statement | Reject] = []
    for station, groups in by_station.items():
        own = dict(fields)
        if station:
            own["station"] = Found(station, "", None, groups[0].first_place)
            if len(by_station) > 1:
                own = {name: found for name, found in own.items() if name in ("station", *OF_THE_COVER)}
        code = station_code(own["station"].value) if "station" in own else None
        if code is None:
            said.append(_refused(own, document.path, ReportError(Reason.BAD_REPORT, NO_STATION)))
            continue
        try:
            said.append(_chosen([_profile(document, layout, own, group, shallow) for group in groups]))
        except ReportError as error:
            said.append(_refused(own, document.path, error))
    return said


def _refused(fields: dict[FieldName, Found], path: Path, error: ReportError) -> Reject:
    code = station_code(fields["station"].value) if "station" in fields else None
    if code is None:
        return _reject(path, ReportError(Reason.BAD_REPORT, NO_STATION))
    return _reject(path, error, code[1])


def _profile(
    document: Document, layout: Layout, fields: dict[FieldName, Found], group: LayerRows, shallow: Shallow
) -> Statement | ReportError:
    try:
        return _statement(document, layout, fields, group.table(), shallow)
    except ReportError as error:
        return error


def _chosen(profiles: Sequence[Statement | ReportError]) -> Statement:
    """Returns the profile that counts of those of one station in one report.

    A whole profile counts before one that ends above 30 m. Where one cannot be read, or whole ones differ by
    more than 1 %, the one whose Vs30 is the stated value counts, flagged; without it, none does.

    Raises:
        ReportError: none counts; says why.
    """
    whole = [one for one in profiles if isinstance(one, Statement) and one.extrapolation_sigma_ln is None]
    extrapolated = [one for one in profiles if isinstance(one, Statement) and one not in whole]
    errors = [one for one in profiles if isinstance(one, ReportError)]
    broken = [error for error in errors if error.reason is not Reason.SHALLOW_PROFILE]
    able = whole or extrapolated
    if len(profiles) == 1 and able:
        return able[0]
    as_stated = [one for one in able if STATED_DIFFERS not in one.flags and one.stated_vs30_m_s]
    if not able or (broken and not as_stated):
        raise (broken or errors)[0]
    first = (as_stated or able)[0]
    others = [one for one in able if one is not first]
    differing = [one for one in others if _differs(first.vs30_m_s, one.vs30_m_s)]
    if differing and not as_stated:
        both = " and ".join(f"Vs30 {one.vs30_m_s:.1f} m/s ({one.place})" for one in (first, differing[0]))
        detail = f"several profiles: {both}; no stated value tells which counts"
        raise ReportError(Reason.BAD_REPORT, detail)
    if not differing and not errors and len(able) == len(profiles):
        return first
    notes = [f"another profile, Vs30 {one.vs30_m_s:.1f} m/s: {one.place}" for one in differing]
    notes += [f"another profile: {error}" for error in errors]
    notes += [f"another profile, extrapolated: {one.place}" for one in extrapolated if one not in able]
    return replace(first, flags=(*first.flags, "several_profiles"), notes=(*first.notes, *notes))


def _differs(one: float | None, other: float | None) -> bool:
    return one is not None and other is not None and abs(one - other) > STATED_DIFFERS_PCT / 100.0 * one


def _statement(
    document: Document,
    layout: Layout,
    fields: dict[FieldName, Found],
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
    if station.place == FILE_NAME:
        flags.append("station_from_file_name")
    if station.others:
        flags.append("station_ambiguous")
        notes.append(f"another station is named, too: {', '.join(station.others)}")
    if document.hidden:
        flags.append("hidden_left_out")
        notes.append(f"hidden, left out: {', '.join(document.hidden)}")
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
    stated = stated_vs30(fields["vs30"]) if "vs30" in fields else None
    if stated is not None:
        notes.append(f"stated Vs30 {stated:g} m/s: {fields['vs30'].place}")
        if _differs(vs30, stated):
            flags.append(STATED_DIFFERS)
    stated_sigma = stated_sigma_ln(fields["uncertainty"], vs30) if "uncertainty" in fields else None
    if stated_sigma is not None:
        notes.append(f"sigma of ln Vs30 {stated_sigma:.3g}: {fields['uncertainty'].place}")
    notes += [f"{name} {fields[name].value}: {fields[name].place}" for name in SHOWN if name in fields]
    latitude, longitude = coordinates(fields)
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
