"""Rows of the conflicts table: two sources that disagree on one station."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from quakesite.stations.places import Places
from quakesite.stations.schema import Source
from quakesite.stations.statements import Statement

STATED = "report_stated"
"""`other_source` where a report's own figure differs from the one computed from its layers."""

DATED = {Source.REPORT: "measured", Source.TABLE: "installed", Source.HEADER: "latest record"}


def difference_pct(kept: float, other: float) -> float:
    """Returns how far `other` is from `kept`, in per cent of `kept`."""
    return 100.0 * abs(other - kept) / kept


def vs30_conflicts(
    network: str, kept: Statement | None, others: Sequence[Statement], conflict_pct: float
) -> list[dict[str, Any]]:
    """Returns a row for each Vs30 that differs from the one kept by more than `conflict_pct` per cent.

    Args:
        network: of the station.
        kept: the statement whose Vs30 counts, if any states one.
        others: all of the station's statements.
        conflict_pct: see the configuration.
    """
    if kept is None or kept.vs30_m_s is None:
        return []
    said = [(str(row.source), row, row.vs30_m_s) for row in others if row is not kept]
    said.append((STATED, kept, kept.stated_vs30_m_s))
    found = []
    for source, other, value in said:
        if value is None or difference_pct(kept.vs30_m_s, value) <= conflict_pct:
            continue
        row = _row(network, "vs30_m_s", kept, other, source)
        row["kept_value"], row["other_value"] = kept.vs30_m_s, value
        row["difference_pct"] = difference_pct(kept.vs30_m_s, value)
        row["detail"] = _records(other)
        found.append(row)
    return found


def coordinate_conflicts(network: str, found: Places) -> list[dict[str, Any]]:
    """Returns a row for each statement whose coordinates are over 1 km from those that count.

    The field is `moved` where the dates tell that the station stood there before, else `coordinates`.
    """
    rows = []
    for other, km in found.apart_km:
        kept = found.located[0]
        row = _row(
            network, "moved" if found.has_moved(other) else "coordinates", kept, other, str(other.source)
        )
        row["difference_km"] = round(km, 3)
        row["detail"] = f"{_written(kept)} against {_written(other)}"
        if other.n_records:
            row["detail"] += f", {_records(other)}"
        if other.date is not None:
            row["detail"] += f", {DATED[other.source]} {other.date}"
        rows.append(row)
    return rows


def closed_conflicts(
    network: str, listed: Statement | None, others: Sequence[Statement]
) -> list[dict[str, Any]]:
    """Returns a row for each header with a record made after the day on which the station was removed."""
    if listed is None or listed.removed is None:
        return []
    rows = []
    for other in others:
        if other.source is Source.HEADER and other.date is not None and other.date > listed.removed:
            row = _row(network, "closed", listed, other, str(other.source))
            row["detail"] = f"removed {listed.removed}, latest record {other.date}"
            rows.append(row)
    return rows


def _row(network: str, field: str, kept: Statement, other: Statement, other_source: str) -> dict[str, Any]:
    return {
        "station": kept.station,
        "network": network,
        "field": field,
        "kept_source": str(kept.source),
        "kept_file": kept.where,
        "other_source": other_source,
        "other_file": other.where,
    }


def _records(row: Statement) -> str:
    if row.n_records == 0:
        return ""
    return "1 record" if row.n_records == 1 else f"{row.n_records} records"


def _written(row: Statement) -> str:
    return f"{row.latitude:.5f} N {row.longitude:.5f} E"
