"""The `quakesite download` command."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()


class FileType(StrEnum):
    """How a record was processed."""

    AUTO = "auto"
    AP = "ap"
    MP = "mp"
    UNPROCESSED = "unprocessed"


class FileStatus(StrEnum):
    """Filtered or raw acceleration."""

    ACC = "Acc"
    RAW_ACC = "RawAcc"


class ExportType(StrEnum):
    """The files' format."""

    ASC2 = "asc2"
    MSEED = "mseed"


Start = Annotated[str, typer.Option(help="First origin time, UTC: 2018-01-01 or 2018-01-01T12:30:00.")]
End = Annotated[str, typer.Option(help="Last origin time, UTC; a date alone means to the end of that day.")]
MinMagnitude = Annotated[float | None, typer.Option(help="Smallest magnitude.")]
MaxMagnitude = Annotated[float | None, typer.Option(help="Largest magnitude.")]
MinLatitude = Annotated[float | None, typer.Option(min=-90, max=90, help="Southern limit of the epicentre.")]
MaxLatitude = Annotated[float | None, typer.Option(min=-90, max=90, help="Northern limit.")]
MinLongitude = Annotated[float | None, typer.Option(min=-180, max=180, help="Western limit.")]
MaxLongitude = Annotated[float | None, typer.Option(min=-180, max=180, help="Eastern limit.")]
Settings = Annotated[
    str | None,
    typer.Option(help="The `download` section of the configuration, as JSON; else that of ./config.yaml."),
]


@app.command()
def events(
    start: Start,
    end: End,
    out: Annotated[Path, typer.Option(help="Where the table goes; .csv or .parquet.")] = Path("events.csv"),
    min_magnitude: MinMagnitude = None,
    max_magnitude: MaxMagnitude = None,
    min_latitude: MinLatitude = None,
    max_latitude: MaxLatitude = None,
    min_longitude: MinLongitude = None,
    max_longitude: MaxLongitude = None,
    settings: Settings = None,
) -> None:
    """Fetch AFAD's event list as a table. No access is needed.

    Example:
    `quakesite download events --start 2018-01-01 --end 2018-12-31 --min-magnitude 4 --out events.csv`

    Times are UTC. Where an answer reaches the service's limit, its time span is asked for in halves, so that
    no event is lost.
    """
    from quakesite.download.clock import Clock
    from quakesite.download.run import fetch_events
    from quakesite.download.search import Area
    from quakesite.download.settings import DownloadSettings
    from quakesite.download.spans import span
    from quakesite.options import section_from

    area = Area(min_magnitude, max_magnitude, min_latitude, max_latitude, min_longitude, max_longitude)
    section = section_from(DownloadSettings, "download", settings)
    for line in fetch_events(section, Clock(), span(start, end), area, out):
        typer.echo(line)


@app.command()
def records(
    folder: Annotated[Path, typer.Option(help="Where the records go; usable as `archive: [FOLDER]`.")],
    start: Annotated[str, typer.Option(help="First origin time, UTC: 2018-01-01 or 2018-01-01T12:30.")] = "",
    end: Annotated[str, typer.Option(help="Last one; a date alone means to the end of that day.")] = "",
    min_magnitude: MinMagnitude = None,
    max_magnitude: MaxMagnitude = None,
    min_latitude: MinLatitude = None,
    max_latitude: MaxLatitude = None,
    min_longitude: MinLongitude = None,
    max_longitude: MaxLongitude = None,
    max_distance_km: Annotated[float | None, typer.Option(min=0, help="Largest epicentral distance.")] = None,
    station: Annotated[
        list[str] | None, typer.Option(help="Only this station's; any number of times.")
    ] = None,
    event: Annotated[str, typer.Option(help="Only this event's: its number in the event list.")] = "",
    list_: Annotated[
        Path | None,
        typer.Option("--list", help="Instead of a search: a CSV with a column `record`, or one name a line."),
    ] = None,
    file_type: Annotated[
        FileType, typer.Option(help="Processed by hand (mp), automatically (ap), not; auto: best there is.")
    ] = FileType.AUTO,
    file_status: Annotated[FileStatus, typer.Option(help="Filtered, or raw acceleration.")] = FileStatus.ACC,
    export_type: Annotated[ExportType, typer.Option(help="Format of the files.")] = ExportType.ASC2,
    archive: Annotated[
        list[str] | None,
        typer.Option(help="Where records may be already; any number of times. Default: the configuration's."),
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Ask also for what was refused or is gone.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Search, and say how many files and requests it would take.")
    ] = False,
    settings: Settings = None,
) -> None:
    """Fetch records from TADAS, ten at a time, as its guest.

    See first what it would take:
    `quakesite download records --folder tadas --start 2018-01-01 --end 2018-01-31 --dry-run`

    The same command without `--dry-run` fetches them, and after a break goes on where it stopped: nothing
    is fetched twice. The folder then holds a zip for each record; `waveforms.csv`, what the search found;
    `refused.csv`, what did not come and why; and `download.jsonl`, what became of each.

    The records are AFAD's: docs/download.md says how to cite them.
    """
    from quakesite.config import load
    from quakesite.download.clock import Clock
    from quakesite.download.listing import listed
    from quakesite.download.run import Order, fetch_records
    from quakesite.download.search import Area, Query
    from quakesite.download.settings import DownloadSettings
    from quakesite.download.spans import span
    from quakesite.errors import InputError
    from quakesite.options import section_from
    from quakesite.records.naming import station_code

    area = Area(min_magnitude, max_magnitude, min_latitude, max_latitude, min_longitude, max_longitude)
    stations = frozenset(map(station_code, station or []))
    if list_ is not None and (start or end or area != Area() or stations or event or max_distance_km):
        raise InputError("--list", "given together with a search", expected="one of them")
    if list_ is None and not (start and end):
        raise InputError("--start, --end", "not both given", expected="a time span, or --list")
    section = section_from(DownloadSettings, "download", settings)
    if archive is None:
        config = load()
        archive = [] if config.uses_demo else config.archive
    order = Order(
        folder=folder,
        query=None if list_ is not None else Query(span(start, end), area, stations, event, max_distance_km),
        listed=listed(list_) if list_ is not None else [],
        file_type=file_type.value,
        file_status=file_status.value,
        export_type=export_type.value,
        archives=archive,
        again=again,
    )
    for line in fetch_records(section, Clock(), order, dry_run):
        typer.echo(line)


@app.command()
def archive(
    place: Annotated[
        str, typer.Argument(help="Where it is kept: s3://bucket/prefix, gs://..., with options.")
    ],
    folder: Annotated[Path, typer.Option(help="Where the copy goes; usable as `archive: [FOLDER]`.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be copied.")] = False,
) -> None:
    """Copy an archive that is kept in an object store, and later what is new in it.

    `quakesite download archive s3://bucket/tadas?region=eu-central-1 --folder tadas`

    Credentials are found as AWS's own tools find them; docs/storage.md says more.
    """
    from quakesite.download.objects import copy_archive

    for line in copy_archive(place, folder, dry_run=dry_run):
        typer.echo(line)
