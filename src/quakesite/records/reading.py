"""Records from a path, for library users: the same readers and rules as the workflow's."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from quakesite.errors import InputError, check_name, nothing_there
from quakesite.records.archive import scan
from quakesite.records.candidates import SourceFile
from quakesite.records.ingest import ordered_records
from quakesite.records.naming import form_of, parse
from quakesite.records.opening import Sources
from quakesite.records.record import Record
from quakesite.records.settings import NO_LIMITS, RecordsSettings
from quakesite.rejects import Reason, Reject
from quakesite.settings import validated


def read(
    path: str | Path, *, prefer: Sequence[str] | None = None, rejects: list[Reject] | None = None
) -> list[Record]:
    """Returns the records at `path`, sorted by `record_id`.

    Args:
        path: a folder or a zip, searched to any depth; or one file, of which the files of the same record
            (the other components, the StationXML) are read from beside it.
        prefer: which version of a record to keep, as in the configuration.
        rejects: what is refused is appended here. Without it, refusals within a folder or a zip make one
            warning.

    Raises:
        InputError: nothing there, or no record could be read; says what was wrong with the first file.
    """
    path = str(path)
    refused: list[Reject] = [] if rejects is None else rejects
    before = len(refused)
    files = _files(path, refused)
    wanted: dict[str, Any] = {} if prefer is None else {"prefer": list(prefer)}
    # Whoever names a path wants what is there: nothing is left out for its distance or quality.
    settings = validated(RecordsSettings, NO_LIMITS | wanted, "read")
    with Sources() as opened:
        records = list(ordered_records(files, settings, opened, refused, set()))
    lost = [reject for reject in refused[before:] if reject.reason is not Reason.NOT_A_RECORD]
    if not records:
        if not lost:
            raise _none_in(path)
        raise InputError(lost[0].source, f"{lost[0].reason}: {lost[0].detail}")
    if lost and rejects is None:
        first = f"{lost[0].source}: {lost[0].reason}: {lost[0].detail}"
        warnings.warn(f"{path}: {len(lost)} files refused, the first {first}", stacklevel=2)
    return records


def _files(path: str, refused: list[Reject]) -> list[SourceFile]:
    if not os.path.exists(path):
        raise nothing_there(path, "a file, folder or zip of records", "correct the path")
    try:
        found = scan([path])
    except InputError:
        check_name(path)
        raise _none_in(path) from None
    refused += [
        Reject("", file.source, "records", Reason(file.reason), file.detail) for file in found.refused
    ]
    files = [SourceFile(file.station, file.source, file.form) for file in found.found]
    if os.path.isfile(path) and path[-4:].lower() != ".zip":
        for station in sorted({file.station for file in files}):
            files += [SourceFile(station, beside, form_of(beside)) for beside in _companions(path)]
    return files


def _none_in(path: str) -> InputError:
    return InputError(
        path,
        "holds no record",
        expected="TADAS .asc, NSMN .txt, AFAD-1218 .mat or miniSEED files, loose or in zips",
        action="for another form see docs/how-to/new-reader.md",
    )


def _companions(path: str) -> list[str]:
    """Returns the files beside `path` that belong to the same record, as far as their names tell."""
    folder, name = os.path.split(path)
    this = parse(name)
    found = []
    for other in sorted(os.listdir(folder or ".")):
        that = parse(other)
        if this.form == "mseed":
            belongs = that.form == "stationxml" and (that.stamp, that.station) == (this.stamp, this.station)
        elif this.form == "asc" and this.component:
            belongs = that.component not in ("", this.component) and that[:5] == this[:5]
        else:
            belongs = this.form == that.form == "asc" and _differ_in_component(name, other)
        if belongs:
            found.append(os.path.join(folder, other))
    return found


def _differ_in_component(name: str, other: str) -> bool:
    """Whether two names are alike but for one letter, which is a component's in both."""
    different = {pair for pair in zip(name, other, strict=False) if pair[0] != pair[1]}
    return len(name) == len(other) and len(different) == 1 and set(*different) <= set("ENUZ")
