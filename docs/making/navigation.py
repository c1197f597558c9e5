"""What is put into pages while the site is built: the navigation, and the references made from the code."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

from making import columns, commands, rules, sections
from making.rules import ROOT

INDEX = "docs/index"
CONFIGURATION = "docs/configuration"
MADE: dict[str, Callable[[], str]] = {
    "docs/reference/commands": commands.page,
    "docs/reference/tables": columns.page,
    "docs/reference/rules": rules.page,
}
"""Pages whose line `MARK`, with all below it, is replaced by what is made from the code."""

MARK = "<!-- made from the code -->"


def fill(app: Any, page: str, source: list[str]) -> None:
    """Puts in what a page lacks; called by Sphinx for every page it reads.

    Raises:
        ValueError: a page to be filled says nowhere where.
    """
    del app
    if page == INDEX:
        source[0] += contents(source[0])
    elif page == CONFIGURATION:
        source[0] = sections.by_section(source[0])
    elif page in MADE:
        if MARK not in source[0]:
            raise ValueError(f"{page}: {MARK!r} is missing")
        source[0] = source[0].partition(MARK)[0] + MADE[page]()


def contents(index: str) -> str:
    """Returns the tables of contents of the index: its sections and the pages that each links to in a list.

    Pages of `docs` that the index links to nowhere come last.
    """
    parts = re.split(r"^## (.+)\n", index, flags=re.MULTILINE)[1:]
    sections = {
        title: [(text, _page(link)) for text, link in _linked(body)]
        for title, body in zip(parts[::2], parts[1::2], strict=True)
    }
    listed = {page for pages in sections.values() for _, page in pages}
    found = sorted(str(path.relative_to(ROOT).with_suffix("")) for path in (ROOT / "docs").glob("*.md"))
    sections["More"] = [("", page) for page in found if page not in listed and page != INDEX]
    return "".join(_toctree(title, pages) for title, pages in sections.items() if pages)


def _linked(body: str) -> list[tuple[str, str]]:
    return re.findall(r"^- \[([^]]+)\]\(([^)#]+\.md)\)", body, re.MULTILINE)


def _toctree(title: str, pages: list[tuple[str, str]]) -> str:
    """A table of contents; a page is called what the index calls it, up to a colon, else by its own title."""
    names = [(text.partition(":")[0], page) for text, page in pages]
    lines = "\n".join(f"{text} </{page}>" if text else f"/{page}" for text, page in names)
    return f"\n\n```{{toctree}}\n:hidden:\n:caption: {title}\n:maxdepth: 2\n\n{lines}\n```\n"


def _page(link: str) -> str:
    parts: list[str] = list(PurePosixPath(INDEX).parent.parts)
    for part in PurePosixPath(link).parts:
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return str(PurePosixPath(*parts).with_suffix(""))
