"""Options that take several values."""

from __future__ import annotations

from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from quakesite.options import SeveralValues

app = typer.Typer()


@app.command(cls=SeveralValues)
def take(
    first: Annotated[list[str] | None, typer.Argument()] = None,
    windows: Annotated[list[str] | None, typer.Option()] = None,
    out: Annotated[str, typer.Option()] = "",
) -> None:
    """Says what it was given."""
    typer.echo(f"{first} {windows} {out}")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("a b --windows c d --out e", "['a', 'b'] ['c', 'd'] e"),
        ("--windows c --windows d --out e a", "['a'] ['c', 'd'] e"),
        ("--windows=c --out=e a", "['a'] ['c'] e"),
        ("--out e --windows c d -- a", "['a'] ['c', 'd'] e"),
        ("a --out e", "['a'] None e"),
    ],
)
def test_an_option_takes_all_up_to_the_next_option(arguments: str, expected: str) -> None:
    assert CliRunner().invoke(app, arguments.split()).stdout.strip() == expected


def test_an_option_that_nothing_follows_was_not_given() -> None:
    assert CliRunner().invoke(app, ["--windows", "--out", "e"]).stdout.strip() == "None None e"
