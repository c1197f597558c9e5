"""Which sound records are kept: by distance, year, magnitude, depth and quality, each refusal counted."""

from __future__ import annotations

from collections.abc import Iterator

from quakesite.records.plausibility import implausibilities
from quakesite.records.record import Record
from quakesite.records.settings import RecordsSettings
from quakesite.records.times import parse_stamp
from quakesite.rejects import Reason


def refused_by(record: Record, settings: RecordsSettings) -> tuple[Reason, str] | None:
    """Returns why `record` is left out (the first reason in the order of quality, then choice), None if kept.

    A limit that is set also leaves out records for which the figure it limits is unknown.
    """
    return next(_quality(record, settings), None) or next(_choice(record, settings), None)


def _quality(record: Record, settings: RecordsSettings) -> Iterator[tuple[Reason, str]]:
    for value, least, what in (
        (
            record.component_ratio,
            settings.min_component_ratio,
            "of another component's motion in the weakest one",
        ),
        (record.zero_crossings_hz, settings.min_zero_crossings_hz, "zero crossings per second"),
    ):
        if least is not None and value is not None and value < least:
            yield Reason.FLAT, f"{value:.2g} {what}, at least {least:g} wanted"
    noise = _noise(record, settings)
    if noise:
        yield Reason.NOISE_ONLY, noise
    for value, most, reason, what in (
        (record.pga_mismatch, settings.max_pga_mismatch, Reason.PGA_MISMATCH, "of the header's PGA off"),
        (record.longest_flat_s, settings.max_flat_s, Reason.FLAT, "s without any change"),
        (record.clipped_samples, settings.max_clipped_samples, Reason.CLIPPED, "samples at an extreme"),
        (record.largest_jump, settings.max_jump, Reason.SPIKES, "of the peak between neighbouring samples"),
        (record.spike_ratio, settings.max_spike_ratio, Reason.SPIKES, "times the range of what is around it"),
    ):
        if most is not None and value is not None and not value <= most:
            yield reason, f"{value:.4g} {what}, at most {most:g} wanted"
    limit, stated, computed = (
        settings.max_distance_mismatch_km,
        record.stated_distance_km,
        record.epicentral_distance_km,
    )
    if limit is not None and stated is not None and computed is not None and abs(stated - computed) > limit:
        yield Reason.DISTANCE_MISMATCH, f"{stated:g} km in the header, {computed:.2f} km by its coordinates"

    for detail in implausibilities(record, settings):
        yield Reason.IMPLAUSIBLE_HYPOCENTRE, detail


def _noise(record: Record, settings: RecordsSettings) -> str:
    """Why a record holds noise alone; empty where it does not, or one of the two limits is not set."""
    least, quiet = settings.min_autocorrelation, settings.min_contrast_db
    found, contrast = record.autocorrelation, record.contrast_db
    if least is None or quiet is None or found is None or contrast is None:
        return ""
    if found >= least or contrast >= quiet:
        return ""
    return (
        f"autocorrelation {found:.2f} of the loudest 2 s, which stand out by {contrast:.1f} dB; "
        f"at least {least:g} or {quiet:g} dB wanted"
    )


def _choice(record: Record, settings: RecordsSettings) -> Iterator[tuple[Reason, str]]:
    limit, distance = settings.max_epicentral_distance_km, record.epicentral_distance_km
    if limit is not None and distance is None:
        hint = "records.events can name a table of events to take the epicentre from"
        yield Reason.DISTANCE_UNKNOWN, f"no epicentral distance, limit {limit:g} km; {hint}"
    if limit is not None and distance is not None and distance > limit:
        yield Reason.TOO_FAR, f"epicentral distance {distance:.1f} km, limit {limit:g} km"
    if settings.years is not None:
        first, last = settings.years
        year = (record.event_time or parse_stamp(record.event_id)).year
        if not first <= year <= last:
            yield Reason.YEAR, f"{year}, kept are {first} to {last}"
    for value, span, reason, unit in (
        (record.magnitude, settings.magnitude, Reason.MAGNITUDE, ""),
        (record.ev_depth_km, settings.depth_km, Reason.DEPTH, " km"),
    ):
        if span is None:
            continue
        low, high = span
        if value is None:
            yield reason, f"unknown, kept are {low:g} to {high:g}{unit}"
        elif not low <= value <= high:
            yield reason, f"{value:g}{unit}, kept are {low:g} to {high:g}{unit}"
