"""Networks of one's own: a Python file with a `FAMILY`, which `training.network` names."""

from __future__ import annotations

from pathlib import Path

from quakesite.errors import InputError
from quakesite.models.families import FAMILIES, Family
from quakesite.own_file import SUFFIX, attribute, is_own, name_of

WRITTEN = "`FAMILY = headed(encode, hidden=64, dropout=0.1)`, see docs/how-to/new-model.md"
_OWN: dict[str, Family] = {}


def use(file: str | Path) -> str:
    """Makes the network in a Python file known; returns its name, the file's without `.py`.

    Raises:
        InputError: it is no Python file or there is none in it, or a network is called so already.
    """
    if not is_own(str(file)):
        raise InputError(file, "no Python file", expected=f"a name that ends in {SUFFIX}")
    try:
        name = name_of(str(file))
    except ValueError as error:
        raise InputError("network", str(error), action="rename the file") from None
    if name in FAMILIES:
        raise InputError(file, f"a network is called {name} already", action="rename the file")
    family = attribute(file, "FAMILY", WRITTEN)
    if not isinstance(family, Family):
        raise InputError(file, type(family).__name__, field="FAMILY", expected=WRITTEN)
    _OWN[name] = family
    return name


def family_of(name: str) -> Family:
    """Returns the network called `name`, one's own included once `use` has made it known.

    Raises:
        InputError: there is none.
    """
    known = {**FAMILIES, **_OWN}
    if name not in known:
        raise InputError(
            "network",
            repr(name),
            expected=f"one of {', '.join(known)}",
            action=f"if it is a file of your own, give it: --network {name}.py, or load(folder, network=...)",
        )
    return known[name]
