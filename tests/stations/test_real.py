"""AFAD's own station list against the headers of AFAD's own records."""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from quakesite.records.schema import RECORDS
from quakesite.rejects import Reason, Reject
from quakesite.stations.comparison import compare, counts, names_apart
from quakesite.stations.headers import read_headers
from quakesite.stations.join import Joined, join
from quakesite.stations.statements import Statement
from quakesite.stations.tables import read_table

HEADER_BYTES = 6_000


@pytest.fixture(scope="module")
def station_list_of_afad(shared_data: Path) -> tuple[list[Statement], list[Reject]]:
    """The real list."""
    return read_table(shared_data / "stations" / "tadas_stations.xlsx")


@pytest.fixture
def headers(shared_data: Path, record_shard: Callable[..., Path]) -> list[Statement]:
    """What the headers of all records under `tadas` say, read from a shard."""
    rows: dict[str, dict[str, Any]] = {}
    for text in _header_texts(shared_data / "tadas"):
        found: dict[str, str] = {}
        for line in text.splitlines():
            key, _, value = line.partition(":")
            found.setdefault(key.strip(), value.strip())
        vs30 = found["VS30_M/S"]
        row = {
            "network": found["NETWORK"],
            "station": found["STATION_CODE"],
            "st_latitude": float(found["STATION_LATITUDE_DEGREE"]),
            "st_longitude": float(found["STATION_LONGITUDE_DEGREE"]),
            "vs30_m_s": None if vs30 == "None" else float(vs30),
        }
        assert rows.setdefault(row["station"], row) == row, "two headers of a station differ"
    assert set(row) <= set(RECORDS.names)
    return read_headers([record_shard("0.parquet", *rows.values())])


def _header_texts(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".asc" and not path.name.startswith("._"):
            with path.open("rb") as handle:
                yield handle.read(HEADER_BYTES).decode("latin-1")
        elif path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                for name in archive.namelist():
                    if name.endswith(".asc") and not name.rpartition("/")[2].startswith("._"):
                        with archive.open(name) as handle:
                            yield handle.read(HEADER_BYTES).decode("latin-1")


def test_the_real_list_gives_731_tk_stations_a_vs30(
    station_list_of_afad: tuple[list[Statement], list[Reject]],
) -> None:
    statements, rejects = station_list_of_afad
    rows = join(statements, 5.0).stations.to_pylist()
    assert len(statements) == len(rows) == 834
    measured = [row for row in rows if row["network"] == "TK" and row["vs30_m_s"] is not None]
    assert len(measured) == 731
    assert {row["status"] for row in measured} == {"Active"}
    assert Counter(row["slope_class"] for row in rows if row["slope_class"]) == {
        **{"S0": 229, "S1": 11, "S3": 9, "T0": 3, "S4": 1},
    }
    assert (min(row["vs30_m_s"] for row in measured), max(row["vs30_m_s"] for row in measured)) == (131, 1523)
    classes = Counter(row["site_class"] for row in measured)
    assert classes == {"A": 2, "B": 77, "C": 345, "D": 300, "E": 7}
    assert {reject.reason for reject in rejects} == {Reason.BAD_TABLE_ROW}
    assert Counter(reject.detail.split(": ")[1] for reject in rejects) == {"f0_hz": 8, "tp_s": 10, "slope": 1}


def test_headers_and_list_are_compared_for_every_station_with_records(
    station_list_of_afad: tuple[list[Statement], list[Reject]], headers: list[Statement]
) -> None:
    listed, _ = station_list_of_afad
    assert len(headers) == 121
    joined = join([*listed, *headers], 5.0)
    compared = compare(joined.stations.to_pylist(), 5.0)
    assert compared.num_rows == 121
    assert counts(compared) == {
        "equal": 61,
        "a few m/s": 10,
        "apart": 1,
        "list only": 21,
        "header only": 0,
        "no Vs30 in either": 0,
        "not in the list": 28,
    }
    assert names_apart(compared) == ["TK 6302: list 1247 m/s, header 936 m/s (24.9 %)"]
    few_m_s = {
        row["station"]: abs(row["difference_m_s"])
        for row in compared.to_pylist()
        if row["outcome"] == "a few m/s"
    }
    assert few_m_s == {
        **dict.fromkeys(("0119", "3138", "3139", "3142", "3513", "4408", "4615"), 1.0),
        **dict.fromkeys(("2703", "4404"), 2.0),
        "0118": 4.0,
    }
    assert conflicts_of(joined) == [("6302", "vs30_m_s", 1247.0, 936.0, 24.9)]


def conflicts_of(joined: Joined) -> list[tuple[str, str, float, float, float]]:
    """Returns station, field, kept and other value and difference of every conflict."""
    return [
        (
            row["station"],
            row["field"],
            row["kept_value"],
            row["other_value"],
            round(row["difference_pct"], 1),
        )
        for row in joined.conflicts.to_pylist()
    ]


def test_stations_that_only_their_records_know_get_the_header_s_vs30(
    station_list_of_afad: tuple[list[Statement], list[Reject]], headers: list[Statement]
) -> None:
    listed, _ = station_list_of_afad
    rows = join([*listed, *headers], 5.0).stations.to_pylist()
    from_header = {row["station"]: row["vs30_m_s"] for row in rows if row["vs30_source"] == "header"}
    assert from_header == {
        "2101": 519.0,
        "3104": 688.0,
        "3123": 470.0,
        "3129": 447.0,
        "3134": 374.0,
        "3141": 338.0,
        "4406": 815.0,
    }
