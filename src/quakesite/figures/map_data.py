"""What the interactive map knows of every station."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from quakesite.figures.hv_curve import read_curves, summary
from quakesite.figures.overview import read_snr
from quakesite.figures.stations_map import has_place
from quakesite.figures.table_rows import finite, read_rows
from quakesite.records.schema import CATALOGUE
from quakesite.stations.codes import one_per_code
from quakesite.stations.schema import STATIONS, site_class
from quakesite.tables import read_parquet

OF_STATION = [
    "station",
    "network",
    "latitude",
    "longitude",
    "elevation_m",
    "province",
    "vs30_m_s",
    "vs30_source",
    "vs30_method",
]
OF_RECORD = [
    "record_id",
    "station",
    "event_id",
    "magnitude",
    "epicentral_distance_km",
    "ev_depth_km",
    "pga_cm_s2",
]


def read_stations(
    stations: str | Path,
    predictions: str | Path,
    catalogue: str | Path,
    picks: str | Path,
    features: Sequence[str | Path],
    method: str | None = None,
) -> list[dict[str, Any]]:
    """Returns one entry per station that has coordinates, in the order of the stations table.

    Keys: `code`, `network`, `province`, `latitude`, `longitude` (degrees), `elevation` (m), `measured`,
    `source`, `predicted`, `low`, `high` (m/s), `coverage`, `model`, `unseen`, `outside`, `class` (of the
    measured Vs30, else of the predicted one), `hv` and `hvDeviation` (ln H/V at `HV_FREQUENCIES_HZ`),
    `hvRecords`, `records` (event, magnitude, km, km, cm/s^2, dB). None where something is not known.
    """
    predicted = {row["station"]: row for row in read_rows(predictions)}
    records = _records(catalogue, read_snr(picks, method))
    curves = read_curves(features)
    entries = []
    for row in one_per_code(read_parquet(stations, STATIONS, columns=OF_STATION)).to_pylist():
        if not has_place(row):
            continue
        code = row["station"]
        entry = _entry(row, predicted.get(code))
        entry["records"] = records.get(code, [])
        if code in curves:
            of_station = summary(curves[code])
            entry["hv"] = [round(value, 3) for value in of_station.mean.tolist()]
            entry["hvDeviation"] = [round(value, 3) for value in of_station.deviation.tolist()]
            entry["hvRecords"] = len(curves[code])
        entries.append(entry)
    return entries


def _entry(row: dict[str, Any], said: dict[str, str] | None) -> dict[str, Any]:
    measured = finite(row["vs30_m_s"])
    said = said or {}
    predicted = _number(said.get("vs30_predicted"))
    known = measured if measured is not None else predicted
    source = " by ".join(filter(None, (row["vs30_source"], row["vs30_method"])))
    return {
        "code": row["station"],
        "network": row["network"],
        "province": row["province"],
        "latitude": round(row["latitude"], 5),
        "longitude": round(row["longitude"], 5),
        "elevation": finite(row["elevation_m"]),
        "measured": None if measured is None else round(measured, 1),
        "source": source or None,
        "predicted": predicted,
        "low": _number(said.get("vs30_low")),
        "high": _number(said.get("vs30_high")),
        "coverage": _number(said.get("coverage")),
        "model": said.get("model") or None,
        "unseen": said.get("out_of_fold") == "true",
        "outside": said.get("outside_data") == "true",
        "class": None if known is None else site_class(known),
        "hv": None,
    }


def _number(written: str | None) -> float | None:
    number = finite(written)
    return None if number is None else round(number, 2)


def _records(catalogue: str | Path, snr_db: dict[str, float]) -> dict[str, list[list[Any]]]:
    of_station: dict[str, list[list[Any]]] = {}
    for row in read_parquet(catalogue, CATALOGUE, columns=OF_RECORD).to_pylist():
        numbers = (
            row["magnitude"],
            row["epicentral_distance_km"],
            row["ev_depth_km"],
            row["pga_cm_s2"],
            snr_db.get(row["record_id"]),
        )
        known = map(finite, numbers)
        rounded = [None if value is None else float(f"{value:.4g}") for value in known]
        of_station.setdefault(row["station"], []).append([_stamp(row["event_id"]), *rounded])
    return of_station


def _stamp(event_id: str) -> str:
    """Returns YYYYMMDDhhmmss as a person reads it."""
    if len(event_id) != 14 or not event_id.isdecimal():
        return event_id
    return f"{event_id[:4]}-{event_id[4:6]}-{event_id[6:8]} {event_id[8:10]}:{event_id[10:12]}"
