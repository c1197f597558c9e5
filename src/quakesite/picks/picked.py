"""What a method found in one record, and the tables made of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pyarrow as pa

from quakesite.picks.candidates import Candidate
from quakesite.picks.flags import flags, hypocentral_distance_km
from quakesite.picks.networks import PHASES
from quakesite.picks.schema import CANDIDATES, PICKS
from quakesite.picks.snr import snr_db
from quakesite.records.record import Record


@dataclass(frozen=True, slots=True)
class Arrival:
    """A pick: seconds from the record's first sample, and what the method or the analyst says of it.

    Attributes:
        time_s: seconds from the record's first sample.
        probability: where the method gives one.
        analyst: who made a pick by hand.
        uncertainty_s: plus or minus, as the analyst says.
        comment: the analyst's.
    """

    time_s: float
    probability: float | None = None
    analyst: str | None = None
    uncertainty_s: float | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class WeightsName:
    """Which weights a network picked with: their name, and the sha256 of their file."""

    name: str | None = None
    sha256: str | None = None


NO_WEIGHTS = WeightsName()
"""Of methods that are no network."""


@dataclass(frozen=True, slots=True)
class Picked:
    """A record's picks by one method, at most one of each phase.

    `rivals` holds, by phase, everything else above threshold.
    """

    record_id: str
    p: Arrival | None
    s: Arrival | None
    snr_db: float | None
    flags: tuple[str, ...]
    rivals: tuple[tuple[str, Candidate], ...] = ()

    @property
    def arrivals(self) -> list[tuple[str, Arrival]]:
        """The picks there are, by phase, P first."""
        both = zip(PHASES, (self.p, self.s), strict=True)
        return [(phase, arrival) for phase, arrival in both if arrival is not None]


def picked(
    record: Record,
    p: Arrival | None,
    s: Arrival | None,
    rivals: Iterable[tuple[str, Candidate]] = (),
    more_flags: Iterable[str] = (),
) -> Picked:
    """Returns the picks of `record` with its signal-to-noise ratio and what is implausible about them."""
    p_s = None if p is None else p.time_s
    s_s = None if s is None else s.time_s
    distance_km = hypocentral_distance_km(record.epicentral_distance_km, record.ev_depth_km)
    return Picked(
        record.record_id,
        p,
        s,
        snr_db(record.acceleration, record.sampling_rate_hz, p_s),
        (*flags(p_s, s_s, record.duration_s, distance_km), *map(str, more_flags)),
        tuple(rivals),
    )


def picks_table(found: Sequence[Picked], method: str, weights: WeightsName = NO_WEIGHTS) -> pa.Table:
    """Returns the picks as a table with `schema.PICKS`, sorted by record and phase."""
    rows = [
        {
            "record_id": one.record_id,
            "method": method,
            "phase": phase,
            "time_s": arrival.time_s,
            "probability": arrival.probability,
            "snr_db": one.snr_db,
            "flags": list(one.flags),
            "weights": weights.name,
            "weights_sha256": weights.sha256,
            "analyst": arrival.analyst,
            "uncertainty_s": arrival.uncertainty_s,
            "comment": arrival.comment,
        }
        for one in sorted(found, key=lambda one: one.record_id)
        for phase, arrival in one.arrivals
    ]
    return pa.Table.from_pylist(rows, schema=PICKS)


def candidates_table(found: Sequence[Picked], method: str, weights: WeightsName = NO_WEIGHTS) -> pa.Table:
    """Returns all that was above threshold as a table with `schema.CANDIDATES`, sorted by record and time."""
    rows = []
    for one in found:
        chosen = [(phase, pick.time_s, pick.probability, True) for phase, pick in one.arrivals]
        rivals = [(phase, rival.time_s, rival.probability, False) for phase, rival in one.rivals]
        rows += [
            {
                "record_id": one.record_id,
                "method": method,
                "phase": phase,
                "time_s": time_s,
                "probability": probability,
                "weights": weights.name,
                "weights_sha256": weights.sha256,
                "chosen": kept,
            }
            for phase, time_s, probability, kept in [*chosen, *rivals]
        ]
    rows.sort(key=lambda row: (row["record_id"], row["time_s"], row["phase"]))
    return pa.Table.from_pylist(rows, schema=CANDIDATES)
