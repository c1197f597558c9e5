"""What the stages' command lines share: `--settings`, and options of several values, `--windows a b c`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from typer.core import TyperCommand

if TYPE_CHECKING:
    from pydantic import BaseModel

S = TypeVar("S", bound="BaseModel")


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


def section_from(model: type[S], name: str, settings: str | None) -> S:
    """Returns the settings a command works with.

    Args:
        model: the section's model.
        name: the section's key in `config.yaml`.
        settings: JSON text, as the workflow passes it; without it the section of `./config.yaml`,
            and where there is no such file the defaults.

    Raises:
        InputError: the settings are no JSON, or none of this section.
    """
    from quakesite.config import load
    from quakesite.errors import InputError
    from quakesite.settings import validated

    if settings is not None:
        try:
            values = json.loads(settings)
        except json.JSONDecodeError as error:
            raise InputError("--settings", str(error), expected="JSON") from None
        return validated(model, values, "--settings")
    section = getattr(load(), name)
    if not isinstance(section, model):
        raise TypeError(f"config section {name!r} is a {type(section).__name__}, not a {model.__name__}")
    return section
