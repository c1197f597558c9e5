"""`flatfile.csv`: one row per record, in the columns of the ESM flatfile where it has one.

Source of the names: Lanzano et al. (2019), Bull. Earthq. Eng. 17, 561-582, and its files. ESM's U, V and W
are the components E, N and Z. Columns of ESM that this workflow knows nothing of are left out;
docs/records.md lists them.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from quakesite.evaluation.layout import Row
from quakesite.picks.flags import EARLY_P_S
from quakesite.picks.schema import PICKS
from quakesite.records.geodesy import distance_and_azimuth
from quakesite.records.schema import CATALOGUE
from quakesite.stations.schema import STATIONS
from quakesite.tables import atomic_open, read_parquet

COMPONENTS = {"U": "e", "V": "n", "W": "z"}
"""ESM's components, and those of the catalogue's columns."""

COPIED = {
    "event_id": "event_id",
    "ev_latitude": "ev_latitude",
    "ev_longitude": "ev_longitude",
    "ev_depth_km": "ev_depth_km",
    "ev_hyp_ref": "hypocentre_reference",
    "ML_ref": "ml_reference",
    "Mw_ref": "mw_reference",
    "network_code": "network",
    "station_code": "station",
    "location_code": "location",
    "instrument_code": "instrument",
    "st_latitude": "st_latitude",
    "st_longitude": "st_longitude",
    "st_elevation": "st_elevation_m",
    "epi_dist": "epicentral_distance_km",
    **{f"{esm}_hp": f"high_pass_{ours}_hz" for esm, ours in COMPONENTS.items()},
    **{f"{esm}_lp": f"low_pass_{ours}_hz" for esm, ours in COMPONENTS.items()},
    **{f"{esm}_pga": f"pga_{ours}_cm_s2" for esm, ours in COMPONENTS.items()},
    **{f"rotD{part}_pga": f"rotd{part}_pga_cm_s2" for part in ("50", "100", "00")},
    **{f"{esm}_T90": f"t90_{ours}_s" for esm, ours in COMPONENTS.items()},
    **{f"{esm}_CAV": f"cav_{ours}_cm_s" for esm, ours in COMPONENTS.items()},
    **{f"{esm}_ia": f"arias_{ours}_cm_s" for esm, ours in COMPONENTS.items()},
}
"""Columns of ESM that are the catalogue's under another name."""

OWN = (
    "record_id",
    "agency_event_id",
    "form",
    "magnitude",
    "magnitude_type",
    "back_azimuth_deg",
    "start_time",
    "sampling_rate_hz",
    "n_samples",
    "site_class",
    "vs30_source",
    "vs30_sigma_ln",
    "pick_method",
    "p_time_s",
    "s_time_s",
    "snr_db",
    "late_triggered_why",
    "triggering",
    "header_doubts",
)
"""Columns that ESM has none for; they come last."""

COLUMNS = (
    "event_id",
    "event_time",
    *("ev_latitude", "ev_longitude", "ev_depth_km", "ev_hyp_ref", "ML", "ML_ref", "Mw", "Mw_ref"),
    *("network_code", "station_code", "location_code", "instrument_code"),
    *("st_latitude", "st_longitude", "st_elevation", "ec8_code", "vs30_m_sec", "vs30_meas_type", "slope_deg"),
    *("epi_dist", "epi_az", "late_triggered_flag_01"),
    *(f"{esm}_channel_code" for esm in COMPONENTS),
    *(name for name in COPIED if name.partition("_")[2] in ("hp", "lp", "pga", "T90", "CAV", "ia")),
    *OWN,
)

OF_STATION = (
    *("station", "network", "vs30_m_s", "vs30_source", "vs30_method", "vs30_sigma_ln"),
    *("site_class", "site_class_ec8", "slope", "records_before_move"),
)
ROWS_AT_ONCE = 2048


@dataclass(frozen=True, slots=True)
class RecordPicks:
    """The picks of one record by one method, in seconds from its first sample, and its SNR in dB."""

    p_s: float | None = None
    s_s: float | None = None
    snr_db: float | None = None


def picks_by_record(picks: str | Path, method: str) -> dict[str, RecordPicks]:
    """Returns the picks of `method` in `picks.parquet`, by record."""
    table = read_parquet(picks, PICKS, columns=["record_id", "method", "phase", "time_s", "snr_db"])
    table = table.filter(pc.equal(table["method"], method))
    times: dict[str, dict[str, float]] = {}
    snr: dict[str, float | None] = {}
    for row in table.to_pylist():
        times.setdefault(row["record_id"], {})[row["phase"]] = row["time_s"]
        if row["phase"] == "P":
            snr[row["record_id"]] = row["snr_db"]
    return {key: RecordPicks(found.get("P"), found.get("S"), snr.get(key)) for key, found in times.items()}


def stations_by_code(stations: str | Path) -> dict[str, dict[str, Any]]:
    """Returns the columns `OF_STATION` of the table of stations, by station code; the first of each code."""
    found: dict[str, dict[str, Any]] = {}
    for row in read_parquet(stations, STATIONS, columns=OF_STATION).to_pylist():
        found.setdefault(row["station"], row)
    return found


def vs30_of(record_id: str, station: Mapping[str, Any]) -> float | None:
    """Returns the measured Vs30 under a record, in m/s; none where its station has been moved since."""
    if record_id in (station.get("records_before_move") or ()):
        return None
    value: float | None = station.get("vs30_m_s")
    return value


def flatfile_rows(
    catalogue: pa.Table,
    picks: Mapping[str, RecordPicks],
    stations: Mapping[str, Mapping[str, Any]],
    method: str,
) -> Iterator[Row]:
    """Yields the rows of the flatfile, `COLUMNS`, in the catalogue's order.

    Args:
        catalogue: table of the `CATALOGUE` schema.
        picks: see `picks_by_record`.
        stations: see `stations_by_code`.
        method: name of the method that picked.
    """
    for batch in catalogue.to_batches(ROWS_AT_ONCE):
        for record in batch.to_pylist():
            found = picks.get(record["record_id"])
            yield {
                **{esm: record[ours] for esm, ours in COPIED.items()},
                **{name: record[name] for name in OWN if name in record},
                **_of_event(record),
                **_of_station(record["record_id"], stations.get(record["station"], {})),
                **_of_picks(found or RecordPicks(), method if found else None, record["triggering"]),
            }


def _of_event(record: Mapping[str, Any]) -> Row:
    path = [record[name] for name in ("ev_latitude", "ev_longitude", "st_latitude", "st_longitude")]
    event, start = record["event_time"], record["start_time"]
    return {
        "event_time": None if event is None else f"{event:%Y-%m-%d %H:%M:%S}",
        "start_time": None if start is None else f"{start:%Y-%m-%d %H:%M:%S.%f}",
        **{name: _magnitude(record, name) for name in ("ML", "Mw")},
        **{
            f"{esm}_channel_code": f"{record['instrument']}{ours.upper()}" if record["instrument"] else None
            for esm, ours in COMPONENTS.items()
        },
        "epi_az": None if None in path else distance_and_azimuth(*path)[1],
    }


def _magnitude(record: Mapping[str, Any], scale: str) -> float | None:
    stated: float | None = record[scale.lower()]
    return record["magnitude"] if stated is None and record["magnitude_type"] == scale else stated


def _of_station(record_id: str, station: Mapping[str, Any]) -> Row:
    measured = vs30_of(record_id, station) is not None
    slope = station.get("slope")
    return {
        "slope_deg": None if slope is None else math.degrees(math.atan(slope)),
        "vs30_m_sec": station["vs30_m_s"] if measured else None,
        "vs30_meas_type": station["vs30_method"] if measured else None,
        "vs30_source": station["vs30_source"] if measured else None,
        "vs30_sigma_ln": station["vs30_sigma_ln"] if measured else None,
        "ec8_code": station["site_class_ec8"] if measured else None,
        "site_class": station["site_class"] if measured else None,
    }


def _late(p_s: float | None, triggering: str | None) -> str | None:
    """Why a record counts as triggered late; None where it does not."""
    if triggering == "late":
        return "header"
    if p_s is None:
        return "no_p"
    return "early_p" if p_s < EARLY_P_S else None


def _of_picks(found: RecordPicks, method: str | None, triggering: str | None) -> Row:
    why = _late(found.p_s, triggering)
    return {
        "late_triggered_flag_01": int(why is not None),
        "late_triggered_why": why,
        "pick_method": method,
        "p_time_s": found.p_s,
        "s_time_s": found.s_s,
        "snr_db": found.snr_db,
    }


def write_flatfile(
    catalogue: str | Path, picks: str | Path, stations: str | Path, method: str, out: str | Path
) -> int:
    """Writes the flatfile, atomically and row by row, and returns its number of rows.

    Raises:
        InputError: a table cannot be read.
    """
    table = read_parquet(catalogue, CATALOGUE)
    rows = flatfile_rows(table, picks_by_record(picks, method), stations_by_code(stations), method)
    with atomic_open(out) as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in rows:
            writer.writerow([_cell(name, row[name]) for name in COLUMNS])
    return len(table)


def _cell(name: str, value: Any) -> str:
    """Coordinates and times as they stand, other measures to six digits, empty for unknown."""
    if value is None:
        return ""
    if isinstance(value, float) and not name.endswith(("itude", "_time_s")):
        return f"{value:.6g}"
    return str(value)
