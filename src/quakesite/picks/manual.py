"""Picks made by hand: a table with one row per record and phase."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from pathlib import Path

from quakesite.errors import InputError

COLUMNS = ("record_id", "phase", "time_s")
PHASES = ("P", "S")
QUAKEML_SUFFIXES = (".xml", ".qml", ".quakeml")

ManualPicks = dict[str, dict[str, float]]
"""By record, then phase: seconds from the record's first sample."""


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
    """Returns the picks in the CSV at `path`: columns record_id, phase (P or S), time_s; others are ignored.

    Raises:
        InputError: a column is missing, or a row is not understood (names the line).
    """
    picks: ManualPicks = {}
    for line, (record_id, phase, time) in _rows(path):
        where = f"{path}, line {line}"
        if not record_id:
            raise InputError(where, "empty", field="record_id", expected="a record, like 20201030115124_0905")
        if phase not in PHASES:
            raise InputError(where, repr(phase), field="phase", expected="P or S")
        try:
            time_s = float(time)
        except ValueError:
            time_s = math.nan
        if not math.isfinite(time_s):
            raise InputError(
                where, repr(time), field="time_s", expected="seconds from the record's first sample"
            )
        of_record = picks.setdefault(record_id, {})
        if phase in of_record:
            raise InputError(
                where, f"{record_id} has a second {phase}", action="keep one row per record and phase"
            )
        of_record[phase] = time_s
    return picks


def _rows(path: str | Path) -> Iterator[tuple[int, tuple[str, str, str]]]:
    """Yields line number and the three columns of each row."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            header = [name.strip() for name in next(reader, [])]
            missing = [name for name in COLUMNS if name not in header]
            if missing:
                found = ", ".join(header) or "nothing"
                raise InputError(path, f"columns {found}", field=", ".join(missing), expected="such a column")
            places = [header.index(name) for name in COLUMNS]
            for row in reader:
                if not any(cell.strip() for cell in row):
                    continue
                cells = [row[place].strip() if place < len(row) else "" for place in places]
                yield reader.line_num, (cells[0], cells[1], cells[2])
    except OSError as error:
        raise InputError(
            path, error.strerror or "cannot be read", expected="a table of manual picks"
        ) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(path, f"not a CSV table ({error})", expected=", ".join(COLUMNS)) from error
