"""What docs/reference/api.md promises is typed: whole signatures, and every attribute declared."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import textwrap
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).resolve().parents[1] / "docs/reference/api.md"
DOCUMENTED = sorted(set(re.findall(r"auto(?:function|class|exception):: ([\w.]+)", PAGE.read_text())))


def named(path: str) -> Any:
    """Returns what a dotted path means."""
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


def set_without_a_type(cls: type) -> set[str]:
    """Returns the public attributes that the methods of a class assign and do not annotate there."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(cls)))
    annotated = {id(node.target) for node in ast.walk(tree) if isinstance(node, ast.AnnAssign)}
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and id(node) not in annotated
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
        and not node.attr.startswith("_")
    }


def test_the_page_names_the_api() -> None:
    assert {"quakesite.records.read", "quakesite.models.load", "quakesite.errors.InputError"} <= set(
        DOCUMENTED
    )


@pytest.mark.parametrize("path", DOCUMENTED)
def test_signatures_are_whole(path: str) -> None:
    thing = named(path)
    functions = (
        [thing]
        if inspect.isfunction(thing)
        else [
            member
            for name, member in vars(thing).items()
            if inspect.isfunction(member) and (name == "__init__" or not name.startswith("_"))
        ]
    )
    for function in functions:
        signature = inspect.signature(function)
        untyped = [
            parameter.name
            for parameter in signature.parameters.values()
            if parameter.annotation is parameter.empty and parameter.name != "self"
        ]
        assert (untyped, signature.return_annotation is not signature.empty) == ([], True), function


@pytest.mark.parametrize("path", [path for path in DOCUMENTED if path.rpartition(".")[2][0].isupper()])
def test_attributes_are_declared(path: str) -> None:
    cls = named(path)
    declared = {name for base in cls.__mro__ for name in vars(base).get("__annotations__", {})}
    assert set_without_a_type(cls) - declared == set()
