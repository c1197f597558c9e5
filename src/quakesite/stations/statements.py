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
        status: as a table states it (`Active`).
        n_methods: how many methods the value rests on, where a table says so.
        sigma_ln: standard deviation of ln Vs30, where the source states one.
        extrapolation_sigma_ln: that of an extrapolation to 30 m, in addition.
        stated_vs30_m_s: what a report states beside the profile from which `vs30_m_s` is computed.
        flags: what a user of the value should know.
        notes: where each number stands in the file.
        first_date: of the earliest event whose header says this; `date` is the latest's.
        record_ids: records whose headers say this.
        n_records: how many they are.
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
    slope: float | None = None
    slope_class: str | None = None
    date: dt.date | None = None
    removed: dt.date | None = None
    status: str | None = None
    method: str | None = None
    n_methods: int | None = None
    sigma_ln: float | None = None
    extrapolation_sigma_ln: float | None = None
    stated_vs30_m_s: float | None = None
    profile_depth_m: float | None = None
    vsz_m_s: float | None = None
    z1_m: float | None = None
    flags: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    first_date: dt.date | None = None
    record_ids: tuple[str, ...] = ()
    n_records: int = 0

    @property
    def where(self) -> str:
        """File and place in one string."""
        return f"{self.file}: {self.place}" if self.place else self.file
