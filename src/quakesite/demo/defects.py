"""What is broken on purpose, and the reason for which a reader has to refuse it."""

from __future__ import annotations

from enum import StrEnum

from quakesite.rejects import Reason


class Defect(StrEnum):
    """One way in which a record of the archive is spoilt."""

    TRUNCATED = "truncated"
    """One component's file ends too early."""
    MISSING_COMPONENT = "missing_component"
    """One component has no file."""
    NAN = "nan"
    """Some samples of one component are `nan`."""
    OTHER_FORM = "other_form"
    """The record comes as ap_RawAcc beside mp_Acc."""
    OTHER_STAMP = "other_stamp"
    """The record comes as ap_RawAcc too, under an event stamp two seconds later and another event id."""


DUPLICATES = (Defect.OTHER_FORM, Defect.OTHER_STAMP)
"""Defects of an extra version of the record; the preferred version itself is sound."""

REASONS = {
    Defect.TRUNCATED: Reason.TRUNCATED,
    Defect.MISSING_COMPONENT: Reason.MISSING_COMPONENT,
    Defect.NAN: Reason.BAD_SAMPLES,
    Defect.OTHER_FORM: Reason.DUPLICATE,
    Defect.OTHER_STAMP: Reason.DUPLICATE,
}

STATIONS_PER_ROUND = 15
OF_STATION = {
    1: Defect.TRUNCATED,
    2: Defect.MISSING_COMPONENT,
    3: Defect.NAN,
    4: Defect.OTHER_FORM,
    5: Defect.OTHER_STAMP,
}


def defect_of(station_index: int, event_index: int, n_events: int) -> Defect | None:
    """Returns what is wrong with a record: each fifteen stations hold one record of each defect."""
    if event_index != station_index % n_events:
        return None
    return OF_STATION.get(station_index % STATIONS_PER_ROUND)
