"""The place of the results: space, writing, clock, kind of file system, and what a killed run left."""

from __future__ import annotations

import os
import re
import shutil
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from quakesite.doctor.finding import Finding, as_size, failed, ok, warning
from quakesite.errors import InputError
from quakesite.leftovers import leftovers
from quakesite.tables import atomic_open

TIGHT = 1.5
"""Free space below this many times the need is worth a word."""
SKEW_S = 2.0
NETWORKED = frozenset({
    "9p", "afs", "beegfs", "ceph", "cifs", "gfs2", "glusterfs", "gpfs", "lustre", "nfs", "nfs4", "ocfs2",
    "orangefs", "panfs", "smb3", "smbfs", "virtiofs", "wekafs", "fuse.ceph", "fuse.glusterfs", "fuse.juicefs",
    "fuse.sshfs",
})  # fmt: skip
IN_MEMORY = frozenset({"tmpfs", "ramfs"})
OCTAL = re.compile(r"\\([0-7]{3})")


def existing(path: str | Path) -> Path:
    """Returns `path`, or the nearest folder above it that is there."""
    path = Path(path).absolute()
    while not os.path.exists(path) and path != path.parent:  # False, too, where one may not look
        path = path.parent
    return path


def check_space(results: str, needed: int, free: int | None = None) -> Finding:
    """Checks that the results will fit.

    Args:
        results: folder of the results.
        needed: bytes of a whole run's results.
        free: bytes that are free, instead of asking the file system.
    """
    place = existing(results)
    there = sum(size for _, size in _files(Path(results)))
    left = max(needed - there, 0)
    free = shutil.disk_usage(place).free if free is None else free
    found = f"{as_size(free)} free at {place}; a whole run takes at most about {as_size(needed)}"
    if there:
        found += f", of which {as_size(there)} are there"
    action = "free some space, or put the results elsewhere: --config results=..."
    if free < left:
        return failed("disk", found, action)
    if free < TIGHT * left:
        return warning("disk", found, action)
    return ok("disk", found)


def check_writing(results: str, now: float | None = None) -> list[Finding]:
    """Checks that a file can be written, synced and renamed there, and that its time is this machine's.

    Args:
        results: folder of the results; the nearest one above it where it is not there yet.
        now: this machine's time in seconds since 1970, instead of its clock.
    """
    place = existing(results)
    target = place / f".quakesite-doctor-{uuid.uuid4().hex}"
    earliest = time.time() if now is None else now
    try:
        with atomic_open(target) as handle:
            handle.write("written by `quakesite doctor`, and can be deleted\n")
        written, latest = target.stat().st_mtime, time.time() if now is None else now
        clock = _clock(place, written - min(max(written, earliest), latest))  # a sync may take seconds
        target.unlink()
    except (OSError, InputError) as error:
        return [
            failed(
                "writing",
                f"{place}: {getattr(error, 'strerror', None) or getattr(error, 'found', error)}",
                "get the right to write there, or put the results elsewhere: --config results=...",
            )
        ]
    return [ok("writing", f"{place}: written, synced, renamed, deleted"), clock]


def _clock(place: Path, skew_s: float) -> Finding:
    if abs(skew_s) > SKEW_S:
        side = "ahead of" if skew_s > 0 else "behind"
        return warning(
            "clock",
            f"the file system of {place} is {abs(skew_s):.0f} s {side} this machine",
            "have both clocks set (NTP): Snakemake tells by times of files what is out of date",
        )
    return ok("clock", f"this machine and the file system agree within {SKEW_S:.0f} s")


def check_file_system(results: str, mounts: str | None = None) -> Finding:
    """Checks what kind of file system the results are on.

    Args:
        results: folder of the results.
        mounts: text like that of /proc/self/mountinfo, which is read by default.
    """
    if mounts is None:
        try:
            mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape")
        except OSError:
            return warning(
                "file system", "unknown on this system", "on a network file system use --latency-wait 60"
            )
    place = existing(results).resolve()
    kind = kind_of(place, mounts)
    if kind in NETWORKED:
        return warning(
            "file system",
            f"{place} is on {kind}: another machine may see a new file late",
            "use --latency-wait 60 (the slurm profile has it), and keep .snakemake on the same file system",
        )
    if kind in IN_MEMORY:
        return warning("file system", f"{place} is in memory ({kind})", "results are gone after a restart")
    return ok("file system", f"{kind or 'unknown'}, local")


def kind_of(place: Path, mounts: str) -> str:
    """Returns the type of the file system of `place`, from text like /proc/self/mountinfo (proc(5))."""
    kind, longest = "", -1
    for line in mounts.splitlines():
        left, _, right = line.partition(" - ")
        fields = left.split(" ")
        if len(fields) < 5 or not right:
            continue
        point = Path(OCTAL.sub(lambda match: chr(int(match[1], 8)), fields[4]))
        if place.is_relative_to(point) and len(point.parts) >= longest:
            kind, longest = right.split(" ")[0], len(point.parts)
    return kind


def check_locks(folder: str | Path = ".") -> Finding:
    """Checks that no run holds the working directory.

    Args:
        folder: the working directory of Snakemake.
    """
    locks = sorted((Path(folder) / ".snakemake" / "locks").glob("*.lock"))
    if locks:
        return failed(
            "lock",
            f"{locks[0].parent} holds {len(locks)} lock(s): a run is going on, or one was killed",
            "if none is going on: snakemake --unlock",
        )
    return ok("lock", "no run holds this folder")


def check_unfinished(results: str, folder: str | Path = ".") -> Finding:
    """Checks for what a killed run left: outputs that Snakemake knows to be unfinished, temporary files.

    Args:
        results: folder of the results.
        folder: the working directory of Snakemake.
    """
    marks = [path for path, _ in _files(Path(folder) / ".snakemake" / "incomplete")]
    left = list(leftovers(results))
    found, actions = [], []
    if marks:
        found.append(f"{len(marks)} output(s) are marked unfinished")
        actions.append("run again with --rerun-incomplete (the profiles here have it)")
    if left:
        size = as_size(sum(path.lstat().st_size for path in left))
        found.append(f"{len(left)} temporary file(s) of jobs that ended, {size}, like {left[0]}")
        actions.append("the next run removes them")
    if found:
        return warning("unfinished", "; ".join(found), "; ".join(actions))
    return ok("unfinished", "nothing was left by a killed run")


def _files(folder: Path) -> Iterator[tuple[Path, int]]:
    for parent, _, names in os.walk(folder):
        for name in sorted(names):
            path = Path(parent, name)
            try:
                yield path, path.lstat().st_size
            except FileNotFoundError:
                continue  # a job that is running has renamed it
