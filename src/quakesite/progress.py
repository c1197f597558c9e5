"""Progress a person can follow: a bar on a terminal, plain lines now and then in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Sized
from typing import TypeVar

T = TypeVar("T")

SECONDS_BETWEEN_LINES = 10.0


def say(message: str) -> None:
    """Writes one line of progress to standard error."""
    sys.stderr.write(f"{message}\n")
    sys.stderr.flush()


def track(items: Iterable[T], what: str, total: int | None = None) -> Iterator[T]:
    """Yields `items` one by one, showing how far it is."""
    if total is None and isinstance(items, Sized):
        total = len(items)
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import track as rich_track

        yield from rich_track(items, what, total, console=Console(stderr=True))
        return
    started = last = time.monotonic()
    done = 0
    for done, item in enumerate(items, 1):
        yield item
        now = time.monotonic()
        if now - last >= SECONDS_BETWEEN_LINES:
            last = now
            of = f" of {total}" if total is not None else ""
            say(f"{what}: {done}{of}, {done / (now - started):.1f}/s")
    say(f"{what}: {done} done in {time.monotonic() - started:.1f} s")
