"""Settings of the `stations` stage."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from quakesite.settings import Section


class StationsSettings(Section):
    """Where the stations' measured Vs30 comes from. Precedence: MASW report, table, record header."""

    tables: list[str] = []
    """Station tables: TADAS station list exports (.xlsx or .csv)."""

    reports: list[str] = []
    """Folders of MASW reports (.pdf, or layer tables as .csv or .xlsx)."""

    layouts: list[str] = []
    """Folders of your own report layouts (.yaml), looked at before those of the package; docs/layouts.md
    says how to write one."""

    shallow_profiles: Literal["reject", "boore2004", "boore2011"] = "reject"
    """What becomes of a report whose profile ends above 30 m: refused, or extrapolated and flagged, by Boore
    (2004, California) or Boore et al. (2011, Japan)."""

    conflict_pct: Annotated[float, Field(gt=0, lt=100)] = 5.0
    """Two sources that disagree on a station's Vs30 by more than this many per cent make a row in
    `stations/conflicts.csv`."""
