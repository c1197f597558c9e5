"""One record out of its versions: the preferred one that reads well is kept, the others are duplicates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from quakesite.records.candidates import Candidate
from quakesite.records.events import with_event
from quakesite.records.loading import About, Span, about, has_header, load, span_from
from quakesite.records.opening import Sources
from quakesite.records.record import Record
from quakesite.records.refusal import Refusal
from quakesite.records.selection import refused_by
from quakesite.records.settings import RecordsSettings
from quakesite.records.times import parse_stamp
from quakesite.rejects import Reason, Reject

SAME_STAMP_S = 5.0
"""Where the time of a record is unknown it is the same as another of its station whose stamp is as close.
One event has stamps two seconds apart in several databases; and a record of an event that comes five seconds
after another holds both."""

BEFORE_STAMP_S, AFTER_STAMP_S = 300.0, 600.0
"""The time around its stamp in which a record is searched for whose header has not been read: `.mat` and
NSMN hold one event each."""

DUPLICATE_PART = 0.5
"""Two records of one station are versions of one when more than this part of the shorter one's time lies
in the other: the same ground motion, under another stamp or in another form. Records of different events
that touch with their codas stay apart."""


@dataclass(frozen=True, slots=True)
class Version:
    """A candidate and what its headers tell; None where that was not asked for."""

    candidate: Candidate
    about: About | None = None

    @property
    def span(self) -> Span | None:
        """The time it covers; None where that was not asked for or cannot be told."""
        return self.about.span if self.about else None

    @property
    def stamp_time(self) -> datetime | None:
        """The time of its stamp; None where it has none, or none that is a date."""
        try:
            return parse_stamp(self.candidate.stamp)
        except ValueError:
            return None

    def same_record(self, other: Version) -> bool:
        """Whether the two are versions of one record: of one stamp, or of the same motion."""
        stamp = self.candidate.stamp
        if stamp and stamp == other.candidate.stamp:
            return True
        if self.span is not None and other.span is not None:
            return self.span.shared_part(other.span) > DUPLICATE_PART
        one, two = self.stamp_time, other.stamp_time
        return one is not None and two is not None and abs(one - two) <= timedelta(seconds=SAME_STAMP_S)

    def whereabouts(self) -> Span | None:
        """The time in which it lies, not more than a few minutes too long; None where nothing tells."""
        if self.span is not None:
            return self.span
        stamp = self.stamp_time
        if stamp is None:
            return None
        return span_from(stamp, AFTER_STAMP_S, BEFORE_STAMP_S)


def versions_of(candidates: Sequence[Candidate], sources: Sources) -> list[Version]:
    """Returns the candidates with what their headers tell.

    Headers are read where a station has several candidates; whole files only where a name has no stamp.
    """
    count = Counter(candidate.station for candidate in candidates)
    return [
        Version(one, about(one, sources))
        if count[one.station] > 1 and (has_header(one) or not one.stamp)
        else Version(one)
        for one in candidates
    ]


def groups_of_versions(versions: Sequence[Version], sources: Sources) -> list[list[Version]]:
    """Returns the versions in groups that share no record with each other, in ascending order of stamp.

    A group is of one station and holds together by `Version.same_record`, directly or through others.
    """
    groups: list[list[Version]] = []
    by_station: dict[str, list[Version]] = {}
    for version in versions:
        by_station.setdefault(version.candidate.station, []).append(version)
    for below in by_station.values():
        for neighbours in _neighbourhoods(below):
            groups += _connected(neighbours, sources)
    return sorted(groups, key=lambda group: min(_place(one.candidate) for one in group))


def _place(candidate: Candidate) -> tuple[str, str, list[str]]:
    """Where a candidate stands in the order of records; first of all where its name has no stamp."""
    return candidate.stamp, candidate.station, candidate.sources


def _neighbourhoods(versions: Sequence[Version]) -> list[list[Version]]:
    """Returns the versions of one station in sets that cannot share a record.

    Those of a set overlap in time or have close stamps, each with another one of it.
    """
    joined = _Joined(len(versions))
    stamped = sorted((time, number) for number, one in enumerate(versions) if (time := one.stamp_time))
    for (time, number), (later, other) in pairwise(stamped):
        if later - time <= timedelta(seconds=SAME_STAMP_S):
            joined.join(number, other)
    placed = sorted((span, number) for number, one in enumerate(versions) if (span := one.whereabouts()))
    until: tuple[datetime, int] | None = None
    for span, number in placed:
        if until is not None and span.start <= until[0]:
            joined.join(until[1], number)
        if until is None or span.end > until[0]:
            until = span.end, number
    return [[versions[number] for number in numbers] for numbers in joined.sets()]


class _Joined:
    """Numbers from 0 on, joined to sets."""

    def __init__(self, count: int) -> None:
        self._above = list(range(count))

    def join(self, one: int, two: int) -> None:
        """Makes one set of the sets that two numbers are in."""
        one, two = self._first(one), self._first(two)
        self._above[max(one, two)] = min(one, two)

    def sets(self) -> list[list[int]]:
        """Returns the sets, each sorted, in the order of their first numbers."""
        found: dict[int, list[int]] = {}
        for number in range(len(self._above)):
            found.setdefault(self._first(number), []).append(number)
        return list(found.values())

    def _first(self, number: int) -> int:
        while self._above[number] != number:
            self._above[number] = self._above[self._above[number]]
            number = self._above[number]
        return number


def _connected(neighbours: list[Version], sources: Sources) -> list[list[Version]]:
    """Splits versions that are close in time into groups of one record; each keeps its order."""
    if len(neighbours) == 1:
        return [neighbours]
    versions = [
        one if one.about else Version(one.candidate, about(one.candidate, sources)) for one in neighbours
    ]
    joined = _Joined(len(versions))
    for later, version in enumerate(versions):
        for earlier in range(later):
            if version.same_record(versions[earlier]):
                joined.join(earlier, later)
    return [[versions[number] for number in numbers] for numbers in joined.sets()]


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
            record = with_event(load(candidate, sources), settings.events)
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
