"""Every fenced block of the README and the documentation, and the commands in those for the shell."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^( *)(`{3,})([^\n`]*)\n(.*?)^\1\2 *$", re.DOTALL | re.MULTILINE)
SHELL = ("bash", "sh", "shell", "console")
PROMPT = "$ "


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: the page it stands in, its first line there, its language, its text."""

    page: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


@dataclass(frozen=True, slots=True)
class Command:
    """A command of a block for the shell, split into words as the shell would."""

    block: Block
    words: tuple[str, ...]

    @property
    def program(self) -> str:
        """What is run, by whatever environment."""
        return Path(self.words[0]).name

    def __str__(self) -> str:
        return f"{self.block} {shlex.join(self.words)}"


def pages() -> list[Path]:
    """Returns the pages that are read as documentation."""
    above = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")]
    return [*above, *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "examples").rglob("*.md"))]


@cache
def blocks() -> tuple[Block, ...]:
    """Returns every fenced block of every page."""
    return tuple(block for page in pages() for block in blocks_of(page))


def blocks_of(page: Path) -> Iterator[Block]:
    """Yields the fenced blocks of a page."""
    text = page.read_text(encoding="utf-8")
    name = str(page.relative_to(ROOT)) if page.is_relative_to(ROOT) else page.name
    for found in FENCE.finditer(text):
        indent, _, language, body = found.groups()
        body = re.sub(rf"^{indent}", "", body, flags=re.MULTILINE)
        yield Block(name, text.count("\n", 0, found.start()) + 1, language.strip(), body)


@cache
def commands() -> tuple[Command, ...]:
    """Returns the commands of all blocks for the shell."""
    return tuple(command for block in blocks() if block.language in SHELL for command in commands_of(block))


def commands_of(block: Block) -> Iterator[Command]:
    """Yields the commands of a block for the shell, those of its prompts where it shows a session.

    Environment variables before a command and `python3 envs/run.py` are left out: what they run matters.
    """
    text = block.text
    if block.language == "console":
        shown = [line.removeprefix(PROMPT) for line in text.splitlines() if line.startswith(PROMPT)]
        text = "\n".join(shown)
    for line in text.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
        lexer.whitespace_split = True
        words: list[str] = []
        for word in [*lexer, ";"]:
            if set(word) <= set("|&;<>"):
                if words and (command := _bare(words)):
                    yield Command(block, tuple(command))
                words = [word] if set(word) & set("<>") else []
            else:
                words.append(word)


def _bare(words: list[str]) -> list[str]:
    """The words without what comes before the command itself; none where they are a redirection's target."""
    if set(words[0]) <= set("<>"):
        return []
    while words and re.fullmatch(r"[A-Za-z_]\w*=.*", words[0]):
        words = words[1:]
    if len(words) > 2 and Path(words[0]).name.startswith("python") and words[1] == "envs/run.py":
        return words[2:]
    return words
