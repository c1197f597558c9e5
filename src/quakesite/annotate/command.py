"""The `quakesite annotate` command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(pretty_exceptions_enable=False)

DEFAULT_PORT = 8765


@app.command(help="Serve the page on which P and S arrivals are picked by eye.")
def annotate(
    annotator: Annotated[
        str, typer.Option(help="Your name: each annotator has a table of picks of their own.")
    ],
    results: Annotated[
        Path, typer.Option(help="The workflow's results: records, and picks as suggestions.")
    ] = Path("results"),
    folder: Annotated[
        Path,
        typer.Option(
            help="Where the picks are kept, as <annotator>.csv; outside results, which can be made anew."
        ),
    ] = Path("annotations"),
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
    """Serves the page until it is stopped with Ctrl-C; every pick is on disk at once."""
    from quakesite.annotate.serving import serve

    serve(
        annotator=annotator,
        results=results,
        folder=folder,
        port=port,
        earth_model=earth_model,
        band=(low_hz, high_hz),
        browser=browser,
    )
