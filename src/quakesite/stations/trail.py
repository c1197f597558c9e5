"""Where each number of a station came from: tables for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quakesite.errors import InputError, did_you_mean
from quakesite.rejects import SCHEMA as REJECTS
from quakesite.stations.schema import STATIONS
from quakesite.tables import read_parquet

if TYPE_CHECKING:
    from rich.console import RenderableType

HEADING = ("source", "Vs30 (m/s)", "coordinates", "date", "records", "status", "where it stands")
OF_VS30 = ("vs30_date", "vs30_method", "profile_depth_m", "vsz_m_s", "z1_m")
"""Columns that come from where Vs30 comes from."""
VALUES = ("column", "value", "source", "distance (m)", "where it stands")


@dataclass(frozen=True)
class Trail:
    """A title, a heading and the rows below it, and closing lines."""

    title: str
    rows: list[tuple[str, ...]]
    remarks: list[str]
    heading: tuple[str, ...] = HEADING


def explain(stations: Path, rejects: Path | None, code: str) -> list[Trail]:
    """Returns the trail of each station with this code: what every source says, and what became of it.

    Args:
        stations: the table written by `quakesite stations join`.
        rejects: its rejects, where they are there.
        code: the station's code.

    Raises:
        InputError: the table is missing, or has no such station.
    """
    if not stations.is_file():
        raise InputError(
            stations,
            "no such file",
            action="run the workflow first, or look at what you have: quakesite stations check FOLDER",
        )
    known = read_parquet(stations, STATIONS)
    rows = [row for row in known.to_pylist() if row["station"] == code]
    refused = _refused(rejects, code)
    if not rows:
        said = f"; refused: {' | '.join(refused)}" if refused else ""
        codes = sorted(known["station"].to_pylist())
        listed = f"its {len(codes)} codes run from {codes[0]} to {codes[-1]}" if codes else "it has none"
        action = did_you_mean(code, codes) or listed
        raise InputError(stations, f"no station {code}{said}", field="station", action=action)
    trails = []
    for row in rows:
        trails.append(Trail(_title(row), [_evidence(said) for said in row["evidence"]], []))
        trails.append(_numbers(row))
    trails[-1].remarks.extend(f"refused: {line}" for line in refused)
    return trails


def _numbers(row: dict[str, Any]) -> Trail:
    """Returns each value of the station and where it was read."""
    shown: list[tuple[str, ...]] = []
    for origin in row["origins"] or ():
        value = row[origin["field"]]
        away = "" if origin["distance_m"] is None else f"{origin['distance_m']:.0f}"
        shown.append(
            (
                origin["field"],
                f"{value:.7g}" if isinstance(value, float) else str(value),
                origin["source"],
                away,
                f"{origin['file']}: {origin['place']}",
            )
        )
        if origin["field"] == "vs30_m_s" and row["vs30_sigma_ln"] is not None:
            basis = f"{row['vs30_sigma_basis']}"
            basis += "" if row["vs30_n_methods"] is None else f", {row['vs30_n_methods']} method(s)"
            shown.append(("vs30_sigma_ln", f"{row['vs30_sigma_ln']:.3g}", basis, "", ""))
        if origin["field"] == "vs30_m_s":
            shown += [
                (name, f"{row[name]:.7g}" if isinstance(row[name], float) else str(row[name]), *origin_of, "")
                for name in OF_VS30
                if row[name] is not None
                for origin_of in [(origin["source"], "")]
            ]
    moved = row["records_before_move"] or ()
    remarks = [f"{len(moved)} records are of where it stood before: {', '.join(moved[:5])}"] if moved else []
    return Trail(f"Values of {row['network']} {row['station']}", shown, remarks, VALUES)


def _refused(rejects: Path | None, code: str) -> list[str]:
    if rejects is None or not rejects.is_file():
        return []
    return [
        f"{row['source']}: {row['reason']}: {row['detail']}"
        for row in read_parquet(rejects, REJECTS).to_pylist()
        if row["detail"].startswith((f"station {code}:", f"station {code} "))
    ]


def _title(row: dict[str, Any]) -> str:
    name = f"{row['network']} {row['station']}" + (f", {row['province']}" if row["province"] else "")
    if row["vs30_m_s"] is None:
        return f"{name}: no Vs30"
    classes = f"NEHRP {row['site_class']}, EC8 {row['site_class_ec8']}, TBDY {row['site_class_tbdy']}"
    return f"{name}: Vs30 {row['vs30_m_s']:.1f} m/s from {row['vs30_source']} ({classes})"


def _evidence(said: dict[str, Any]) -> tuple[str, ...]:
    located = said["latitude"] is not None
    flags = said["flags"].replace(";", ", ")
    notes = [note for note in said["notes"].split("; ") if note]
    return (
        said["source"],
        "" if said["vs30_m_s"] is None else f"{said['vs30_m_s']:.1f}",
        f"{said['latitude']:.5f} N {said['longitude']:.5f} E" if located else "",
        str(said["date"] or ""),
        str(said["n_records"] or ""),
        said["status"] + (f" ({flags})" if flags else ""),
        "\n".join([f"{said['file']}: {said['place']}", *notes]),
    )


def shown_columns(trail: Trail) -> list[int]:
    """Returns the columns that have a value in any row."""
    return [index for index in range(len(trail.heading)) if any(row[index] for row in trail.rows)]


def rendered(trails: Sequence[Trail]) -> list[RenderableType]:
    """Returns the trails for a Rich console, columns without a value left out."""
    from rich.markup import escape
    from rich.table import Table

    shown: list[RenderableType] = []
    for trail in trails:
        keep = shown_columns(trail)
        table = Table(title=escape(trail.title), title_justify="left", title_style="bold")
        for index in keep:
            table.add_column(trail.heading[index], overflow="fold")
        for row in trail.rows:
            table.add_row(*(escape(row[index]) for index in keep))
        shown.append(table if trail.rows else escape(trail.title))
        shown += [escape(remark) for remark in trail.remarks]
    return shown
