"""The `quakesite` command: one group per stage, with the same name."""

from __future__ import annotations

import importlib
import sys
from typing import Annotated

import typer

from quakesite.errors import MAKE_ROOM, NO_ROOM, InputError

STAGES = {
    "records": "Read strong-motion records of every form into shards.",
    "stations": "Join every source of Vs30 into one table of stations.",
    "picks": "Pick P and S arrivals.",
    "windows": "Cut four-channel windows.",
    "training": "Split, pretrain and train.",
    "evaluation": "Make the paper's tables, each beside the best constant.",
    "figures": "Draw the paper's figures.",
    "demo": "Make the synthetic archive.",
    "download": "Fetch events and records from AFAD.",
}

app = typer.Typer(
    name="quakesite",
    help="From strong-motion records to site knowledge. Each command is a stage of the workflow; "
    "`snakemake --cores all results/table2.csv` runs them all.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from quakesite import __version__

        typer.echo(f"quakesite {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Runs the command line; exit status 0 done, 1 the input is wrong (one clear line), 2 wrong usage."""
    for stage, text in STAGES.items():
        command = importlib.import_module(f"quakesite.{stage}.command")
        app.add_typer(command.app, name=stage, help=text, no_args_is_help=True)
    annotate = importlib.import_module("quakesite.annotate.command")
    app.add_typer(annotate.app, name="annotate", help="Pick P and S arrivals by eye, on a local web page.")
    predict = importlib.import_module("quakesite.evaluation.predict_command").predict
    app.command("predict")(predict)
    doctor = importlib.import_module("quakesite.doctor.command").doctor
    app.command("doctor")(doctor)
    export = importlib.import_module("quakesite.windows.command").export
    app.command("export", help="Write windows for other programs; the same as `quakesite windows export`.")(
        export
    )
    try:
        app()
    except InputError as error:
        sys.stderr.write(f"quakesite: {error}\n")
        sys.exit(1)
    except BrokenPipeError:
        sys.exit(1)
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        path = error.filename2 or error.filename
        where = f"{path}: " if path else ""
        sys.stderr.write(f"quakesite: {where}{error.strerror}; {MAKE_ROOM}\n")
        sys.exit(1)
