"""All sources of a configuration, read into statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from quakesite.errors import InputError
from quakesite.progress import track
from quakesite.rejects import Reject
from quakesite.stations.cells import rows
from quakesite.stations.document import Cell
from quakesite.stations.layer_rows import columns_of, is_whole
from quakesite.stations.report_layouts import Layout
from quakesite.stations.settings import StationsSettings
from quakesite.stations.statements import Statement

TABLE = "station table"
REPORT = "report"
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


def sorted_out(paths: Sequence[str | Path], settings: StationsSettings) -> dict[str, str]:
    """Returns the files among files and folders, and as what each is taken: a station table or a report.

    What the configuration names counts as what it names it. Of the others those whose first row has a Code
    and a Vs30 column are station tables, unless it is the heading of a layer table.

    Raises:
        InputError: a path does not exist.
    """
    from quakesite.stations.report_layouts import read_layouts
    from quakesite.stations.tables import check_tables

    tables = {Path(file).resolve() for file in settings.tables}
    folders = {Path(folder).resolve() for folder in settings.reports}
    layouts = read_layouts(settings.layouts)
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
            except InputError:
                role = REPORT
            else:
                role = f"{REPORT}: layers under its first row" if _heads_layers(file, layouts) else TABLE
        taken[str(file)] = role
    return taken


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
