"""Records named in a file instead of searched for."""

from __future__ import annotations

import csv
from pathlib import Path

from quakesite.download.answers import is_record_name
from quakesite.download.search import Waveform
from quakesite.errors import InputError
from quakesite.records.naming import station_of

LEVELS = ("ap", "mp", "unprocessed")


def listed(path: Path) -> list[Waveform]:
    """Returns the records that a file names, each once.

    Args:
        path: a CSV with a column `record` and perhaps one `level` (ap, mp or unprocessed; ap where it is
            missing), as `waveforms.csv` has; or a file with one name per line.

    Raises:
        InputError: it cannot be read, is empty, or holds what is no name or no level.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            lines = list(csv.reader(handle))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(path, f"cannot be read ({error})", expected="names of records") from error
    rows = [(count, row) for count, row in enumerate(lines, 1) if any(map(str.strip, row))]
    columns = rows.pop(0)[1] if rows and "record" in rows[0][1] else ["record"]
    found: dict[str, Waveform] = {}
    for count, row in rows:
        cells = {name: cell.strip() for name, cell in zip(columns, row, strict=False)}
        name, level = cells.get("record", ""), cells.get("level") or "ap"
        line = f"line {count}"
        if not is_record_name(name):
            raise InputError(
                path, repr(name), field=line, expected="a record's name, like 20230206011732_3116"
            )
        if level not in LEVELS:
            raise InputError(path, repr(level), field=f"{line}: level", expected=", ".join(LEVELS))
        found.setdefault(name, Waveform(name, station_of(name), level=level))
    if not found:
        raise InputError(path, "no name", expected="a CSV with a column `record`, or one name per line")
    return list(found.values())
