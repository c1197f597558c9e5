"""The one error that means "the input is wrong": it becomes one clear line and exit status 1."""

from __future__ import annotations

import errno
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
