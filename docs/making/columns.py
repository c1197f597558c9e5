"""The reference of the tables that a run writes, from the schemas that write them."""

from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pyarrow as pa

SCHEMAS = (
    "quakesite.records.schema",
    "quakesite.stations.schema",
    "quakesite.stations.comparison",
    "quakesite.picks.schema",
    "quakesite.windows.schema",
    "quakesite.training.schema",
    "quakesite.evaluation.schema",
    "quakesite.rejects",
    "quakesite.annotate.merging",
    "quakesite.download.events",
    "quakesite.download.search",
    "quakesite.demo.manual",
    "quakesite.demo.truth",
)
"""Modules whose tables have a schema; a test looks whether one is missing."""

CSV = {
    "table1.csv": ("evaluation.table1.COLUMNS", "evaluation.md"),
    "table2.csv": ("evaluation.table2.COLUMNS", "evaluation.md"),
    "skill.csv": ("evaluation.skill.COLUMNS", "evaluation.md"),
    "control.csv": ("evaluation.control.COLUMNS", "evaluation.md"),
    "class_skill.csv": ("evaluation.reliability.SKILL_COLUMNS", "evaluation.md"),
    "evaluation/class_reliability.csv": ("evaluation.reliability.COLUMNS", "evaluation.md"),
    "regions.csv": ("evaluation.regions.COLUMNS", "evaluation.md"),
    "evaluation/region_members.csv": ("evaluation.regions.MEMBER_COLUMNS", "evaluation.md"),
    "evaluation/region_criteria.csv": ("evaluation.regions.CRITERIA_COLUMNS", "evaluation.md"),
    "learning_curve.csv": ("evaluation.learning_curve.COLUMNS", "evaluation.md"),
    "predictions.csv": ("evaluation.product.COLUMNS", "predict.md"),
    "ranking.csv": ("evaluation.ranking.COLUMNS", "predict.md"),
    "coverage.csv": ("evaluation.coverage.COLUMNS", "predict.md"),
    "flatfile.csv": ("evaluation.flatfile.COLUMNS", "records.md"),
    "counts.csv": ("evaluation.counts.COLUMNS", "records.md"),
}
"""Tables whose columns stand in a tuple of a module, and the page that says what they mean."""


def page() -> str:
    """Returns the reference of all tables as Markdown."""
    lines: list[str] = []
    for name in SCHEMAS:
        module = importlib.import_module(name)
        for constant, schema in schemas_of(module):
            lines += [f"## {_title(name, constant)}", "", *_table(module, constant, schema), ""]
    lines += ["## Tables of the evaluation", "", "| table | columns | meaning |", "|---|---|---|"]
    for table, (where, about) in CSV.items():
        name, _, constant = where.rpartition(".")
        module = importlib.import_module(f"quakesite.{name}")
        columns = ", ".join(f"`{column}`" for column in getattr(module, constant))
        lines.append(f"| `{table}` | {columns} | [{about}](../{about}) |")
    return "\n".join(lines) + "\n"


def schemas_of(module: ModuleType) -> list[tuple[str, pa.Schema]]:
    """Returns the schemas that a module defines itself, by name, in its order."""
    told = _told(module)
    return [(name, value) for name in told if isinstance(value := getattr(module, name, None), pa.Schema)]


def _title(module: str, constant: str) -> str:
    stage = module.split(".")[1]
    return f"{stage}: {constant.lower().replace('_', ' ')}"


def _table(module: ModuleType, constant: str, schema: pa.Schema) -> Iterator[str]:
    yield " ".join(_told(module)[constant].split())
    yield ""
    yield f"`{module.__name__}.{constant}`"
    yield ""
    yield "| column | type | null | meaning |"
    yield "|---|---|---|---|"
    for field in schema:
        about = (field.metadata or {}).get(b"about", b"").decode().replace("|", "\\|").replace("<", "\\<")
        yield f"| `{field.name}` | {_type(field.type)} | {'yes' if field.nullable else ''} | {about} |"


def _type(kind: pa.DataType) -> str:
    if pa.types.is_struct(kind):
        return "struct of " + ", ".join(f"`{field.name}`" for field in kind)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        size = f"{kind.list_size} " if pa.types.is_fixed_size_list(kind) else ""
        return f"list of {size}{_type(kind.value_type)}"
    return str(kind).replace("[", " (").replace("]", ")")


def _told(module: ModuleType) -> dict[str, str]:
    """Returns the names that the module's source assigns, each with the string that follows it."""
    body = ast.parse(Path(module.__file__ or "").read_text(encoding="utf-8")).body
    found: dict[str, str] = {}
    for index, node in enumerate(body):
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if isinstance(target, ast.Name):
            after = body[index + 1] if index + 1 < len(body) else None
            value = after.value if isinstance(after, ast.Expr) else None
            text = value.value if isinstance(value, ast.Constant) else ""
            found[target.id] = text if isinstance(text, str) else ""
    return found


if __name__ == "__main__":
    sys.stdout.write(page())
