"""The `quakesite windows` command."""

from __future__ import annotations

import typer

app = typer.Typer()
