"""Settings of the `stations` stage."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from quakesite.settings import Section


class StationsSettings(Section):
    """Where the stations' measured Vs30 comes from. Precedence: MASW report, table, record header."""

    tables: list[str] = []
    """Station tables: TADAS station list exports (.xlsx or .csv)."""

    reports: list[str] = []
    """Folders of MASW reports (.pdf, or layer tables as .csv or .xlsx)."""

    conflict_pct: Annotated[float, Field(gt=0, lt=100)] = 5.0
    """Two sources that disagree on a station's Vs30 by more than this many per cent make a row in
    `stations/conflicts.csv`."""
