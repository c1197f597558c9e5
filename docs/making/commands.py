"""The reference of the command line, from the commands themselves."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from quakesite.cli import root_command
from quakesite.cli_examples import EXAMPLES, shown


def leaves(command: Any, path: tuple[str, ...] = ("quakesite",)) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yields every command that is no mere group of others, with its words."""
    below = getattr(command, "commands", {})
    if not below or command.params:
        yield path, command
    for name, child in sorted(below.items()):
        yield from leaves(child, (*path, name))


def page() -> str:
    """Returns the reference of all commands as Markdown."""
    root = root_command()
    lines = [root.help.strip(), ""]
    for path, command in leaves(root):
        if len(path) > 1:
            lines += [*_section(path, command), ""]
    return "\n".join(lines)


def _section(path: tuple[str, ...], command: Any) -> Iterator[str]:
    yield f"{'#' * min(len(path), 3)} {' '.join(path)}"
    yield ""
    yield " ".join((command.help or command.short_help or "").split())
    yield ""
    examples = EXAMPLES.get(" ".join(path[1:]), ())
    if examples:
        yield from ("```bash", *(shown(example, "") for example in examples), "```", "")
    rows = [row for parameter in command.params if (row := _row(parameter))]
    if rows:
        yield "| argument or option | meaning | default |"
        yield "|---|---|---|"
        yield from rows


def _row(parameter: Any) -> str:
    if getattr(parameter, "hidden", False):
        return ""
    names = [*parameter.opts, *parameter.secondary_opts]
    is_option = names[0].startswith("-")
    shown = ", ".join(f"`{name}`" for name in names) if is_option else f"`{parameter.name.upper()}`"
    many = parameter.multiple if is_option else parameter.nargs == -1
    meaning = " ".join((parameter.help or "").split()) + (" Any number." if many and is_option else "")
    return f"| {shown} | {_cell(meaning)} | {_default(parameter)} |"


def _default(parameter: Any) -> str:
    if parameter.required:
        return "*needed*"
    value = parameter.default() if callable(parameter.default) else parameter.default
    if value is None or value is False or value in ([], (), ""):
        return ""
    return f"`{value}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "\\<")


if __name__ == "__main__":
    sys.stdout.write(page())
