"""Dates as the headers spell them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

_CLOCK = r"(?P<h>\d{2}):?(?P<mi>\d{2}):?(?P<s>\d{2})(?P<f>\.\d*)?"
_YEAR_FIRST = re.compile(rf"(?P<y>\d{{4}})[/.-]?(?P<mo>\d{{2}})[/.-]?(?P<d>\d{{2}})[ _T]+{_CLOCK}")
_DAY_FIRST = re.compile(rf"(?P<d>\d{{1,2}})[/.-](?P<mo>\d{{1,2}})[/.-](?P<y>\d{{4}})[ _T]+{_CLOCK}")
_MONTH_NAMED = re.compile(rf"(?P<d>\d{{1,2}})-(?P<name>[A-Za-z]{{3}})-(?P<y>\d{{4}}) +{_CLOCK}")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


@lru_cache(maxsize=4096)
def parse_time(text: str) -> datetime:
    """Returns the time (UTC, to the microsecond) that `text` spells.

    Understood: `2023/02/06 01:17:09.1789020` with any number of decimals, `20230206_011730`,
    `14/11/2010 23:09:19.300` and `26-Sep-2018 09:48:41`; a trailing `(GMT)` is ignored.

    Raises:
        ValueError: anything else, or a date that does not exist.
    """
    text = text.replace("(GMT)", "").strip().rstrip("Z")
    for pattern in (_YEAR_FIRST, _DAY_FIRST, _MONTH_NAMED):
        match = pattern.fullmatch(text)
        if not match:
            continue
        parts = match.groupdict()
        if "name" in parts:
            if parts["name"].lower() not in _MONTHS:
                break
            month = _MONTHS.index(parts["name"].lower()) + 1
        else:
            month = int(parts["mo"])
        hour, minute, second = int(parts["h"]), int(parts["mi"]), int(parts["s"])
        if hour > 23 or minute > 59 or second > 60:
            break
        day = datetime(int(parts["y"]), month, int(parts["d"]), hour, minute, tzinfo=UTC)
        digits = (parts["f"] or ".")[1:]
        microseconds = round(int(digits) * 10.0 ** (6 - len(digits))) if digits else 0
        return day + timedelta(seconds=second, microseconds=microseconds)
    raise ValueError(f"{text[:60]!r} is no date and time")


def parse_stamp(stamp: str) -> datetime:
    """Returns the time (UTC) that a stamp of 14 digits stands for.

    Raises:
        ValueError: a date that does not exist.
    """
    return datetime.strptime(stamp, "%Y%m%d%H%M%S").replace(tzinfo=UTC)


def stamp_of(time: datetime) -> str:
    """Returns the stamp (YYYYMMDDhhmmss) of `time`."""
    return f"{time.year:04d}{time:%m%d%H%M%S}"
