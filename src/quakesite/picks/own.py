"""A pick method of one's own: a Python file with a function `pick`, named in `picks.methods`."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from quakesite.errors import InputError
from quakesite.own_file import attribute
from quakesite.records.record import Record

WRITTEN = "`def pick(record)`, which returns P and S in seconds from the first sample, each a number or None"


def own_method(path: str | Path) -> Callable[[Record], tuple[float | None, float | None]]:
    """Returns the method in the file at `path`: P and S of a record, in seconds from its first sample.

    Raises:
        InputError: there is none in it; or, when it is called, it gives something else for a record.
    """
    pick = attribute(path, "pick", WRITTEN)

    def checked(record: Record) -> tuple[float | None, float | None]:
        found = pick(record)
        if not isinstance(found, tuple) or len(found) != 2:
            raise InputError(path, repr(found), field=f"record {record.record_id}", expected=WRITTEN)
        p_s, s_s = (_time(value, record, path) for value in found)
        return p_s, s_s

    return checked


def _time(value: Any, record: Record, path: str | Path) -> float | None:
    if value is None:
        return None
    try:
        time_s = float(value)
    except (TypeError, ValueError):
        time_s = math.nan
    if not 0.0 <= time_s <= record.duration_s:
        raise InputError(
            path,
            repr(value),
            field=f"record {record.record_id}",
            expected=f"a time from 0 to {record.duration_s:g} s, or None",
        )
    return time_s
