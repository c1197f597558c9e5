"""AFAD's own station list against the headers of AFAD's own records."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from quakesite.rejects import Reason, Reject
from quakesite.stations import command
from quakesite.stations.comparison import compare, counts, names_apart
from quakesite.stations.headers import read_archive
from quakesite.stations.join import Joined, join
from quakesite.stations.statements import Statement
from quakesite.stations.tables import read_table


@pytest.fixture(scope="module")
def station_list_of_afad(shared_data: Path) -> tuple[list[Statement], list[Reject]]:
    """The real list."""
    return read_table(shared_data / "stations" / "tadas_stations.xlsx")


@pytest.fixture(scope="module")
def headers(shared_data: Path) -> list[Statement]:
    """What the headers of every record say, whichever the configuration selects."""
    said, n_unread = read_archive([str(shared_data)])
    assert n_unread == 0
    return said


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
    joined = join([*listed, *headers], 5.0)
    compared = compare(joined.stations.to_pylist(), 5.0)
    assert compared.num_rows == len({said.station for said in headers}) == 134
    assert counts(compared) == {
        "equal": 63,
        "a few m/s": 13,
        "apart": 2,
        "list only": 26,
        "header only": 0,
        "no Vs30 in either": 0,
        "not in the list": 30,
    }
    assert names_apart(compared) == [
        "TK 4614: list 541 m/s, header 671 m/s (24.0 %)",
        "TK 6302: list 1247 m/s, header 936 m/s (24.9 %)",
    ]
    few_m_s = {
        row["station"]: abs(row["difference_m_s"])
        for row in compared.to_pylist()
        if row["outcome"] == "a few m/s"
    }
    assert few_m_s == {
        **dict.fromkeys(
            ("0119", "3138", "3139", "3142", "3513", "4408", "4615", "4806", "5801", "6501"), 1.0
        ),
        **dict.fromkeys(("2703", "4404"), 2.0),
        **dict.fromkeys(("0118",), 4.0),
    }
    assert conflicts_of(joined) == [
        ("4614", "vs30_m_s", 541.0, 671.0, 24.0),
        ("6302", "vs30_m_s", 1247.0, 936.0, 24.9),
    ]


def test_the_command_compares_the_headers_of_a_whole_archive(
    shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = str(shared_data / "stations" / "tadas_stations.xlsx")
    archive = [str(shared_data / "afad1218")]
    command.compare(settings=json.dumps({"tables": [table]}), archive=archive)
    said = capsys.readouterr().out
    assert "11 stations of the archive" in said
    assert "TK 4614: list 541 m/s, header 671 m/s (24.0 %)" in said


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
