"""Picks made by hand: a table with one row per record and phase."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from quakesite.errors import InputError
from quakesite.picks.networks import PHASES

COLUMNS = ("record_id", "phase", "time_s")
OPTIONAL = ("analyst", "uncertainty_s", "uncertainty_class", "comment")
QUAKEML_SUFFIXES = (".xml", ".qml", ".quakeml")

CLASS_S: Mapping[str, float] = {"0": 0.05, "1": 0.1, "2": 0.2, "3": 0.4, "4": 0.8}
"""What an uncertainty class means, plus or minus; class 4, worse than 0.4 s, counts as 0.8 s."""


@dataclass(frozen=True, slots=True)
class ManualPick:
    """One arrival picked by hand.

    Attributes:
        time_s: seconds from the record's first sample.
        analyst: who picked it.
        uncertainty_s: plus or minus.
        comment: the analyst's.
    """

    time_s: float
    analyst: str | None = None
    uncertainty_s: float | None = None
    comment: str | None = None


ManualPicks = dict[str, dict[str, ManualPick]]
"""By record, then phase."""


def check_manual(path: str | Path) -> None:
    """Looks whether `path` is a table of manual picks; reads its first row only.

    QuakeML is only looked for.

    Raises:
        InputError: there is no such file, or a column is missing.
    """
    if Path(path).suffix.lower() in QUAKEML_SUFFIXES:
        if not Path(path).is_file():
            raise InputError(path, "no such file", expected="QuakeML with manual picks")
        return
    next(_rows(path), None)


def read_manual(path: str | Path) -> ManualPicks:
    """Returns the picks in the CSV at `path`: columns record_id, phase (P or S) and time_s.

    There may be analyst, uncertainty_s (or else uncertainty_class, 0 to 4) and comment, too; other columns
    are ignored.

    Raises:
        InputError: a column is missing, or a row is not understood (names the line).
    """
    picks: ManualPicks = {}
    for line, row in _rows(path):
        where = f"{path}, line {line}"
        record_id, phase = row["record_id"], row["phase"]
        if not record_id:
            raise InputError(where, "empty", field="record_id", expected="a record, like 20201030115124_0905")
        if phase not in PHASES:
            raise InputError(where, repr(phase), field="phase", expected="P or S")
        time_s = _seconds(row["time_s"], "time_s", where)
        of_record = picks.setdefault(record_id, {})
        if phase in of_record:
            raise InputError(
                where, f"{record_id} has a second {phase}", action="keep one row per record and phase"
            )
        of_record[phase] = ManualPick(
            time_s, row["analyst"] or None, _uncertainty_s(row, where), row["comment"] or None
        )
    return picks


def _seconds(text: str, field: str, where: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not math.isfinite(seconds):
        expected = "seconds from the record's first sample" if field == "time_s" else "seconds, or nothing"
        raise InputError(where, repr(text), field=field, expected=expected)
    return seconds


def _uncertainty_s(row: Mapping[str, str], where: str) -> float | None:
    if row["uncertainty_s"]:
        return abs(_seconds(row["uncertainty_s"], "uncertainty_s", where))
    number = row["uncertainty_class"]
    if number and number not in CLASS_S:
        raise InputError(where, repr(number), field="uncertainty_class", expected="0 to 4, or nothing")
    return CLASS_S[number] if number else None


def _rows(path: str | Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Yields line number and the columns of each row, those that are not there as empty text."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            header = [name.strip() for name in next(reader, [])]
            missing = [name for name in COLUMNS if name not in header]
            if missing:
                found = ", ".join(header) or "nothing"
                raise InputError(path, f"columns {found}", field=", ".join(missing), expected="such a column")
            places = {name: header.index(name) for name in (*COLUMNS, *OPTIONAL) if name in header}
            for row in reader:
                if not any(cell.strip() for cell in row):
                    continue
                cells = {
                    name: row[place].strip() if place < len(row) else "" for name, place in places.items()
                }
                yield reader.line_num, dict.fromkeys(OPTIONAL, "") | cells
    except OSError as error:
        raise InputError(
            path,
            error.strerror or "cannot be read",
            expected="a table of manual picks",
            action="correct picks.manual or --manual; quakesite annotate makes one",
        ) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(path, f"not a CSV table ({error})", expected=", ".join(COLUMNS)) from error
