"""What a check found, in one line, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found.

    Attributes:
        check: the check's name, one or two words.
        state: `failed` where a run would fail or its results be wrong, `warning` where it might.
        found: one line.
        action: what to do; empty where nothing is.
    """

    check: str
    state: State
    found: str
    action: str = ""

    def __post_init__(self) -> None:
        for name in ("found", "action"):
            object.__setattr__(self, name, " ".join(getattr(self, name).split()))


def ok(check: str, found: str) -> Finding:
    """Returns that nothing has to be done."""
    return Finding(check, State.OK, found)


def warning(check: str, found: str, action: str) -> Finding:
    """Returns that something may go wrong."""
    return Finding(check, State.WARNING, found, action)


def failed(check: str, found: str, action: str) -> Finding:
    """Returns that a run would fail."""
    return Finding(check, State.FAILED, found, action)


def any_failed(findings: Iterable[Finding]) -> bool:
    """Returns whether a run would fail."""
    return any(finding.state is State.FAILED for finding in findings)


def as_size(n_bytes: float) -> str:
    """Returns a number of bytes as people write it (1 GB is 10^9 bytes)."""
    for limit, unit in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB")):
        if n_bytes >= limit:
            return f"{n_bytes / limit:.1f} {unit}"
    return f"{n_bytes / 1e3:.0f} kB"
