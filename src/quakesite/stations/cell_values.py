"""What a cell of a layer table holds: a number, a range of depths, a sign for the half-space, or nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass

from quakesite.stations.parsing import fold, number
from quakesite.stations.report_layouts import Layout

LENGTHS = (
    (r"\bkm\b", 1000.0),
    (r"\bcm\b", 0.01),
    (r"\bmm\b", 0.001),
    (r"\b(ft|feet)\b", 0.3048),
    (r"\bm\b", 1.0),
)
SPEEDS = (
    (r"\bkm\s*[/ ]\s*s", 1000.0),
    (r"\bcm\s*[/ ]\s*s", 0.01),
    (r"\b(ft|feet)\s*[/ ]\s*s|\bfps\b", 0.3048),
    (r"\bm\s*[/ ]\s*s", 1.0),
)
RANGE = re.compile(
    r"^\s*(?P<top>\d[\d.,]*)\s*(?:m\s*|ft\s*)?(?:-|…|\.\.+|to|ile)\s*(?P<bottom>\d[\d.,]*|\D+)?\s*(?:m|ft)?\s*$"
)
DEEPER = re.compile(r"^\s*(?:>\s*(?P<over>\d[\d.,]*)|(?P<plus>\d[\d.,]*)\s*\+)\s*(?:m|ft)?\s*$")
NUMBER = re.compile(r"^\s*(?P<value>[\d.,]*\d)\s*(?:±.*|\+/?-.*|(?:k?c?m|ft)(?:\s*/\s*s\w*)?)?\s*$")

MARK_BEFORE = re.compile(r"^\s*['’‘~≈]\s*(?=\d)")
MARK_AFTER = re.compile(r"(?<=\d)\s*(?:\*+|\(\*+\)|\(\d\)|\[\d\]|[†‡])\s*$")
"""Marks that do not change a number: a spreadsheet's apostrophe, `about`, and references to a footnote."""
NUMBERING = re.compile(r"\s*[(\[]\d{1,2}[)\]]\s*")
"""The number of a column below its heading."""
DASH = re.compile(r"\s*(-|--|~)\s*")


@dataclass(frozen=True, slots=True)
class Value:
    """A cell, read. A `layer` that ends at no depth has neither a `number` nor a `bottom`.

    Args:
        text: as it stands.
        number: the number alone.
        top, bottom: of a range of depths.
        is_open: a word or sign says that there is no bottom.
        is_dash: that sign is a mere dash, which can mean anything in a line that is no row.
    """

    text: str
    number: float | None = None
    top: float | None = None
    bottom: float | None = None
    is_open: bool = False
    is_dash: bool = False

    @property
    def is_empty(self) -> bool:
        """Returns whether nothing stands there."""
        return not self.text

    @property
    def is_read(self) -> bool:
        """Returns whether what stands there was understood."""
        return self.is_open or self.number is not None or self.top is not None

    @property
    def tells(self) -> bool:
        """Returns whether it was understood and can only be part of a row."""
        return self.is_read and not self.is_dash

    @property
    def looks_numeric(self) -> bool:
        """Returns whether it has digits and hardly any letters, as a number that is spoilt."""
        longest = max((len(word) for word in re.findall(r"[a-z]+", fold(self.text))), default=0)
        return any(map(str.isdigit, self.text)) and longest <= 3 and len(self.text) <= 20

    @property
    def begins_with_digit(self) -> bool:
        """Returns whether it looks like a number, without a letter before the first digit."""
        return self.looks_numeric and re.match(r"[^a-z]*\d", fold(self.text)) is not None


def value_of(text: str, layout: Layout, *, speed: bool) -> Value:
    """Returns what a cell holds, numbers as they stand (in the column's unit).

    Args:
        text: of the cell.
        layout: knows the words for the half-space.
        speed: a velocity, which is a number and nothing else.
    """
    text = text.strip()
    folded = MARK_AFTER.sub("", MARK_BEFORE.sub("", fold(text)))
    plain = quantity(folded)
    if plain is not None or speed:
        return Value(text, number=plain)
    span, deeper = RANGE.match(folded), DEEPER.match(folded)
    if span is not None:
        top, below = _read(span["top"]), span["bottom"]
        if below and below[0].isdigit():
            bottom = _read(below)
            return Value(text) if top is None or bottom is None else Value(text, top=top, bottom=bottom)
        if below is None or DASH.fullmatch(below) or _is_half_space(below, layout):
            return Value(text, top=top, is_open=top is not None)
        return Value(text)
    if deeper is not None:
        top = _read(deeper["over"] or deeper["plus"])
        return Value(text, top=top, is_open=top is not None)
    if DASH.fullmatch(folded):
        return Value(text, is_open=True, is_dash=True)
    return Value(text, is_open=_is_half_space(folded, layout))


def quantity(folded: str) -> float | None:
    """Returns the number that a folded text is, with or without its unit or its ± behind it."""
    matched = NUMBER.match(folded)
    return _read(matched["value"]) if matched else None


def _read(text: str) -> float | None:
    try:
        return number(text)
    except ValueError:
        return None


def _is_half_space(folded: str, layout: Layout) -> bool:
    return any(re.search(pattern, folded) for pattern in layout.half_space)
