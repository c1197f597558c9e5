"""One record out of its versions: the preferred one that reads well is kept, the others are duplicates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

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


@dataclass(frozen=True, slots=True)
class Version:
    """A candidate and the time it covers; None where that was not asked for or cannot be told."""

    candidate: Candidate
    span: Span | None = None

    def same_record(self, other: Version) -> bool:
        """Whether the two are versions of one record: of one stamp, or of the same motion."""
        stamp = self.candidate.stamp
        if stamp and stamp == other.candidate.stamp:
            return True
        if self.span is None or other.span is None:
            return False
        return self.span.shared_part(other.span) > DUPLICATE_PART


def groups_of_versions(candidates: Sequence[Candidate], sources: Sources) -> list[list[Version]]:
    """Returns the candidates in groups that share no record with each other, in ascending order of stamp.

    A group is of one station and holds together by `Version.same_record`, directly or through others.
    Headers are opened only where stamps of one station are close, and where a name has no stamp.
    """
    groups: list[list[Version]] = []
    by_station: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        by_station.setdefault(candidate.station, []).append(candidate)
    for below in by_station.values():
        for neighbours in _neighbourhoods(below, sources):
            groups += _connected(neighbours, sources)
    return sorted(groups, key=lambda group: min(_place(one.candidate) for one in group))


def _place(candidate: Candidate) -> tuple[str, str, list[str]]:
    """Where a candidate stands in the order of records; first of all where its name has no stamp."""
    return candidate.stamp, candidate.station, candidate.sources


def _neighbourhoods(candidates: Sequence[Candidate], sources: Sources) -> Iterator[list[Version]]:
    """Yields the candidates of one station in runs, each close in time to the one before."""
    timed: list[tuple[datetime, int, Version]] = []
    for number, candidate in enumerate(candidates):
        version = Version(candidate)
        time = _time_of(candidate.stamp)
        if time is None:
            version = Version(candidate, span_of(candidate, sources))
            time = version.span.start if version.span else None
        if time is None:
            yield [version]
        else:
            timed.append((time, number, version))
    run: list[Version] = []
    before: datetime | None = None
    for time, _, version in sorted(timed, key=lambda one: one[:2]):
        if before is not None and time - before > timedelta(seconds=NEIGHBOURS_S):
            yield run
            run = []
        run.append(version)
        before = time
    if run:
        yield run


def _time_of(stamp: str) -> datetime | None:
    try:
        return parse_stamp(stamp)
    except ValueError:
        return None


def _connected(neighbours: list[Version], sources: Sources) -> list[list[Version]]:
    """Splits candidates that are close in time into groups of versions; each keeps its order."""
    if len(neighbours) == 1:
        return [neighbours]
    versions = [
        one if one.span else Version(one.candidate, span_of(one.candidate, sources)) for one in neighbours
    ]
    group = list(range(len(versions)))
    for later, version in enumerate(versions):
        for earlier in range(later):
            if version.same_record(versions[earlier]):
                old, new = group[later], group[earlier]
                group = [new if number == old else number for number in group]
    members: dict[int, list[Version]] = {}
    for number, version in zip(group, versions, strict=True):
        members.setdefault(number, []).append(version)
    return list(members.values())


def choose(
    versions: Sequence[Version], settings: RecordsSettings, sources: Sources
) -> Iterator[tuple[Record | None, list[Reject]]]:
    """Yields what becomes of each version, in order of preference: its record, or why it is refused.

    The first version that passes every check and limit is kept, and those that are versions of the same
    record are rejected as `duplicate`. What is a version of no kept record is kept as well: two earthquakes
    that a third, longer version holds both of are two records.
    """
    kept: list[tuple[Version, Record]] = []
    for version in sorted(versions, key=lambda one: _rank(one.candidate, settings.prefer)):
        candidate = version.candidate
        preferred = next((record for other, record in kept if version.same_record(other)), None)
        if preferred is not None:
            verdict = Reason.DUPLICATE, f"{preferred.form} of record {preferred.record_id} is preferred"
            yield None, _rejected(candidate, *verdict)
            continue
        try:
            record = load(candidate, sources)
        except Refusal as refusal:
            yield None, refusal.rejects(candidate.record_id, candidate.sources)
            continue
        refused = refused_by(record, settings)
        if refused is not None:
            yield None, _rejected(candidate, *refused)
            continue
        kept.append((version, record))
        yield record, []


def _rejected(candidate: Candidate, reason: Reason, detail: str) -> list[Reject]:
    return [Reject(candidate.record_id, source, "records", reason, detail) for source in candidate.sources]


def _rank(candidate: Candidate, prefer: Sequence[str]) -> tuple[int, int, str, list[str]]:
    """Complete records first within a version; a version that is not listed comes after those that are."""
    rank = prefer.index(candidate.version) if candidate.version in prefer else len(prefer)
    return rank, -len(candidate.files), candidate.stamp, candidate.sources
