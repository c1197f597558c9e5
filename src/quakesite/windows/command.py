"""The `quakesite windows` command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

app = typer.Typer()


@app.callback(invoke_without_command=True)
def _root(
    record: Annotated[
        str | None,
        typer.Option("--show", metavar="RECORD", help="Draw one window: short for `show RECORD`."),
    ] = None,
    windows: Annotated[
        list[Path] | None, typer.Option(help="With --show: shards of windows, or folders of them.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="With --show: where to draw, .png, .svg or .pdf; RECORD.png without.")
    ] = None,
) -> None:
    if record is not None:
        show(record, windows, out)
        raise typer.Exit
    if windows or out:
        raise typer.BadParameter("only with --show RECORD", param_hint="--windows, --out")


@app.command()
def shard(
    records: Annotated[Path, typer.Argument(help="Shard of records (Parquet).")],
    picks: Annotated[Path, typer.Argument(help="Picks of these records by one method (Parquet).")],
    window: Annotated[str, typer.Option(help="Kind of window, one of windows.kinds: pga60, p15, ...")],
    out: Annotated[Path, typer.Option(help="Shard of windows to write (Parquet).")],
    rejects: Annotated[Path, typer.Option(help="Table of the refused records to write (Parquet).")],
    settings: Annotated[
        str | None,
        typer.Option(
            help="Section `windows` of the configuration as JSON; without it that of ./config.yaml."
        ),
    ] = None,
    min_snr_db: Annotated[
        float | None,
        typer.Option(
            help="Reject records with a lower signal-to-noise ratio, or an unknown one; no limit without."
        ),
    ] = None,
    min_p_time_s: Annotated[
        float | None,
        typer.Option(help="Reject records whose P comes sooner after the first sample, or is not picked."),
    ] = None,
    annotation: Annotated[
        Literal["auto", "manual"] | None,
        typer.Option(
            help="`manual` rejects records without a P pick; without it told by the picks' method or folder."
        ),
    ] = None,
) -> None:
    """Cut one kind of window from every record of a shard."""
    from quakesite.options import section_from
    from quakesite.windows.settings import WindowsSettings
    from quakesite.windows.sharding import make_shard

    section = section_from(WindowsSettings, "windows", settings)
    make_shard(
        records,
        picks,
        window,
        section,
        out,
        rejects,
        min_snr_db=min_snr_db,
        min_p_time_s=min_p_time_s,
        annotation=annotation,
    )


@app.command()
def show(
    record: Annotated[str, typer.Argument(help="Id of the record, like 20201030115124_3514.")],
    windows: Annotated[
        list[Path] | None,
        typer.Option(
            help="Shards of windows, or folders of them; without, those in RESULTS/windows/pga60/auto."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Where to draw: .png, .svg or .pdf; RECORD.png without.")
    ] = None,
) -> None:
    """Draw the window of one record, channel by channel (the paper's Figure 3)."""
    from quakesite.config import load
    from quakesite.windows.drawing import draw_record

    target = out or Path(f"{record}.png")
    draw_record(windows or [Path(load().results) / "windows/pga60/auto"], record, target)
    typer.echo(str(target))


@app.command()
def export(
    windows: Annotated[list[Path], typer.Argument(help="Shards of windows, or folders of them.")],
    out: Annotated[Path, typer.Option(help="Folder to make.")],
    form: Annotated[
        Literal["numpy", "seisbench", "webdataset"], typer.Option("--format", help="Form to write.")
    ],
    stations: Annotated[
        Path | None, typer.Option(help="Table of stations (Parquet): adds their Vs30 to the metadata.")
    ] = None,
) -> None:
    """Write windows for other programs, with a data card."""
    from quakesite.progress import say
    from quakesite.windows.drawing import shards_in
    from quakesite.windows.exporting import export

    vs30 = None
    if stations is not None:
        from quakesite.stations.schema import STATIONS
        from quakesite.tables import read_parquet

        table = read_parquet(stations, STATIONS, columns=["station", "vs30_m_s"]).to_pylist()
        vs30 = {row["station"]: row["vs30_m_s"] for row in table if row["vs30_m_s"] is not None}
    n = export(shards_in(windows), form, out, vs30)
    say(f"{n} windows written to {out}")
