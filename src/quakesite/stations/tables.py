"""Station tables: TADAS station list exports, as .xlsx or .csv."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile
from pathlib import Path

from quakesite.errors import InputError
from quakesite.rejects import Reason, Reject
from quakesite.stations.cells import rows
from quakesite.stations.coordinates import WITHOUT_ZONE, Axis, degrees, from_utm, utm_of, zone_in
from quakesite.stations.marks import Marks, without_mark
from quakesite.stations.parsing import date, heading_key, is_absent, number, station_code
from quakesite.stations.schema import PLAUSIBLE_VS30_M_S, Source
from quakesite.stations.statements import Statement

DEFAULT_NETWORK = "TK"

HEADINGS = {
    "network": ("network", "networkcode", "net", "ag", "agkodu", "sebeke"),
    "station": ("code", "stationcode", "station", "istasyonkodu", "kod", "istasyon", "istasyonno"),
    "vs30_m_s": ("vs30", "vs30ms", "vs30msec", "vs30mpers", "vs30msn"),
    "latitude": ("latitude", "lat", "stlatitude", "enlem"),
    "longitude": ("longitude", "lon", "stlongitude", "boylam"),
    "easting": ("easting", "utmeasting", "utme", "utmx", "saga", "sagadeger"),
    "northing": ("northing", "utmnorthing", "utmn", "utmy", "yukari", "yukarideger"),
    "zone": ("zone", "utmzone", "zon", "utmzon", "utmdilim", "utmdilimi"),
    "elevation_m": ("elevation", "elevationm", "stelevation", "yukseklik", "rakim"),
    "province": ("province", "il"),
    "f0_hz": ("f0", "f0hz"),
    "tp_s": ("tp", "tps"),
    "installed": ("installationdata", "installationdate", "kurulumtarihi"),
    "removed": ("removaldate", "sokumtarihi", "kapanistarihi"),
    "method": ("vs30method", "method", "yontem"),
    "n_methods": ("nmethods", "numberofmethods", "vs30nmethods", "yontemsayisi"),
    "sigma_ln": ("vs30sigmaln", "sigmalnvs30", "sigmaln"),
    "slope": ("slope", "egim"),
    "status": ("kyhstatus", "status", "durum"),
}
"""Each column's headings in TADAS exports, the ESM flatfile and Turkish, as `heading_key` gives them."""

SLOPE_CLASS = re.compile(r"[A-Za-z]\d?")
"""TADAS has a code of the topography where other lists have a slope in m/m: S0, S1, T0, ..."""

DEGREES: tuple[Axis, Axis] = ("latitude", "longitude")
IN_UTM = ("easting", "northing")

EXPECTED = "the columns of a TADAS station list export (Network, Code, Latitude, Longitude, Vs30, ...)"
THOUSANDS = frozenset({"vs30_m_s", "elevation_m"})
"""What some tables write with a mark between thousands."""

LIMITS = {
    "latitude": (-90.0, 90.0),
    "longitude": (-180.0, 180.0),
    "elevation_m": (-500.0, 9000.0),
    "f0_hz": (0.01, 100.0),
    "tp_s": (0.01, 100.0),
    "n_methods": (1, 20),
    "sigma_ln": (0.005, 2.0),
    "slope": (0.0, 10.0),
}


def check_tables(paths: Sequence[str | Path]) -> None:
    """Checks that each path is a station table, from its heading row alone.

    Raises:
        InputError: a file is missing, is no .xlsx or .csv, or has no Code or no Vs30 column.
    """
    for path in map(Path, paths):
        _columns(path, *_first_row(path))


def _first_row(path: Path) -> tuple[str, list[object]]:
    for row in rows(path, first_only=True):
        return row
    raise InputError(path, "empty", expected=EXPECTED)


def _columns(path: Path, place: str, cells: Sequence[object]) -> dict[str, int]:
    keys = [heading_key(str(cell)) if cell is not None else "" for cell in cells]
    columns = {
        name: min(keys.index(key) for key in known if key in keys)
        for name, known in HEADINGS.items()
        if any(key in keys for key in known)
    }
    for name, heading in (("station", "Code"), ("vs30_m_s", "Vs30")):
        if name not in columns:
            found = ", ".join(str(cell) for cell in cells if not is_absent(cell))
            if len(found) > 160:
                found = found[:157] + "..."
            raise InputError(
                path,
                "column missing",
                field=heading,
                expected=f"{EXPECTED}; found {found} ({place})",
            )
    return columns


def read_table(path: str | Path) -> tuple[list[Statement], list[Reject]]:
    """Returns what a station table says about each station, and the cells and rows that say nothing true.

    Stations of a table without a network column belong to TK.

    Raises:
        InputError: see `check_tables`.
    """
    path = Path(path)
    source = rows(path)
    heading = next(source, None)
    if heading is None:
        raise InputError(path, "empty", expected=EXPECTED)
    columns = _columns(path, *heading)
    zone = next(
        filter(None, (zone_in(str(heading[1][columns[name]])) for name in IN_UTM if name in columns)), None
    )
    statements: list[Statement] = []
    rejects: list[Reject] = []
    sheet = heading[0].rpartition("row ")[0]
    n_rows = n_refused = 0
    below = [
        (place, {name: cells[index] for name, index in columns.items() if index < len(cells)})
        for place, cells in takewhile(lambda row: row[0].rpartition("row ")[0] == sheet, source)
    ]
    marks = _marks(found for _, found in below)
    if columns.keys() >= set(IN_UTM) and not (zone or "zone" in columns or columns.keys() >= set(DEGREES)):
        rejects.append(_without_zone(f"{path}: {heading[0]}", [found for _, found in below]))
    for place, found in below:
        n_rows += 1
        found.setdefault("zone", zone)
        where = f"{path}: {place}"
        code = station_code(found.get("station"))
        if code is None:
            n_refused += 1
            rejects.append(
                Reject(
                    "", where, "stations", Reason.BAD_TABLE_ROW, f"Code: {found.get('station')!r} is no code"
                )
            )
            continue
        statements.append(_statement(str(path), place, code, found, marks, rejects))
    if n_rows != len(statements) + n_refused:
        raise RuntimeError(f"{path}: {n_rows} rows, {len(statements)} read and {n_refused} refused")
    return statements, rejects


def _without_zone(where: str, rows: Sequence[dict[str, object]]) -> Reject:
    """Returns the one refusal of UTM in a table that names no zone, and takes it out of the rows."""
    n_rows = sum(not is_absent(found.get("easting")) for found in rows)
    for found in rows:
        for name in IN_UTM:
            found.pop(name, None)
    return Reject(
        "", where, "stations", Reason.BAD_TABLE_ROW, f"coordinates of {n_rows} rows: {WITHOUT_ZONE}"
    )


def _marks(rows: Iterable[Mapping[str, object]]) -> Marks:
    """Returns what the table tells of its decimal and thousands marks."""
    marks = Marks()
    for found in rows:
        marks.see(found.get("vs30_m_s"), PLAUSIBLE_VS30_M_S[1], same_column=True)
        for name, (_, largest) in LIMITS.items():
            marks.see(found.get(name), largest)
    return marks


def _number(name: str, value: object, marks: Marks) -> float | None:
    """Returns the number of a cell in the column of a value.

    Raises:
        ValueError: there is something in it, but no number that can be; says what to do.
    """
    low, high = LIMITS.get(name, (-math.inf, math.inf))
    if name in DEGREES:
        found = degrees(value, "latitude" if name == "latitude" else "longitude")
        if found is not None and abs(found) > 1000:
            raise ValueError(
                f"{found:.10g} is no degree; for UTM give columns Easting, Northing and Zone (36N)"
            )
    elif name in THOUSANDS and marks.are_thousands(value):
        found = without_mark(value)
    else:
        found = number(value)
        other = without_mark(value)
        if name == "vs30_m_s" and found is not None and other is not None and found < PLAUSIBLE_VS30_M_S[0]:
            raise ValueError(f"{value!r} can be {found:g} and {other:g}; write {other:g} if that is meant")
    if found is not None and not low <= found <= high:
        raise ValueError(f"{found:g} is not within {low:g} to {high:g}")
    return found


def _place(
    found: Mapping[str, object], values: Mapping[str, float | None]
) -> tuple[float | None, float | None]:
    """Returns latitude and longitude, from UTM where the table gives no degrees; both or none.

    Raises:
        ValueError: UTM that cannot be read; says what to do.
    """
    latitude, longitude = values["latitude"], values["longitude"]
    if latitude is not None and longitude is not None:
        return latitude, longitude
    utm = utm_of(found.get("easting"), found.get("northing"), found.get("zone"))
    return (None, None) if utm is None else from_utm(utm)


def _statement(
    file: str,
    place: str,
    code: tuple[str | None, str],
    found: dict[str, object],
    marks: Marks,
    rejects: list[Reject],
) -> Statement:
    network = None if is_absent(found.get("network")) else str(found["network"]).strip().upper()
    values: dict[str, float | None] = {}
    slope_class = None
    if SLOPE_CLASS.fullmatch(str(found.get("slope") or "").strip()):
        slope_class = str(found.pop("slope")).strip().upper()

    def refuse(name: str, error: ValueError) -> None:
        detail = f"station {code[1]}: {name}: {error}"
        rejects.append(Reject("", f"{file}: {place}", "stations", Reason.BAD_TABLE_ROW, detail))

    for name in ("vs30_m_s", *LIMITS):
        values[name] = None
        try:
            values[name] = _number(name, found.get(name), marks)
        except ValueError as error:
            refuse(name, error)
    latitude = longitude = None
    try:
        latitude, longitude = _place(found, values)
    except ValueError as error:
        refuse("coordinates", error)
    return Statement(
        source=Source.TABLE,
        network=network or code[0] or DEFAULT_NETWORK,
        station=code[1],
        file=file,
        place=place,
        province=_text(found.get("province")),
        date=date(found.get("installed")),
        removed=date(found.get("removed")),
        method=_text(found.get("method")),
        vs30_m_s=values["vs30_m_s"],
        latitude=latitude,
        longitude=longitude,
        elevation_m=values["elevation_m"],
        f0_hz=values["f0_hz"],
        tp_s=values["tp_s"],
        slope=values["slope"],
        slope_class=slope_class,
        status=_text(found.get("status")),
        n_methods=None if values["n_methods"] is None else round(values["n_methods"]),
        sigma_ln=values["sigma_ln"],
    )


def _text(value: object) -> str | None:
    return None if is_absent(value) else str(value)
