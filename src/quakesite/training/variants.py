"""Variants: named sets of changes to the training settings, from a table or a list."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from quakesite.errors import InputError
from quakesite.settings import validated
from quakesite.training.settings import NOT_OF_A_TRIAL, NOT_OF_PRETRAINING, TrainingSettings

NAME, ABOUT = "name", "about"
NOT_A_NAME = "configured"
"""What the training as configured, without any variant, is called in tables."""

Changes = dict[str, Any]


def variants_of(given: str | Path | Sequence[Mapping[str, Any]] | None) -> dict[str, Changes]:
    """Returns the changes of each variant by its name, in their order.

    Args:
        given: path of a table (.csv), or the rows themselves: `name`, perhaps `about` (a remark), and keys of
            the `training` section. An empty cell changes nothing; the others are read as YAML, so that
            `null`, `false`, `0.1` and `[shift, noise]` are what they look like. None: no variants.

    Raises:
        InputError: a table without names, or a name that is there twice or makes no folder.
    """
    if given is None:
        return {}
    where = str(given) if isinstance(given, (str, Path)) else "training.variants"
    rows = _rows(given) if isinstance(given, (str, Path)) else given
    found: dict[str, Changes] = {}
    for row in rows:
        name = str(row.get(NAME) or "")
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", name) or name == NOT_A_NAME:
            raise InputError(
                where,
                repr(name),
                field=NAME,
                expected=f"letters, digits, _ and -, not {NOT_A_NAME!r}, for every variant",
            )
        if name in found:
            raise InputError(where, f"{name!r} is there twice", field=NAME, expected="each name once")
        found[name] = {key: value for key, value in row.items() if key not in (NAME, ABOUT)}
    return found


def remarks_of(given: str | Path | Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Returns the remark (`about`) on each variant, "" where there is none; see `variants_of`."""
    rows = _rows(given) if isinstance(given, (str, Path)) else given
    return {str(row[NAME]): str(row.get(ABOUT) or "") for row in rows}


def _rows(path: str | Path) -> list[dict[str, Any]]:
    try:
        with open(path, encoding="utf-8-sig", newline="") as handle:
            reader = csv.DictReader(handle)
            rows, columns = list(reader), reader.fieldnames or ()
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(path, f"cannot be read ({error})", expected="a table of variants (.csv)") from None
    if NAME not in columns:
        raise InputError(
            path, f"columns {', '.join(columns)}", expected=f"a column {NAME}, and commas between columns"
        )
    for row in rows:
        if None in row:
            raise InputError(
                path, f"variant {row.get(NAME)!r} has more cells than columns", action="quote lists"
            )
    return [
        {key: _value(path, row, key) for key, text in row.items() if (text or "").strip()} for row in rows
    ]


def _value(path: str | Path, row: Mapping[str, str], key: str) -> Any:
    text = row[key].strip()
    if key in (NAME, ABOUT):
        return text
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        raise InputError(path, repr(text), field=f"{key} of {row.get(NAME)!r}", expected="YAML") from None


def changed(settings: TrainingSettings, name: str, changes: Mapping[str, Any]) -> TrainingSettings:
    """Returns `settings` with the changes of the variant called `name`; its splits stay those of `settings`.

    Raises:
        InputError: a key that is no setting of a single training, or a value that it does not take.
    """
    where = f"variant {name}"
    if "split_seed" in changes:
        raise InputError(
            where, "all variants have the same splits", field="split_seed", action="leave it out"
        )
    for key in changes:
        if key in NOT_OF_A_TRIAL:
            raise InputError(where, "not of a single training", field=key, action="leave it out")
    made = validated(TrainingSettings, settings.model_dump(mode="json") | dict(changes), where)
    if made.seed_of_splits != settings.seed_of_splits:
        made = made.model_copy(update={"split_seed": settings.seed_of_splits})
    return made


def settings_of(
    settings: TrainingSettings, ablation: str | Path | Sequence[Mapping[str, Any]] | None = None
) -> dict[str, TrainingSettings]:
    """Returns the settings of each variant by its name: those to choose from, and those of the ablation.

    Args:
        settings: the section `training`.
        ablation: the table of the ablation; None: that of `training.ablation`.

    Raises:
        InputError: a table or a variant is wrong, or the two tables mean different things by one name.
    """
    found: dict[str, TrainingSettings] = {}
    for given in (settings.variants, ablation if ablation is not None else settings.ablation.variants):
        for name, changes in variants_of(given).items():
            made = changed(settings, name, changes)
            if found.setdefault(name, made) != made:
                raise InputError(
                    "training",
                    f"variant {name!r} is another one in variants and in ablation.variants",
                    action="rename one of the two",
                )
    return found


def encoders_of(
    settings: TrainingSettings, variants: Mapping[str, TrainingSettings]
) -> dict[str, str | None]:
    """Returns for each variant whose pretrained encoder it starts from, so that none is pretrained twice.

    Args:
        settings: the section `training`.
        variants: see `settings_of`.

    Returns:
        By name of the variant: None for the encoder of the training as configured, else the first variant
        with the same one, mostly itself.
    """
    without = {*NOT_OF_A_TRIAL, *NOT_OF_PRETRAINING}
    first: dict[str, str | None] = {settings.model_dump_json(exclude=without): None}
    return {
        name: first.setdefault(made.model_dump_json(exclude=without), name) for name, made in variants.items()
    }
