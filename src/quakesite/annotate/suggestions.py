"""Automatic picks as suggestions, and how far the methods are from each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow.compute as pc

from quakesite.picks.flags import Flag
from quakesite.picks.networks import PHASES
from quakesite.picks.schema import CANDIDATES, PICKS
from quakesite.tables import read_parquet

BY_HAND = frozenset({"manual"})
"""Never shown as a suggestion: an annotator must not see what another has picked."""

SOMETIMES = frozenset({"author"})
"""Methods that speak about some records only; their silence says nothing."""

APART_S = 0.5
"""Automatic picks of one phase that are farther apart than this are a case for the low-agreement queue."""

WORDS = {
    Flag.S_BEFORE_P: "S before P",
    Flag.SP_IMPLAUSIBLE: "S−P implausible",
    Flag.OUTSIDE_RECORD: "outside the record",
}
MISSING_RANK_S, DOUBTFUL_RANK_S = 60.0, 30.0
"""Where a missing and an implausible pick stand in the queue, which is sorted by seconds apart."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One automatic pick. `time_s` is from the record's first sample."""

    method: str
    phase: str
    time_s: float
    probability: float | None
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a record stands in the low-agreement queue; `rank_s` sorts it, largest first."""

    rank_s: float
    why: str


Suggestions = Mapping[str, Sequence[Suggestion]]
"""By record."""


def read_suggestions(path: str | Path) -> dict[str, list[Suggestion]]:
    """Returns the automatic picks in the table at `path` (`results/picks.parquet`), by record."""
    wanted = ("record_id", "method", "phase", "time_s", "probability", "flags")
    table = read_parquet(path, PICKS, columns=wanted)
    found: defaultdict[str, list[Suggestion]] = defaultdict(list)
    columns = [table[name].to_pylist() for name in wanted]
    for record_id, method, phase, time_s, probability, flags in zip(*columns, strict=True):
        if method not in BY_HAND:
            found[record_id].append(Suggestion(method, phase, time_s, probability, tuple(flags or ())))
    return dict(found)


def read_rivals(path: str | Path) -> dict[str, list[Suggestion]]:
    """Returns what a network found besides its picks, by record, from the table at `path`.

    That is every other P and S above its threshold, in the record and not in its padding
    (`results/candidates.parquet`).
    """
    wanted = ("record_id", "method", "phase", "time_s", "probability")
    table = read_parquet(path, CANDIDATES, columns=[*wanted, "chosen"])
    table = table.filter(~pc.field("chosen") & pc.field("phase").isin(PHASES) & (pc.field("time_s") >= 0))
    found: defaultdict[str, list[Suggestion]] = defaultdict(list)
    columns = [table[name].to_pylist() for name in wanted]
    for record_id, method, phase, time_s, probability in zip(*columns, strict=True):
        found[record_id].append(Suggestion(method, phase, time_s, probability, ()))
    return dict(found)


def methods_of(suggestions: Suggestions) -> list[str]:
    """Returns the names of the methods that picked anything, sorted."""
    return sorted({pick.method for picks in suggestions.values() for pick in picks})


def doubts(suggestions: Suggestions) -> dict[str, Doubt]:
    """Returns the records on which the methods agree badly, with the reason.

    Methods agree badly where two picks of one phase are more than `APART_S` apart, where one method finds a
    phase that another one, which does pick that phase, misses, and where a pick carries a flag of `WORDS`.
    """
    expected = {
        phase: {pick.method for picks in suggestions.values() for pick in picks if pick.phase == phase}
        - SOMETIMES
        for phase in PHASES
    }
    found = {record_id: _doubt(picks, expected) for record_id, picks in suggestions.items()}
    return {record_id: doubt for record_id, doubt in found.items() if doubt is not None}


def _doubt(picks: Sequence[Suggestion], expected: Mapping[str, set[str]]) -> Doubt | None:
    cases: list[Doubt] = []
    for phase in PHASES:
        of_phase = [pick for pick in picks if pick.phase == phase]
        spread = max((p.time_s for p in of_phase), default=0) - min((p.time_s for p in of_phase), default=0)
        if spread > APART_S:
            cases.append(Doubt(spread, f"{phase} {spread:.1f} s apart"))
        n_found = len({pick.method for pick in of_phase} & expected[phase])
        if 0 < n_found < len(expected[phase]):
            cases.append(Doubt(MISSING_RANK_S, f"{phase} by {n_found} of {len(expected[phase])}"))
    flagged = {flag for pick in picks for flag in pick.flags}
    cases.extend(Doubt(DOUBTFUL_RANK_S, text) for flag, text in WORDS.items() if flag in flagged)
    return max(cases, key=lambda doubt: doubt.rank_s, default=None)
