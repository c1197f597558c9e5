"""The `quakesite` command: one group per stage, with the same name."""

from __future__ import annotations

import errno
import importlib
import io
import sys
from collections.abc import Iterator
from functools import cache
from typing import Annotated, Any

import typer

from quakesite import cli_examples
from quakesite.errors import MAKE_ROOM, NO_ROOM, InputError

WRONG_USAGE = 2
HELP = ["-h", "--help"]
GET_THE_RIGHT = "get the right to read or write there, and run the same command again"
WHAT_TO_DO = dict.fromkeys(NO_ROOM, MAKE_ROOM) | {
    errno.EACCES: GET_THE_RIGHT,
    errno.EPERM: GET_THE_RIGHT,
    errno.ENOENT: "make it, or correct its name",
    errno.EISDIR: "give a file, not a folder",
    errno.ENOTDIR: "give a folder, not a file",
}
"""By error of the system: where no stage has said more, this costs one line, too."""

READY = "Ready to use"
STAGES_OF_THE_WORKFLOW = "Stages of the workflow"

GROUPS = {
    "demo": (READY, "Make the synthetic archive."),
    "download": (READY, "Fetch events and records from AFAD."),
    "annotate": (READY, "Pick P and S arrivals by eye, on a local web page."),
    "records": (STAGES_OF_THE_WORKFLOW, "Read strong-motion records of every form into shards."),
    "stations": (STAGES_OF_THE_WORKFLOW, "Join every source of Vs30 into one table of stations."),
    "picks": (STAGES_OF_THE_WORKFLOW, "Pick P and S arrivals."),
    "windows": (STAGES_OF_THE_WORKFLOW, "Cut four-channel windows."),
    "training": (STAGES_OF_THE_WORKFLOW, "Split, pretrain and train."),
    "evaluation": (STAGES_OF_THE_WORKFLOW, "Make the paper's tables, each beside the best constant."),
    "figures": (STAGES_OF_THE_WORKFLOW, "Draw the paper's figures."),
}
"""The panel of the help that a group stands in, and what it does."""
SERVES_ALONE = "annotate"
"""The group that does something by itself; the others alone show their help."""


def _version(wanted: bool) -> None:
    if wanted:
        from quakesite import __version__

        typer.echo(f"quakesite {__version__}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


@cache
def root_command() -> Any:
    """Returns the whole command line, its commands with the examples of `cli_examples`."""
    app = typer.Typer(
        name="quakesite",
        help="From strong-motion records to site knowledge. Each stage of the workflow is a command of the "
        "same name; `snakemake --cores all results/table2.csv` runs them all.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": HELP},
    )
    app.callback()(_root)
    doctor = importlib.import_module("quakesite.doctor.command").doctor
    app.command("doctor", rich_help_panel=READY)(doctor)
    predict = importlib.import_module("quakesite.evaluation.predict_command").predict
    app.command("predict", rich_help_panel=READY)(predict)
    export = importlib.import_module("quakesite.windows.command").export
    app.command(
        "export",
        help="Write windows for other programs; the same as `quakesite windows export`.",
        rich_help_panel=READY,
    )(export)
    for name, (panel, text) in GROUPS.items():
        group = importlib.import_module(f"quakesite.{name}.command").app
        alone = name == SERVES_ALONE
        app.add_typer(group, name=name, help=text, no_args_is_help=not alone, rich_help_panel=panel)
    root = typer.main.get_command(app)
    for words, command in commands_below(root):
        command.epilog = cli_examples.epilog(words)
        _show_no_value_of_switches(command)
    return root


def _show_no_value_of_switches(command: Any) -> None:
    """Keeps the help from showing `--json <bool>`, as if a value belonged behind it."""
    for parameter in command.get_params(typer.Context(command, help_option_names=HELP)):
        if getattr(parameter, "is_flag", False):
            parameter.metavar = ""


def commands_below(command: Any, words: str = "") -> Iterator[tuple[str, Any]]:
    """Yields a command and all below it, each with the words that call it behind `quakesite`."""
    yield words, command
    for name, child in getattr(command, "commands", {}).items():
        yield from commands_below(child, f"{words} {name}".strip())


def main() -> None:
    """Runs the command line; exit status 0 done, 1 the input is wrong (one clear line), 2 wrong usage."""
    _take_all_letters()
    try:
        root_command()(prog_name="quakesite")
    except SystemExit as ended:
        if ended.code == WRONG_USAGE:
            _show_example(sys.argv[1:])
        raise
    except InputError as error:
        sys.stderr.write(f"quakesite: {_printable(error)}\n")
        sys.exit(1)
    except BrokenPipeError:
        sys.exit(1)
    except OSError as error:
        action = WHAT_TO_DO.get(error.errno or 0)
        if action is None:
            raise
        path = error.filename2 or error.filename
        # pyarrow's have no file name, and say it in their text.
        found = f"{_printable(path)}: {error.strerror}" if path else error.strerror or str(error)
        sys.stderr.write(f"quakesite: {found}; {action}\n")
        sys.exit(1)


def _take_all_letters() -> None:
    """Lets any letter be printed: in a terminal that has no ı or ş a mark stands for it, instead of an error.

    Bytes of a file name that are no UTF-8 are printed as they are, for programs that read them.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        is_utf8 = sys.stdout.encoding.lower().replace("-", "") == "utf8"
        sys.stdout.reconfigure(errors="surrogateescape" if is_utf8 else "backslashreplace")


def _printable(said: object) -> str:
    """Returns a message for people: a byte of a file name that is no UTF-8 as its number."""
    return str(said).encode(errors="surrogateescape").decode(errors="backslashreplace")


def _show_example(arguments: list[str]) -> None:
    """Says after a wrong use what a right one looks like; a group of commands says what it has."""
    words = cli_examples.leading(arguments)
    if words and (words not in GROUPS or words == SERVES_ALONE):
        sys.stderr.write(f"For example:\n{cli_examples.shown(cli_examples.EXAMPLES[words][0])}\n")
