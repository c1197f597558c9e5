"""Which source states a station's Vs30, and what it says: report, station list, record header, or none."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from quakesite.demo.plan import Station

STATED_WRONG_BY = 1.18
LIST_OFF_BY = 1.12
HEADER_OFF_BY = 0.90
HEADER_CLOSE_BY = 1.01


class ReportDefect(StrEnum):
    """One way in which a MASW report is spoilt."""

    STATED_WRONG = "stated_value_wrong"
    SHALLOW = "ends_at_22_m"
    IMAGE_ONLY = "image_only"
    NO_THICKNESS = "no_thickness_column"


@dataclass(frozen=True, slots=True)
class Stated:
    """What is said of a station's Vs30, in m/s; null where a source is silent or absent.

    Attributes:
        report: as printed in the report beside its layers (one decimal).
        listed: in the station list (whole number).
        header: in every record's header (whole number).
        defect: what is wrong with the report.
    """

    report: float | None
    listed: int | None
    header: int | None
    defect: ReportDefect | None


@dataclass(frozen=True, slots=True)
class _Sources:
    report: bool = False
    listed: float | None = None
    header: float | None = None
    spoilt: bool = False


_ROUND = (
    _Sources(listed=1.0, header=1.0),
    _Sources(report=True, listed=1.0, header=1.0),
    _Sources(listed=1.0, header=1.0),
    _Sources(report=True),
    _Sources(listed=1.0),
    _Sources(report=True, listed=LIST_OFF_BY),
    _Sources(header=1.0),
    _Sources(listed=1.0, header=1.0),
    _Sources(report=True, listed=1.0, spoilt=True),
    _Sources(),
    _Sources(listed=1.0, header=1.0),
    _Sources(report=True, listed=1.0),
    _Sources(listed=1.0, header=HEADER_OFF_BY),
    _Sources(report=True),
    _Sources(listed=1.0),
    _Sources(listed=1.0, header=HEADER_CLOSE_BY),
    _Sources(report=True, listed=1.0, spoilt=True),
    _Sources(listed=1.0, header=1.0),
    _Sources(report=True, listed=1.0, header=1.0),
    _Sources(header=1.0),
)
"""What each of twenty stations has; the next twenty have the same. The numbers are factors on the truth."""


def stated(station: Station) -> Stated:
    """Returns what the sources say of the Vs30 of `station`."""
    truth = station.profile.vs30_m_s
    turn, place = divmod(station.index, len(_ROUND))
    sources = _ROUND[place]
    defect = None
    if sources.spoilt:
        defect = list(ReportDefect)[(2 * turn + (place > len(_ROUND) // 2)) % len(ReportDefect)]
    report = None
    if sources.report:
        report = round(truth * (STATED_WRONG_BY if defect is ReportDefect.STATED_WRONG else 1.0), 1)
    return Stated(
        report=report,
        listed=None if sources.listed is None else round(truth * sources.listed),
        header=None if sources.header is None else round(truth * sources.header),
        defect=defect,
    )


def site_class(vs30_m_s: float) -> str:
    """Returns the NEHRP 2009 site class of the truth, kept apart from the stage that the archive tests."""
    limits = ((1500.0, "A"), (760.0, "B"), (360.0, "C"))
    return next((name for lower, name in limits if vs30_m_s > lower), "D" if vs30_m_s >= 180.0 else "E")
