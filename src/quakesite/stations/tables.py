"""Station tables: TADAS station list exports, as .xlsx or .csv."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from quakesite.errors import InputError
from quakesite.rejects import Reason, Reject
from quakesite.stations.cells import rows
from quakesite.stations.parsing import date, heading_key, is_absent, number, station_code
from quakesite.stations.schema import Source
from quakesite.stations.statements import Statement

DEFAULT_NETWORK = "TK"

HEADINGS = {
    "network": ("network", "networkcode", "net", "ag", "agkodu", "sebeke"),
    "station": ("code", "stationcode", "station", "istasyonkodu", "kod", "istasyon", "istasyonno"),
    "vs30_m_s": ("vs30", "vs30ms", "vs30msec", "vs30mpers", "vs30msn"),
    "latitude": ("latitude", "lat", "stlatitude", "enlem"),
    "longitude": ("longitude", "lon", "stlongitude", "boylam"),
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

EXPECTED = "the columns of a TADAS station list export (Network, Code, Latitude, Longitude, Vs30, ...)"
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
    statements: list[Statement] = []
    rejects: list[Reject] = []
    sheet = heading[0].rpartition("row ")[0]
    n_rows = n_refused = 0
    for place, cells in source:
        if place.rpartition("row ")[0] != sheet:
            break
        n_rows += 1
        found = {name: cells[index] for name, index in columns.items() if index < len(cells)}
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
        statements.append(_statement(str(path), place, code, found, rejects))
    if n_rows != len(statements) + n_refused:
        raise RuntimeError(f"{path}: {n_rows} rows, {len(statements)} read and {n_refused} refused")
    return statements, rejects


def _statement(
    file: str, place: str, code: tuple[str | None, str], found: dict[str, object], rejects: list[Reject]
) -> Statement:
    network = None if is_absent(found.get("network")) else str(found["network"]).strip().upper()
    values: dict[str, float | None] = {}
    slope_class = None
    if SLOPE_CLASS.fullmatch(str(found.get("slope") or "").strip()):
        slope_class = str(found.pop("slope")).strip().upper()
    for name in ("vs30_m_s", *LIMITS):
        low, high = LIMITS.get(name, (-float("inf"), float("inf")))
        try:
            value = number(found.get(name))
            if value is not None and not low <= value <= high:
                raise ValueError(f"{value:g} is not within {low:g} to {high:g}")
        except ValueError as error:
            value = None
            detail = f"station {code[1]}: {name}: {error}"
            rejects.append(Reject("", f"{file}: {place}", "stations", Reason.BAD_TABLE_ROW, detail))
        values[name] = value
    if values["latitude"] is None or values["longitude"] is None:
        values["latitude"] = values["longitude"] = None
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
        latitude=values["latitude"],
        longitude=values["longitude"],
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
