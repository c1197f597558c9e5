"""Reports are read in a process of their own: whatever a file does to it, the join goes on.

A PDF from elsewhere can be slow (a million lines on a page), large (a stream that unpacks to gigabytes) or
made to crash its reader. So the process has limits of time and memory; a file that exceeds them is refused.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import re
import sys
from collections.abc import Sequence
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import TracebackType

from quakesite.rejects import Reason, Reject
from quakesite.stations.report_layouts import Layout
from quakesite.stations.reports import Shallow, read_report
from quakesite.stations.statements import Statement

MAX_BYTES = 100 * 2**20
MEMORY_BYTES = 3 * 2**30
START_S = 120.0
ENDING_S = 0.5
WRONG_WITH_ONE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
    re.error,
)
"""What one report, or a layout of the user's, can make its reader raise: that report is refused."""

Said = list[Statement | Reject]


class ReportReader:
    """Reads reports, one after another; a context manager that ends its process.

    Args:
        layouts: see `read_layouts`.
        shallow: what becomes of a profile that ends above 30 m.
        limit_s: seconds for one report.
        memory_bytes: of address space for the process.
    """

    def __init__(
        self,
        layouts: Sequence[Layout],
        shallow: Shallow,
        limit_s: float,
        memory_bytes: int = MEMORY_BYTES,
    ) -> None:
        self.layouts, self.shallow, self.limit_s = list(layouts), shallow, limit_s
        self.memory_bytes = memory_bytes
        self._process: BaseProcess | None = None
        self._line: Connection | None = None

    def __enter__(self) -> ReportReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def read(self, path: Path) -> Said:
        """Returns what the report says about each of its stations, or why it cannot be used."""
        size = path.stat().st_size
        if size > MAX_BYTES:
            detail = f"{size / 2**20:.0f} MB; {MAX_BYTES / 2**20:.0f} MB is the limit"
            return [Reject("", str(path), "stations", Reason.TOO_LARGE, detail)]
        line = self._started()
        try:
            line.send(path)
            if line.poll(self.limit_s):
                said: Said = line.recv()
                return said
        except (EOFError, OSError):
            code = self._end(ENDING_S)
            detail = f"the process that read it ended ({_status(code)}); broken, or more than memory holds"
            return [Reject("", str(path), "stations", Reason.UNREADABLE, detail)]
        self._end()
        detail = f"not read within {self.limit_s:g} s (stations.report_limit_s)"
        return [Reject("", str(path), "stations", Reason.TIMED_OUT, detail)]

    def _started(self) -> Connection:
        if self._line is not None and self._process is not None and self._process.is_alive():
            return self._line
        context = multiprocessing.get_context("spawn")
        self._line, theirs = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(theirs, self.layouts, self.shallow, self.memory_bytes), daemon=True
        )
        self._process.start()
        theirs.close()
        with contextlib.suppress(EOFError):
            if self._line.poll(START_S) and self._line.recv() == "ready":
                return self._line
        raise RuntimeError("the process that reads reports did not start")

    def _end(self, wait_s: float = 0.0) -> int | None:
        if self._process is None or self._line is None:
            return None
        self._line.close()
        self._process.join(wait_s)  # one that ends by itself has a status of its own
        self._process.kill()
        self._process.join()
        code = self._process.exitcode
        self._process = self._line = None
        return code


def _status(code: int | None) -> str:
    return f"killed by signal {-code}" if code is not None and code < 0 else f"status {code}"


def _serve(line: Connection, layouts: Sequence[Layout], shallow: Shallow, memory_bytes: int) -> None:
    import pdfplumber  # noqa: F401 (before the clock runs)

    _limit_memory(memory_bytes)
    line.send("ready")
    with contextlib.suppress(EOFError, BrokenPipeError):
        while True:
            path = line.recv()
            try:
                said = read_report(path, layouts, shallow)
            except MemoryError:
                detail = f"needs more than {memory_bytes / 2**30:.0f} GB of memory"
                said = [Reject("", str(path), "stations", Reason.TOO_LARGE, detail)]
            except WRONG_WITH_ONE as error:
                detail = f"its reader failed ({type(error).__name__}: {' '.join(str(error).split())[:120]})"
                said = [Reject("", str(path), "stations", Reason.UNREADABLE, detail)]
            line.send(said)


def _limit_memory(memory_bytes: int) -> None:
    if sys.platform != "win32":
        import resource

        with contextlib.suppress(ValueError, OSError):  # a stricter limit stands, or the system has none
            resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
