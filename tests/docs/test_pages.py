"""What a reader may count on: pictures told in words, how-tos that show an end, explanations with sources."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest
from blocks import FENCE, ROOT, SHELL, Block, blocks_of, pages

from quakesite.cli import commands_below, root_command

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


def test_commands_within_sentences_are_commands_and_their_options() -> None:
    """As `quakesite predict … --json`; a word that is to be completed by Tab may be cut short."""
    commands = dict(commands_below(root_command()))
    of_all = {"--help", *(option for one in commands[""].params for option in one.opts)}
    wrong, looked_at = [], 0
    for page in pages():
        for span in re.findall(r"`+quakesite ([^`]+)`", FENCE.sub("", page.read_text(encoding="utf-8"))):
            words = [word.partition("=")[0] for word in span.split() if word[0] not in "<["]
            named = " ".join(words[:2]) if " ".join(words[:2]) in commands else words[0]
            below = [commands[name] for name in commands if f"{name} ".startswith(f"{named} ")]
            options = {option for command in below for one in command.params for option in one.opts}
            known = [*commands, *of_all, *options]
            asked = [named, *(word for word in words if word.startswith("--"))]
            wrong += [
                f"{page.name}: {span}" for word in asked if not any(one.startswith(word) for one in known)
            ]
            looked_at += 1
    assert looked_at > 50
    assert wrong == []


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
