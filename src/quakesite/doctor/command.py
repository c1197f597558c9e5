"""The `quakesite doctor` command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def doctor(
    config: Annotated[
        Path | None, typer.Option("--config", "--configfile", help="Your configuration, over ./config.yaml.")
    ] = None,
    profile: Annotated[
        Path | None,
        typer.Option(help="Folder of the Snakemake profile for Slurm that you will use; it is checked then."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON, for scripts.")] = False,
) -> None:
    """Look at all that a run needs before it starts, and say what to do.

    Run it where you run Snakemake. Exit status 0: nothing failed; 1: a run would fail.
    """
    from quakesite.doctor.examine import examine
    from quakesite.doctor.finding import any_failed
    from quakesite.doctor.showing import show

    findings = list(examine(config, profile))
    show(findings, as_json=as_json)
    if any_failed(findings):
        raise typer.Exit(1)
