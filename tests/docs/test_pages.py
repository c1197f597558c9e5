"""What a reader may count on: pictures told in words, how-tos that show an end, explanations with sources."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest
from blocks import ROOT, SHELL, Block, blocks_of, pages

SEEN = ("text", "csv", "console", "json")
IMAGE = re.compile(r"!\[([^]]*)\]\(([^)\s]+)\)")
HOW_TO = sorted((ROOT / "docs/how-to").glob("*.md"))
EXPLANATION = sorted((ROOT / "docs/explanation").glob("*.md"))


def named(path: Path) -> str:
    """The name of a page in the list of tests."""
    return path.name


def test_every_picture_is_there_and_told_in_words() -> None:
    poor = []
    for page in pages():
        for words, link in IMAGE.findall(page.read_text(encoding="utf-8")):
            if len(words.split()) < 2 or not (page.parent / link).is_file():
                poor.append(f"{page.relative_to(ROOT)}: {words!r} {link}")
    assert poor == []


@pytest.mark.parametrize("page", HOW_TO, ids=named)
def test_how_to_ends_in_something_that_is_seen(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    typed = [block for block in blocks_of(page) if block.language in SHELL]
    assert typed, "a how-to without a command"
    rest = text.splitlines()[typed[-1].line :]
    shown = [block for block in blocks_of(page) if block.language in SEEN and block.line > typed[-1].line]
    assert shown or IMAGE.search("\n".join(rest)), "nothing is shown after the last command"


@pytest.mark.parametrize("page", EXPLANATION, ids=named)
def test_explanation_names_its_sources(page: Path) -> None:
    _, _, sources = page.read_text(encoding="utf-8").partition("\n## Sources\n")
    assert len(re.findall(r"^- ", sources, re.MULTILINE)) >= 2


def test_glossary_has_each_word_once_and_in_order() -> None:
    text = (ROOT / "docs/glossary.md").read_text(encoding="utf-8")
    for part in text.split("\n## ")[1:]:
        words = re.findall(r"^\| (?!word )([^|]+?) \|", part, re.MULTILINE)
        assert len(words) > 5
        assert [pair for pair in pairwise(words) if pair[0].lower() > pair[1].lower()] == []


def test_targets_stand_before_the_configuration_file(shell_blocks: list[Block]) -> None:
    """`--configfile my.yaml results/table2.csv` takes the target for a second configuration file."""
    wrong = [str(block) for block in shell_blocks if re.search(r"--configfile( [^-\s\\]\S*){2,}", block.text)]
    assert wrong == []


@pytest.fixture
def shell_blocks() -> list[Block]:
    """Every block for the shell."""
    return [block for page in pages() for block in blocks_of(page) if block.language in SHELL]
