"""Time and chance, given to whoever waits, so that tests need not."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True)
class Clock:
    """Tells the time, waits and draws.

    Attributes:
        monotonic: seconds since some moment, never going back.
        now: seconds since 1970.
        sleep: waits for so many seconds.
        chance: a number from 0 to 1, another each time.
    """

    monotonic: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random

    def utc(self) -> datetime:
        """Returns the time now."""
        return datetime.fromtimestamp(self.now(), UTC)
