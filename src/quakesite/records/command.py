"""The `quakesite records` command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from quakesite.progress import say

if TYPE_CHECKING:
    from quakesite.rejects import Reject

REFUSALS_SHOWN = 10

app = typer.Typer()

Settings = Annotated[str | None, typer.Option(help="The `records` section of the configuration, as JSON.")]


@app.command()
def index(
    archive: Annotated[list[str], typer.Argument(help="Folders or zips searched for records.")],
    n_shards: Annotated[int, typer.Option(help="Number of shards the stations are spread over.", min=1)],
    out: Annotated[Path, typer.Option(help="Table of the files that a reader is meant for (Parquet).")],
    rejects: Annotated[Path, typer.Option(help="Table of the files that are no records (Parquet).")],
) -> None:
    """List every file of the archive, with its station and shard."""
    from quakesite.records.ingest import index

    index(archive, n_shards, out, rejects)


@app.command()
def shard(
    name: Annotated[str, typer.Argument(metavar="SHARD", help="The shard's name, like 3-of-8.")],
    archive: Annotated[list[str], typer.Argument(help="Folders or zips searched for records.")],
    out: Annotated[Path, typer.Option(help="The shard's records (Parquet).")],
    rejects: Annotated[Path, typer.Option(help="What was refused (Parquet).")],
    settings: Settings = None,
) -> None:
    """Read, check and store the records of one shard."""
    from quakesite.options import section_from
    from quakesite.records.ingest import shard
    from quakesite.records.settings import RecordsSettings

    shard(name, archive, section_from(RecordsSettings, "records", settings), out, rejects)


@app.command()
def catalogue(
    shards: Annotated[list[Path], typer.Argument(help="Shards of records (Parquet), any number.")],
    out: Annotated[Path, typer.Option(help="One row per record, without the samples (Parquet).")],
) -> None:
    """Write everything known about every record, but its samples, as one table."""
    from quakesite.records.catalogue import write_catalogue

    write_catalogue(shards, out)


@app.command()
def show(
    path: Annotated[Path, typer.Argument(help="A file, folder or zip of records, or a shard (Parquet).")],
    as_json: Annotated[
        bool, typer.Option("--json", help="JSON, for scripts: one object per record, without its samples.")
    ] = False,
) -> None:
    """Show on one screen what each record at a path is."""
    from quakesite.records.reading import read
    from quakesite.records.store import iter_records
    from quakesite.records.summary import summary

    refused: list[Reject] = []
    stored = path.suffix == ".parquet" and path.exists()
    records = iter_records(path) if stored else read(path, rejects=refused)
    for reject in refused[:REFUSALS_SHOWN]:
        say(f"refused: {reject.source}: {reject.reason}: {reject.detail}")
    if len(refused) > REFUSALS_SHOWN:
        say(f"refused: {len(refused) - REFUSALS_SHOWN} more")
    if as_json:
        import json

        from quakesite.records.summary import as_data

        typer.echo(
            json.dumps([as_data(one) for one in records], indent=1, allow_nan=False, ensure_ascii=False)
        )
        return
    for record in records:
        typer.echo(summary(record))
