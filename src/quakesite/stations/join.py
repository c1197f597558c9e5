"""Every source's statements on a station, joined into one row; what disagrees is kept beside it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from quakesite.rejects import Reason, Reject
from quakesite.stations.conflicts import (
    closed_conflicts,
    coordinate_conflicts,
    difference_pct,
    vs30_conflicts,
)
from quakesite.stations.features import FeatureSource, add_features
from quakesite.stations.places import PRECEDENCE as PLACE_PRECEDENCE
from quakesite.stations.places import Places, places
from quakesite.stations.schema import (
    CONFLICTS,
    PLAUSIBLE_VS30_M_S,
    STATIONS,
    Source,
    Standing,
    site_class,
    site_class_ec8,
    site_class_tbdy,
)
from quakesite.stations.settings import SigmaLn
from quakesite.stations.statements import Statement
from quakesite.stations.uncertainty import uncertainty_of

FIRST_NETWORK = "TK"

VS30_PRECEDENCE = (Source.REPORT, Source.TABLE, Source.HEADER)


@dataclass(frozen=True)
class Joined:
    """The tables of the stage (`STATIONS`, `CONFLICTS`), and the statements it refused."""

    stations: pa.Table
    conflicts: pa.Table
    rejects: list[Reject]


def join(
    statements: Iterable[Statement],
    conflict_pct: float,
    sigma_ln: SigmaLn | None = None,
    features: Sequence[FeatureSource] = (),
) -> Joined:
    """Returns one row per (network, station) from all sources' statements, whatever their order.

    Vs30: report before table before header, those measured within 1 km of the station first; what was
    measured where the station stood before is refused. Coordinates: table before header before report.
    Within a source `_order` decides. A Vs30 outside 80 to 3000 m/s is refused, a report or a table row
    beyond the one that counts is refused as a duplicate.

    Args:
        statements: what all sources say.
        conflict_pct: see the configuration.
        sigma_ln: standard deviations where a source states none; None for the defaults.
        features: site features, in the order in which they count; a table's own values come first.
    """
    by_code: dict[str, list[Statement]] = defaultdict(list)
    for statement in statements:
        by_code[statement.station].append(statement)
    rows: list[dict[str, Any]] = []
    conflicts: list[dict[str, Any]] = []
    rejects: list[Reject] = []
    for code in sorted(by_code):
        for network, said in _by_network(by_code[code]).items():
            _join_station(network, code, said, conflict_pct, sigma_ln or SigmaLn(), rows, conflicts, rejects)
    _check_balance(by_code, rows)
    rejects += add_features(rows, features)
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

    Records are joined by the code alone: they and reports that name no network belong to the network that
    all their headers name where a table or report knows the code there, else to TK where one does, else to
    one that their headers name, else to the first; where nobody names a network a report's station is of TK.
    """
    listed = {row.network for row in said if row.network and row.source is not Source.HEADER}
    named = {row.network for row in said if row.network and row.source is Source.HEADER}
    unnamed = FIRST_NETWORK if any(row.source is not Source.HEADER for row in said) else ""
    known = sorted(listed or named or {unnamed})
    agreed = next(iter(named)) if len(named) == 1 else FIRST_NETWORK
    preferred = min(known, key=lambda name: (name != agreed, name != FIRST_NETWORK, name not in named, name))
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
    sigma_ln: SigmaLn,
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
    found = places(ranked)
    here = [row for row in ranked if not found.has_moved(row)]
    kept = _kept(here, found)
    status: list[str] = []
    for index, row in zip(order, ranked, strict=True):
        superseding, refusal = _superseding(here, row, kept), refusals[index]
        if refusal is None and row.vs30_m_s is not None and found.has_moved(row):
            refusal = _moved(row, found)
        if superseding is not None and refusal is None:
            detail = f"station {code}: {superseding.where} counts instead"
            rejects.append(Reject("", row.where, "stations", Reason.DUPLICATE, detail))
        if refusal is not None:
            rejects.append(refusal)
            status.append(f"{Standing.REFUSED}: {refusal.detail.partition(': ')[2]}")
        elif found.has_moved(row):
            status.append(str(Standing.MOVED))
        else:
            status.append(str(_standing(row, kept, conflict_pct)))
    listed = next((row for row in here if row.source is Source.TABLE), None)
    conflicts.extend(vs30_conflicts(network, kept, here, conflict_pct))
    conflicts.extend(coordinate_conflicts(network, found))
    conflicts.extend(closed_conflicts(network, listed, ranked))
    rows.append(_row(network, code, here, kept, found, sigma_ln) | _history(ranked, found, listed, status))


def _kept(here: Sequence[Statement], found: Places) -> Statement | None:
    """Returns the statement whose Vs30 counts; one measured over 1 km away only where there is no other."""
    for near in (True, False):
        for source in VS30_PRECEDENCE:
            for row in here:
                if _states(row, source) and (found.km_away(row) is None) is near:
                    return row
    return None


def _moved(row: Statement, found: Places) -> Reject:
    km = found.km_away(row)
    away = "" if km is None else f", {km:.1f} km away"
    detail = f"station {row.station}: Vs30 {row.vs30_m_s:g} m/s is of where it stood before{away}"
    return Reject("", row.where, "stations", Reason.MOVED, detail)


def _order(row: Statement) -> tuple[Any, ...]:
    """Returns the key that sorts one station's statements, whatever order they came in.

    Within a source: an open station before a closed one, a whole profile before an extrapolated one, a
    later date before an earlier one, a statement with a Vs30 before one without; then what it says.
    """
    return (
        VS30_PRECEDENCE.index(row.source),
        row.removed is not None,
        row.extrapolation_sigma_ln is not None,
        -(row.date.toordinal() if row.date else 0),
        row.vs30_m_s is None,
        *(
            -1e9 if value is None else value
            for value in (row.vs30_m_s, row.latitude, row.longitude, row.f0_hz, row.sigma_ln)
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


def _superseding(here: Sequence[Statement], row: Statement, kept: Statement | None) -> Statement | None:
    """Returns the statement that counts instead of `row`: of two reports, or two rows of one table.

    It is the one whose Vs30 is kept, if it is among them, else the first.
    """
    if row.source is Source.HEADER or not any(row is other for other in here):
        return None
    rivals = [
        other
        for other in here
        if other.source is row.source and (row.source is Source.REPORT or other.file == row.file)
    ]
    winner = next((other for other in rivals if other is kept), rivals[0])
    return None if winner is row else winner


def _states(row: Statement, source: Source) -> bool:
    return row.source is source and row.vs30_m_s is not None


def _standing(row: Statement, kept: Statement | None, conflict_pct: float) -> Standing:
    if row is kept:
        return Standing.KEPT
    if row.vs30_m_s is None or kept is None or kept.vs30_m_s is None:
        return Standing.NO_VS30
    apart = difference_pct(kept.vs30_m_s, row.vs30_m_s) > conflict_pct
    return Standing.DISAGREES if apart else Standing.AGREES


OF_ANY_SOURCE = ("elevation_m", "province", "f0_hz", "tp_s", "slope", "slope_class")


def _row(
    network: str,
    code: str,
    here: Sequence[Statement],
    kept: Statement | None,
    found: Places,
    sigma_ln: SigmaLn,
) -> dict[str, Any]:
    """Returns the values of one station, and where each was read."""
    vs30 = kept.vs30_m_s if kept else None
    uncertainty = uncertainty_of(kept, sigma_ln) if kept else None
    km = found.km_away(kept) if kept else None
    flags = [*(kept.flags if kept else ()), *([f"measured_{km:.1f}_km_away"] if km is not None else [])]
    origins = [_origin("vs30_m_s", kept)] if kept else []
    origins += [_origin(name, found.located[0]) for name in ("latitude", "longitude") if found.located]
    values: dict[str, Any] = {}
    for name in OF_ANY_SOURCE:
        of_sources = (row for source in PLACE_PRECEDENCE for row in here if row.source is source)
        row = next((row for row in of_sources if getattr(row, name) is not None), None)
        values[name] = getattr(row, name) if row else None
        origins += [_origin(name, row)] if row else []
    return values | {
        "station": code,
        "network": network,
        "latitude": found.located[0].latitude if found.located else None,
        "longitude": found.located[0].longitude if found.located else None,
        "vs30_m_s": vs30,
        "vs30_source": str(kept.source) if kept else None,
        "vs30_file": kept.file if kept else None,
        "vs30_place": kept.place if kept else None,
        "vs30_date": kept.date if kept else None,
        "vs30_method": kept.method if kept else None,
        "vs30_flags": ";".join(flags) or None,
        "vs30_n_methods": uncertainty.n_methods if uncertainty else None,
        "vs30_sigma_ln": uncertainty.sigma_ln if uncertainty else None,
        "vs30_sigma_basis": uncertainty.basis if uncertainty else None,
        "site_class": site_class(vs30) if vs30 is not None else None,
        "site_class_ec8": site_class_ec8(vs30) if vs30 is not None else None,
        "site_class_tbdy": site_class_tbdy(vs30) if vs30 is not None else None,
        "profile_depth_m": kept.profile_depth_m if kept else None,
        "vsz_m_s": kept.vsz_m_s if kept else None,
        "z1_m": kept.z1_m if kept else None,
        "geology": None,
        "lithology": None,
        "origins": origins,
    }


def _origin(field: str, row: Statement) -> dict[str, Any]:
    return {
        "field": field,
        "source": str(row.source),
        "file": row.file,
        "place": row.place,
        "distance_m": None,
    }


def _history(
    ranked: Sequence[Statement], found: Places, listed: Statement | None, status: Sequence[str]
) -> dict[str, Any]:
    """Returns when the station stood there, its records, and what became of each statement."""
    return {
        "installed": listed.date if listed else None,
        "removed": listed.removed if listed else None,
        "status": listed.status if listed else None,
        "n_records": sum(row.n_records for row in ranked),
        "records_before_move": sorted(
            record_id for row in found.moved if row.source is Source.HEADER for record_id in row.record_ids
        ),
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
