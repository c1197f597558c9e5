"""Settings of the `records` stage."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from quakesite.settings import Section

Form = Literal["mp_Acc", "ap_Acc", "mp_RawAcc", "ap_RawAcc", "mseed", "mat", "nsmn"]


class RecordsSettings(Section):
    """Which records are read, and which of several versions of one record is kept."""

    prefer: list[Form] = ["mp_Acc", "ap_Acc", "mp_RawAcc", "ap_RawAcc", "mseed", "mat"]
    """When a record comes in several forms, the first of this list is kept and the others are rejected as
    duplicates. A form that is not listed comes after those that are."""

    max_epicentral_distance_km: Annotated[float, Field(gt=0)] | None = 120.0
    """Records from farther away are rejected (paper: 120 km). null: no limit."""

    min_snr_db: float | None = 25.0
    """Records with a lower signal-to-noise ratio are rejected once P is picked (paper: 25 dB); see the
    `windows` stage, which applies it. null: no limit."""

    years: tuple[int, int] | None = None
    """First and last year of the events to keep (paper: [2012, 2018]). null: all."""

    magnitude: tuple[float, float] | None = None
    """Smallest and largest magnitude of the events to keep (paper: [2.2, 6.5]). null: all."""

    @model_validator(mode="after")
    def _ranges_ascend(self) -> RecordsSettings:
        for name in ("years", "magnitude"):
            span = getattr(self, name)
            if span is not None and span[0] > span[1]:
                raise ValueError(f"{name}: [{span[0]}, {span[1]}] does not ascend")
        if len(set(self.prefer)) != len(self.prefer):
            raise ValueError("prefer: a form is listed twice")
        return self
