"""Which files make one record: grouped by their names alone, or by their headers where names do not tell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

from quakesite.records import naming
from quakesite.records.asc import HEAD_SIZE, read_header
from quakesite.records.opening import Sources, file_name, without_part
from quakesite.records.refusal import Refusal, unreadable
from quakesite.records.schema import COMPONENTS
from quakesite.records.times import stamp_of
from quakesite.rejects import Reason, Reject

MOST_INVENTORIES = 16
"""StationXML files of its station that are looked into for the channels of one record."""


class SourceFile(NamedTuple):
    """A file of the archive, as `archive.scan` found it."""

    station: str
    source: str
    form: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """Files that should make one record of one version.

    `files` maps E, N and Z to their sources; a file of three components stands under `ENZ`. `inventories`
    are the StationXML files of its station, one of which a miniSEED file needs: those beside it first, of
    these the one of its stamp. Several records may share one.
    """

    station: str
    stamp: str
    version: str
    form: str
    files: dict[str, str]
    inventories: tuple[str, ...] = ()

    @property
    def record_id(self) -> str:
        """The id of the record it would make, as far as names tell; empty where they do not."""
        return f"{self.stamp}_{self.station}" if self.stamp else ""

    @property
    def sources(self) -> list[str]:
        """Its files, sorted, without the inventories."""
        return sorted(self.files.values())


def candidates_of(files: Iterable[SourceFile], sources: Sources) -> tuple[list[Candidate], list[Reject]]:
    """Returns the candidates among the files of some stations, sorted by stamp and station, and the files
    that are part of none: unreadable headers, second copies of a component."""
    rejects: list[Reject] = []
    components: dict[tuple[str, str, str, str], list[_Component]] = defaultdict(list)
    found: list[Candidate] = []
    inventories: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for file in sorted(files):
        name = naming.parse(file_name(file.source))
        if file.form == "asc":
            try:
                component = _component(file, name, sources)
            except Refusal as refusal:
                rejects += refusal.rejects("", [file.source])
                continue
            key = file.station, component.stamp, component.version, component.sensor
            components[key].append(component)
        elif file.form == "stationxml":
            inventories[file.station].append((name.stamp, file.source))
        else:
            found.append(Candidate(file.station, name.stamp, file.form, file.form, {"ENZ": file.source}))
    for (station, stamp, version, _), group in components.items():
        for files_of_one, extra in _split(group):
            candidate = Candidate(station, stamp, version, "asc", files_of_one)
            found.append(candidate)
            for copy, original in extra:
                detail = f"a second copy of this component; {file_name(original)} was taken"
                rejects.append(Reject(candidate.record_id, copy, "records", Reason.DUPLICATE, detail))
    found = [
        _with_inventories(one, inventories[one.station]) if one.form == "mseed" else one for one in found
    ]
    return sorted(found, key=lambda one: (one.stamp, one.station, one.version, one.sources)), rejects


class _Component(NamedTuple):
    """`sensor` tells apart the networks, locations and instruments at one station, where the header does."""

    source: str
    folder: str
    stamp: str
    version: str
    component: str
    sensor: str


def _component(file: SourceFile, name: naming.Name, sources: Sources) -> _Component:
    folder = file.source[: len(file.source) - len(file_name(file.source))] + name.prefix
    if name.stamp and name.version and name.component:
        return _Component(file.source, folder, name.stamp, name.version, name.component, "")
    with unreadable(file.source):
        head = sources.head(file.source, HEAD_SIZE)
    header = read_header(head, file.source)
    stamp = name.stamp
    about = header.metadata
    time = about.event_time or about.start_time
    if not stamp and time is not None:
        stamp = stamp_of(time)
    version = name.version or header.version
    sensor = "" if name.stamp else f"{about.network}.{about.location}.{about.instrument}"
    return _Component(file.source, folder, stamp, version, header.component, sensor)


def _split(group: list[_Component]) -> list[tuple[dict[str, str], list[tuple[str, str]]]]:
    """Splits files of one stamp and version into records, and the copies of components that are left over.

    Where a component comes twice, each folder's are a record; but where no folder has all three, the first
    of each component is taken, from the fullest folders first.
    """
    counts = [sum(one.component == name for one in group) for name in COMPONENTS]
    if max(counts) <= 1:
        return [({one.component: one.source for one in group}, [])]
    folders: dict[str, list[_Component]] = defaultdict(list)
    for one in sorted(group, key=lambda one: (len(file_name(one.source)), one.source)):  # before its " (1)"
        folders[one.folder].append(one)
    present = {folder: len({one.component for one in below}) for folder, below in folders.items()}
    if max(present.values()) < len(COMPONENTS):
        fullest = sorted(folders, key=lambda folder: (-present[folder], folder))
        return [_first_of_each([one for folder in fullest for one in folders[folder]])]
    return [_first_of_each(folders[folder]) for folder in sorted(folders)]


def _first_of_each(files: list[_Component]) -> tuple[dict[str, str], list[tuple[str, str]]]:
    taken: dict[str, str] = {}
    extra: list[tuple[str, str]] = []
    for one in files:
        if one.component in taken:
            extra.append((one.source, taken[one.component]))
        else:
            taken[one.component] = one.source
    return taken, extra


def _with_inventories(candidate: Candidate, inventories: list[tuple[str, str]]) -> Candidate:
    """Gives a miniSEED candidate the `MOST_INVENTORIES` StationXML files of its station that come first."""
    whole = without_part(candidate.files["ENZ"])
    folder = whole.removesuffix(file_name(whole))
    ranked = sorted(
        (not source.startswith(folder), stamp != candidate.stamp, stamp, source)
        for stamp, source in inventories
    )
    return replace(candidate, inventories=tuple(source for *_, source in ranked[:MOST_INVENTORIES]))
