"""One strong-motion record: three components of one event at one station, with its metadata."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from quakesite.records.schema import RECORDS


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Metadata:
    """What a header says, in the units of `schema.RECORDS`; None where it says nothing.

    `location` and `instrument` are SEED's location code and the first two letters of its channel code (`HN`),
    None where the form has none; `agency_event_id` is the event's name in the database the record is from.
    """

    network: str
    station: str
    location: str | None = None
    instrument: str | None = None
    st_latitude: float | None
    st_longitude: float | None
    st_elevation_m: float | None
    vs30_m_s: float | None
    agency_event_id: str | None = None
    event_time: datetime | None
    ev_latitude: float | None
    ev_longitude: float | None
    ev_depth_km: float | None
    magnitude: float | None
    magnitude_type: str | None
    mw: float | None = None
    mw_reference: str | None = None
    ml: float | None = None
    ml_reference: str | None = None
    hypocentre_reference: str | None = None
    triggering: str | None = None
    stated_distance_km: float | None = None
    start_time: datetime | None
    sampling_rate_hz: float
    author_p_s: float | None = None
    author_s_s: float | None = None
    pga_mismatch: float | None = None
    high_pass_e_hz: float | None = None
    high_pass_n_hz: float | None = None
    high_pass_z_hz: float | None = None
    low_pass_e_hz: float | None = None
    low_pass_n_hz: float | None = None
    low_pass_z_hz: float | None = None
    header_doubts: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Record(Metadata):
    """One event at one station. The fields are the columns of `schema.RECORDS`, in their units.

    `acceleration` is float64 of shape (3, n_samples), components E, N, Z, in cm/s^2; the first sample is at
    `start_time`. A record read back from a shard carries the float32 values that were stored.
    """

    record_id: str
    event_id: str
    epicentral_distance_km: float | None
    back_azimuth_deg: float | None
    form: str
    sources: tuple[str, ...]
    n_samples: int
    pga_cm_s2: float
    acceleration: npt.NDArray[np.float64]
    component_ratio: float | None = None
    clipped_samples: int | None = None
    largest_jump: float | None = None
    longest_flat_s: float | None = None
    zero_crossings_hz: float | None = None
    autocorrelation: float | None = None
    contrast_db: float | None = None
    spike_ratio: float | None = None
    origin_mismatch_s: float | None = None
    pga_e_cm_s2: float | None = None
    pga_n_cm_s2: float | None = None
    pga_z_cm_s2: float | None = None
    rotd00_pga_cm_s2: float | None = None
    rotd50_pga_cm_s2: float | None = None
    rotd100_pga_cm_s2: float | None = None
    arias_e_cm_s: float | None = None
    arias_n_cm_s: float | None = None
    arias_z_cm_s: float | None = None
    cav_e_cm_s: float | None = None
    cav_n_cm_s: float | None = None
    cav_z_cm_s: float | None = None
    t90_e_s: float | None = None
    t90_n_s: float | None = None
    t90_z_s: float | None = None

    @property
    def end_time(self) -> datetime | None:
        """Time of the last sample."""
        if self.start_time is None:
            return None
        return self.start_time + timedelta(seconds=(self.n_samples - 1) / self.sampling_rate_hz)

    @property
    def duration_s(self) -> float:
        """Time from the first sample to the last, in seconds."""
        return (self.n_samples - 1) / self.sampling_rate_hz

    def metadata(self) -> Metadata:
        """Returns what the record's header says, without what was measured."""
        return Metadata(**{field.name: getattr(self, field.name) for field in fields(Metadata)})

    def row(self) -> dict[str, Any]:
        """Returns the metadata as a row of `schema.RECORDS`, without the samples."""
        values = {
            field.name: getattr(self, field.name) for field in fields(self) if field.name != "acceleration"
        }
        return values | {"sources": list(self.sources)}


if {field.name for field in fields(Record)} != set(RECORDS.names):
    raise TypeError("the fields of Record are not the columns of schema.RECORDS")
