"""The `quakesite stations` command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    from quakesite.stations.trail import Trail

ASKED = ("explain", "check")
SOURCES = "station lists (.csv, .xlsx) and MASW reports (.pdf, .csv, .xlsx)"
RUN_FIRST = "run the workflow first: snakemake --cores all results/stations/stations.parquet"


class Stations(TyperGroup):
    """The group; `stations --explain CODE` and `stations --check FOLDER` are its commands of these names."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Reads the command line: an option that is named like a command becomes the command."""
        if args and args[0].startswith("-"):
            for place, token in enumerate(args):
                name, equals, value = token.removeprefix("--").partition("=")
                if token.startswith("--") and name in ASKED:
                    others = [*args[:place], *args[place + 1 :]]
                    args = [name, *([value] if equals else []), *others]
                    break
        return super().parse_args(ctx, args)


app = typer.Typer(cls=Stations)

Settings = Annotated[str | None, typer.Option(help="The `stations` section as JSON; else ./config.yaml's.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON, for scripts.")]


@app.callback()
def _group(
    explain: Annotated[
        str | None, typer.Option("--explain", metavar="CODE", help="The same as `stations explain CODE`.")
    ] = None,
    check: Annotated[
        bool,
        typer.Option("--check", metavar="[PATHS]...", help="The same as `stations check [PATHS]...`."),
    ] = False,
) -> None:
    pass


@app.command()
def join(
    records: Annotated[
        list[Path] | None, typer.Argument(help="Record shards, whose headers are read.")
    ] = None,
    *,
    settings: Settings = None,
    out: Annotated[Path, typer.Option(help="The table of stations (.parquet) to write.")],
    conflicts: Annotated[Path, typer.Option(help="The disagreements between sources (.csv) to write.")],
    rejects: Annotated[Path, typer.Option(help="What was refused, and why (.parquet), to write.")],
    comparison: Annotated[
        Path | None, typer.Option(help="Record headers against the station list (.csv), to write.")
    ] = None,
) -> None:
    """Join MASW reports, station tables and record headers into one table of stations."""
    from quakesite.options import section_from
    from quakesite.progress import say
    from quakesite.rejects import rejects_table
    from quakesite.stations.comparison import compare
    from quakesite.stations.features import read_features
    from quakesite.stations.join import join as join_statements
    from quakesite.stations.settings import StationsSettings
    from quakesite.stations.sources import read_sources
    from quakesite.tables import write_csv, write_parquet

    section = section_from(StationsSettings, "stations", settings)
    read = read_sources(section, records or [])
    features = read_features(section.features)
    joined = join_statements(read.statements, section.conflict_pct, section.sigma_ln, features)
    refused = rejects_table([*read.rejects, *joined.rejects])
    write_parquet(refused, rejects)
    write_csv(joined.conflicts, conflicts)
    if comparison is not None:
        write_csv(compare(joined.stations.to_pylist(), section.conflict_pct), comparison)
    write_parquet(joined.stations, out)
    measured = joined.stations.num_rows - joined.stations["vs30_m_s"].null_count
    say(
        f"stations: {joined.stations.num_rows}, {measured} with a Vs30; "
        f"{joined.conflicts.num_rows} conflicts, {refused.num_rows} refused"
    )


@app.command()
def explain(
    station: Annotated[str, typer.Argument(help="The station's code, e.g. 3506.")],
    stations: Annotated[
        Path | None, typer.Option(help="The joined table; else results/stations/stations.parquet.")
    ] = None,
    rejects: Annotated[Path | None, typer.Option(help="Its rejects; else beside the table.")] = None,
) -> None:
    """Show where each number of a station came from: file, page and line or row, and what became of it."""
    from quakesite.config import load
    from quakesite.errors import InputError
    from quakesite.stations.parsing import station_code
    from quakesite.stations.trail import explain as explain_station

    table = stations or Path(load().results) / "stations" / "stations.parquet"
    code = station_code(station)
    if code is None:
        raise InputError("station", f"{station!r} is no station code", expected="a code like 3506")
    _show(explain_station(table, rejects or table.with_name("rejects.parquet"), code[1]))


@app.command()
def check(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Station tables, reports, and folders of both; without any those of the configuration."
        ),
    ] = None,
    *,
    settings: Settings = None,
    html: Annotated[Path | None, typer.Option(help="Write all of it as a web page, too.")] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="List every value, not only what needs attention.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show what of your own tables and reports will be used, what will not, and why."""
    from quakesite.errors import InputError, nothing_there
    from quakesite.options import section_from
    from quakesite.stations.features import read_features
    from quakesite.stations.join import join as join_statements
    from quakesite.stations.page import page
    from quakesite.stations.preview import Sources, as_data, brief, whole
    from quakesite.stations.settings import StationsSettings
    from quakesite.stations.sources import REPORT, TABLE, read_sources, report_files, sorted_out
    from quakesite.tables import atomic_open

    section = section_from(StationsSettings, "stations", settings)
    if paths:
        for path in paths:
            if not path.exists():
                raise nothing_there(path, SOURCES, "give the folder or files of your own")
        roles = sorted_out(paths, section)
        if not roles:
            action = "name a folder that has some: quakesite stations check FOLDER"
            raise InputError(paths[0], "holds no .pdf, .csv or .xlsx file", expected=SOURCES, action=action)
        tables = [file for file, role in roles.items() if role.startswith(TABLE)]
        reports = [file for file, role in roles.items() if role.startswith(REPORT)]
        section = section.model_copy(update={"tables": tables, "reports": reports})
    elif section.tables or section.reports:
        for configured in (*section.tables, *section.reports):
            if not Path(configured).exists():
                action = "name your own: quakesite stations check FOLDER"
                raise InputError(
                    configured,
                    "no such file or folder",
                    expected="what the configuration names",
                    action=action,
                )
        roles = dict.fromkeys(section.tables, TABLE)
        roles |= {str(file): REPORT for file in report_files(section.reports)}
    else:
        action = "name a folder: quakesite stations check FOLDER"
        raise InputError("config", "no tables and no reports", field="stations", action=action)
    read = read_sources(section)
    features = read_features(section.features)
    joined = join_statements(read.statements, section.conflict_pct, section.sigma_ln, features)
    files = [feature.file for feature in section.features]
    found = Sources(joined, [*read.rejects, *joined.rejects], roles, files)
    if as_json:
        _print_json(as_data(found))
    else:
        _show(whole(found) if everything else brief(found))
    if html is not None:
        asked = map(str, paths) if paths else [*section.tables, *section.reports]
        note = f"Read: {', '.join(asked)}. quakesite stations explain CODE shows every number of a station."
        with atomic_open(html) as handle:
            handle.write(page("Sources of Vs30", note, whole(found)))


@app.command()
def compare(
    stations: Annotated[
        Path | None, typer.Option(help="The joined table; else results/stations/stations.parquet.")
    ] = None,
    settings: Settings = None,
    archive: Annotated[
        list[str] | None,
        typer.Option(help="Read the headers of all records of this folder or zip, selected or not."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compare record headers with the station list: how many stations agree, and which do not."""
    from rich.console import Console

    from quakesite.config import load
    from quakesite.errors import InputError, nothing_there
    from quakesite.options import section_from
    from quakesite.stations.comparison import compare as compare_rows
    from quakesite.stations.comparison import counts, names_apart
    from quakesite.stations.headers import read_archive
    from quakesite.stations.join import join as join_statements
    from quakesite.stations.schema import STATIONS
    from quakesite.stations.settings import StationsSettings
    from quakesite.stations.sources import read_lists
    from quakesite.tables import read_parquet

    section = section_from(StationsSettings, "stations", settings)
    unread = ""
    if archive:
        for folder in archive:
            if not Path(folder).exists():
                raise nothing_there(folder, "a folder or a zip of records", "correct --archive")
        missing = [table for table in section.tables if not Path(table).is_file()]
        if missing:
            action = "name your station list as stations.tables in config.yaml, or in --settings"
            raise InputError(missing[0], "no such file", field="stations.tables", action=action)
        headers, n_unread = read_archive(archive)
        listed, _ = read_lists(section)
        rows = join_statements([*listed, *headers], section.conflict_pct).stations
        unread = f" ({n_unread} records or files could not be read)" if n_unread else ""
    else:
        table = stations or Path(load().results) / "stations" / "stations.parquet"
        if not table.is_file():
            raise nothing_there(table, "the joined table", RUN_FIRST)
        rows = read_parquet(table, STATIONS)
    found = compare_rows(rows.to_pylist(), section.conflict_pct)
    if as_json:
        _print_json({"counts": counts(found), "stations": found.to_pylist()})
        return
    console = Console(highlight=False, soft_wrap=True)
    of = "of the archive" if archive else "with records that were selected"
    console.print(f"Vs30 in record headers against the station list, {found.num_rows} stations {of}{unread}:")
    for outcome, number in counts(found).items():
        name = f"over {section.conflict_pct:g} % apart" if outcome == "apart" else outcome
        console.print(f"{number:6d}  {name}")
    for line in names_apart(found):
        console.print(f"        {line}")


def _print_json(said: dict[str, Any]) -> None:
    import json

    typer.echo(json.dumps(said, indent=1, allow_nan=False, ensure_ascii=False, default=str))


def _show(trails: list[Trail]) -> None:
    from rich.console import Console

    from quakesite.stations.trail import rendered

    Console().print(*rendered(trails), sep="\n")
