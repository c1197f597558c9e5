"""The picture of the corridor, `docs/explanation/corridor.svg`, drawn from the workflow's own graph of rules.

`python docs/making/corridor.py` draws it anew; a test fails when the rules have changed and it has not.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from html import escape
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from making.rules import ROOT, rules_of, stages

PICTURE = ROOT / "docs/explanation/corridor.svg"
LEFT_OUT = ("all", "tables", "figures", "gallery")
"""Rules that only gather others."""

NO_STAGE = ("demo",)
COLUMN, GAP, ROW, HEAD = 150, 12, 21, 34
COLOURS = ("#33638d", "#1a8078", "#7d4f94", "#a05a14", "#a23b3b", "#4b6b2a", "#555555")

Edges = set[tuple[str, str]]


def rule_graph() -> Edges:
    """Returns which rule hands something to which, as Snakemake has it: pairs (giver, taker).

    Raises:
        RuntimeError: Snakemake cannot plan the default run.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")]
        done = subprocess.run(
            [*command, "--directory", folder, "--rulegraph", "dot"],
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise RuntimeError(f"snakemake --rulegraph: {done.stderr}")
    names = dict(re.findall(r'^\s*(\d+)\[label = "(\w+)"', done.stdout, re.MULTILINE))
    pairs = re.findall(r"^\s*(\d+) -> (\d+)", done.stdout, re.MULTILINE)
    return {(names[giver], names[taker]) for giver, taker in pairs}


def between_stages(edges: Edges) -> Edges:
    """Returns which stage hands something to which, of the rules that do so: pairs (giver, taker)."""
    stage_of = {rule.name: stage for stage in stages() for rule in rules_of(stage)}
    pairs = {
        (stage_of[giver], stage_of[taker])
        for giver, taker in edges
        if giver not in LEFT_OUT and taker not in LEFT_OUT
    }
    return {
        (giver, taker)
        for giver, taker in pairs
        if giver != taker and giver not in NO_STAGE and taker not in NO_STAGE
    }


def drawn(edges: Edges) -> str:
    """Returns the picture as SVG: a column of rules per stage, above them arcs for what is handed on.

    Args:
        edges: pairs of stages (giver, taker).
    """
    names = [stage for stage in stages() if stage not in NO_STAGE]
    rules = {stage: [rule.name for rule in rules_of(stage) if rule.name not in LEFT_OUT] for stage in names}
    arcs = max(names.index(taker) - names.index(giver) for giver, taker in edges)
    top = 30 + 26 * arcs
    width = COLUMN * len(names) + GAP
    height = top + HEAD + ROW * max(map(len, rules.values())) + 2 * GAP
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}"'
        f' height="{height}" font-family="Helvetica, Arial, sans-serif" role="img">',
        "<title>The corridor: the stages of the workflow, what each hands to which, and its rules</title>",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
    ]
    for giver, taker in sorted(edges, key=lambda edge: (names.index(edge[0]), names.index(edge[1]))):
        lines += _arc(names.index(giver), names.index(taker), top, f"{giver} to {taker}")
    for index, stage in enumerate(names):
        lines += _column(index, stage, rules[stage], top, height)
    return "\n".join([*lines, "</svg>"]) + "\n"


def _arc(giver: int, taker: int, top: int, title: str) -> list[str]:
    """An arc from the right half of the giver's head to the left half of the taker's."""
    steps = taker - giver
    aside = 12 + 5 * min(6 - steps, 5)
    x0, x1 = (stage * COLUMN + COLUMN // 2 + GAP for stage in (giver, taker))
    x0, x1 = x0 + aside, x1 - aside
    peak = top - 34 * steps - 12
    colour = COLOURS[giver % len(COLOURS)]
    path = f"M{x0} {top}C{x0} {peak} {x1} {peak} {x1} {top - 5}"
    return [
        f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="1.6"><title>{title}</title></path>',
        f'<path d="M{x1 - 3} {top - 6}h6l-3 6z" fill="{colour}"/>',
    ]


def _column(index: int, stage: str, rules: list[str], top: int, height: int) -> list[str]:
    x, colour = index * COLUMN + GAP, COLOURS[index % len(COLOURS)]
    middle = x + (COLUMN - GAP) / 2
    lines = [
        f'<rect x="{x}" y="{top}" width="{COLUMN - GAP}" height="{height - top - GAP}" rx="5" fill="{colour}"'
        ' fill-opacity="0.08"/>',
        f'<rect x="{x}" y="{top}" width="{COLUMN - GAP}" height="{HEAD - 6}" rx="5" fill="{colour}"/>',
        f'<text x="{middle:g}" y="{top + 19}" text-anchor="middle" font-size="14" font-weight="bold"'
        f' fill="#ffffff">{escape(stage)}</text>',
    ]
    for row, name in enumerate(rules):
        y = top + HEAD + GAP + row * ROW + 4
        text = escape(name.replace("_", " "))
        lines.append(
            f'<text x="{middle:g}" y="{y}" text-anchor="middle" font-size="12" fill="#222222">{text}</text>'
        )
    return lines


if __name__ == "__main__":
    PICTURE.write_text(drawn(between_stages(rule_graph())), encoding="utf-8")
