"""docs/networks.md says what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from quakesite.models.families import FAMILIES
from quakesite.models.network import Input
from quakesite.models.target import TARGETS


@pytest.fixture
def rows(root: Path) -> dict[str, list[str]]:
    """The cells of the page's table rows that begin with a name, first table first."""
    found: dict[str, list[str]] = {}
    for line in (root / "docs/networks.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if cells and re.fullmatch(r"`[a-z0-9_]+`", cells[0]):
            found.setdefault(cells[0].strip("`"), cells)
    return found


def test_every_family_is_there_with_its_parameters(rows: dict[str, list[str]]) -> None:
    for name, family in FAMILIES.items():
        network = family.network(Input(4, 6000, 100.0, 100))
        parameters = sum(parameter.numel() for parameter in network.parameters())
        assert rows[name][3] == f"{parameters:,}", name
        assert rows[name][4] == ("yes" if family.normalised else "no"), name


def test_every_target_is_there_with_its_outputs(rows: dict[str, list[str]]) -> None:
    for name, make in TARGETS.items():
        target = make(None)
        assert rows[name][3] == str(target.outputs), name
        has_interval = name in ("gaussian", "quantile")
        assert (rows[name][4] == "no") != has_interval, name


def test_nothing_else_is_said_to_be_there(rows: dict[str, list[str]]) -> None:
    assert set(rows) == {*FAMILIES, *TARGETS}
