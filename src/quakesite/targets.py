"""Targets of the workflow that no rule makes, answered by the one that may be meant.

Snakemake says of them only that there is no rule.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import os
import re
from argparse import ArgumentParser
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePath

from quakesite.errors import InputError, did_you_mean

WILDCARD = re.compile(r"\{(\w+)[^{}]*\}")
LISTED = "docs/reference/rules.md says what there is, and `snakemake --list` names the rules"


def asked_of(command_line: Sequence[str], parser: Callable[[], ArgumentParser]) -> list[str]:
    """Returns the targets of Snakemake's command line, and what it is to stop at, leave out or force.

    Args:
        command_line: with the program first; another program's (one that uses Snakemake's API) asks nothing.
        parser: makes Snakemake's own.
    """
    program, *words = command_line or [""]
    if "snakemake" not in Path(program).parts[-2:]:
        return []
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            read = parser().parse_args(words)
    except SystemExit:
        return []
    given = (getattr(read, name, None) for name in ("targets", "until", "omit_from", "forcerun"))
    return [str(target) for group in given for target in group or ()]


def check_targets(
    targets: Iterable[str],
    rules: Mapping[str, Iterable[str]],
    is_made: Callable[[str], bool],
    values: Mapping[str, Iterable[object]],
) -> None:
    """Checks that each target is a rule, a file that a rule makes, or one that is there.

    Args:
        targets: as given on the command line.
        rules: the files that each rule makes, with wildcards in braces, by its name.
        is_made: whether some rule makes a file.
        values: what each wildcard can be, by its name.

    Raises:
        InputError: the first target that is none of them; names the nearest one.
    """
    for target in targets:
        path = target if os.path.isabs(target) else os.path.relpath(target)
        if target in rules or is_made(path) or os.path.exists(target):
            continue
        if os.path.isabs(target):
            path = os.path.relpath(target)
        made = {name for patterns in rules.values() for one in patterns for name in _files(one, values, path)}
        action = _meant(path, made, rules) or LISTED
        raise InputError(target, "no rule makes it", action=action)


def _meant(path: str, made: Iterable[str], rules: Iterable[str]) -> str:
    """Returns the question whether another target is meant; empty where none is like it."""
    if path in made:
        return f"relative to the working directory it is {path}"
    if PurePath(path).name == path:
        # A bare name: that of a rule, or of a file without its folder.
        by_name = {PurePath(file).name: file for file in sorted(made, reverse=True)}
        question = did_you_mean(path, [*by_name, *rules])
        for name, file in by_name.items():
            if question == f"did you mean {name!r}?":
                return f"did you mean {file!r}?"
        return question
    return did_you_mean(path, sorted(made))


def _files(pattern: str, values: Mapping[str, Iterable[object]], path: str) -> Iterator[str]:
    """Yields the files of a pattern; of a wildcard with many values those that stand in `path`, or one."""
    names = list(dict.fromkeys(WILDCARD.findall(pattern)))
    if any(name not in values for name in names):
        return
    chosen = [_some(list(map(str, values[name])), path) for name in names]
    for combination in itertools.product(*chosen):
        given = dict(zip(names, combination, strict=True))
        yield WILDCARD.sub(lambda found, given=given: given[found[1]], pattern)  # type: ignore[misc]


def _some(known: list[str], path: str) -> list[str]:
    """Returns the values that stand in the path as a whole; else all where they are names, one of numbers."""
    there = [value for value in known if re.search(rf"(?<![\w-]){re.escape(value)}(?![\w-])", path)]
    return there or ([value for value in known if not value[:1].isdigit()] or known[:1])
