"""Header fields that people and programs spelled: read, or taken as unknown with a note of the doubt.

A field that a record cannot do without (its sampling interval, its station) refuses it; any other that is not
understood becomes unknown, and the record's `header_doubts` says so.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from datetime import datetime

from quakesite.records.refusal import Refusal
from quakesite.records.times import parse_time
from quakesite.rejects import Reason

UNKNOWN = frozenset(
    {"", "none", "nan", "nat", "null", "na", "n/a", "-", "--", "?", "unknown", "undefined", "missing"}
)
"""Spellings of "no value" in headers, in lower case, whatever the field."""

LONGEST = 40
"""Characters of a value that a number can have, and that a message shows."""

_ALMOST = re.compile(r"(?P<value>[-+]?\d+(?:[.,]\d+)?)\s*(?:\(.*\))?", re.ASCII)
"""A number with a decimal comma, as Turkish programs write it, or with a remark in brackets."""


def known(text: str) -> str:
    """Returns `text` without blanks around it, empty for the spellings of "no value"."""
    text = text.strip()
    return "" if text.lower() in UNKNOWN else text


def spelled(text: str) -> float:
    """Returns the number that `text` spells exactly; NaN for anything else, infinity among it."""
    if len(text) > LONGEST or "_" in text:
        return math.nan
    try:
        value = float(text)
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan


@dataclass(slots=True)
class FieldReader:
    """Reads the fields of one header; `doubts` gathers those that were not understood."""

    source: str
    doubts: list[str] = field(default_factory=list)

    def number(self, text: str, name: str, low: float = -math.inf, high: float = math.inf) -> float | None:
        """Returns the number in `text` if it lies between `low` and `high`, else None.

        Anything but a spelling of "no value" that gives None is a doubt, and so are the two spellings that
        are read though they are no numbers: a decimal comma, and a remark in brackets behind the number.
        """
        text = known(text)
        if not text:
            return None
        value = spelled(text)
        if math.isnan(value):
            almost = _ALMOST.fullmatch(text[: 2 * LONGEST])
            value = spelled(almost["value"].replace(",", ".")) if almost else math.nan
            if math.isnan(value):
                self._doubt(name, text)
                return None
            self.doubts.append(f"{name}: {text[:LONGEST]!r} read as {value:g}")
        return self.within(value, name, low, high)

    def within(self, value: float | None, name: str, low: float, high: float) -> float | None:
        """Returns `value` if it lies between `low` and `high`, both included; else None, a doubt. NaN is
        unknown, and no doubt."""
        if value is None or math.isnan(value):
            return None
        if not (low <= value <= high and math.isfinite(value)):
            self._doubt(name, f"{value:g}")
            return None
        return value

    def time(self, text: str, name: str) -> datetime | None:
        """Returns the time that `text` spells, None where it spells none."""
        text = known(text)
        try:
            return parse_time(text) if text else None
        except (ValueError, OverflowError):
            self._doubt(name, text)
            return None

    def required(self, text: str, name: str, low: float, high: float) -> float:
        """Returns the number in `text`.

        Raises:
            Refusal: it is missing, no number, or not between `low` and `high` (`bad_header`).
        """
        text = known(text)
        if not text:
            raise Refusal(self.source, Reason.BAD_HEADER, f"{name}: missing")
        value = spelled(text)
        if math.isnan(value):
            raise Refusal(self.source, Reason.BAD_HEADER, f"{name}: {text[:LONGEST]!r} is no number")
        if not low <= value <= high:
            found = f"{name}: {value:g} is not between {low:g} and {high:g}"
            raise Refusal(self.source, Reason.BAD_HEADER, found)
        return value

    def summary(self) -> str | None:
        """Returns the doubts in one line, None where there are none."""
        return "; ".join(" ".join(doubt.split()) for doubt in self.doubts) or None

    def _doubt(self, name: str, text: str) -> None:
        self.doubts.append(f"{name}: {text[:LONGEST]!r} taken as unknown")
