"""Which of the records wanted are there already: in the download's folder, in its ledger, in an archive."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from quakesite.download.ledger import Ledger, Outcome, Wanted
from quakesite.errors import InputError
from quakesite.progress import say
from quakesite.records.archive import scan
from quakesite.records.naming import parse, station_of
from quakesite.records.opening import file_name

COMPONENTS = frozenset("ENZ")
NO_STATION = "other"


@dataclass
class Plan:
    """What to do about each record wanted.

    Attributes:
        fetch: to be asked for.
        there: in the folder or in an archive.
        gone: fetched before, and no longer in the folder; not asked for again.
        refused: refused for good before; not asked for again.
    """

    fetch: list[Wanted] = field(default_factory=list)
    there: list[Wanted] = field(default_factory=list)
    gone: list[Wanted] = field(default_factory=list)
    refused: list[Wanted] = field(default_factory=list)


def place(folder: Path, wanted: Wanted) -> Path:
    """Returns where a record is kept: a zip of its own, in a folder for each station."""
    station = station_of(wanted.record) or NO_STATION
    return folder / station / wanted.file_name


def plan(
    wanted: Iterable[Wanted], folder: Path, archives: Sequence[str], ledger: Ledger, again: bool
) -> Plan:
    """Returns what to do about each of the records `wanted`.

    Args:
        wanted: records, each once.
        folder: the download's folder, which need not exist.
        archives: further folders or zips that may hold records.
        ledger: what became of records before.
        again: ask also for what was refused, or has gone from the folder.
    """
    held = _held([*([str(folder)] if folder.is_dir() else []), *archives])
    result = Plan()
    for one in sorted(wanted, key=lambda each: (station_of(each.record), each.record, each.file_type)):
        before = ledger.entries.get(one)
        if place(folder, one).exists() or _is_held(one, held):
            result.there.append(one)
        elif before is not None and before.outcome is Outcome.FETCHED and not again:
            result.gone.append(one)
        elif before is not None and before.outcome is Outcome.REFUSED and not again:
            result.refused.append(one)
        else:
            result.fetch.append(one)
    return result


Held = dict[tuple[str, str, str], set[str]]
"""For each stamp, station and form the components that are there."""


def _held(archives: Sequence[str]) -> Held:
    held: Held = {}
    for archive in dict.fromkeys(archives):
        try:
            found = scan([archive]).found
        except InputError as error:
            if Path(archive).exists():
                continue
            say(f"{error}; so nothing in it counts as there already")
            continue
        for file in found:
            name = parse(file_name(file.source))
            if name.stamp:
                form = name.version if name.form == "asc" else name.form
                held.setdefault((name.stamp, name.station, form), set()).add(name.component)
    return held


def _is_held(wanted: Wanted, held: Held) -> bool:
    name = parse(wanted.record)
    if wanted.export_type == "mseed":
        return (name.stamp, name.station, "mseed") in held
    form = f"{wanted.file_type}_{wanted.file_status}"
    return held.get((name.stamp, name.station, form), set()) >= COMPONENTS
