"""One record out of its versions: the preferred one that reads well is kept, the others are duplicates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from quakesite.records.candidates import Candidate
from quakesite.records.loading import Span, load, span_of
from quakesite.records.opening import Sources
from quakesite.records.record import Record
from quakesite.records.refusal import Refusal
from quakesite.records.selection import refused_by
from quakesite.records.settings import RecordsSettings
from quakesite.records.times import parse_stamp
from quakesite.rejects import Reason, Reject

NEIGHBOURS_S = 900.0
"""Records of one station whose stamps lie farther apart cannot be versions of one record."""

DUPLICATE_PART = 0.5
"""Two records of one station are versions of one when more than this part of the shorter one's time lies
in the other: the same ground motion, under another stamp or in another form. Records of different events
that touch with their codas stay apart."""


def groups_of_versions(candidates: Sequence[Candidate], sources: Sources) -> list[list[Candidate]]:
    """Returns the candidates in groups of which one record each is kept, in ascending order of stamp.

    Same station and same stamp, or time spans that overlap by more than `DUPLICATE_PART`. Headers are opened
    only where stamps of one station are close.
    """
    groups: list[list[Candidate]] = []
    by_station: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        by_station.setdefault(candidate.station, []).append(candidate)
    for below in by_station.values():
        for neighbours in _neighbourhoods(below):
            groups += [neighbours] if len(neighbours) == 1 else _overlapping(neighbours, sources)
    return sorted(groups, key=lambda group: [(one.stamp, one.station, one.sources) for one in group])


def _neighbourhoods(candidates: Sequence[Candidate]) -> Iterator[list[Candidate]]:
    """Yields runs of candidates (of one station, sorted by stamp) each close in time to the one before."""
    run: list[Candidate] = []
    for candidate in candidates:
        if run and not _close(run[-1].stamp, candidate.stamp):
            yield run
            run = []
        run.append(candidate)
    if run:
        yield run


def _close(stamp: str, later: str) -> bool:
    if stamp == later:
        return True
    try:
        return parse_stamp(later) - parse_stamp(stamp) <= timedelta(seconds=NEIGHBOURS_S)
    except ValueError:
        return False


def _overlapping(candidates: list[Candidate], sources: Sources) -> list[list[Candidate]]:
    spans = [span_of(candidate, sources) for candidate in candidates]
    group = list(range(len(candidates)))
    for later in range(len(candidates)):
        for earlier in range(later):
            same_stamp = (
                bool(candidates[later].stamp) and candidates[later].stamp == candidates[earlier].stamp
            )
            if same_stamp or _same_motion(spans[later], spans[earlier]):
                old, new = group[later], group[earlier]
                group = [new if number == old else number for number in group]
    members: dict[int, list[Candidate]] = {}
    for number, candidate in zip(group, candidates, strict=True):
        members.setdefault(number, []).append(candidate)
    return list(members.values())


def _same_motion(one: Span | None, other: Span | None) -> bool:
    return one is not None and other is not None and one.shared_part(other) > DUPLICATE_PART


def choose(
    versions: Sequence[Candidate], settings: RecordsSettings, sources: Sources
) -> tuple[Record | None, list[Reject]]:
    """Returns the record of the first version, in order of preference, that passes every check and limit.

    Versions that do not pass are rejected for what is wrong with them, those that come after the one that
    does as `duplicate`.
    """
    kept: Record | None = None
    rejects: list[Reject] = []
    for candidate in sorted(versions, key=lambda one: _rank(one, settings.prefer)):
        if kept is None:
            try:
                record = load(candidate, sources)
            except Refusal as refusal:
                rejects += refusal.rejects(candidate.record_id, candidate.sources)
                continue
            verdict = refused_by(record, settings)
            if verdict is None:
                kept = record
                continue
        else:
            verdict = Reason.DUPLICATE, f"{kept.form} of record {kept.record_id} is preferred"
        rejects += [Reject(candidate.record_id, source, "records", *verdict) for source in candidate.sources]
    return kept, rejects


def _rank(candidate: Candidate, prefer: Sequence[str]) -> tuple[int, int, str, list[str]]:
    """Complete records first within a version; a version that is not listed comes after those that are."""
    rank = prefer.index(candidate.version) if candidate.version in prefer else len(prefer)
    return rank, -len(candidate.files), candidate.stamp, candidate.sources
