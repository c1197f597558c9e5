"""The table of the configuration, cut into one table per section, so that each has a heading to go to."""

from __future__ import annotations

from itertools import groupby

WHOLE_RUN = "The whole run"


def by_section(page: str) -> str:
    """Returns the page with a heading and a table for each section of the configuration.

    Raises:
        ValueError: the page has no table.
    """
    lines = page.splitlines()
    rows = [number for number, line in enumerate(lines) if line.startswith("|")]
    if len(rows) < 3:
        raise ValueError("the page of the configuration has no table")
    first, last = rows[0], rows[-1]
    heading, body = lines[first : first + 2], lines[first + 2 : last + 1]
    tables = []
    for name, keys in groupby(body, section):
        title = f"`{name}`" if name else WHOLE_RUN
        tables += [f"## {title}", "", *heading, *keys, ""]
    return "\n".join([*lines[:first], *tables, *lines[last + 1 :]]) + "\n"


def section(row: str) -> str:
    """Returns the section of a row's key: what stands before its first dot, or nothing."""
    key = row.split("|")[1].strip(" `")
    return key.partition(".")[0] if "." in key else ""
