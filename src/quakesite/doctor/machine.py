"""Memory and cores of this machine, against what the jobs take."""

from __future__ import annotations

import os
from pathlib import Path

from quakesite.doctor.finding import Finding, as_size, failed, ok, warning

CGROUP_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def cores() -> int:
    """Returns how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def memory_bytes() -> int:
    """Returns how much memory this process may use: the machine's, or the limit of its control group."""
    limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for path in CGROUP_LIMITS:
        try:
            text = path.read_text(encoding="ascii").strip()
        except OSError:
            continue
        if text.isdecimal():
            limits.append(int(text))
    return min(limits)


def check_memory(per_job: int, machine: int | None = None, n_cores: int | None = None) -> Finding:
    """Checks that the largest job fits, and one per core.

    Args:
        per_job: bytes the largest job takes.
        machine: bytes of memory, instead of this machine's.
        n_cores: number of cores, instead of those this process may use.
    """
    machine = memory_bytes() if machine is None else machine
    n_cores = cores() if n_cores is None else n_cores
    found = f"{as_size(machine)} and {n_cores} core(s) here; the largest job takes about {as_size(per_job)}"
    fit = machine // per_job
    if fit < 1:
        return failed("memory", found, "run on a larger machine, or fewer records: `records.years`, ...")
    if fit < n_cores:
        return warning("memory", found, f"use --cores {fit} --resources mem_mb={machine // 10**6}")
    return ok("memory", found)
