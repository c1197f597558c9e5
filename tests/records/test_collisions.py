"""One station code in two networks: never versions of one record unless they stand at one place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from .conftest import Component, Ingested, three
from .test_mat import FIELDS
from .test_mat import write as write_mat

Ingest = Callable[..., Ingested]


def put(folder: Path, record: list[Component], network: str, latitude: str = "37.85997") -> set[str]:
    """Writes a record as one of this network, at this place; returns the files' names."""
    folder.mkdir(parents=True, exist_ok=True)
    for one in record:
        content = one.content.replace(b"NETWORK: TK", f"NETWORK: {network}".encode())
        content = content.replace(
            b"STATION_LATITUDE_DEGREE: 37.85997", b"STATION_LATITUDE_DEGREE: %b" % latitude.encode()
        )
        (folder / one.name).write_bytes(content)
    return {one.name for one in record}


@pytest.mark.parametrize("stamp", ["20201030115124", "20201030115126", "20210101000000"])
def test_another_networks_station_of_the_code_is_no_version(
    tmp_path: Path, ingest: Ingest, stamp: str
) -> None:
    """Neither at the same time nor at another: all results are kept by code."""
    start = "2021/01/01 00:00:00" if stamp[:4] == "2021" else Component().start
    other = put(tmp_path / "a", three(version="mp_Acc", stamp=stamp, start=start), "IV", "43.0")
    put(tmp_path / "a", three(), "TK")
    put(tmp_path / "a", three(stamp="20201030125124", start="2020/10/30 12:51:01.9"), "TK")
    kept, refused = ingest(tmp_path / "a")
    assert kept == ["20201030115124_0905", "20201030125124_0905"]
    assert refused == dict.fromkeys(other, "code_collision")
    (detail,) = set(pq.read_table(tmp_path / "out/rejects.parquet")["detail"].to_pylist())
    assert detail == (
        "network IV at 43.0000 N 27.2650 E has the code 0905 too, and the records of network TK at 37.8600 N "
        "27.2650 E are kept under it; give this one an archive and a `results` folder of its own"
    )


def test_of_equally_many_the_first_networks_are_kept(tmp_path: Path, ingest: Ingest) -> None:
    other = put(tmp_path / "a", three(version="mp_Acc"), "TK")
    put(tmp_path / "a", three(version="ap_Acc"), "IV", "43.0")
    kept, refused = ingest(tmp_path / "a", max_epicentral_distance_km=None)
    assert kept == ["20201030115124_0905"]
    assert refused == dict.fromkeys(other, "code_collision")


@pytest.mark.parametrize(
    ("network", "latitude"), [("TU", "37.86"), ("", "37.86"), ("TK", "43.0"), ("TU", "37.8650")]
)
def test_one_network_or_one_place_is_one_station(
    tmp_path: Path, ingest: Ingest, network: str, latitude: str
) -> None:
    put(tmp_path / "a", three(version="mp_Acc"), "TK")
    other = put(tmp_path / "a", three(), network, latitude)
    assert ingest(tmp_path / "a")[1] == dict.fromkeys(other, "duplicate")


def test_a_form_of_the_national_network_is_told_apart_by_its_coordinates(
    tmp_path: Path, ingest: Ingest
) -> None:
    of_that_time = {"date": "30-Oct-2020 11:51:26", "recordtime": "30-Oct-2020 11:51:02", "statID": 905}
    for folder, latitude in (("far", "43.0"), ("near", str(FIELDS["statco"][0]))):
        put(tmp_path / folder, three(), "XX", latitude)
        write_mat(tmp_path / folder, "20201030115126_0905.mat", **FIELDS | of_that_time)
    near = [replace(one, station="0905") for one in three()]
    kept, refused = ingest(tmp_path / "far", max_epicentral_distance_km=None)
    assert kept == ["20201030115126_0905"]
    assert refused == dict.fromkeys((one.name for one in near), "code_collision")


def test_what_cannot_be_read_is_refused_for_that(tmp_path: Path, ingest: Ingest) -> None:
    put(tmp_path / "a", three(), "TK")
    broken = put(tmp_path / "a", three(stamp="20210101000000", n_samples=7), "IV", "")
    put(tmp_path / "a", three(stamp="20220101000000"), "IT", "")
    _, refused = ingest(tmp_path / "a")
    assert {refused[name] for name in broken} == {"truncated"}
    assert set(refused.values()) == {"truncated", "code_collision"}
