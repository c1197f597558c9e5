"""Imports point one way along the corridor, and a stage's code is what it imports."""

from __future__ import annotations

from pathlib import Path

import pytest

from quakesite.staleness import CORRIDOR, PACKAGE, imports, stage_code

BESIDE = {
    # networks know nothing of stages; training and what follows may use them
    "models": set(),
    # the synthetic archive is upstream of everything and knows no stage but for the tables' vocabulary
    "demo": set(),
}


SAID_OF_LATER = {PACKAGE / "models" / "__init__.py": {PACKAGE / "evaluation" / "saved.py"}}
"""What `quakesite.models.load` returns is told to type checkers, and imported when it is called."""


def known_to(path: Path) -> set[Path]:
    """Returns the files that a module imports, be it for their types alone."""
    said = {file for later in SAID_OF_LATER.get(path, ()) for file in (later, later.parent / "__init__.py")}
    return set(imports(path, for_types=True)) - said


def stage_of(path: Path) -> str:
    """Returns the sub-package a file belongs to; empty for the modules that all stages share."""
    relative = path.relative_to(PACKAGE)
    return relative.parts[0] if len(relative.parts) > 1 else ""


def files_of(stage: str) -> list[Path]:
    return sorted((PACKAGE / stage).rglob("*.py"))


@pytest.mark.parametrize("stage", CORRIDOR)
def test_a_stage_imports_only_the_stages_before_it(stage: str) -> None:
    before = set(CORRIDOR[: CORRIDOR.index(stage)]) | {stage, ""}
    if CORRIDOR.index(stage) >= CORRIDOR.index("training"):
        before.add("models")
    for path in files_of(stage):
        wrong = [str(found) for found in known_to(path) if stage_of(found) not in before]
        assert not wrong, f"{path} imports {wrong}"


@pytest.mark.parametrize("stage", sorted(BESIDE))
def test_the_rooms_beside_the_corridor_import_no_stage(stage: str) -> None:
    for path in files_of(stage):
        wrong = [str(found) for found in known_to(path) if stage_of(found) not in {stage, ""} | BESIDE[stage]]
        assert not wrong, f"{path} imports {wrong}"


def test_shared_modules_import_no_stage() -> None:
    entrances = {"config.py", "cli.py", "preflight.py", "__main__.py"}
    for path in sorted(PACKAGE.glob("*.py")):
        if path.name not in entrances:
            wrong = [str(found) for found in known_to(path) if stage_of(found)]
            assert not wrong, f"{path} imports {wrong}"


def test_code_of_a_stage_is_its_own_and_what_it_imports() -> None:
    code = stage_code("picks")
    assert str(PACKAGE / "picks" / "schema.py") in code
    assert str(PACKAGE / "tables.py") in code
    assert not [path for path in code if "/training/" in path or path.endswith("config.py")]


def test_what_is_imported_for_types_alone_is_no_code_of_a_stage(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    used, named = "from quakesite.errors import InputError", "from quakesite.tables import read_parquet"
    module.write_text(
        f"from typing import TYPE_CHECKING\n{used}\n"
        f"if TYPE_CHECKING:\n    {named}\nelse:\n    import quakesite.seal\n"
    )
    assert set(imports(module)) == {PACKAGE / "errors.py", PACKAGE / "seal.py"}
    assert set(imports(module, for_types=True)) - set(imports(module)) == {PACKAGE / "tables.py"}


def test_what_python_compiles_meanwhile_is_no_code_of_a_stage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python writes `module.cpython-312.pyc.<number>` and renames it: it is gone when it is to be read."""
    monkeypatch.setattr("quakesite.staleness.PACKAGE", tmp_path)
    compiled = tmp_path / "compiled_meanwhile/__pycache__"
    compiled.mkdir(parents=True)
    for name in ("module.cpython-312.pyc", "module.cpython-312.pyc.139872"):
        (compiled / name).touch()
    module = compiled.parent / "module.py"
    module.touch()
    assert stage_code("compiled_meanwhile") == [str(module)]


def test_unknown_stage_is_refused() -> None:
    with pytest.raises(ValueError, match="no stage"):
        stage_code("pick")
