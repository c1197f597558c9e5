"""What the archive will hold: regions, earthquakes, stations and records, before a single sample is made."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

import numpy as np

from quakesite.demo.defects import Defect, defect_of
from quakesite.demo.draws import spread, stream
from quakesite.demo.noise import draw_level_cm_s2
from quakesite.demo.profile import Profile, draw_profile
from quakesite.demo.site import fundamental_frequency_hz

NETWORK = "TK"
FIRST_CODE = 9001
"""Codes from 9001 on: the first two digits of a real code are a province's, 01 to 81."""
FORMS = ("mp_Acc", "ap_RawAcc", "mp_RawAcc", "mp_Acc", "ap_Acc", "ap_RawAcc")
KM_PER_DEGREE = 111.195
MAX_EPICENTRAL_KM = 120.0
"""The paper's limit: what lies beyond has to be refused."""


@dataclass(frozen=True, slots=True)
class Region:
    """A part of Türkiye with stations, and earthquakes of its own amid them."""

    province: str
    latitude: float
    longitude: float


REGIONS = (
    Region("Kütahya", 39.20, 30.00),
    Region("Malatya", 38.40, 38.00),
    Region("Denizli", 37.90, 29.20),
    Region("Bingöl", 39.20, 40.60),
)


@dataclass(frozen=True, slots=True)
class Event:
    """One earthquake."""

    number: int
    origin: datetime
    latitude: float
    longitude: float
    depth_km: float
    magnitude: float
    magnitude_type: str
    stress_drop_bar: float

    @property
    def stamp(self) -> str:
        """The origin time to the second, as file names carry it."""
        return f"{self.origin:%Y%m%d%H%M%S}"


@dataclass(frozen=True)
class Station:
    """One station on its layered site."""

    index: int
    code: str
    region: Region
    latitude: float
    longitude: float
    elevation_m: float
    rate_hz: float
    noise_cm_s2: float
    kappa_s: float
    profile: Profile

    @cached_property
    def f0_hz(self) -> float:
        """Fundamental frequency of the site."""
        return fundamental_frequency_hz(self.profile)


@dataclass(frozen=True, slots=True)
class RecordPlan:
    """One record: which earthquake at which station, in which form, with which defect, cut how.

    Attributes:
        epicentral_km: distance on the ellipsoid.
        back_azimuth_deg: from the station to the epicentre.
        before_p_s: time from the first sample to P.
        length_s: of the record.
    """

    station: Station
    event: Event
    event_index: int
    form: str
    defect: Defect | None
    epicentral_km: float
    back_azimuth_deg: float
    before_p_s: float
    length_s: float

    @property
    def record_id(self) -> str:
        """`<stamp>_<station>`."""
        return f"{self.event.stamp}_{self.station.code}"

    @property
    def hypocentral_km(self) -> float:
        """Distance from the focus."""
        return math.hypot(self.epicentral_km, self.event.depth_km)


def plan_events(seed: int, per_region: int) -> dict[Region, list[Event]]:
    """Returns each region's own earthquakes."""
    return {
        region: [_event(seed, number, j, region) for j in range(per_region)]
        for number, region in enumerate(REGIONS)
    }


def _event(seed: int, region_number: int, index: int, region: Region) -> Event:
    rng = stream(seed, "event", region_number, index)
    distance, azimuth = 35.0 * math.sqrt(rng.random()), rng.uniform(0.0, 2.0 * math.pi)
    latitude, longitude = _moved(region.latitude, region.longitude, distance, azimuth)
    days, seconds = int(rng.integers(0, 2556)), int(rng.integers(0, 8_640_000)) / 100.0
    magnitude = round(3.7 + 2.3 * spread(seed, f"magnitude {region_number}", index) ** 1.3, 1)
    return Event(
        number=990_001 + region_number + len(REGIONS) * index,
        origin=datetime(2012, 1, 1, tzinfo=UTC) + timedelta(days=days, seconds=seconds),
        latitude=round(latitude, 4),
        longitude=round(longitude, 4),
        depth_km=round(float(rng.uniform(6.0, 18.0)), 2),
        magnitude=magnitude,
        magnitude_type="Mw" if magnitude >= 4.4 else "ML",
        stress_drop_bar=round(80.0 * math.exp(rng.normal(0.0, 0.35)), 1),
    )


def plan_station(seed: int, index: int) -> Station:
    """Returns the `index`-th station; it is the same however many there are."""
    rng = stream(seed, "station", index)
    region = REGIONS[index % len(REGIONS)]
    outlying = index % 6 == 3
    distance = rng.uniform(85.0, 112.0) if outlying else 75.0 * math.sqrt(rng.random())
    latitude, longitude = _moved(region.latitude, region.longitude, distance, rng.uniform(0.0, 2.0 * math.pi))
    return Station(
        index=index,
        code=str(FIRST_CODE + index),
        region=region,
        latitude=round(latitude, 5),
        longitude=round(longitude, 5),
        elevation_m=float(rng.integers(250, 1700)),
        rate_hz=200.0 if index % 9 == 4 else 100.0,
        noise_cm_s2=draw_level_cm_s2(rng),
        kappa_s=round(float(rng.uniform(0.025, 0.045)), 4),
        profile=draw_profile(seed, index),
    )


def plan_records(seed: int, station: Station, events: list[Event]) -> Iterator[RecordPlan]:
    """Yields the records of `station`, one for each of its region's `events`."""
    from obspy.geodetics import gps2dist_azimuth

    for j, event in enumerate(events):
        rng = stream(seed, "record plan", station.index, j)
        metres, _, back_azimuth = gps2dist_azimuth(
            event.latitude, event.longitude, station.latitude, station.longitude
        )
        short = (station.index + 3 * j) % 11 == 5
        within = metres / 1000.0 <= MAX_EPICENTRAL_KM
        defect = defect_of(station.index, j, len(events)) if within else None
        yield RecordPlan(
            station=station,
            event=event,
            event_index=j,
            form="mp_Acc"
            if defect in (Defect.OTHER_FORM, Defect.OTHER_STAMP)
            else FORMS[(station.index + j) % 6],
            defect=defect,
            epicentral_km=metres / 1000.0,
            back_azimuth_deg=back_azimuth,
            before_p_s=round(float(rng.uniform(8.0, 12.0) if short else rng.uniform(12.0, 28.0)), 3),
            length_s=float(rng.integers(42, 59) if short else rng.integers(66, 96)),
        )


def _moved(latitude: float, longitude: float, distance_km: float, azimuth: float) -> tuple[float, float]:
    north, east = distance_km * np.cos(azimuth), distance_km * np.sin(azimuth)
    return (
        float(latitude + north / KM_PER_DEGREE),
        float(longitude + east / (KM_PER_DEGREE * math.cos(math.radians(latitude)))),
    )
