"""The reference of the workflow's rules, from the rule files: what each needs, makes and is called."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "workflow/rules"
WITHOUT_RULES = ("setup", "inputs")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its name, the file it stands in, its outputs as paths, what it asks of a machine."""

    name: str
    stage: str
    outputs: tuple[str, ...]
    local: bool
    mem_mb: str
    runtime_min: str


def stages() -> list[str]:
    """Returns the rule files in the order in which the Snakefile includes them."""
    text = (ROOT / "Snakefile").read_text(encoding="utf-8")
    names = re.findall(r'include: "workflow/rules/(\w+)\.smk"', text)
    return [name for name in names if name not in WITHOUT_RULES]


def rules_of(stage: str) -> list[Rule]:
    """Returns the rules of a stage's file, in its order."""
    text = (FOLDER / f"{stage}.smk").read_text(encoding="utf-8")
    parts = re.split(r"^rule (\w+):\n", text, flags=re.MULTILINE)[1:]
    return [_rule(name, stage, body) for name, body in zip(parts[::2], parts[1::2], strict=True)]


def page() -> str:
    """Returns the reference of all rules as Markdown."""
    return "\n".join(line for stage in stages() for line in _section(stage)) + "\n"


def _section(stage: str) -> Iterator[str]:
    yield f"## {stage}"
    yield ""
    yield "```text"
    yield from _header(stage)
    yield "```"
    yield ""
    yield "| rule | makes | memory (MB) | run time (min) |"
    yield "|---|---|---|---|"
    for rule in rules_of(stage):
        made = ", ".join(f"`{path}`" for path in rule.outputs)
        where = " (on the machine that Snakemake runs on)" if rule.local else ""
        yield f"| `{rule.name}`{where} | {made} | {rule.mem_mb} | {rule.runtime_min} |"
    yield ""


def _header(stage: str) -> Iterator[str]:
    for line in (FOLDER / f"{stage}.smk").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            return
        yield line.removeprefix("#").removeprefix(" ")


def _rule(name: str, stage: str, body: str) -> Rule:
    return Rule(
        name,
        stage,
        tuple(_paths(_directive(body, "output"))),
        "localrule: True" in body,
        _number(body, "mem_mb"),
        _number(body, "runtime"),
    )


def _directive(body: str, name: str) -> str:
    found = re.search(rf"^    {name}:\n((?:        .*\n|\n)*)", body, re.MULTILINE)
    return found.group(1) if found else ""


def _paths(text: str) -> Iterator[str]:
    for literal in re.findall(r'f?"([^"]*/[^"]*)"', text):
        if not literal.startswith("../report"):
            yield (
                literal.replace("{R}", "results")
                .replace("{{{{", "{")
                .replace("}}}}", "}")
                .replace("{{", "{")
                .replace("}}", "}")
            )


def _number(body: str, name: str) -> str:
    found = re.search(rf"{name}=(\d+)", body)
    return found.group(1) if found else ""


if __name__ == "__main__":
    sys.stdout.write(page())
