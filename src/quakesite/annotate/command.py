"""The `quakesite annotate` command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

app = typer.Typer(pretty_exceptions_enable=False, invoke_without_command=True)

DEFAULT_PORT = 8765


@app.callback()
def annotate(
    context: typer.Context,
    annotator: Annotated[
        str, typer.Option(help="Your name: each annotator has a table of picks of their own.")
    ] = "",
    results: Annotated[
        Path, typer.Option(help="The workflow's results: records, and picks as suggestions.")
    ] = Path("results"),
    folder: Annotated[
        Path,
        typer.Option(
            help="Where the picks are kept, as <annotator>.csv; outside results, which can be made anew."
        ),
    ] = Path("annotations"),
    queue: Annotated[
        Path | None,
        typer.Option(help="Put the records of this table first in the low-agreement queue; see `merge`."),
    ] = None,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 takes any free one.")
    ] = DEFAULT_PORT,
    earth_model: Annotated[
        str, typer.Option(help="Earth model of the theoretical arrivals: iasp91 or ak135.")
    ] = "iasp91",
    low_hz: Annotated[float, typer.Option(help="Lower corner of the band-pass that F switches on.")] = 1.0,
    high_hz: Annotated[float, typer.Option(help="Upper corner of the band-pass that F switches on.")] = 20.0,
    browser: Annotated[bool, typer.Option(help="Open the page in the browser.")] = True,
) -> None:
    """Serve the page on which P and S are picked by eye, until Ctrl-C; every pick is on disk at once."""
    if context.invoked_subcommand is not None:
        return
    if not annotator:
        raise typer.BadParameter(
            "your name is missing; the picks are kept under it", param_hint="--annotator"
        )
    from quakesite.annotate.serving import serve

    serve(
        annotator=annotator,
        results=results,
        folder=folder,
        queue=queue,
        port=port,
        earth_model=earth_model,
        band=(low_hz, high_hz),
        browser=browser,
    )


@app.command()
def merge(
    folder: Annotated[Path, typer.Argument(help="The folder of the annotators' tables.")] = Path(
        "annotations"
    ),
    *,
    out: Annotated[Path, typer.Option(help="The agreed picks (.csv) to write, for `picks.manual`.")],
    queue: Annotated[
        Path | None,
        typer.Option(help="What they disagree on (.csv) to write, for `quakesite annotate --queue`."),
    ] = None,
    take: Annotated[
        Literal["mean", "certain"],
        typer.Option(help="The time of an agreed pick: the mean, or that of the best uncertainty class."),
    ] = "mean",
    within_s: Annotated[
        float, typer.Option(min=0, help="Picks farther apart than this are no agreement; `inf` takes all.")
    ] = 0.2,
    judge: Annotated[
        str | None, typer.Option(help="An annotator whose word, where there is one, is taken alone.")
    ] = None,
) -> None:
    """Merge the annotators' tables into one; what they disagree on goes into a queue."""
    from quakesite.annotate.merging import merged, write_disputes, write_manual
    from quakesite.annotate.statistics import read_notebooks
    from quakesite.errors import InputError
    from quakesite.progress import say

    notebooks = read_notebooks(folder)
    if not notebooks:
        raise InputError(folder, "no annotator's table", expected="files like annotations/Ayşe.csv")
    for target in filter(None, (out, queue)):
        if target.resolve().parent == folder.resolve():
            raise InputError(target, "lies among the annotators' tables", action="write it somewhere else")
    agreed, disputes = merged(notebooks, take=take, within_s=within_s, judge=judge)
    write_manual(agreed, out)
    if queue is not None:
        write_disputes(disputes, queue)
    say(f"{', '.join(notebooks)}: {len(agreed)} picks agreed ({out}), {len(disputes)} disputed")
