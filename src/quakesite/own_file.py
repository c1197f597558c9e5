"""A Python file of one's own that the configuration names: a pick method, a network.

It is run by the jobs that need it, and by nothing else: never because it lies somewhere, nor because a model
that somebody has shared names it. Its name without `.py` is what paths and tables call it.
"""

from __future__ import annotations

import difflib
import importlib.util
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from quakesite.errors import InputError

SUFFIX = ".py"
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def is_own(value: str) -> bool:
    """Returns whether a value of the configuration means a file of one's own."""
    return value.endswith(SUFFIX)


def name_of(value: str) -> str:
    """Returns what a value of the configuration is called in paths and tables.

    Raises:
        ValueError: the file's name does not do for a name.
    """
    name = Path(value).stem if is_own(value) else value
    if not NAME.fullmatch(name):
        raise ValueError(f"{value!r}: its name must be ASCII letters, digits and _ (it stands in paths)")
    return name


def known(value: str, names: Sequence[str], what: str, *, taken: Sequence[str] = ()) -> str:
    """Returns a value of the configuration that is one of `names` or a file of one's own.

    Args:
        value: what the configuration says.
        names: what quakesite has.
        what: what it is, e.g. "network".
        taken: names that mean something else, which no file may have either.

    Raises:
        ValueError: it is neither, or the file's name is taken.
    """
    if is_own(value):
        if name_of(value) in (*names, *taken):
            raise ValueError(f"{value!r}: a {what} is called so already; rename the file")
    elif value not in names:
        near = difflib.get_close_matches(value, names, n=1)
        others = f"known: {', '.join(names)}, or a Python file of your own"
        raise ValueError(f"unknown {what} {value!r}; {f'did you mean {near[0]!r}?' if near else others}")
    return value


def attribute(path: str | Path, name: str, what: str) -> Any:
    """Runs the file at `path` and returns what it calls `name`.

    Args:
        path: the file.
        name: of the function or value wanted.
        what: how it is to be written, for the message where it is missing.

    Raises:
        InputError: there is no such file, it cannot be run, or it has nothing of that name.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(path, "no such file", expected=f"Python with {what}")
    module_name = f"quakesite_own_{path.stem}"
    spec = importlib.util.spec_from_file_location(module_name, path)
    if spec is None or spec.loader is None:
        raise InputError(path, "cannot be run", expected=f"Python with {what}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module  # dataclasses and pickling look their module up
    try:
        spec.loader.exec_module(module)
    except (ImportError, SyntaxError, NameError) as error:
        raise InputError(path, f"cannot be run ({error})", expected=f"Python with {what}") from error
    found = getattr(module, name, None)
    if found is None:
        raise InputError(path, f"nothing called {name}", expected=what)
    return found
