"""The record made from samples and from what their header says, whatever its form."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from datetime import datetime

import numpy as np
import numpy.typing as npt

from quakesite.records.geodesy import distance_and_azimuth
from quakesite.records.intensity import intensity
from quakesite.records.plausibility import origin_mismatch_s
from quakesite.records.quality import measure
from quakesite.records.record import Metadata, Record
from quakesite.records.refusal import Refusal
from quakesite.records.times import parse_stamp, stamp_of
from quakesite.rejects import Reason

LARGEST_CM_S2 = 1e5
"""About 100 g; the largest acceleration ever recorded was 4 g (Aoi et al. 2008, Science 322, 727-730)."""

LARGEST_SAMPLES = 1_000_000
"""Most samples per component: 2.8 hours at 100 Hz, where the longest of 137 real records has 7 minutes. It
bounds the memory that one record can ask for: reading a million takes 200 MB."""


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
    that the header states is kept. Without a `stamp` the record is named by its event's time; where the
    header does not tell the event's time, it is the stamp's.

    Raises:
        Refusal: neither stamp nor event time, or a stamp that is no date (`bad_header`), a peak that is none
            (`bad_samples`), a component without motion (`flat`), or too many samples (`too_large`).
    """
    stamp, stamped = _stamp(metadata, stamp, sources[0])
    if stamped is not None and metadata.event_time is None:
        metadata = replace(metadata, event_time=stamped)
    _check_samples(acceleration, sources[0])
    distance, azimuth = metadata.stated_distance_km, None
    if None not in (path := _path(metadata)):
        distance, azimuth = distance_and_azimuth(*path)  # type: ignore[arg-type]
    duration_s = (acceleration.shape[1] - 1) / metadata.sampling_rate_hz
    return Record(
        **{one.name: getattr(metadata, one.name) for one in fields(Metadata)},
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


def check_count(count: float, source: str) -> None:
    """Checks how many samples a component is said to have, before they are read.

    Raises:
        Refusal: more than `LARGEST_SAMPLES` (`too_large`).
    """
    if count > LARGEST_SAMPLES:
        found = f"{count:.0f} samples per component, at most {LARGEST_SAMPLES}: cut it around its event"
        raise Refusal(source, Reason.TOO_LARGE, found)


def _stamp(metadata: Metadata, stamp: str, source: str) -> tuple[str, datetime | None]:
    """Returns the stamp that names the record, and the time that the given one stands for."""
    if stamp:
        try:
            return stamp, parse_stamp(stamp)
        except ValueError:
            detail = f"{stamp} in the file's name is no date"
            raise Refusal(source, Reason.BAD_HEADER, detail) from None
    time = metadata.event_time or metadata.start_time
    if time is None:
        raise Refusal(source, Reason.BAD_HEADER, "no event time, in the header or in the file's name")
    return stamp_of(time), None


def _check_samples(acceleration: npt.NDArray[np.float64], source: str) -> None:
    check_count(acceleration.shape[1], source)
    highest, lowest = acceleration.max(axis=1, initial=-np.inf), acceleration.min(axis=1, initial=np.inf)
    peak = max(float(highest.max()), -float(lowest.min()))
    if not peak <= LARGEST_CM_S2:
        found = f"a peak of {peak:.3g} cm/s^2, above {LARGEST_CM_S2:.0e}: no acceleration"
        raise Refusal(source, Reason.BAD_SAMPLES, found)
    for name, extent in zip("ENZ", highest - lowest, strict=True):
        if not extent > 0.0:
            raise Refusal(source, Reason.FLAT, f"component {name} is constant")


def _path(metadata: Metadata) -> tuple[float | None, ...]:
    return (metadata.st_latitude, metadata.st_longitude, metadata.ev_latitude, metadata.ev_longitude)
