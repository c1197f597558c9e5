"""Temporary files of jobs that were killed: what `tables.atomic_path` was writing when the power went."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

NAME = re.compile(r"\..+\.(\d+)\.tmp")
"""What `tables.atomic_path` calls a file while it is written; the number is that of its process."""


def leftovers(folder: str | Path) -> Iterator[Path]:
    """Yields the temporary files below `folder` that no process of quakesite on this machine is writing.

    On a cluster a job on another node may be. Snakemake's lock tells that: who holds it has no other run.
    """
    for parent, _, names in os.walk(folder):
        for name in sorted(names):
            match = NAME.fullmatch(name)
            if match and not _is_at_work(match[1]):
                yield Path(parent, name)


def remove_leftovers(folder: str | Path) -> None:
    """Removes the temporary files of killed jobs below `folder`; what may not be removed stays."""
    for path in leftovers(folder):
        with suppress(OSError):
            path.unlink()


def _is_at_work(process: str) -> bool:
    try:
        return b"quakesite" in Path("/proc", process, "cmdline").read_bytes()
    except OSError:  # there is no such process, or no /proc
        return False
