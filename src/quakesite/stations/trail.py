"""Where each number of a station came from, and what a folder of sources will give: tables for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quakesite.errors import InputError
from quakesite.rejects import SCHEMA as REJECTS
from quakesite.rejects import Reject
from quakesite.stations.schema import STATIONS
from quakesite.tables import read_parquet

if TYPE_CHECKING:
    from rich.console import RenderableType

    from quakesite.stations.join import Joined

HEADING = ("source", "Vs30 (m/s)", "coordinates", "date", "records", "status", "where it stands")


@dataclass(frozen=True)
class Trail:
    """A title, the rows below `HEADING`, and closing lines."""

    title: str
    rows: list[tuple[str, ...]]
    remarks: list[str]


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
        raise InputError(stations, "no such file", action="run the workflow, or quakesite stations join")
    rows = [row for row in read_parquet(stations, STATIONS).to_pylist() if row["station"] == code]
    refused = _refused(rejects, code)
    if not rows:
        said = f"; refused: {' | '.join(refused)}" if refused else ""
        raise InputError(stations, f"no station {code}{said}", field="station")
    return [
        Trail(
            _title(row),
            [_evidence(said) for said in row["evidence"]],
            [f"refused: {line}" for line in refused],
        )
        for row in rows
    ]


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
    return (
        said["source"],
        "" if said["vs30_m_s"] is None else f"{said['vs30_m_s']:.1f}",
        f"{said['latitude']:.5f} N {said['longitude']:.5f} E" if located else "",
        str(said["date"] or ""),
        str(said["n_records"] or ""),
        said["status"] + (f" ({flags})" if flags else ""),
        "\n".join([f"{said['file']}: {said['place']}", *filter(None, said["notes"].split("; "))]),
    )


def preview(joined: Joined, rejects: Sequence[Reject]) -> list[Trail]:
    """Returns what will be used and what will not, and why, of sources that have been joined."""
    used: list[tuple[str, ...]] = []
    unused: list[tuple[str, ...]] = []
    refused: list[tuple[str, ...]]
    for row in joined.stations.to_pylist():
        for said in row["evidence"]:
            (used if said["status"] == "kept" else unused).append((row["station"], *_evidence(said)))
    conflicts = [
        f"{row['station']}: {row['field']}: {row['kept_file']} against {row['other_file']}: "
        + (
            f"{row['difference_pct']:.1f} %"
            if row["difference_km"] is None
            else f"{row['difference_km']:.1f} km"
        )
        for row in joined.conflicts.to_pylist()
    ]
    refused = [
        ("", "", "", "", "", "", f"refused: {reject.reason}", f"{reject.source}\n{reject.detail}")
        for reject in sorted(rejects, key=lambda reject: (reject.source, reject.detail))
    ]
    return [
        Trail(f"Will be used: a Vs30 for {len(used)} stations", used, []),
        Trail(f"Stands behind or says no Vs30: {len(unused)}", unused, conflicts),
        Trail(f"Will not be used: {len(refused)}", refused, []),
    ]


def rendered(trails: Sequence[Trail]) -> list[RenderableType]:
    """Returns the trails for a Rich console, columns without a value left out."""
    from rich.markup import escape
    from rich.table import Table

    shown: list[RenderableType] = []
    for trail in trails:
        wide = bool(trail.rows) and len(trail.rows[0]) > len(HEADING)
        heading = ("station", *HEADING) if wide else HEADING
        keep = [index for index in range(len(heading)) if any(row[index] for row in trail.rows)]
        table = Table(title=escape(trail.title), title_justify="left", title_style="bold")
        for index in keep:
            table.add_column(heading[index], overflow="fold")
        for row in trail.rows:
            table.add_row(*(escape(row[index]) for index in keep))
        shown.append(table if trail.rows else escape(trail.title))
        shown += [escape(remark) for remark in trail.remarks]
    return shown
