"""Station codes that two networks use for different places: only one of them can be kept under it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from quakesite.records.choosing import Version
from quakesite.records.components import SAME_PLACE_DEGREE
from quakesite.records.loading import About, about
from quakesite.records.opening import Sources
from quakesite.rejects import Reason, Reject

NETWORKS = {"mat": "TK", "nsmn": "TK"}
"""Networks of the forms that have one network only."""


class _Place(NamedTuple):
    """Where a record was made; `network` is empty where it is unknown."""

    network: str
    latitude: float | None
    longitude: float | None

    def is_of(self, other: _Place) -> bool:
        """Whether the two are one station: of one network, or at one place."""
        if self.network and self.network == other.network:
            return True
        if None in (*self[1:], *other[1:]):
            return False
        pairs = zip(self[1:], other[1:], strict=True)
        return all(abs(float(one) - float(two)) <= SAME_PLACE_DEGREE for one, two in pairs)  # type: ignore[arg-type]


def without_collisions(versions: Sequence[Version], sources: Sources) -> tuple[list[Version], list[Reject]]:
    """Returns the versions of one station for each code, and those of others as rejects (`code_collision`).

    Candidates of one code are of one station where their network is the same, or their coordinates within
    `SAME_PLACE_DEGREE`. Of several the one with the most candidates is kept; of equals the one whose network
    comes first. Files are read only where the candidates of one code state different networks.
    """
    by_station: dict[str, list[Version]] = {}
    for version in versions:
        by_station.setdefault(version.candidate.station, []).append(version)
    kept: list[Version] = []
    rejects: list[Reject] = []
    for below in by_station.values():
        if len({_network(version) for version in below} - {""}) < 2:
            kept += below
            continue
        own, refused = _of_one_station(below, sources)
        kept += own
        rejects += refused
    return kept, rejects


def _network(version: Version) -> str:
    told = version.about.network if version.about else ""
    return told or NETWORKS.get(version.candidate.form, "")


def _of_one_station(versions: Sequence[Version], sources: Sources) -> tuple[list[Version], list[Reject]]:
    places = [_place(version, sources) for version in versions]
    stations = _stations(place for place in places if place is not None)
    if not stations:
        return list(versions), []
    largest = min(
        stations, key=lambda one: (-sum(place in one for place in places), sorted(map(_named, one)))
    )
    kept: list[Version] = []
    rejects: list[Reject] = []
    for version, place in zip(versions, places, strict=True):
        # What cannot be read is refused for that when it is loaded.
        if place is None or place in largest:
            kept.append(version)
            continue
        candidate = version.candidate
        other = min(map(_named, largest))
        detail = (
            f"{_named(place)} has the code {candidate.station} too, and the records of {other} are kept "
            "under it; give this one an archive and a `results` folder of its own"
        )
        rejects += [
            Reject(candidate.record_id, source, "records", Reason.CODE_COLLISION, detail)
            for source in candidate.sources
        ]
    return kept, rejects


def _place(version: Version, sources: Sources) -> _Place | None:
    """Where a version was recorded; None where it cannot be read."""
    told = version.about
    if told is None or told.latitude is None or told.longitude is None:
        told = about(version.candidate, sources, whole=True)
        if told == About():
            return None
    return _Place(told.network or _network(version), told.latitude, told.longitude)


def _stations(places: Iterable[_Place]) -> list[set[_Place]]:
    """Returns the places in sets of one station each."""
    stations: list[set[_Place]] = []
    for place in dict.fromkeys(places):
        same = [one for one in stations if any(place.is_of(other) for other in one)]
        stations = [one for one in stations if one not in same]
        stations.append({place}.union(*same))
    return stations


def _named(place: _Place) -> str:
    if place.latitude is None or place.longitude is None:
        return f"network {place.network or 'unknown'}"
    return f"network {place.network or 'unknown'} at {place.latitude:.4f} N {place.longitude:.4f} E"
