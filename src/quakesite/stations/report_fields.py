"""The single values of a report, by the labels of its layout: station, date, stated Vs30, coordinates."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from quakesite.stations.cell_values import SPEEDS
from quakesite.stations.coordinates import Axis, degrees
from quakesite.stations.document import Document
from quakesite.stations.marks import without_mark
from quakesite.stations.parsing import composed, date, fold, number, station_code
from quakesite.stations.report_layouts import FieldName, Layout
from quakesite.stations.uncertainty import methods_of

STATED_VS30_M_S = (50.0, 5000.0)
STATED_SIGMA_LN = (0.005, 1.0)
FILE_NAME = "file name"
"""The place of a station that the file's name tells."""
COORDINATES: tuple[Axis, Axis] = ("latitude", "longitude")


@dataclass(frozen=True)
class Found:
    """The value of a field as it stands, its unit, and its place; a station's `network` where it is named.

    `others` are the places at which something else is said to be the station.
    """

    value: str
    unit: str
    network: str | None
    place: str
    others: tuple[str, ...] = ()


def fields_of(
    document: Document, layout: Layout, names: Sequence[FieldName] | None = None
) -> dict[FieldName, Found]:
    """Returns the report's fields: each by the first of the layout's labels for it that is there, of one
    label the first line.

    Args:
        document: the report.
        layout: its labels; a station of the file's name counts where no label names one.
        names: which fields; None for all, and the file's name.
    """
    folded = [(line, fold(line.text)) for line in document.lines]
    found: dict[FieldName, Found] = {}
    by_label: list[Found] = []
    for name, patterns in layout.field_patterns.items():
        if names is not None and name not in names:
            continue
        candidates: list[Found] = []
        for pattern in patterns:
            said = [
                _cut(match, line.text, line.place)
                for line, text in folded
                for match in pattern.finditer(text)
                if match["value"] and _says(name, match, line.text)
            ]
            candidates += said
            if name == "station":
                by_label += sorted(said, key=lambda one: not one.value.isdigit())[:1]
        if name == "station":
            candidates.sort(key=lambda candidate: not candidate.value.isdigit())
        if candidates:
            found[name] = candidates[0]
    if names is None:
        _add_file_name(document, layout, found, by_label)
    return found


def _says(name: FieldName, match: re.Match[str], text: str) -> bool:
    """Returns whether what follows a label can be its value: a code, a velocity, for a method no prose."""
    if name == "vs30":
        return stated_vs30(_cut(match, text, "")) is not None
    if name == "station":
        return station_code(text[slice(*match.span("value"))]) is not None
    if name == "method":
        between = text[match.start() : match.start("value")]
        return bool(re.search(r"[:=]|\s{2}$", between)) or bool(methods_of(match["value"]))
    return True


def _add_file_name(
    document: Document, layout: Layout, found: dict[FieldName, Found], by_label: Sequence[Found]
) -> None:
    """Adds the station of the file's name, or notes what names another station than the one found."""
    stem = composed(document.path.stem)
    pattern = layout.station_in_file_name
    match = re.search(pattern, fold(stem)) if pattern is not None else None
    named = _cut(match, stem, FILE_NAME) if match is not None else None
    if "station" not in found:
        if named is not None:
            found["station"] = named
        return
    own = found["station"]
    measured = date(found["date"].value) if "date" in found else None
    if named is not None and measured is not None and named.value == str(measured.year):
        named = None
    against = by_label if named is None else [named]
    others = [one for one in against if _code(one) != _code(own)]
    found["station"] = replace(own, others=tuple(f"{one.value} ({one.place})" for one in others))


def _code(found: Found) -> str | None:
    code = station_code(found.value)
    return code[1] if code else None


def _cut(match: re.Match[str], text: str, place: str) -> Found:
    groups = match.groupdict()
    start, end = match.span("value")
    unit = groups.get("unit") or groups.get("unit_before") or ""
    unit = "%" if groups.get("percent") else unit
    network = groups.get("network")
    return Found(text[start:end].strip(), unit, network.upper() if network else None, place)


def _number(found: Found) -> float | None:
    try:
        return number(found.value.rstrip(".,"))
    except ValueError:
        return None


def stated_vs30(found: Found) -> float | None:
    """Returns a stated Vs30 in m/s, null where it is none that can be."""
    value = _number(found)
    if value is None:
        return None
    value *= next((factor for pattern, factor in SPEEDS if re.search(pattern, fold(found.unit))), 1.0)
    low, high = STATED_VS30_M_S
    if (
        value < low
    ):  # `1.300 m/s` can only be 1300; it is compared with the layers, and counts for nothing else
        value = without_mark(found.value.rstrip(".,")) or value
    return value if low <= value <= high else None


def stated_sigma_ln(found: Found, vs30: float) -> float | None:
    """Returns a stated uncertainty of Vs30 (in %, m/s or of ln Vs30) as standard deviation of ln Vs30."""
    value = _number(found)
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


def coordinates(fields: dict[FieldName, Found]) -> tuple[float | None, float | None]:
    """Returns latitude and longitude in degrees, both null where either is missing or cannot be."""
    values: list[float | None] = []
    for name in COORDINATES:
        try:
            values.append(degrees(fields[name].value, name) if name in fields else None)
        except ValueError:
            values.append(None)
    latitude, longitude = values
    if latitude is None or longitude is None or abs(latitude) > 90 or abs(longitude) > 180:
        return None, None
    return latitude, longitude
