"""What a header says about a record, whatever its form, and the record made from it."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import Any

import numpy as np
import numpy.typing as npt

from quakesite.records.geodesy import distance_and_azimuth
from quakesite.records.intensity import intensity
from quakesite.records.plausibility import origin_mismatch_s
from quakesite.records.quality import measure
from quakesite.records.record import Metadata, Record
from quakesite.records.refusal import Refusal
from quakesite.records.times import stamp_of
from quakesite.rejects import Reason

LARGEST_CM_S2 = 1e5
"""About 100 g; the largest acceleration ever recorded was 4 g (Aoi et al. 2008, Science 322, 727-730)."""

UNKNOWN = frozenset({"", "none", "nan", "null", "na", "n/a", "-", "--", "unknown", "missing"})
"""Spellings of "no value" in headers, in lower case."""


def number(text: str, field: str, source: str) -> float | None:
    """Returns the number that `text` spells, None for the spellings of "no value".

    Raises:
        Refusal: anything else (`bad_header`).
    """
    if text.strip().lower() in UNKNOWN:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.inf
    if not math.isfinite(value) or "_" in text:
        raise Refusal(source, Reason.BAD_HEADER, f"{field}: {text[:40]!r} is no number")
    return value


def bounded(value: float | None, low: float, high: float, field: str, source: str) -> float | None:
    """Returns `value` if it lies between `low` and `high` (both included), or is None.

    Raises:
        Refusal: it does not (`bad_header`).
    """
    if value is not None and not low <= value <= high:
        raise Refusal(source, Reason.BAD_HEADER, f"{field}: {value:g} is not between {low:g} and {high:g}")
    return value


def make_record(
    metadata: Metadata,
    acceleration: npt.NDArray[np.float64],
    *,
    stamp: str,
    form: str,
    sources: tuple[str, ...],
) -> Record:
    """Returns the record of the samples (shape (3, n), E N Z, cm/s^2) with this metadata.

    Distance and back azimuth are computed from the coordinates; where those are not all known, the distance
    that the header states is kept. Without a `stamp` the record is named by its event's time.

    Raises:
        Refusal: neither stamp nor event time (`bad_header`), a peak that is none (`bad_samples`), or a
            component without motion (`flat`).
    """
    if not stamp:
        time = metadata.event_time or metadata.start_time
        if time is None:
            raise Refusal(sources[0], Reason.BAD_HEADER, "no event time, in the header or in the file's name")
        stamp = stamp_of(time)
    highest, lowest = acceleration.max(axis=1, initial=-np.inf), acceleration.min(axis=1, initial=np.inf)
    peak = max(float(highest.max()), -float(lowest.min()))
    if not peak <= LARGEST_CM_S2:
        found = f"a peak of {peak:.3g} cm/s^2, above {LARGEST_CM_S2:.0e}: no acceleration"
        raise Refusal(sources[0], Reason.BAD_SAMPLES, found)
    for name, extent in zip("ENZ", highest - lowest, strict=True):
        if not extent > 0.0:
            raise Refusal(sources[0], Reason.FLAT, f"component {name} is constant")
    distance, azimuth = metadata.stated_distance_km, None
    if None not in (path := _path(metadata)):
        distance, azimuth = distance_and_azimuth(*path)  # type: ignore[arg-type]
    values: dict[str, Any] = {one.name: getattr(metadata, one.name) for one in fields(Metadata)}
    duration_s = (acceleration.shape[1] - 1) / metadata.sampling_rate_hz
    return Record(
        **values,
        **measure(acceleration, metadata.sampling_rate_hz)._asdict(),
        **intensity(acceleration, metadata.sampling_rate_hz)._asdict(),
        origin_mismatch_s=origin_mismatch_s(
            metadata.event_time, metadata.start_time, duration_s, distance, metadata.ev_depth_km
        ),
        record_id=f"{stamp}_{metadata.station}",
        event_id=stamp,
        epicentral_distance_km=distance,
        back_azimuth_deg=azimuth,
        form=form,
        sources=sources,
        n_samples=acceleration.shape[1],
        pga_cm_s2=math.sqrt(float(np.einsum("ij,ij->j", acceleration, acceleration).max())),
        acceleration=acceleration,
    )


def _path(metadata: Metadata) -> tuple[float | None, ...]:
    return (metadata.st_latitude, metadata.st_longitude, metadata.ev_latitude, metadata.ev_longitude)
