"""What makes a job stale: the code it runs, found by following its stage's imports.

The configuration and the command line are left out on purpose: whatever they carry reaches a job as one
of its rule's `params`, so that editing them reruns only the jobs whose values change.
"""

from __future__ import annotations

import ast
import hashlib
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
CORRIDOR = ("records", "stations", "picks", "windows", "training", "evaluation", "figures")
CARRIED_BY_PARAMS = frozenset({PACKAGE / "config.py", PACKAGE / "cli.py", PACKAGE / "__main__.py"})


@cache
def code_digest(stage: str) -> str:
    """Returns a digest of the contents of all files that `stage` is made of or imports.

    Contents, not times: a file that is touched, or a checkout that is moved, makes nothing stale.
    """
    digest = hashlib.blake2b(digest_size=8)
    for path in stage_code(stage):
        digest.update(f"{Path(path).relative_to(PACKAGE)}\0".encode())
        digest.update(Path(path).read_bytes() + b"\0")
    return digest.hexdigest()


@cache
def stage_code(stage: str) -> list[str]:
    """Returns the paths of the files that `stage` is made of (its data files too) or imports, sorted."""
    # While Python compiles a module, its file in __pycache__ has another suffix than .pyc for a moment.
    files = (path for path in (PACKAGE / stage).rglob("*") if "__pycache__" not in path.parts)
    own = [path for path in files if path.is_file()]
    if not own:
        raise ValueError(f"no stage called {stage!r} in {PACKAGE}")
    seen = {path for path in own if path.suffix != ".py"}
    waiting = [path for path in own if path.suffix == ".py"]
    while waiting:
        path = waiting.pop()
        if path not in seen and path not in CARRIED_BY_PARAMS:
            seen.add(path)
            waiting.extend(imports(path))
    return sorted(str(path) for path in seen)


@cache
def imports(path: Path, *, for_types: bool = False) -> tuple[Path, ...]:
    """Returns the files of this package that the module at `path` imports, lazily or not.

    Args:
        path: the module.
        for_types: whether to count what stands under `if TYPE_CHECKING:`, which is never run.
    """
    found: set[Path] = set()
    module = ast.parse(path.read_text(encoding="utf-8"))
    for block in (node for node in ast.walk(module) if isinstance(node, ast.If) and not for_types):
        if isinstance(block.test, ast.Name) and block.test.id == "TYPE_CHECKING":
            block.body = []
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in names:
            found.update(_files_of(name))
    return tuple(sorted(found))


def _files_of(module: str) -> list[Path]:
    first, *rest = module.split(".")
    if first != PACKAGE.name or not rest:
        return []
    path = PACKAGE.joinpath(*rest)
    files = [path.with_suffix(".py"), path / "__init__.py"]
    files += [parent / "__init__.py" for parent in path.parents if parent.is_relative_to(PACKAGE / rest[0])]
    return [file for file in files if file.is_file()]
