"""The columns of tables that the pages print and explain are those that the program writes."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator, Sequence

import pytest
from blocks import ROOT, Block, blocks

from quakesite.training.settings import TrainingSettings

sys.path.insert(0, str(ROOT / "docs"))

from making import columns

HEADER = re.compile(r'^"?[a-z]\w*"?(?:,"?[a-z]\w*"?){2,}$')
OF_ONES_OWN = {"docs/training.md": {"name", "about", *TrainingSettings.model_fields}}
"""Tables that a reader writes: the columns they may have, in any order."""
ELSEWHERE = {"flatfile.csv": "ESM's columns, in its flatfile's description"}


def tables() -> Iterator[tuple[str, ...]]:
    """Yields the columns of every table that a run writes, in their order."""
    for where, _ in columns.CSV.values():
        module, _, constant = where.rpartition(".")
        yield tuple(getattr(importlib.import_module(f"quakesite.{module}"), constant))
    for name in columns.SCHEMAS:
        for _, schema in columns.schemas_of(importlib.import_module(name)):
            yield tuple(schema.names)


def printed() -> list[tuple[Block, list[str]]]:
    """Returns every block that begins as a CSV table does, with the columns of its first line."""
    found = []
    for block in blocks():
        first = block.text.partition("\n")[0]
        if block.language in ("", "text", "csv") and HEADER.match(first):
            found.append((block, first.replace('"', "").split(",")))
    return found


def stands_in(part: Sequence[str], whole: Sequence[str]) -> bool:
    """Whether `whole` has all names of `part`, in that order."""
    rest = iter(whole)
    return all(name in rest for name in part)


def test_printed_tables_have_the_columns_of_today() -> None:
    known = [*tables()]
    blocks_with_a_header = printed()
    assert len(blocks_with_a_header) > 5
    wrong = []
    for block, header in blocks_with_a_header:
        own = OF_ONES_OWN.get(block.page)
        right = set(header) <= own if own else any(stands_in(header, names) for names in known)
        if not right:
            wrong.append(f"{block}: {','.join(header)}")
    assert wrong == []


@pytest.mark.parametrize("table", sorted(set(columns.CSV) - set(ELSEWHERE)))
def test_page_explains_each_column_of_its_table(table: str) -> None:
    where, about = columns.CSV[table]
    module, _, constant = where.rpartition(".")
    text = (ROOT / "docs" / about).read_text(encoding="utf-8")
    told = {name for span in re.findall(r"`([^`\n]+)`", text) for name in re.findall(r"\w+", span)}
    missing = [
        name
        for name in getattr(importlib.import_module(f"quakesite.{module}"), constant)
        if not {name, *spelled_shorter(name)} & told
    ]
    assert missing == []


def spelled_shorter(name: str) -> Iterator[str]:
    """Yields how a page may name a column among others: `skill, _low`, `…_A … _E`, `probability_a … _e`."""
    for end in ("_low", "_high"):
        if name.endswith(end):
            yield end
    if re.search(r"_[B-E]$", name):
        yield f"{name[:-1]}A"
    if re.search(r"^probability_[b-d]$", name):
        yield "probability_a"
