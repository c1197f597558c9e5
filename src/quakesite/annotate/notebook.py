"""One annotator's picks: on disk before anybody is told that they are saved."""

from __future__ import annotations

import bisect
import csv
import fcntl
import io
import math
import os
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from quakesite.errors import InputError
from quakesite.picks.networks import PHASES
from quakesite.tables import atomic_open

COLUMNS = ("record_id", "phase", "time_s", "analyst", "uncertainty_class", "comment")
ASIDE_COLUMNS = ("record_id", "analyst", "comment")
CLASSES = (0, 1, 2, 3, 4)
LONGEST_COMMENT = 500
KEPT_FOR_UNDO = 1000
ASIDE = ".aside.csv"


class Stale(InputError):
    """What is on disk is no longer what was read; starting again mends it, and nothing need be lost."""


@dataclass(frozen=True, slots=True)
class Pick:
    """One arrival, `time_s` from the record's first sample; `uncertainty_class` 0 (best) to 4, or unknown."""

    time_s: float
    analyst: str
    uncertainty_class: int | None = None
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """What an annotator says about one record: its picks by phase, or that there is nothing to pick."""

    picks: Mapping[str, Pick]
    aside: str | None = None
    """The name of who set the record aside because nothing in it can be picked."""
    reason: str = ""
    """Why it was set aside."""

    @property
    def is_done(self) -> bool:
        """Whether the record is no longer unpicked."""
        return bool(self.picks) or self.aside is not None


EMPTY = Entry({})


@dataclass(frozen=True, slots=True)
class _Step:
    record_id: str
    before: Entry
    merge: str


def annotator_name(name: str) -> str:
    """Returns `name` as it may stand in a file name: letters of any script, digits, space, `.`, `_`, `-`.

    Raises:
        InputError: the name holds something else, is empty or longer than 40 characters.
    """
    name = unicodedata.normalize("NFC", name.strip())
    if not re.fullmatch(r"\w[\w .-]{0,39}", name) or name.endswith((".", ".aside")):
        raise InputError("--annotator", repr(name), expected="a short name of letters, digits, space, . _ -")
    return name


class Notebook:
    """The picks of one annotator, kept in `<folder>/<name>.csv` (and `<name>.aside.csv`).

    Every change rewrites the file atomically before the method returns. One process holds a notebook at a
    time. Rows of records that are not at hand stay in the file.

    Raises:
        InputError: the file is not a table of picks, or another process has it open.
    """

    def __init__(self, folder: str | Path, name: str) -> None:
        self.name = annotator_name(name)
        self.path = Path(folder) / f"{self.name}.csv"
        self.aside_path = self.path.with_name(f"{self.name}{ASIDE}")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = self._locked()
        for half_written in (*self._temporary(self.path), *self._temporary(self.aside_path)):
            half_written.unlink(missing_ok=True)
        self._entries = read_notebook(self.path)
        self._ids = sorted(self._entries)
        self._rows = {record_id: _rows(record_id, entry) for record_id, entry in self._entries.items()}
        self._steps: list[_Step] = []
        self._stamps = {path: _stamp(path) for path in (self.path, self.aside_path)}
        self.version = 0
        """Grows with every change."""

    def _locked(self) -> io.TextIOWrapper:
        handle = self.path.with_name(f".{self.name}.lock").open("w", encoding="utf-8")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.close()
            raise InputError(
                self.path,
                f"annotator {self.name!r} is at work in another quakesite annotate",
                action="stop that one, or give another --annotator",
            ) from None
        return handle

    def _temporary(self, path: Path) -> Iterator[Path]:
        names = re.compile(rf"\.{re.escape(path.name)}\.\d+\.tmp")
        return (found for found in path.parent.iterdir() if names.fullmatch(found.name))

    def close(self) -> None:
        """Lets another process open the notebook."""
        self._lock.close()

    def __getitem__(self, record_id: str) -> Entry:
        return self._entries.get(record_id, EMPTY)

    @property
    def entries(self) -> Mapping[str, Entry]:
        """By record, as it stands now; records without an entry are missing, later changes do not show."""
        return self._entries

    @property
    def can_undo(self) -> bool:
        """Whether there is something to undo."""
        return bool(self._steps)

    def set_pick(self, record_id: str, phase: str, pick: Pick, *, merge: str = "") -> None:
        """Writes a pick. Consecutive changes of one pick with the same `merge` are undone together."""
        before = self[record_id]
        self._change(record_id, Entry({**before.picks, phase: pick}), merge and f"{phase} {merge}")

    def delete_pick(self, record_id: str, phase: str) -> None:
        """Removes a pick, if it is there."""
        before = self[record_id]
        if phase in before.picks:
            left = {name: pick for name, pick in before.picks.items() if name != phase}
            self._change(record_id, Entry(left, before.aside, before.reason))

    def set_aside(self, record_id: str, aside: bool, reason: str = "") -> None:
        """Says that nothing in the record can be picked (which removes its picks), or takes that back."""
        entry = Entry({}, self.name, reason) if aside else Entry({})
        if aside != (self[record_id].aside is not None) or reason != self[record_id].reason:
            self._change(record_id, entry)

    def undo(self) -> str | None:
        """Takes back the last change; returns the record it was made to, or None where there is none left."""
        if not self._steps:
            return None
        step = self._steps[-1]
        self._write(step.record_id, step.before)
        self._steps.pop()
        return step.record_id

    def _change(self, record_id: str, entry: Entry, merge: str = "") -> None:
        step = _Step(record_id, self[record_id], merge)
        self._write(record_id, entry)
        last = self._steps[-1] if self._steps else None
        if not (merge and last and (last.record_id, last.merge) == (record_id, merge)):
            self._steps = [*self._steps[1 - KEPT_FOR_UNDO :], step]

    def _write(self, record_id: str, entry: Entry) -> None:
        """Writes what differs to disk, and only then changes what is in memory."""
        before = self[record_id]
        rows = self._rows | {record_id: _rows(record_id, entry)}
        ids = self._ids
        if record_id not in self._entries:
            ids = ids.copy()
            bisect.insort(ids, record_id)
        saves: list[tuple[Path, tuple[str, ...], str]] = []
        if dict(before.picks) != dict(entry.picks):
            saves.append((self.path, COLUMNS, "".join([rows[name] for name in ids])))
        if (before.aside, before.reason) != (entry.aside, entry.reason):
            saves.append((self.aside_path, ASIDE_COLUMNS, self._aside_text(record_id, entry)))
        if entry.aside is not None:  # a kill between the two files must never cost a pick
            saves.reverse()
        for path, columns, text in saves:
            self._save(path, columns, text)
        # A new dict, so that whoever goes through the old one in another thread is not disturbed.
        self._entries, self._rows, self._ids = self._entries | {record_id: entry}, rows, ids
        self.version += 1

    def _aside_text(self, record_id: str, entry: Entry) -> str:
        known = self._entries | {record_id: entry}
        return "".join(
            _line((name, one.aside, one.reason))
            for name, one in sorted(known.items())
            if one.aside is not None
        )

    def _save(self, path: Path, columns: tuple[str, ...], text: str) -> None:
        if _stamp(path) != self._stamps[path]:
            raise Stale(
                path,
                "was changed by something else while the page was open",
                action="stop quakesite annotate and start it again",
            )
        with atomic_open(path) as handle:
            handle.write(_line(columns) + text)
        self._stamps[path] = _stamp(path)


def read_notebook(path: str | Path) -> dict[str, Entry]:
    """Returns what an annotator said, by record, from `<name>.csv` and `<name>.aside.csv` beside it.

    Raises:
        InputError: a column is missing, or a row is not understood (names the line).
    """
    path = Path(path)
    picks: dict[str, dict[str, Pick]] = {}
    for line, row in _read_rows(path, COLUMNS):
        where = f"{path}, line {line}"
        of_record = picks.setdefault(row["record_id"], {})
        if row["phase"] not in PHASES or row["phase"] in of_record:
            raise InputError(where, repr(row["phase"]), field="phase", expected="one P and one S per record")
        of_record[row["phase"]] = Pick(
            _seconds(row["time_s"], where),
            row["analyst"],
            _class(row["uncertainty_class"], where),
            row["comment"],
        )
    entries = {record_id: Entry(of_record) for record_id, of_record in picks.items()}
    for _, row in _read_rows(path.with_name(f"{path.stem}{ASIDE}"), ASIDE_COLUMNS):
        if row["record_id"] not in entries:
            entries[row["record_id"]] = Entry({}, row["analyst"], row["comment"])
    return entries


def _read_rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    if not path.exists():
        return
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            reader = csv.DictReader(handle, restval="", strict=True)
            missing = [name for name in columns[:3] if name not in (reader.fieldnames or [])]
            if missing:
                raise InputError(
                    path, "column missing", field=", ".join(missing), expected=", ".join(columns)
                )
            for row in reader:
                yield reader.line_num, {name: (row.get(name) or "").strip() for name in columns}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(path, f"cannot be read ({error})", expected=f"CSV: {', '.join(columns)}") from error


def _seconds(text: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(where, repr(text), field="time_s", expected="seconds from the record's first sample")
    return value


def _class(text: str, where: str) -> int | None:
    if not text:
        return None
    if text not in map(str, CLASSES):
        raise InputError(where, repr(text), field="uncertainty_class", expected="0 to 4, or nothing")
    return int(text)


def _rows(record_id: str, entry: Entry) -> str:
    return "".join(
        _line((record_id, phase, f"{pick.time_s:.6f}", pick.analyst, pick.uncertainty_class, pick.comment))
        for phase, pick in sorted(entry.picks.items())
    )


def _line(cells: tuple[object, ...]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow("" if cell is None else cell for cell in cells)
    return text.getvalue()


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns
