"""What became of each record asked for: one line of JSON each, on disk before the next request is sent."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from quakesite.errors import InputError
from quakesite.leftovers import remove_leftovers

LEDGER, LOCK, REFUSED, WAVEFORMS = "download.jsonl", "download.lock", "refused.csv", "waveforms.csv"


class Outcome(StrEnum):
    """What became of a record."""

    FETCHED = "fetched"
    REFUSED = "refused"  # for good
    FAILED = "failed"  # asked for again by the next run


@dataclass(frozen=True, slots=True)
class Wanted:
    """A record in one form: its name, `file_type` (ap, mp, unprocessed), `file_status` (Acc, RawAcc) and
    `export_type` (asc2, mseed)."""

    record: str
    file_type: str
    file_status: str
    export_type: str

    @property
    def file_name(self) -> str:
        """Name of the zip it is kept in."""
        form = f"_{self.export_type}" if self.export_type != "asc2" else ""
        return f"{self.record}_{self.file_type}_{self.file_status}{form}.zip"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger. `file` is relative to the folder, `size` in bytes, `when` UTC."""

    wanted: Wanted
    outcome: Outcome
    file: str = ""
    size: int = 0
    reason: str = ""
    detail: str = ""
    when: str = ""


class Ledger:
    """The last outcome of each record, kept in `download.jsonl` in the download's folder.

    Attributes:
        entries: by what was wanted.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / LEDGER
        self.entries: dict[Wanted, Entry] = {}
        self._whole_bytes = 0
        if self._path.exists():
            self._read()

    def _read(self) -> None:
        content = self._path.read_bytes()
        self._whole_bytes = content.rfind(b"\n") + 1
        for count, line in enumerate(content[: self._whole_bytes].splitlines(), 1):
            try:
                values = json.loads(line)
                wanted = Wanted(**values.pop("wanted"))
                entry = Entry(wanted, Outcome(values.pop("outcome")), **values)
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                raise InputError(
                    self._path,
                    f"{line[:80]!r} ({error})",
                    field=f"line {count}",
                    expected="a line that quakesite download wrote",
                    action="remove that line",
                ) from None
            self.entries[wanted] = entry

    def not_fetched(self) -> list[tuple[str, str, str, str]]:
        """Returns what was refused or failed when last asked for: record, form, reason and detail."""
        return [
            (wanted.record, wanted.file_name.removesuffix(".zip"), entry.reason, entry.detail)
            for wanted, entry in self.entries.items()
            if entry.outcome is not Outcome.FETCHED
        ]

    def add(self, entry: Entry) -> None:
        """Adds a line and waits until it is on disk. What a killed run left unfinished is overwritten."""
        line = json.dumps(asdict(entry), ensure_ascii=False).encode() + b"\n"
        with open(self._path, "r+b" if self._path.exists() else "x+b") as handle:
            handle.seek(self._whole_bytes)
            handle.truncate()
            handle.write(line)
            handle.flush()
            os.fsync(handle.fileno())
        self._whole_bytes += len(line)
        self.entries[entry.wanted] = entry


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Makes the folder, and sure that no other download works in it until the block ends.

    What a killed download left unfinished is removed. The system frees the lock of a process that ends in
    whatever way.

    Raises:
        InputError: another download is at work there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / LOCK, "a+b") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(
                folder,
                "another download is at work here",
                action="wait for its end, or give this one a --folder of its own",
            ) from None
        remove_leftovers(folder, locked=True)
        yield
