"""How quakesite is cited: one version everywhere, and nothing that is not so yet."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import yaml


def citation(root: Path) -> dict[str, object]:
    return yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))


def test_version_is_the_same_wherever_it_is_cited(root: Path) -> None:
    version = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert citation(root)["version"] == version
    readme = (root / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"from strong-motion records to site knowledge, version (\S+)\.$", readme, re.M) == [
        version
    ]


def test_a_day_of_release_is_given_once_the_changelog_has_it(root: Path) -> None:
    cited = citation(root)
    changelog = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    released = re.search(
        rf"^## {re.escape(str(cited['version']))}.*?(\d{{4}}-\d{{2}}-\d{{2}})", changelog, re.M
    )
    assert str(cited.get("date-released", "")) == (released[1] if released else "")
