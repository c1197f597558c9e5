"""Station lists: every way in which a TADAS export reaches a user, and the one clear line when it is none."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from quakesite.errors import InputError
from quakesite.rejects import Reason
from quakesite.stations.tables import check_tables, read_table

ROW = {
    "code": 208,
    "latitude": "37,79667",
    "longitude": "37,92957",
    "elevation": 602,
    "installationdata": "2018-12-30T03:00:00",
    "f0": "1,1",
    "vs30": "448,5",
    "province": "Adıyaman",
}


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("list.xlsx", {}),
        ("list.csv", {"separator": ";", "encoding": "cp1254"}),
        ("list.csv", {"separator": ";", "encoding": "utf-8-sig"}),
        ("list.csv", {"separator": ",", "encoding": "utf-8"}),
        ("list.csv", {"separator": "\t", "encoding": "utf-16"}),
    ],
)
def test_every_form_of_the_list_says_the_same(
    name: str, form: dict[str, str], station_list: Callable[..., Path]
) -> None:
    path = station_list(name, ROW, **form)
    check_tables([path])
    (said,), rejects = read_table(path)
    assert not rejects
    assert (said.network, said.station, said.vs30_m_s, said.province) == ("TK", "0208", 448.5, "Adıyaman")
    assert (said.latitude, said.longitude, said.elevation_m, said.f0_hz) == (37.79667, 37.92957, 602.0, 1.1)
    assert (said.date, said.place) == (dt.date(2018, 12, 30), "row 2")


def test_turkish_headings_are_understood(station_list: Callable[..., Path]) -> None:
    row = {"kod": "3506", "enlem": "38,39", "boylam": "27,08", "vs30 (m/s)": "771", "i̇l": "İzmir"}
    path = station_list("liste.csv", row, heading=["Kod", "Enlem", "Boylam", "Vs30 (m/s)", "İl"])
    (said,), _ = read_table(path)
    assert (said.network, said.station, said.vs30_m_s, said.province) == ("TK", "3506", 771.0, "İzmir")


def test_absent_values_are_no_values_and_no_rejects(station_list: Callable[..., Path]) -> None:
    path = station_list("list.csv", {**ROW, "vs30": "YOK", "f0": "-"})
    (said,), rejects = read_table(path)
    assert (said.vs30_m_s, said.f0_hz, rejects) == (None, None, [])


def test_cells_that_hold_no_number_are_refused_and_the_rest_of_the_row_is_kept(
    station_list: Callable[..., Path],
) -> None:
    path = station_list("list.csv", {**ROW, "f0": "2--10"}, {**ROW, "code": "", "vs30": 300})
    (said,), rejects = read_table(path)
    assert (said.vs30_m_s, said.f0_hz) == (448.5, None)
    assert [(reject.reason, reject.source) for reject in rejects] == [
        (Reason.BAD_TABLE_ROW, f"{path}: row 2"),
        (Reason.BAD_TABLE_ROW, f"{path}: row 3"),
    ]
    assert rejects[0].detail == "station 0208: f0_hz: '2--10' is no number"


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("gone.xlsx", None, "gone.xlsx: no such file"),
        ("list.pdf", b"", "list.pdf: a .pdf; expected .xlsx or .csv; export it as one"),
        ("list.xlsx", b"no zip", "list.xlsx: no Excel workbook (File is not a zip file); expected .xlsx"),
        ("empty.csv", b"\n\n", "empty.csv: empty; expected the columns of a TADAS station list export"),
        (
            "list.csv",
            b"Network;Code;Latitude\nTK;0208;37.8\n",
            "list.csv: Vs30: column missing; expected the columns of a TADAS station list export (Network, "
            "Code, Latitude, Longitude, Vs30, ...); found Network, Code, Latitude (row 1)",
        ),
        ("list.csv", b"Network;Vs30\nTK;300\n", "list.csv: Code: column missing; expected the columns of"),
    ],
)
def test_what_is_no_station_list_is_one_clear_line(
    name: str, content: bytes | None, line: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        check_tables([path])
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_workbook_that_is_broken_inside_is_one_clear_line(
    station_list: Callable[..., Path], tmp_path: Path
) -> None:
    whole = station_list("list.xlsx", *[ROW] * 50).read_bytes()
    broken = tmp_path / "broken.xlsx"
    random = Random(0)
    lines = []
    for _ in range(60):
        content = bytearray(whole)
        for _ in range(3):
            content[random.randrange(len(content))] = random.randrange(256)
        broken.write_bytes(content)
        try:
            read_table(broken)
        except InputError as error:
            lines.append(str(error))
    assert len(lines) > 20
    assert all(line.startswith(f"{broken}: ") and "\n" not in line for line in lines)


def test_the_check_reads_no_more_than_the_heading_of_the_real_list(shared_data: Path) -> None:
    path = shared_data / "stations" / "tadas_stations.xlsx"
    check_tables([path])  # the first call pays for importing openpyxl
    started = time.process_time()
    check_tables([path])
    assert time.process_time() - started < 0.3
