"""A record on one screen."""

from __future__ import annotations

from datetime import datetime
from math import isfinite
from typing import Any

import numpy as np

from quakesite.records.record import Record
from quakesite.records.schema import COMPONENTS

LEVELS = " ▁▂▃▄▅▆▇█"
COLUMNS = 64


def summary(record: Record) -> str:
    """Returns what a record is: station, event, path, samples, quality, and each component's envelope."""
    lines = [
        f"{record.record_id}  ({record.form})",
        f"  station   {record.network}.{record.station}  {_place(record.st_latitude, record.st_longitude)}  "
        f"{_value(record.st_elevation_m, '.0f', 'm')}  Vs30 {_value(record.vs30_m_s, '.0f', 'm/s')}",
        f"  event     {_time(record.event_time)}  {_place(record.ev_latitude, record.ev_longitude)}  "
        f"{_value(record.ev_depth_km, '.1f', 'km deep')}  {record.magnitude_type or 'M'} "
        f"{_value(record.magnitude, '.1f', '')}",
        f"  path      {_value(record.epicentral_distance_km, '.1f', 'km')} epicentral, "
        f"back azimuth {_value(record.back_azimuth_deg, '.0f', 'degrees')}",
        f"  samples   {record.n_samples} at {record.sampling_rate_hz:g} Hz, {record.duration_s:.2f} s from "
        f"{_time(record.start_time)}, PGA {record.pga_cm_s2:.4g} cm/s^2",
        f"  authors' P {_value(record.author_p_s, '.2f', 's')}, S {_value(record.author_s_s, '.2f', 's')}",
        f"  quality   weakest over strongest component {_value(record.component_ratio, '.2g', '')}, "
        f"clipped {_value(record.clipped_samples, 'd', 'samples')}, "
        f"largest jump {_value(record.largest_jump, '.2f', 'of the peak')}",
    ]
    motion = np.abs(record.acceleration - record.acceleration.mean(axis=1, keepdims=True))
    for name, samples in zip(COMPONENTS, motion, strict=True):
        envelope = np.array([part.max(initial=0.0) for part in np.array_split(samples, COLUMNS)])
        heights = np.ceil(np.sqrt(envelope / max(motion.max(initial=0.0), 1e-300)) * (len(LEVELS) - 1))
        lines.append(
            f"  {name} {''.join(LEVELS[int(height)] for height in heights)}  {samples.max():.4g} cm/s^2"
        )
    return "\n".join([*lines, *(f"  from      {source}" for source in record.sources)])


def as_data(record: Record) -> dict[str, Any]:
    """Returns the columns of `schema.RECORDS` as JSON has them: times in ISO 8601, NaN as null."""
    return {name: _plain(value) for name, value in record.row().items()}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, float) and not isfinite(value):
        return None
    return list(value) if isinstance(value, tuple) else value


def _value(value: float | None, spelling: str, unit: str) -> str:
    return "unknown" if value is None else f"{value:{spelling}} {unit}".rstrip()


def _place(latitude: float | None, longitude: float | None) -> str:
    return (
        "at an unknown place"
        if latitude is None or longitude is None
        else f"{latitude:.4f} N {longitude:.4f} E"
    )


def _time(time: object) -> str:
    return "an unknown time" if time is None else f"{time:%Y-%m-%d %H:%M:%S}"
