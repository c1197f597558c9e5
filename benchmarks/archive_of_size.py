"""Archives of any size for measurements: what the workflow sees of one before it reads it.

A synthetic record (three components as .asc) is linked under the stamps and stations of as many records as
are wanted; the disk holds it a few times. Names, sizes and times are those of an archive that size, and that
is all that scanning, planning and rerunning look at. **Headers do not agree with names**: such an archive
cannot be ingested, and no measurement of reading may be made on it.
"""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np

MOST_LINKS = 60_000
"""Links to one file; ext4 allows 65,000."""
STATIONS_PER_EVENT = 45
RECORDS_PER_ZIP = 10
"""As many records as TADAS lets a guest export at once."""


class Named(NamedTuple):
    """One record by name."""

    stamp: str
    station: str


def codes(n_stations: int) -> list[str]:
    """Returns as many station codes as AFAD writes them: province and number (0101, 0102, ..., 8199)."""
    provinces = 81
    each = -(-n_stations // provinces)
    return [f"{1 + i // each:02d}{1 + i % each:02d}" for i in range(n_stations)]


def names(n_records: int, n_stations: int, seed: int = 0) -> Iterator[Named]:
    """Yields the records by event: some stations have many, most few (lognormal, sigma 1), as networks have.

    Every station has at least one.
    """
    rng = np.random.default_rng(seed)
    stations = np.array(codes(n_stations))
    weights = rng.lognormal(0.0, 1.0, n_stations)
    counts = 1 + rng.multinomial(n_records - n_stations, weights / weights.sum())
    n_events = max(int(counts.max()), -(-n_records // STATIONS_PER_EVENT))
    at = [rng.choice(n_events, count, replace=False) for count in counts]
    event_of = np.concatenate(at)
    station_of = np.repeat(stations, counts)
    first = datetime(2012, 1, 1)
    step = timedelta(days=4000) / n_events
    for row in np.lexsort((station_of, event_of)):
        yield Named(f"{first + int(event_of[row]) * step:%Y%m%d%H%M%S}", str(station_of[row]))


def link_archive(folder: Path, record: list[Path], names_of: Iterator[Named], spare: Path) -> int:
    """Makes a folder per event with links to the three files of `record`, and returns how many links.

    `spare` is a folder outside the archive for the few copies that are linked.
    """
    folder.mkdir(parents=True)
    sources, made = record, 0
    for name in names_of:
        if made % (MOST_LINKS * len(record)) == 0:
            sources = [_copy(path, spare / f"{folder.name}-{made}", path.name) for path in record]
        event = folder / name.stamp
        event.mkdir(exist_ok=True)
        for source, component in zip(sources, "ENU", strict=True):
            os.link(source, event / f"{name.stamp}_{name.station}_mp_Acc_{component}.asc")
            made += 1
    return made


def _copy(source: Path, folder: Path, name: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copy2(source, folder / name))


def zip_archive(folder: Path, names_of: Iterator[Named]) -> int:
    """Makes zips of ten records each with empty members, to scan, and returns how many zips."""
    folder.mkdir(parents=True)
    records = list(names_of)
    for first in range(0, len(records), RECORDS_PER_ZIP):
        with zipfile.ZipFile(folder / f"GuestUser_{first:06d}.zip", "w") as target:
            for stamp, station in records[first : first + RECORDS_PER_ZIP]:
                for component in "ENU":
                    target.writestr(f"{stamp}_{station}_mp_Acc_{component}.asc", b"")
    return -(-len(records) // RECORDS_PER_ZIP)


def station_list(path: Path, n_stations: int) -> None:
    """Writes a station list as TADAS exports it, .xlsx."""
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Network", "Code", "Latitude", "Longitude", "Vs30"])
    for number, code in enumerate(codes(n_stations)):
        sheet.append(["TK", code, 36 + number % 60 / 10, 26 + number % 180 / 10, 200 + number % 700])
    book.save(path)
