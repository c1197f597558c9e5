"""How far two pick methods agree on the same records."""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Iterator, Mapping
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from quakesite.picks.flags import DOUBTFUL
from quakesite.picks.networks import PHASES
from quakesite.picks.schema import AGREEMENT, PICKS

SNR_EDGES_DB = (10.0, 20.0, 30.0, 40.0)
DISTANCE_EDGES_KM = (20.0, 50.0, 80.0, 120.0)
SHARES_S = (0.1, 0.2, 0.5)
REFERENCES = ("manual", "author")
"""Methods that others are held against; between two of the same kind the alphabet decides."""
UNKNOWN = "unknown"
PLAUSIBLE, IMPLAUSIBLE = "plausible", "implausible"

ByRecord = Mapping[str, float | None]
Times = Mapping[str, float]


def agreement(picks: pa.Table, distances_km: ByRecord | None = None) -> pa.Table:
    """Returns a table with `schema.AGREEMENT`: each pair of methods, each phase, over all records and binned.

    A record's SNR is the one by the reference method's pick, or by the other's where that has none. Records
    are implausible where a flag of `flags.DOUBTFUL` says so of either method's picks. Bins hold their lower
    edge. Pairs and bins without a record in common get a row only over all records.

    Args:
        picks: a table with `schema.PICKS`, of any number of methods.
        distances_km: epicentral distance by record; without it there are no bins of distance.
    """
    times, snr, doubtful = _by_method(picks)
    rows: list[dict[str, Any]] = []
    for pair in combinations(sorted(times), 2):
        reference, method = sorted(pair, key=lambda name: (_rank(name), name))
        snr_of_pair: dict[str, float | None] = {**snr[method], **_known(snr[reference])}
        for phase in PHASES:
            ours, theirs = times[method][phase], times[reference][phase]
            doubted = doubtful[method] | doubtful[reference]
            for by, bin_, records in _groups(ours.keys() | theirs.keys(), doubted, snr_of_pair, distances_km):
                figures = _figures(ours, theirs, records)
                if by == "all" or figures["n"]:
                    names = {"method": method, "reference": reference, "phase": phase}
                    rows.append({**names, "by": by, "bin": bin_, **figures})
    return pa.Table.from_pylist(rows, schema=AGREEMENT)


def _rank(name: str) -> int:
    return REFERENCES.index(name) if name in REFERENCES else len(REFERENCES)


def _known(values: ByRecord) -> dict[str, float | None]:
    return {record: value for record, value in values.items() if value is not None}


def _by_method(
    picks: pa.Table,
) -> tuple[dict[str, dict[str, dict[str, float]]], dict[str, dict[str, float | None]], dict[str, set[str]]]:
    times: dict[str, dict[str, dict[str, float]]] = {}
    snr: dict[str, dict[str, float | None]] = {}
    doubtful: dict[str, set[str]] = {}
    columns = ("record_id", "method", "phase", "time_s", "snr_db", "flags")
    values = [picks.cast(PICKS)[name].to_pylist() for name in columns]
    for record, method, phase, time, snr_db, flags in zip(*values, strict=True):
        times.setdefault(method, {name: {} for name in PHASES})[phase][record] = time
        snr.setdefault(method, {})[record] = snr_db
        doubted = doubtful.setdefault(method, set())
        if not DOUBTFUL.isdisjoint(flags):
            doubted.add(record)
    return times, snr, doubtful


def _groups(
    records: Iterable[str], doubtful: Container[str], snr_db: ByRecord, distances_km: ByRecord | None
) -> Iterator[tuple[str, str, list[str]]]:
    """Yields the records in one group, by plausibility, then by bin of SNR and of distance, ascending."""
    everyone = sorted(records)
    yield "all", "all", everyone
    yield "flags", PLAUSIBLE, [record for record in everyone if record not in doubtful]
    yield "flags", IMPLAUSIBLE, [record for record in everyone if record in doubtful]
    for by, edges, values in (
        ("snr_db", SNR_EDGES_DB, snr_db),
        ("distance_km", DISTANCE_EDGES_KM, distances_km),
    ):
        if values is None:
            continue
        names = _bin_names(edges)
        groups: dict[str, list[str]] = {name: [] for name in names}
        for record in everyone:
            groups[_bin(values.get(record), edges, names)].append(record)
        yield from ((by, name, group) for name, group in groups.items() if group)


def _bin_names(edges: tuple[float, ...]) -> list[str]:
    middle = [f"{low:g} to {high:g}" for low, high in pairwise(edges)]
    return [f"below {edges[0]:g}", *middle, f"{edges[-1]:g} and more", UNKNOWN]


def _bin(value: float | None, edges: tuple[float, ...], names: list[str]) -> str:
    if value is None or not math.isfinite(value):
        return UNKNOWN
    return names[int(np.searchsorted(edges, value, side="right"))]


def _figures(ours: Times, theirs: Times, records: list[str]) -> dict[str, float | int | None]:
    both = [record for record in records if record in ours and record in theirs]
    difference = np.array([ours[record] - theirs[record] for record in both])
    figures: dict[str, float | int | None] = {
        "n": len(both),
        "n_method_only": sum(record in ours and record not in theirs for record in records),
        "n_reference_only": sum(record in theirs and record not in ours for record in records),
        "median_s": None,
        "mad_s": None,
    }
    if both:
        median = float(np.median(difference))
        figures["median_s"] = round(median, 6)
        figures["mad_s"] = round(float(np.median(np.abs(difference - median))), 6)
    for limit in SHARES_S:
        figures[f"within_{limit:g}_s".replace(".", "_")] = _share(difference, limit)
    return figures


def _share(difference: npt.NDArray[np.float64], limit_s: float) -> float | None:
    if not difference.size:
        return None
    return round(float(np.mean(np.abs(difference) <= limit_s + 1e-9)), 6)
