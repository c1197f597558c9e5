"""What the documentation makes of the code is whole, and the picture of the corridor is today's."""

from __future__ import annotations

import importlib
import pkgutil
import re
import sys

import pytest
from blocks import ROOT

sys.path.insert(0, str(ROOT / "docs"))

from making import columns, corridor, navigation, rules, sections

import quakesite


def test_every_table_with_a_schema_is_in_the_reference() -> None:
    text = columns.page()
    sources = (ROOT / "src/quakesite").rglob("*.py")
    defining = [path for path in sources if re.search(r"^[A-Z]\w* = pa\.schema\($", path.read_text(), re.M)]
    assert len(defining) > 8
    missing = []
    for path in defining:
        name = ".".join(("quakesite", *path.relative_to(ROOT / "src/quakesite").with_suffix("").parts))
        for constant, schema in columns.schemas_of(importlib.import_module(name)):
            shown = f"`{name}.{constant}`"
            if shown not in text or any(f"| `{field.name}` |" not in text for field in schema):
                missing.append(shown)
    assert missing == []


def test_every_csv_table_of_the_evaluation_is_in_the_reference() -> None:
    rules_file = (rules.FOLDER / "evaluation.smk").read_text(encoding="utf-8")
    made = set(re.findall(r"\{R\}/((?:evaluation/)?\w+\.csv)", rules_file)) - {"rejects.csv"}  # has a schema
    assert "class_skill.csv" in made
    assert made - set(columns.CSV) == set()


def test_every_command_is_in_the_reference() -> None:
    from making.commands import leaves, page, root_command

    text = page()
    found = [path for path, _ in leaves(root_command()) if len(path) > 1]
    groups = {name.name for name in pkgutil.iter_modules(quakesite.__path__) if name.ispkg}
    assert {path[1] for path in found} >= {"records", "stations", "picks", "windows", "training"} & groups
    assert [path for path in found if f" {' '.join(path)}\n" not in text] == []


def test_every_rule_is_in_the_reference_with_what_it_makes() -> None:
    text = rules.page()
    for stage in rules.stages():
        source = (rules.FOLDER / f"{stage}.smk").read_text(encoding="utf-8")
        for name in re.findall(r"^rule (\w+):", source, re.MULTILINE):
            assert f"| `{name}`" in text
    assert "`results/picks/{method}/{shard}.parquet`" in text
    assert "{{" not in text
    assert "{R}" not in text


def test_navigation_has_every_page_once() -> None:
    index = (ROOT / "docs/index.md").read_text(encoding="utf-8")
    made = navigation.contents(index)
    linked = re.findall(r"^(?:[^\n<]+ <)?/([^\s>]+)>?$", made, re.MULTILINE)
    there = {str(page.relative_to(ROOT).with_suffix("")) for page in (ROOT / "docs").rglob("*.md")}
    assert there - {navigation.INDEX} <= set(linked)
    assert len(linked) == len(set(linked))


def test_configuration_has_a_heading_per_section_and_loses_no_key() -> None:
    page = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
    made = sections.by_section(page)
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert [line for line in made.splitlines() if line.startswith("| `")] == rows
    headings = re.findall(r"^## (.+)", made, re.MULTILINE)
    expected = [f"`{name}`" for name in dict.fromkeys(sections.section(row) for row in rows) if name]
    assert headings == [sections.WHOLE_RUN, *expected]
    assert len(expected) > 5
    with pytest.raises(ValueError, match="no table"):
        sections.by_section("# Configuration\n")


def test_picture_of_the_corridor_is_that_of_the_rules() -> None:
    drawn = corridor.drawn(corridor.between_stages(corridor.rule_graph()))
    assert corridor.PICTURE.read_text(encoding="utf-8") == drawn, (
        "python docs/making/corridor.py draws it anew"
    )
