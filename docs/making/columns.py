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
    "table1.csv": ("quakesite.evaluation.table1", "evaluation.md"),
    "table2.csv": ("quakesite.evaluation.table2", "evaluation.md"),
    "skill.csv": ("quakesite.evaluation.skill", "evaluation.md"),
    "control.csv": ("quakesite.evaluation.control", "evaluation.md"),
    "regions.csv": ("quakesite.evaluation.regions", "evaluation.md"),
    "learning_curve.csv": ("quakesite.evaluation.learning_curve", "evaluation.md"),
    "coverage.csv": ("quakesite.evaluation.coverage", "predict.md"),
    "flatfile.csv": ("quakesite.evaluation.flatfile", "records.md"),
    "counts.csv": ("quakesite.evaluation.counts", "records.md"),
}
"""Tables whose columns stand in `COLUMNS` of a module, and the page that says what they mean."""


def page() -> str:
    """Returns the reference of all tables as Markdown."""
    lines: list[str] = []
    for name in SCHEMAS:
        module = importlib.import_module(name)
        for constant, schema in schemas_of(module):
            lines += [f"## {_title(name, constant)}", "", *_table(module, constant, schema), ""]
    lines += ["## Tables of the evaluation", "", "| table | columns | meaning |", "|---|---|---|"]
    for table, (name, about) in CSV.items():
        columns = ", ".join(f"`{column}`" for column in importlib.import_module(name).COLUMNS)
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
        yield f"| `{field.name}` | {_type(field.type)} | {'may be' if field.nullable else ''} | {about} |"


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
