"""What one source says about one station: the common form of reports, table rows and record headers."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from quakesite.stations.schema import Source


@dataclass(frozen=True, slots=True)
class Statement:
    """One source's word on one station. Whatever it does not say is null.

    Args:
        place: where in the file (`row 5`, `page 2, line 14`).
        date: of the measurement (report), the installation (table) or the latest event (header).
        sigma_ln: standard deviation of ln Vs30.
        stated_vs30_m_s: what a report states beside the profile from which `vs30_m_s` is computed.
        flags: what a user of the value should know.
        notes: where each number stands in the file.
        n_records: records whose headers say this.
    """

    source: Source
    network: str | None
    station: str
    file: str
    place: str
    vs30_m_s: float | None = None
    latitude: float | None = None
    longitude: float | None = None
    elevation_m: float | None = None
    province: str | None = None
    f0_hz: float | None = None
    tp_s: float | None = None
    date: dt.date | None = None
    removed: dt.date | None = None
    method: str | None = None
    sigma_ln: float | None = None
    stated_vs30_m_s: float | None = None
    profile_depth_m: float | None = None
    vsz_m_s: float | None = None
    z1_m: float | None = None
    flags: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    n_records: int = 0

    @property
    def where(self) -> str:
        """File and place in one string."""
        return f"{self.file}: {self.place}" if self.place else self.file
