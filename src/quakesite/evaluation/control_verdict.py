"""What a row of `control.csv` comes to: whether the P/S channel is worth something to a model."""

from __future__ import annotations

import math

from quakesite.evaluation.audit import SIGNIFICANCE
from quakesite.evaluation.layout import Row

MATTERS_PCT = 1.0
"""A change of a smaller share of the error than this matters to nobody, however certain it is."""

COLLAPSED = "collapsed: says nothing"
TOO_SMALL = "no change that matters"
NOT_TOLD = "not told from no change"
WORSE, BETTER = "worse with another record's", "better with another record's"
NO_DATA = "no data"


def verdict(row: Row) -> str:
    """Returns what a row of `control.csv` comes to, in words.

    A model that has collapsed says nearly the same whatever it is given: its change may be certain to be
    above zero, and yet says nothing of what the channel is worth. Neither does one under `MATTERS_PCT` of the
    error.
    """
    change, relative, p, low, high = (
        float(value) if isinstance(value := row[name], float) else math.nan
        for name in ("change_pct", "relative_change_pct", "p_change", "change_low", "change_high")
    )
    if row["collapsed"]:
        return COLLAPSED
    if math.isnan(change):
        return NO_DATA
    if abs(relative) < MATTERS_PCT:
        return TOO_SMALL
    if not (p < SIGNIFICANCE and (low > 0.0 or high < 0.0)):
        return NOT_TOLD
    return WORSE if change > 0.0 else BETTER
