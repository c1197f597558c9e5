"""The station list, in the columns and habits of a TADAS export."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from quakesite.demo.archive import zip_member
from quakesite.demo.asc import SYNTHETIC
from quakesite.demo.plan import NETWORK, Station
from quakesite.demo.sources import stated

COLUMNS = (
    "Network", "Code", "Address", "Location", "Latitude", "Longitude", "Elevation", "SensorDepth",
    "InstallationData", "RemovalDate", "Slope", "F0", "Vs30", "Tp", "BoreholeLog", "SensorSerial",
    "RecorderSerial", "Frequency", "Sensor", "Recorder", "GainE", "GainN", "GainU", "Description",
    "KyhStatus", "CalibrationParameter", "Province", "District",
)  # fmt: skip
MADE = datetime(2025, 1, 1)


def write_station_list(stations: Sequence[Station], target: Path) -> None:
    """Writes the list of `stations` to `target` (.xlsx, sheet `data`), the same bytes every time."""
    from openpyxl import Workbook
    from openpyxl.writer.excel import ExcelWriter

    book = Workbook()
    book.properties.creator = book.properties.title = SYNTHETIC
    book.properties.created = MADE
    sheet = book.active
    sheet.title = "data"
    sheet.append(COLUMNS)
    for station in stations:
        row = _row(station)
        sheet.append([row.get(column) for column in COLUMNS])
    unstable = io.BytesIO()
    with zipfile.ZipFile(unstable, "w") as archive:
        book.properties.modified = MADE
        writer = ExcelWriter(book, archive)
        writer.write_data()
    with zipfile.ZipFile(unstable) as source, zipfile.ZipFile(target, "w") as stable:
        for name in sorted(source.namelist()):
            zip_member(stable, name, source.read(name))


def _row(station: Station) -> dict[str, str | int | float | None]:
    known = station.index % 2 == 0  # F0 stands in about half of the real list, as text
    return {
        "Network": NETWORK,
        "Code": station.code,
        "Address": SYNTHETIC,
        "Location": SYNTHETIC,
        "Latitude": station.latitude,
        "Longitude": station.longitude,
        "Elevation": round(station.elevation_m),
        "InstallationData": "2011-01-01T03:00:00",
        "Slope": "S0" if station.index % 3 == 0 else "",
        "F0": f"{station.f0_hz:.2g}".replace(".", ",") if known else "",
        "Vs30": stated(station).listed,
        "Tp": f"{1.0 / station.f0_hz:.2g}" if known else "",
        "BoreholeLog": "",
        "SensorSerial": "",
        "Frequency": round(station.rate_hz),
        "GainE": 405316,
        "GainN": 405316,
        "GainU": 405316,
        "Description": SYNTHETIC,
        "KyhStatus": "Active",
        "CalibrationParameter": "",
        "Province": station.region.province,
        "District": "",
    }
