"""The base of every section of the configuration, and the check of its values."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from quakesite.errors import InputError


class Section(BaseModel):
    """One section of the configuration: unknown keys are errors, values cannot change once read."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True
    )


S = TypeVar("S", bound=BaseModel)


def validated(model: type[S], values: Any, where: str | Path) -> S:
    """Returns `values` as `model`, or raises the one clear line of what is wrong with them.

    Raises:
        InputError: an unknown key (names the nearest right one), a wrong type, a broken cross-field rule.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise _first_error(model, error, where) from None


def _first_error(model: type[BaseModel], error: ValidationError, where: str | Path) -> InputError:
    first, *others = error.errors(include_url=False)
    path = ".".join(str(part) for part in first["loc"])
    more = f" (and {len(others)} more)" if others else ""
    if first["type"] == "extra_forbidden":
        known = _keys_beside(model, first["loc"])
        near = difflib.get_close_matches(str(first["loc"][-1]), known, n=1, cutoff=0.5)
        action = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(known)}"
        return InputError(where, f"unknown key{more}", field=path, action=action)
    if first["type"] == "value_error":
        return InputError(where, f"{first['ctx']['error']}{more}", field=path)
    if first["type"] in ("model_type", "dict_type"):
        return InputError(where, f"{first['input']!r}{more}", field=path, expected="keys with values")
    return InputError(where, f"{first['input']!r}{more}", field=path, expected=first["msg"].lower())


def _keys_beside(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    section: Any = model
    for part in location[:-1]:
        field = getattr(section, "model_fields", {}).get(part)
        section = getattr(field, "annotation", None)
    return sorted(getattr(section, "model_fields", {}))
