"""All sources of a configuration, read into statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from quakesite.errors import InputError, check_name
from quakesite.progress import track
from quakesite.rejects import Reject
from quakesite.stations.cells import rows
from quakesite.stations.document import Cell
from quakesite.stations.layer_rows import columns_of, is_whole
from quakesite.stations.parsing import heading_key
from quakesite.stations.report_layouts import Layout
from quakesite.stations.settings import StationsSettings
from quakesite.stations.statements import Statement

TABLE = "station table"
REPORT = "report"
REPORT_KINDS = frozenset({".pdf", ".csv", ".xlsx"})
NEEDED = ("station", "vs30_m_s")
"""Columns that a station list cannot do without, as `tables.HEADINGS` calls them."""


@dataclass(frozen=True)
class Read:
    """What was read: statements, refusals, and how many reports and table rows there were to read."""

    statements: list[Statement]
    rejects: list[Reject]


def report_files(folders: Sequence[str | Path]) -> list[Path]:
    """Returns the files below `folders` that can be reports, sorted; hidden files and Office locks left out.

    A path that is a file stands for itself.

    Raises:
        InputError: a path does not exist, or is no UTF-8.
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
    for path in found:
        check_name(path)
    return sorted(found)


def sorted_out(paths: Sequence[str | Path], settings: StationsSettings) -> dict[str, str]:
    """Returns the files among files and folders, and as what each is taken: a station table or a report.

    What the configuration names counts as what it names it. Of the others those whose first row has a Code
    and a Vs30 column are station tables, unless it is the heading of a layer table.

    A station list that lacks one of the two says so in its role where it was found in a folder.

    Raises:
        InputError: a path does not exist, or is the file of a station list without a Code or a Vs30 column.
    """
    from quakesite.stations.report_layouts import read_layouts
    from quakesite.stations.tables import check_tables

    tables = {Path(file).resolve() for file in settings.tables}
    folders = {Path(folder).resolve() for folder in settings.reports}
    layouts = read_layouts(settings.layouts)
    named = {Path(path).resolve() for path in paths}
    taken: dict[str, str] = {}
    for file in report_files(paths):
        own = file.resolve()
        if own in tables:
            role = f"{TABLE}, as configured"
        elif own in folders or folders & set(own.parents):
            role = f"{REPORT}, as configured"
        elif file.suffix.lower() == ".pdf":
            role = REPORT
        else:
            try:
                check_tables([file])
            except InputError as error:
                role = REPORT
                if error.field and _is_incomplete_list(file) and not _heads_layers(file, layouts):
                    if own in named:
                        raise
                    role = f"{REPORT}: no {error.field} column for a station list"
            else:
                role = f"{REPORT}: layers under its first row" if _heads_layers(file, layouts) else TABLE
        taken[str(file)] = role
    return taken


def _is_incomplete_list(path: Path) -> bool:
    """Returns whether the first row is that of a station list which lacks its Code or its Vs30 column."""
    from quakesite.stations.tables import HEADINGS

    for _, values in rows(path, first_only=True):
        keys = {heading_key(str(value)) for value in values if value is not None}
        known = {name for name, headings in HEADINGS.items() if keys & set(headings)}
        place = {"latitude", "longitude"} <= known or {"easting", "northing"} <= known
        return place or (len(known & set(NEEDED)) == 1 and len(known) > 2)
    return False


def _heads_layers(path: Path, layouts: Sequence[Layout]) -> bool:
    """Returns whether the first row is the heading of a layer table: Vs beside a thickness or a depth."""
    for _, values in rows(path, first_only=True):
        cells = [
            Cell(str(value), float(index), index + 1.0)
            for index, value in enumerate(values)
            if value is not None
        ]
        return any(is_whole(columns_of(cells, layout)) for layout in layouts)
    return False


def read_lists(settings: StationsSettings) -> tuple[list[Statement], list[Reject]]:
    """Returns what the configured station tables say, and what of them is refused.

    Raises:
        InputError: a table is missing, or is none.
    """
    from quakesite.stations.tables import read_table

    statements: list[Statement] = []
    rejects: list[Reject] = []
    for table in sorted({str(path) for path in settings.tables}):
        said, refused = read_table(table)
        statements += said
        rejects += refused
    return statements, rejects


def read_sources(settings: StationsSettings, shards: Sequence[str | Path] = ()) -> Read:
    """Returns what the configured reports and tables and the headers of the record shards say.

    Raises:
        InputError: a file or folder is missing, a table or layout is none.
        RuntimeError: a file or row was lost, which is a bug.
    """
    from quakesite.stations.apart import ReportReader
    from quakesite.stations.headers import read_headers
    from quakesite.stations.report_layouts import read_layouts

    statements, rejects = read_lists(settings)
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
