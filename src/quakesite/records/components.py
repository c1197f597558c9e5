"""Three components made one: matched, aligned in time, or refused by rule."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from quakesite.records.asc import Header
from quakesite.records.refusal import Refusal
from quakesite.records.schema import COMPONENTS
from quakesite.rejects import Reason

SMALLEST_COMMON = 0.5
"""The part of the longest component that all three must share."""

SAME_PLACE_DEGREE = 0.01
"""Coordinates of one station, or of one event, that differ by more are of different ones: about a km."""


def check_agreement(headers: Mapping[str, Header], sources: Mapping[str, str]) -> None:
    """Checks that components belong to one record.

    Raises:
        Refusal: `component_mismatch`, naming the component that differs from E.
    """
    first = headers["E"].metadata
    for name in COMPONENTS[1:]:
        other = headers[name].metadata
        for field, tolerance in (
            ("station", None),
            ("network", None),
            ("location", None),
            ("instrument", None),
            ("sampling_rate_hz", 1e-6),
            ("st_latitude", SAME_PLACE_DEGREE),
            ("st_longitude", SAME_PLACE_DEGREE),
        ):
            one, two = getattr(first, field), getattr(other, field)
            same = one == two or (
                tolerance is not None and one is not None and two is not None and abs(one - two) <= tolerance
            )
            if not same:
                detail = f"{field} is {two}, and {one} in component E"
                raise Refusal(sources[name], Reason.COMPONENT_MISMATCH, detail)


def offsets_and_length(
    headers: Mapping[str, Header], sources: Mapping[str, str]
) -> tuple[dict[str, int], int]:
    """Returns how many samples to drop at each component's start, and how many then to keep of each.

    Components that start at different times or differ in length are cut to the span they share; starts are
    taken at the nearest sample, so the components are aligned to half a sample.

    Raises:
        Refusal: `component_mismatch` where they share less than `SMALLEST_COMMON` of the longest, or differ
            in length and some start time is unknown.
    """
    rate = headers["E"].metadata.sampling_rate_hz
    lengths = {name: headers[name].n_samples for name in COMPONENTS}
    times = {name: headers[name].metadata.start_time for name in COMPONENTS}
    known = [time for time in times.values() if time is not None]
    shortest = min(lengths, key=lambda name: lengths[name])
    if len(known) < len(COMPONENTS):
        if len(set(lengths.values())) > 1:
            detail = f"{lengths} samples, and the time of the first is not known for all"
            raise Refusal(sources[shortest], Reason.COMPONENT_MISMATCH, detail)
        return dict.fromkeys(COMPONENTS, 0), lengths["E"]
    earliest = min(known)
    lags = {
        name: round((time - earliest).total_seconds() * rate)
        for name, time in times.items()
        if time is not None
    }
    try:
        return shared_part(lags, lengths)
    except ValueError as error:
        latest = max(lags, key=lambda name: lags[name])
        culprit = latest if lags[latest] else shortest
        raise Refusal(sources[culprit], Reason.COMPONENT_MISMATCH, str(error)) from None


def shared_part(lags: Mapping[str, int], lengths: Mapping[str, int]) -> tuple[dict[str, int], int]:
    """Returns how many samples to drop at each component's start, and how many then to keep of each.

    Args:
        lags: samples by which each component starts after the earliest.
        lengths: samples of each component.

    Raises:
        ValueError: they share less than `SMALLEST_COMMON` of the longest.
    """
    start = max(lags.values())
    length = min(lags[name] + lengths[name] for name in lengths) - start
    if length < SMALLEST_COMMON * max(lengths.values()):
        raise ValueError(f"the components share {max(0, length)} samples of {max(lengths.values())}")
    return {name: start - lag for name, lag in lags.items()}, length


def aligned(
    samples: Mapping[str, npt.NDArray[np.float64]], offsets: Mapping[str, int], length: int
) -> npt.NDArray[np.float64]:
    """Returns the components as one array of shape (3, length), order E, N, Z."""
    return np.stack([samples[name][offsets[name] : offsets[name] + length] for name in COMPONENTS])


def corners(headers: Mapping[str, Header]) -> dict[str, Any]:
    """Returns the columns of the components' filter corners, as their headers state them."""
    return {
        f"{corner}_{name.lower()}_hz": getattr(header, f"{corner}_hz")
        for corner in ("high_pass", "low_pass")
        for name, header in headers.items()
    }


def start_after(headers: Mapping[str, Header], offsets: Mapping[str, int]) -> timedelta:
    """Returns by how much component E's start moves when its offset is cut."""
    return timedelta(seconds=offsets["E"] / headers["E"].metadata.sampling_rate_hz)
