"""Options that take several values, `--windows a b c`, as shells and Snakemake write lists of files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from typer.core import TyperCommand


class SeveralValues(TyperCommand):
    """A command whose repeatable options take all that follows, up to the next option.

    `--windows a b --out c` is read as `--windows a --windows b --out c`, an option that nothing follows
    as one not given. Positional arguments stand before such an option, or after `--`. Use as
    `@app.command(cls=SeveralValues)`.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Reads the command line; see the class."""
        return super().parse_args(ctx, list(self._one_value_each(args)))

    def _one_value_each(self, args: list[str]) -> Iterator[str]:
        repeatable = {
            name
            for parameter in self.params
            if getattr(parameter, "multiple", False)
            for name in parameter.opts
        }
        current = ""
        for position, token in enumerate(args):
            if token == "--":
                yield from args[position:]
                return
            if token in repeatable:
                current = token
                continue
            if token.startswith("-") and len(token) > 1:
                current = ""
            elif current:
                yield current
            yield token
