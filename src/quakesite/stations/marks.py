"""Whether `1.300` is 1300 or 1.3: the other numbers of the same table tell."""

from __future__ import annotations

import re

from quakesite.stations.parsing import NUMBER, composed

EITHER = re.compile(r"[1-9]\d{0,2}(?P<mark>[.,])\d{3}")
"""A number whose mark can be that of the thousands or that of the decimals."""


class Marks:
    """What the numbers of a table tell of its marks.

    Attributes:
        decimal: marks that stand before decimals (`39,92`).
        thousands: marks that stand between thousands (`1.300,5`).
        whole: whether the column in question has numbers without any mark.
    """

    def __init__(self) -> None:
        self.decimal: set[str] = set()
        self.thousands: set[str] = set()
        self.whole = False

    def see(self, value: object, largest: float, *, same_column: bool = False) -> None:
        """Takes in what a cell tells.

        Args:
            value: the cell.
            largest: the most that its number can be; what would be more without its mark has decimals.
            same_column: it stands in the column in question.
        """
        if not isinstance(value, str):
            self.whole = self.whole or (same_column and isinstance(value, int | float) and value >= 10)
            return
        text = _compact(value)
        if NUMBER.fullmatch(text) is None:
            return
        marks = sorted({mark for mark in ".," if mark in text}, key=text.rindex)
        if not marks:
            self.whole = self.whole or (same_column and float(text) >= 10)
        elif len(marks) == 2:
            self.thousands.add(marks[0])
            self.decimal.add(marks[1])
        elif text.count(marks[0]) > 1:
            self.thousands.add(marks[0])
        elif without_mark(text) is None or (without_mark(text) or 0.0) > largest:
            self.decimal.add(marks[0])

    def are_thousands(self, value: object) -> bool:
        """Returns whether the mark of a cell like `1.300` stands between thousands.

        That is so where the mark stands nowhere before decimals, and another number tells that it does not:
        one with both marks, one with the other mark before its decimals, or one of its column without any.
        """
        matched = EITHER.fullmatch(_compact(value)) if isinstance(value, str) else None
        if matched is None or matched["mark"] in self.decimal:
            return False
        return matched["mark"] in self.thousands or bool(self.decimal) or self.whole


def without_mark(value: object) -> float | None:
    """Returns what a cell like `1.300` is if its mark stands between thousands; null for any other."""
    text = _compact(value) if isinstance(value, str) else ""
    return float(re.sub(r"[.,]", "", text)) if EITHER.fullmatch(text) else None


def _compact(text: str) -> str:
    return re.sub(r"\s", "", composed(text))
