"""Every source's statements on a station, joined into one row; what disagrees is kept beside it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from quakesite.rejects import Reason, Reject
from quakesite.stations.conflicts import coordinate_conflicts, difference_pct, is_located, vs30_conflicts
from quakesite.stations.schema import (
    CONFLICTS,
    STATIONS,
    Source,
    site_class,
    site_class_ec8,
    site_class_tbdy,
)
from quakesite.stations.statements import Statement

PLAUSIBLE_VS30_M_S = (80.0, 3000.0)
FIRST_NETWORK = "TK"

VS30_PRECEDENCE = (Source.REPORT, Source.TABLE, Source.HEADER)
PLACE_PRECEDENCE = (Source.TABLE, Source.HEADER, Source.REPORT)
"""Whose coordinates count: a report states where the array was laid out, not where the sensor stands."""


@dataclass(frozen=True)
class Joined:
    """The tables of the stage (`STATIONS`, `CONFLICTS`), and the statements it refused."""

    stations: pa.Table
    conflicts: pa.Table
    rejects: list[Reject]


def join(statements: Iterable[Statement], conflict_pct: float) -> Joined:
    """Returns one row per (network, station) from all sources' statements, whatever their order.

    Vs30: report before table before header; coordinates: table before header before report. Within a
    source `_order` decides. A Vs30 outside 80 to 3000 m/s is refused, a report or a table row beyond the
    one that counts is refused as a duplicate.
    """
    by_code: dict[str, list[Statement]] = defaultdict(list)
    for statement in statements:
        by_code[statement.station].append(statement)
    rows: list[dict[str, Any]] = []
    conflicts: list[dict[str, Any]] = []
    rejects: list[Reject] = []
    for code in sorted(by_code):
        for network, said in _by_network(by_code[code]).items():
            _join_station(network, code, said, conflict_pct, rows, conflicts, rejects)
    _check_balance(by_code, rows)
    conflicts.sort(key=lambda row: tuple(str(row.get(name)) for name in CONFLICTS.names))
    return Joined(
        pa.Table.from_pylist(rows, schema=STATIONS),
        pa.Table.from_pylist(conflicts, schema=CONFLICTS),
        rejects,
    )


def _check_balance(by_code: dict[str, list[Statement]], rows: list[dict[str, Any]]) -> None:
    """Checks that every statement, and every record behind one, stands in a row.

    Raises:
        RuntimeError: one was lost, which is a bug.
    """
    came = [statement for said in by_code.values() for statement in said]
    n_records = sum(statement.n_records for statement in came)
    if len(came) != sum(len(row["evidence"]) for row in rows):
        raise RuntimeError(f"{len(came)} statements came in, and not all of them are in the evidence")
    if n_records != sum(row["n_records"] for row in rows):
        raise RuntimeError(f"{n_records} records came in, and not all of them are counted")


def _by_network(said: Sequence[Statement]) -> dict[str, list[Statement]]:
    """Returns one code's statements by network, the one that its records belong to first.

    Records are joined by the code alone: they and reports that name no network belong to TK where a table
    or report knows the code there, else to the network their headers name, else to the first.
    """
    listed = {row.network for row in said if row.network and row.source is not Source.HEADER}
    named = {row.network for row in said if row.network and row.source is Source.HEADER}
    known = sorted(listed or named or {""})
    preferred = min(known, key=lambda name: (name != FIRST_NETWORK, name not in named, name))
    grouped: dict[str, list[Statement]] = {preferred: [], **{name: [] for name in known}}
    for row in said:
        own = row.network if row.source is not Source.HEADER else None
        grouped[own or preferred].append(row)
    return grouped


def _join_station(
    network: str,
    code: str,
    said: list[Statement],
    conflict_pct: float,
    rows: list[dict[str, Any]],
    conflicts: list[dict[str, Any]],
    rejects: list[Reject],
) -> None:
    refusals = [_implausible(row) for row in said]
    plausible = [
        row if refusal is None else replace(row, vs30_m_s=None)
        for row, refusal in zip(said, refusals, strict=True)
    ]
    order = sorted(range(len(said)), key=lambda index: _order(plausible[index]))
    ranked = [plausible[index] for index in order]
    kept = next((row for source in VS30_PRECEDENCE for row in ranked if _states(row, source)), None)
    status: list[str] = []
    for index, row in zip(order, ranked, strict=True):
        superseding, refusal = _superseding(ranked, row), refusals[index]
        if superseding is not None:
            detail = f"station {code}: {superseding.where} counts instead"
            rejects.append(Reject("", row.where, "stations", Reason.DUPLICATE, detail))
        if refusal is not None:
            rejects.append(refusal)
            status.append(f"refused: {refusal.detail.partition(': ')[2]}")
        else:
            status.append(_status(row, kept, conflict_pct))
    conflicts.extend(vs30_conflicts(network, kept, ranked, conflict_pct))
    located = [
        row for source in PLACE_PRECEDENCE for row in ranked if row.source is source and is_located(row)
    ]
    conflicts.extend(coordinate_conflicts(network, located))
    rows.append(_row(network, code, ranked, kept, located, status))


def _order(row: Statement) -> tuple[Any, ...]:
    """Returns the key that sorts one station's statements, whatever order they came in.

    Within a source: an open station before a closed one, a whole profile before an extrapolated one, a
    later date before an earlier one, a statement with a Vs30 before one without; then what it says.
    """
    return (
        VS30_PRECEDENCE.index(row.source),
        row.removed is not None,
        row.sigma_ln is not None and any(flag.startswith("extrapolated") for flag in row.flags),
        -(row.date.toordinal() if row.date else 0),
        row.vs30_m_s is None,
        *(
            -1e9 if value is None else value
            for value in (row.vs30_m_s, row.latitude, row.longitude, row.f0_hz)
        ),
        row.network or "",
        row.file,
        row.place,
    )


def _implausible(row: Statement) -> Reject | None:
    low, high = PLAUSIBLE_VS30_M_S
    if row.vs30_m_s is None or low <= row.vs30_m_s <= high:
        return None
    records = f" in {row.n_records} records" if row.n_records else ""
    detail = f"station {row.station}: Vs30 {row.vs30_m_s:g} m/s{records} is not within {low:g} to {high:g}"
    return Reject("", row.where, "stations", Reason.IMPLAUSIBLE_VS30, detail)


def _superseding(ranked: Sequence[Statement], row: Statement) -> Statement | None:
    """Returns the statement that counts instead of `row`: of two reports, or two rows of one table."""
    if row.source is Source.HEADER:
        return None
    rivals = (
        other
        for other in ranked
        if other.source is row.source and (row.source is Source.REPORT or other.file == row.file)
    )
    first = next(rivals)
    return None if first is row else first


def _states(row: Statement, source: Source) -> bool:
    return row.source is source and row.vs30_m_s is not None


def _status(row: Statement, kept: Statement | None, conflict_pct: float) -> str:
    if row is kept:
        return "kept"
    if row.vs30_m_s is None or kept is None or kept.vs30_m_s is None:
        return "no Vs30"
    return "disagrees" if difference_pct(kept.vs30_m_s, row.vs30_m_s) > conflict_pct else "agrees"


def _row(
    network: str,
    code: str,
    ranked: Sequence[Statement],
    kept: Statement | None,
    located: Sequence[Statement],
    status: Sequence[str],
) -> dict[str, Any]:
    def first(name: str, order: Sequence[Source] = PLACE_PRECEDENCE) -> Any:
        values = (getattr(row, name) for source in order for row in ranked if row.source is source)
        return next((value for value in values if value is not None), None)

    vs30 = kept.vs30_m_s if kept else None
    listed = next((row for row in ranked if row.source is Source.TABLE), None)
    return {
        "station": code,
        "network": network,
        "latitude": located[0].latitude if located else None,
        "longitude": located[0].longitude if located else None,
        "elevation_m": first("elevation_m"),
        "province": first("province"),
        "vs30_m_s": vs30,
        "vs30_source": str(kept.source) if kept else None,
        "vs30_file": kept.file if kept else None,
        "vs30_place": kept.place if kept else None,
        "vs30_date": kept.date if kept else None,
        "vs30_method": kept.method if kept else None,
        "vs30_flags": ";".join(kept.flags) or None if kept else None,
        "vs30_sigma_ln": kept.sigma_ln if kept else None,
        "site_class": site_class(vs30) if vs30 is not None else None,
        "site_class_ec8": site_class_ec8(vs30) if vs30 is not None else None,
        "site_class_tbdy": site_class_tbdy(vs30) if vs30 is not None else None,
        "profile_depth_m": kept.profile_depth_m if kept else None,
        "vsz_m_s": kept.vsz_m_s if kept else None,
        "z1_m": kept.z1_m if kept else None,
        "f0_hz": first("f0_hz"),
        "tp_s": first("tp_s"),
        "installed": listed.date if listed else None,
        "removed": listed.removed if listed else None,
        "n_records": sum(row.n_records for row in ranked),
        "evidence": [
            {
                "source": str(row.source),
                "file": row.file,
                "place": row.place,
                "vs30_m_s": row.vs30_m_s,
                "latitude": row.latitude,
                "longitude": row.longitude,
                "date": row.date,
                "n_records": row.n_records,
                "status": said,
                "flags": ";".join(row.flags),
                "notes": "; ".join(row.notes),
            }
            for row, said in zip(ranked, status, strict=True)
        ],
    }
