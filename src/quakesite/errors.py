"""The one error that means "the input is wrong": it becomes one clear line and exit status 1."""

from __future__ import annotations

import difflib
import errno
import os
from collections.abc import Iterable
from pathlib import Path

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})
"""Errors of a disk that takes no more, whatever file was being read or written."""
MAKE_ROOM = "make room and run the same command again"


class InputError(ValueError):
    """Something a user gave is wrong; says where, what was found, what was expected and what to do.

    Args:
        where: the file (or config file, or archive member) that is wrong.
        found: what stands there.
        field: the column, key or header line concerned, where there is one.
        expected: what should stand there.
        action: what the user can do about it.
    """

    where: str
    field: str
    found: str
    expected: str
    action: str

    def __init__(
        self, where: str | Path, found: str, *, field: str = "", expected: str = "", action: str = ""
    ) -> None:
        self.where, self.field, self.found = str(where), field, found
        self.expected, self.action = expected, action
        line = f"{where}: {field}: {found}" if field else f"{where}: {found}"
        if expected:
            line += f"; expected {expected}"
        if action:
            line += f"; {action}"
        super().__init__(" ".join(line.split()))


class NotWritten(InputError):
    """The disk did not take a file, which is as it was; the error of the system is its cause."""


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """Returns `did you mean 'X'?` of the name among `known` that is nearest to `given`; empty if none is."""
    near = difflib.get_close_matches(given, known, n=1, cutoff=0.6)
    return f"did you mean {near[0]!r}?" if near else ""


def check_name(path: str | Path) -> None:
    """Checks that a path can be written to a table: bytes that are no UTF-8 come from the disk as surrogates.

    Raises:
        InputError: it cannot.
    """
    try:
        str(path).encode()
    except UnicodeEncodeError:
        found = "its name is no UTF-8 text (made under another character set)"
        raise InputError(path, found, action="rename it") from None


def nothing_there(path: str | Path, expected: str, action: str) -> InputError:
    """Returns the error of a path where nothing is; names what lies beside it and is called alike.

    Args:
        path: as it was given.
        expected: what should be there.
        action: what to do where no other name is like it.
    """
    given = Path(path)
    try:
        by_stem = {Path(name).stem: name for name in sorted(os.listdir(given.parent))}
    except OSError:
        by_stem = {}
    near = difflib.get_close_matches(given.stem, by_stem, n=1, cutoff=0.7)
    if near:
        action = f"did you mean {str(given.with_name(by_stem[near[0]]))!r}?"
    return InputError(path, "no such file or folder", expected=expected, action=action)
