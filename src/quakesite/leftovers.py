"""Temporary files and folders of jobs that were killed: what `quakesite.tables` was writing then."""

from __future__ import annotations

import glob
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

NAME = re.compile(r"\..+\.(\d+)\.tmp")
"""What a file or folder is called while it is written; the number is that of its process."""


def temporary_name(target: Path, what: str = "") -> str:
    """Returns the name beside `target` under which this process writes it, which `NAME` matches.

    Args:
        target: what is written.
        what: tells apart several temporary things of one target.
    """
    return f".{target.name}{what and f'.{what}'}.{os.getpid()}.tmp"


def leftovers(folder: str | Path, *, locked: bool = False) -> Iterator[Path]:
    """Yields the temporary files and folders below `folder` that no other process is writing.

    On a cluster a job on another node may be. Snakemake's lock tells that: who holds it has no other run.

    Args:
        folder: where to look.
        locked: the caller holds a lock that every writer takes, so that all of them are left over; else
            those of a process of quakesite that runs on this machine are left out.
    """
    for parent, folders, names in os.walk(folder):
        for name in sorted([*names, *folders]):
            match = NAME.fullmatch(name)
            if match and (locked or not _is_at_work(match[1])):
                yield Path(parent, name)
        folders[:] = [name for name in folders if not NAME.fullmatch(name)]


def leftovers_of(target: Path) -> Iterator[Path]:
    """Yields what killed processes left beside `target`, writing that."""
    for path in sorted(target.parent.glob(f".{glob.escape(target.name)}.*.tmp")):
        match = NAME.fullmatch(path.name)
        if match and not _is_at_work(match[1]):
            yield path


def remove_leftovers(folder: str | Path, *, locked: bool = False) -> None:
    """Removes what `leftovers` finds; what may not be removed stays."""
    for path in list(leftovers(folder, locked=locked)):
        with suppress(OSError):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()


def _is_at_work(process: str) -> bool:
    """Returns whether another process of quakesite has this number.

    This one does not ask while it writes: in a container, where numbers begin anew, a killed one had its own.
    """
    if int(process) == os.getpid():
        return False
    try:
        return b"quakesite" in Path("/proc", process, "cmdline").read_bytes()
    except OSError:  # there is no such process, or no /proc
        return False
