"""Time spans, and asking for what lies in one so that a limit on answers loses nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from quakesite.errors import InputError

SHORTEST = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` to `end`, UTC, whole seconds, both belong to it."""

    start: datetime
    end: datetime

    def halves(self) -> tuple[Span, Span] | None:
        """Returns its two halves, which share the second between them; null if it is too short.

        They share it because services differ in whether a span's end belongs to it: whatever they do,
        nothing falls between, and what comes twice is told by its number.
        """
        if self.end - self.start <= SHORTEST:
            return None
        seconds = int((self.end - self.start).total_seconds()) // 2
        middle = self.start + timedelta(seconds=max(seconds, 1))
        return Span(self.start, middle), Span(middle, self.end)

    def pieces(self, days: int) -> list[Span]:
        """Returns pieces of `days` days each, the last one shorter."""
        starts, start = [], self.start
        while start < self.end:
            starts.append(start)
            start += timedelta(days=days)
        return [Span(a, b) for a, b in zip(starts, [*starts[1:], self.end], strict=True)]


def span(start: str, end: str) -> Span:
    """Returns the span that the options `--start` and `--end` name.

    Args:
        start: `2018-01-01` or `2018-01-01T12:30:00`, UTC where no offset stands.
        end: the same; a date alone means to the end of that day.

    Raises:
        InputError: not such a time, or the end is not after the start.
    """
    first, last = _moment("--start", start, 0), _moment("--end", end, 1)
    if last <= first:
        raise InputError("--end", repr(end), expected=f"a time after --start {start}")
    return Span(first, last)


def _moment(option: str, text: str, days_more: int) -> datetime:
    try:
        if len(text) <= 10:
            midnight = datetime.combine(date.fromisoformat(text), time(), UTC)
            return midnight + timedelta(days=days_more)
        moment = datetime.fromisoformat(text)
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise InputError(option, repr(text), expected="2018-01-01 or 2018-01-01T12:30:00 (UTC)") from None
    return moment.replace(microsecond=0)


def gathered(
    whole: Span,
    ask: Callable[[Span], list[Any]],
    limit: int,
    overflow: Callable[[Span, list[Any]], None],
) -> Iterator[list[Any]]:
    """Yields the answers that together hold all that lies in `whole`, in order of time.

    Args:
        whole: the time span.
        ask: asks for the rows of a span.
        limit: an answer of so many rows or more may be cut off. It is thrown away and the halves of its span
            are asked for instead.
        overflow: called for a span of a second that reaches the limit all the same; returns if its answer
            is to be taken as it is.
    """
    waiting = [whole]
    while waiting:
        asked = waiting.pop()
        rows = ask(asked)
        halves = asked.halves() if len(rows) >= limit else None
        if halves is not None:
            waiting += reversed(halves)
            continue
        if len(rows) >= limit:
            overflow(asked, rows)
        yield rows
