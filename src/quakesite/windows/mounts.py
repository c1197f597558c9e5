"""On which file systems shards may be mapped into memory."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

LOCAL = frozenset(
    {"bcachefs", "btrfs", "ext2", "ext3", "ext4", "f2fs", "jfs", "overlay", "ramfs"}
    | {"squashfs", "tmpfs", "xfs", "zfs"}
)
"""File systems on which pages that were once in the page cache can be had back. On all others (nfs, lustre,
gpfs, fuse, ...) a lost server or a file cut short elsewhere ends a process that has it mapped (SIGBUS)."""


def is_local(path: str | Path) -> bool:
    """Returns whether a file is on a file system of `LOCAL`; not known is no."""
    return _type_of(os.path.dirname(os.path.realpath(path))) in LOCAL


@cache
def _type_of(folder: str) -> str:
    """Returns the type of the file system that a folder is on; empty where the system does not tell."""
    mounts = Path("/proc/self/mountinfo")
    if not mounts.exists():
        return ""
    best, found = -1, ""
    for line in mounts.read_text(encoding="utf-8", errors="replace").splitlines():
        fields, _, behind = line.partition(" - ")
        point = fields.split()[4].encode().decode("unicode_escape")
        inside = folder == point or folder.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= best:  # of two mounts at one place the later one is seen
            best, found = len(point), behind.split()[0]
    return found
