"""The `quakesite demo` command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()


@app.callback()
def _group() -> None:
    pass


@app.command()
def make(
    out: Annotated[
        Path, typer.Option(help="Folder to write to; an older synthetic archive is replaced.")
    ] = Path("resources/demo"),
    settings: Annotated[
        str | None,
        typer.Option(help="The `demo` section of the configuration, as JSON. Default: ./config.yaml's."),
    ] = None,
) -> None:
    """Make the synthetic archive: records, station list, MASW reports, manual picks and the truth.

    Nothing in it was measured. The same settings give the same bytes; another station adds files and changes
    none.
    """
    from quakesite.demo.make import make as make_archive
    from quakesite.demo.settings import DemoSettings
    from quakesite.options import section_from

    make_archive(section_from(DemoSettings, "demo", settings), out)
