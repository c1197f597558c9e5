"""All sources of a configuration, read into statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from quakesite.errors import InputError
from quakesite.progress import track
from quakesite.rejects import Reject
from quakesite.stations.settings import StationsSettings
from quakesite.stations.statements import Statement

REPORT_KINDS = frozenset({".pdf", ".csv", ".xlsx"})


@dataclass(frozen=True)
class Read:
    """What was read: statements, refusals, and how many reports and table rows there were to read."""

    statements: list[Statement]
    rejects: list[Reject]


def report_files(folders: Sequence[str | Path]) -> list[Path]:
    """Returns the files below `folders` that can be reports, sorted; hidden files and Office locks left out.

    A path that is a file stands for itself.

    Raises:
        InputError: a path does not exist.
    """
    found: set[Path] = set()
    for folder in map(Path, folders):
        if not folder.exists():
            raise InputError(folder, "no such folder", field="stations.reports")
        candidates = folder.rglob("*") if folder.is_dir() else [folder]
        found.update(
            path
            for path in candidates
            if path.suffix.lower() in REPORT_KINDS
            and path.name[:2] != "~$"
            and path.name[:1] != "."
            and path.is_file()
        )
    return sorted(found)


def sorted_out(paths: Sequence[str | Path]) -> tuple[list[str], list[str]]:
    """Returns the station tables (Code and Vs30 columns) and the reports among files and folders.

    Raises:
        InputError: a path does not exist.
    """
    from quakesite.stations.tables import check_tables

    tables, reports = [], []
    for file in report_files(paths):
        try:
            check_tables([file])
        except InputError:
            reports.append(str(file))
        else:
            tables.append(str(file))
    return tables, reports


def read_sources(settings: StationsSettings, shards: Sequence[str | Path] = ()) -> Read:
    """Returns what the configured reports and tables and the headers of the record shards say.

    Raises:
        InputError: a file or folder is missing, a table or layout is none.
        RuntimeError: a file or row was lost, which is a bug.
    """
    from quakesite.stations.apart import ReportReader
    from quakesite.stations.headers import read_headers
    from quakesite.stations.report_layouts import read_layouts
    from quakesite.stations.tables import read_table

    statements: list[Statement] = []
    rejects: list[Reject] = []
    for table in sorted({str(path) for path in settings.tables}):
        said, refused = read_table(table)
        statements += said
        rejects += refused
    files = report_files(settings.reports)
    if files:
        n_read = 0
        layouts = read_layouts(settings.layouts)
        with ReportReader(layouts, settings.shallow_profiles, settings.report_limit_s) as reader:
            for file in track(files, "reports"):
                said_here = reader.read(file)
                statements += [said for said in said_here if isinstance(said, Statement)]
                rejects += [said for said in said_here if isinstance(said, Reject)]
                n_read += bool(said_here)
        if n_read != len(files):
            raise RuntimeError(f"{len(files)} reports were there, {n_read} were read or refused")
    statements += read_headers(shards)
    return Read(statements, rejects)
