"""Docstrings as Sphinx wants them: a table written with bars becomes one that reStructuredText knows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def tables(app: Any, what: str, name: str, item: object, options: Any, lines: list[str]) -> None:
    """Changes the tables among the lines of a docstring in place; called by Sphinx for every docstring."""
    del app, what, name, item, options
    lines[:] = _with_tables(lines)


def _with_tables(lines: list[str]) -> Iterator[str]:
    table: list[str] = []
    for line in [*lines, ""]:
        if line.lstrip().startswith("|"):
            table.append(line)
            continue
        if table:
            yield from _list_table(table)
            table = []
        yield line


def _list_table(table: list[str]) -> Iterator[str]:
    indent = table[0][: len(table[0]) - len(table[0].lstrip())]
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in table]
    ruled = len(rows) > 1 and all(set(cell) <= {"-", ":"} for cell in rows[1])
    body = [rows[0], *rows[2:]] if ruled else rows
    yield f"{indent}.. list-table::"
    if ruled:
        yield f"{indent}   :header-rows: 1"
    yield ""
    for row in body:
        for number, cell in enumerate(row):
            yield f"{indent}   {'*' if number == 0 else ' '} - {cell}"
    yield ""
