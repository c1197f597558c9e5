"""Settings of the `records` stage."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from quakesite.settings import Section

Form = Literal[
    "mp_Acc", "ap_Acc", "mp_RawAcc", "ap_RawAcc", "mp_AAD_Acc", "ap_AAD_Acc", "mseed", "mat", "nsmn"
]


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

    min_component_ratio: Annotated[float, Field(ge=0, lt=1)] | None = 0.03
    """Records in which one component moves less than this part of another (standard deviations) have a dead
    sensor and are rejected. Of 137 real records two broken ones have 0.006 and 0.007, all others 0.28 and
    more. null: no limit."""

    max_clipped_samples: Annotated[int, Field(ge=0)] | None = None
    """Most samples of a record that may sit, three or more in a row, at a component's extreme.
    null: no limit."""

    max_jump: Annotated[float, Field(gt=0, le=2)] | None = None
    """Largest step between neighbouring samples, as a part of the component's peak; a spike of one sample has
    1 and more, and so has white noise. null: no limit."""

    max_flat_s: Annotated[float, Field(gt=0)] | None = None
    """Longest time in seconds for which a component may not change at all (a filled gap). null: no limit."""

    min_zero_crossings_hz: Annotated[float, Field(ge=0)] | None = None
    """Fewest crossings of zero per second (gmprocess refuses below 0.1). null: no limit."""

    max_distance_mismatch_km: Annotated[float, Field(gt=0)] | None = None
    """Most by which the header's epicentral distance may differ from the one its coordinates give.
    null: no limit."""

    @model_validator(mode="after")
    def _ranges_ascend(self) -> RecordsSettings:
        for name in ("years", "magnitude"):
            span = getattr(self, name)
            if span is not None and span[0] > span[1]:
                raise ValueError(f"{name}: [{span[0]}, {span[1]}] does not ascend")
        if len(set(self.prefer)) != len(self.prefer):
            raise ValueError("prefer: a form is listed twice")
        return self
