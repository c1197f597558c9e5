"""A job of a checkout that waits half-way until a test lets it go, or ends."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workflow_checkout import Checkout

HELD = "held"
"""The file in the checkout in which a held job says who it is: its process, and its number in Slurm."""
WAITS = """
import contextlib as _contextlib, fcntl as _fcntl, os as _os, pathlib as _pathlib, sys as _sys
if "windows" in _sys.argv:
    with _contextlib.suppress(FileNotFoundError), open("hold") as _hold:
        _number = _os.environ.get("SLURM_JOB_ID", "0")
        _own = _pathlib.Path(f"held.{_os.getpid()}")
        _own.write_text(f"{_os.getpid()} {_number}")
        _own.rename("held")
        _fcntl.flock(_hold, _fcntl.LOCK_SH)
"""
"""For a checkout's `__main__.py`, which no job's digest covers."""


@contextmanager
def windows_jobs_held(checkout: Checkout) -> Iterator[Path]:
    """Jobs that cut windows wait before they begin while the block runs; yields the file that says so.

    They wait for a lock of this process, which the kernel takes away should it be killed.
    """
    main = checkout.folder / "src/quakesite/__main__.py"
    main.write_text(WAITS + main.read_text(encoding="utf-8"))
    hold = checkout.folder / "hold"
    with hold.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield checkout.folder / HELD
        finally:
            hold.unlink()
