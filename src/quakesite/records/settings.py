"""Settings of the `records` stage."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from quakesite.settings import Section

_VERSION = re.compile(r"(mp|ap)_([A-Za-z0-9-]+_)?(RawAcc|Acc)|RawAcc|mseed|mat|nsmn", re.ASCII)


def _known_version(text: str) -> str:
    if not _VERSION.fullmatch(text):
        raise ValueError(f"{text!r} is no version of a record, as mp_Acc, ap_AAD_Acc, mseed or mat are")
    return text


Version = Annotated[str, AfterValidator(_known_version)]
"""A version of a record as the `form` column names it: TADAS's `mp_Acc`, a re-filterer's `ap_AAD_Acc` with
his mark, or another form."""


class RecordsSettings(Section):
    """Which records are read, and which of several versions of one record is kept."""

    prefer: list[Version] = ["mp_Acc", "ap_Acc", "mp_RawAcc", "ap_RawAcc", "mseed", "mat"]
    """When a record comes in several forms, the first of this list is kept and the others are rejected as
    duplicates. A form that is not listed comes after those that are. A re-filterer's mark stands in the
    middle: `ap_AAD_Acc`."""

    max_epicentral_distance_km: Annotated[float, Field(gt=0)] | None = 120.0
    """Records from farther away are rejected (paper: 120 km). null: no limit."""

    min_snr_db: float | None = 25.0
    """Records with a lower signal-to-noise ratio are rejected once P is picked (paper: 25 dB); see the
    `windows` stage, which applies it. null: no limit."""

    min_p_time_s: Annotated[float, Field(gt=0)] | None = None
    """Records whose P is picked sooner, in seconds after the first sample, were triggered late and hold too
    little noise before P; they are rejected, and so are those without a P pick. gmprocess wants 1 s of noise
    (`min_noise_duration`), and before 5 s EQTransformer is blind by default; see the `windows` stage, which
    applies it. null: no limit."""

    events: list[str] = []
    """Tables of events (CSV, as `quakesite download events` writes them) that fill in hypocentre, magnitude
    and distance where a record's files do not tell them, as miniSEED's do not: the event of the record's
    agency id, else the one whose origin is nearest to the stamp, within 10 s. Without one, miniSEED has no
    distance and is rejected as `distance_unknown` unless max_epicentral_distance_km is null."""

    years: tuple[int, int] | None = None
    """First and last year of the events to keep (paper: [2012, 2018]). null: all."""

    magnitude: tuple[float, float] | None = None
    """Smallest and largest magnitude of the events to keep (paper: [2.2, 6.5]). null: all."""

    depth_km: tuple[float, float] | None = None
    """Smallest and largest depth of the events to keep, in km. null: all."""

    min_component_ratio: Annotated[float, Field(ge=0, lt=1)] | None = 0.03
    """Records in which one component moves less than this part of another (standard deviations) have a dead
    sensor and are rejected. Of 137 real records two broken ones have 0.006 and 0.007, all others 0.28 and
    more. null: no limit."""

    min_autocorrelation: Annotated[float, Field(ge=-1, le=1)] | None = 0.5
    """With `min_contrast_db`: records whose loudest 2 s have a lower autocorrelation at a lag of 0.01 s, in
    every component, and stand out by less than that contrast, hold noise alone and are rejected. Ours: of 135
    real records six dead sensors have 0.02 to 0.41 and up to 12.5 dB; all others have 0.65 and more,
    whatever their contrast, and 651 synthetic ones 0.75. null: no limit."""

    min_contrast_db: float | None = 15.0
    """See `min_autocorrelation`: the power of the loudest 2 s over that of the median 2 s, in dB. It keeps
    near and small earthquakes, whose motion above 17 Hz has a low autocorrelation as well. Ours: small
    earthquakes (ML 3 to 4.4) have 13 to 29 dB. null: no limit."""

    max_clipped_samples: Annotated[int, Field(ge=0)] | None = None
    """Most samples of a record that may sit, three or more in a row, at a component's extreme. Ours, no
    publication: all of 135 real records have 0. null: no limit."""

    max_jump: Annotated[float, Field(gt=0, le=2)] | None = None
    """Largest step between neighbouring samples, as a part of the component's peak; a spike of one sample has
    1 and more, and so has white noise. Ours, no publication: real records have 0.15 to 1.75, median 0.58,
    small near earthquakes up to 1.5. null: no limit."""

    max_spike_ratio: Annotated[float, Field(gt=0)] | None = None
    """Largest step between neighbouring samples over the range of the samples within 0.5 s of it: a spike
    stands out from what is around it, noise and strong motion do not. Ours, no publication: 129 sound real
    records have up to 1.3, synthetic ones up to 1.5. null: no limit."""

    max_flat_s: Annotated[float, Field(gt=0)] | None = None
    """Longest time in seconds for which a component may not change at all (a filled gap). Ours, no
    publication: real records have up to 0.18 s, where small motion falls below a digitizer's step. null: no
    limit."""

    min_zero_crossings_hz: Annotated[float, Field(ge=0)] | None = None
    """Fewest crossings of zero per second (gmprocess refuses below 0.1). null: no limit."""

    max_distance_mismatch_km: Annotated[float, Field(gt=0)] | None = None
    """Most by which the header's epicentral distance may differ from the one its coordinates give. Ours, no
    publication: 119 real headers differ by up to 0.69 km, being computed on a sphere. null: no limit."""

    max_pga_mismatch: Annotated[float, Field(gt=0)] | None = None
    """Most by which a component's peak may differ from the PGA its header states, as a part of that PGA.
    Files that differ by more than rounding are rejected while they are read, whatever this limit; only those
    that were filtered anew (`AAD`) keep the PGA of the file they were made from, and differ by up to 0.37.
    null: no limit."""

    plausible_depth_km: tuple[float, float] | None = (0.0, 700.0)
    """Depths in km that a hypocentre can have; records of other events are rejected. The deepest earthquakes
    lie near 700 km (Frohlich 2006, Deep Earthquakes, Cambridge University Press). null: any."""

    plausible_magnitude: tuple[float, float] | None = (0.1, 9.5)
    """Magnitudes that an event on these records can have; records of other events are rejected. 0 is how some
    headers spell unknown; the largest ever was 9.5 (Chile 1960; Kanamori 1977,
    https://doi.org/10.1029/JB082i020p02981). null: any."""

    reject_zero_coordinates: bool = True
    """Whether an epicentre or station at exactly 0 degrees north, 0 degrees east, which is how some headers
    spell unknown, makes a record rejected. Ours, no publication: the place lies in the Gulf of Guinea, and no
    real record is there."""

    max_origin_mismatch_s: Annotated[float, Field(gt=0)] | None = None
    """Most seconds by which a record may miss the waves of its event: it ends before the first (hypocentral
    distance at 8.2 km/s) or starts after the last (2 km/s) can arrive. A wrong clock or a wrong event.
    null: no limit."""

    @model_validator(mode="after")
    def _ranges_ascend(self) -> RecordsSettings:
        for name in ("years", "magnitude", "depth_km", "plausible_depth_km", "plausible_magnitude"):
            span = getattr(self, name)
            if span is not None and span[0] > span[1]:
                raise ValueError(f"{name}: [{span[0]}, {span[1]}] does not ascend")
        if len(set(self.prefer)) != len(self.prefer):
            raise ValueError("prefer: a form is listed twice")
        return self


NO_LIMITS: dict[str, bool | None] = {
    name: False if name == "reject_zero_coordinates" else None
    for name in RecordsSettings.model_fields
    if name not in ("prefer", "events")
}
"""The values of the settings that leave no record out."""
