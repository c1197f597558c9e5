"""Every real file beside the checkout, by name: what becomes of it, and that its values are NumPy's."""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from quakesite.records import Record
from quakesite.records import ingest as stage
from quakesite.records.settings import RecordsSettings
from quakesite.records.store import iter_records

from .real_files import FATES, RECORDS, SAMOS, STAMP

SETTINGS = RecordsSettings(max_epicentral_distance_km=None)
ARCHIVES = ("tadas", "nsmn", "afad1218")


@pytest.fixture(scope="module")
def out(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("real")
    archives = [str(shared_data / name) for name in ARCHIVES]
    stage.index(archives, 1, folder / "sources.parquet", folder / "rejects-archive.parquet")
    stage.shard("0-of-1", archives, SETTINGS, folder / "records.parquet", folder / "rejects.parquet")
    return folder


@pytest.fixture(scope="module")
def records(out: Path) -> dict[str, Record]:
    return {record.record_id: record for record in iter_records(out / "records.parquet")}


def files_of(shared_data: Path) -> Iterator[str]:
    for folder in ARCHIVES:
        for path in sorted((shared_data / folder).rglob("*")):
            name = path.relative_to(shared_data).as_posix()
            if path.suffix == ".zip":
                yield from (f"{name}!{member}" for member in zipfile.ZipFile(path).namelist())
            elif path.is_file():
                yield name


def test_every_file_is_in_the_table(shared_data: Path) -> None:
    assert set(files_of(shared_data)) == set(FATES)


def test_every_file_is_in_the_record_or_refused_for_the_reason_of_the_table(
    shared_data: Path, out: Path, records: dict[str, Record]
) -> None:
    fates = [(source, record.record_id) for record in records.values() for source in record.sources]
    for table in ("rejects-archive.parquet", "rejects.parquet"):
        fates += [(row["source"], row["reason"]) for row in pq.read_table(out / table).to_pylist()]
    named = [(Path(source).relative_to(shared_data).as_posix(), fate) for source, fate in fates]
    assert len(named) == len(dict(named))
    assert dict(named) == FATES


def test_the_records_are_those_of_the_files(records: dict[str, Record]) -> None:
    assert set(records) == RECORDS
    forms = Counter(record.form for record in records.values())
    assert forms == {
        "ap_AAD_Acc": 102,
        "mp_AAD_Acc": 1,
        "ap_Acc": 2,
        "mp_RawAcc": 8,
        "mat": 13,
        "nsmn": 2,
        "mseed": 1,
    }


def test_events_and_sensors_are_those_of_the_headers(records: dict[str, Record]) -> None:
    assert {one.agency_event_id for one in records.values() if one.event_id == SAMOS} == {"10614"}
    assert {one.instrument for one in records.values() if one.form[-3:] == "Acc"} == {"HN"}
    assert {one.location for one in records.values()} == {None, ""}


def test_values_are_bit_identical_to_those_of_loadtxt(shared_data: Path) -> None:
    from quakesite.records import read

    for path, header_lines in (
        (shared_data / "tadas/GuestUser_RawAcc_20201030115124_0905/20201030115124_0905_mp_RawAcc_E.asc", 64),
        (shared_data / f"tadas/20230206_pazarcik/{STAMP}_0118_ap_AAD_Acc_E.asc", 69),
    ):
        (record,) = read(path)
        for source, ours in zip(record.sources, record.acceleration, strict=True):
            assert ours.tobytes() == np.loadtxt(source, skiprows=header_lines).tobytes()


def test_distances_are_those_of_the_headers(records: dict[str, Record]) -> None:
    """The headers' are those of a sphere, within 0.3 %."""
    stated = [record for record in records.values() if record.stated_distance_km is not None]
    assert len(stated) == 113
    for record in stated:
        assert record.epicentral_distance_km == pytest.approx(record.stated_distance_km, rel=3e-3)


def test_rates_are_read_and_not_assumed(records: dict[str, Record]) -> None:
    assert Counter(record.sampling_rate_hz for record in records.values()) == {100.0: 124, 200.0: 5}


def test_the_authors_picks_come_along_however_wrong(records: dict[str, Record]) -> None:
    picked = {
        key: (one.author_p_s, one.author_s_s) for key, one in records.items() if one.author_p_s is not None
    }
    assert len(picked) == 11
    assert picked["20170802040246_4806"] == (0.08, 6.4)
    assert picked["20120114055233_5801"] == pytest.approx((13.67, 13.87))


def test_opaque_matlab_values_are_unknown_and_not_guessed(records: dict[str, Record]) -> None:
    opaque = records["20120112192502_4905"]
    assert (opaque.vs30_m_s, opaque.start_time) == (None, None)
    assert f"{opaque.event_time:%Y%m%d%H%M%S}" == "20120112192502"
    assert records["20170112020218_4627"].vs30_m_s is None
    assert records["20181116074358_0208"].ev_depth_km == pytest.approx(7.03)


def test_counts_of_a_seed_become_acceleration(records: dict[str, Record]) -> None:
    """Its channels give 331,600 to 332,700 counts per m/s^2; the largest sample of E is 1000 counts."""
    east = records["20230626064129_1211"].acceleration[0]
    assert np.abs(east).max() == pytest.approx(1000 / 331_921 * 100, rel=0.15)
