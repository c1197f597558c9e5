"""The `quakesite stations` command."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from quakesite.stations.trail import Trail

app = typer.Typer()

Settings = Annotated[str | None, typer.Option(help="The `stations` section as JSON; else ./config.yaml's.")]


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
) -> None:
    """Join MASW reports, station tables and record headers into one table of stations."""
    from quakesite.options import section_from
    from quakesite.progress import say
    from quakesite.rejects import rejects_table
    from quakesite.stations.join import join as join_statements
    from quakesite.stations.settings import StationsSettings
    from quakesite.stations.sources import read_sources
    from quakesite.tables import write_csv, write_parquet

    section = section_from(StationsSettings, "stations", settings)
    read = read_sources(section, records or [])
    joined = join_statements(read.statements, section.conflict_pct)
    refused = rejects_table([*read.rejects, *joined.rejects])
    write_parquet(refused, rejects)
    write_csv(joined.conflicts, conflicts)
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
    _show(explain_station(table, rejects or table.with_name("rejects.parquet"), code[1]), None)


@app.command()
def check(
    paths: Annotated[list[Path], typer.Argument(help="Station tables, reports, and folders of both.")],
    *,
    settings: Settings = None,
    html: Annotated[Path | None, typer.Option(help="Write the table as a web page, too.")] = None,
) -> None:
    """Show what of your own tables and reports will be used, what will not, and why."""
    from quakesite.options import section_from
    from quakesite.stations.join import join as join_statements
    from quakesite.stations.settings import StationsSettings
    from quakesite.stations.sources import read_sources, sorted_out
    from quakesite.stations.trail import preview

    section = section_from(StationsSettings, "stations", settings)
    tables, reports = sorted_out(paths)
    section = section.model_copy(update={"tables": tables, "reports": reports})
    read = read_sources(section)
    joined = join_statements(read.statements, section.conflict_pct)
    _show(preview(joined, [*read.rejects, *joined.rejects]), html)


def _show(trails: list[Trail], html: Path | None) -> None:
    from rich.console import Console

    from quakesite.stations.trail import rendered
    from quakesite.tables import atomic_open

    console = Console()
    console.print(*rendered(trails), sep="\n")
    if html is not None:
        with open(os.devnull, "w", encoding="utf-8") as nowhere:
            recorder = Console(record=True, width=220, file=nowhere)
            recorder.print(*rendered(trails), sep="\n")
            page = recorder.export_html()
        with atomic_open(html) as handle:
            handle.write(page)
