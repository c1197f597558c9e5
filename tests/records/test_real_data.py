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

SETTINGS = RecordsSettings(max_epicentral_distance_km=None)
STAMP = "20230206011732"

TWINS = {f"._20201030115124_0905_mp_RawAcc_{c}.asc": "not_a_record" for c in "ENU"}
REFUSED = TWINS | {
    # one component alone; a record without its vertical
    "20101114230825_3104_ap_RawAcc_E.asc": "missing_component",
    f"{STAMP}_3116_mp_Acc_E.asc": "missing_component",
    f"{STAMP}_3116_mp_Acc_N.asc": "missing_component",
    # the same record unfiltered, in a form that comes first: 0131 loose, 3126 in ASCSample.zip
    **{f"{STAMP}_{station}_ap_AAD_Acc_{c}.asc": "duplicate" for station in ("0131", "3126") for c in "ENU"},
    # E moves 160 times as much as N and U: two dead sensors
    **{f"{STAMP}_2713_ap_AAD_Acc_{c}.asc": "flat" for c in "ENU"},
    # E sits at its rail, and so nothing needs the StationXML
    "20230626064129_KKOY_H.mseed": "flat",
    "20230626064129_KKOY_H.xml": "not_a_record",
}
"""Of `tadas`, `nsmn` and `afad1218`. Every other file is in a record."""

SAMOS = {f"20201030115124_{s}" for s in ["0905", "0918", "3511", "3513", "3517", "3519", "3521", "4501"]}
MAT = {
    "20120106001648_6501", "20120112192502_4905", "20120113141020_2507", "20120114055233_5801",
    "20130420010954_6501", "20150103232415_2704", "20160203212508_4614", "20170112020218_4627",
    "20170802040246_4806", "20180521010924_4614", "20180926094845_1505", "20181009153932_2408",
    "20181116074358_0208",
}  # fmt: skip
NSMN = {"20170720223109_0921", "20180307050823_1210"}


@pytest.fixture(scope="module")
def out(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("real")
    archives = [str(shared_data / name) for name in ("tadas", "nsmn", "afad1218")]
    stage.index(archives, 1, folder / "sources.parquet", folder / "rejects-archive.parquet")
    stage.shard("0-of-1", archives, SETTINGS, folder / "records.parquet", folder / "rejects.parquet")
    return folder


@pytest.fixture(scope="module")
def records(out: Path) -> dict[str, Record]:
    return {record.record_id: record for record in iter_records(out / "records.parquet")}


def file_names(shared_data: Path) -> Iterator[str]:
    for folder in ("tadas", "nsmn", "afad1218"):
        for path in (shared_data / folder).rglob("*"):
            if path.suffix == ".zip":
                yield from (name for name in zipfile.ZipFile(path).namelist())
            elif path.is_file():
                yield path.name


def test_every_file_is_in_a_record_or_refused_for_the_reason_expected(
    shared_data: Path, out: Path, records: dict[str, Record]
) -> None:
    refused = {
        Path(row["source"].replace("!", "/")).name: row["reason"]
        for table in ("rejects-archive.parquet", "rejects.parquet")
        for row in pq.read_table(out / table).to_pylist()
    }
    used = {Path(source.replace("!", "/")).name for record in records.values() for source in record.sources}
    assert refused == REFUSED
    everything = Counter(file_names(shared_data))
    assert used | set(refused) == set(everything)
    assert not used & set(refused)


def test_the_records_are_those_of_the_files(shared_data: Path, records: dict[str, Record]) -> None:
    in_pazarcik = {
        f"{STAMP}_{name.split('_')[1]}"
        for name in file_names(shared_data)
        if name.startswith(STAMP) and "AAD" in name
    }
    assert len(in_pazarcik) == 112
    expected = in_pazarcik - {f"{STAMP}_2713"} | SAMOS | MAT | NSMN | {"20230626064129_1211"}
    assert set(records) == expected
    forms = Counter(record.form for record in records.values())
    assert forms == {
        "ap_AAD_Acc": 108,
        "mp_AAD_Acc": 1,
        "ap_Acc": 2,
        "mp_RawAcc": 8,
        "mat": 13,
        "nsmn": 2,
        "mseed": 1,
    }


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
    assert len(stated) == 119
    for record in stated:
        assert record.epicentral_distance_km == pytest.approx(record.stated_distance_km, rel=3e-3)


def test_rates_are_read_and_not_assumed(records: dict[str, Record]) -> None:
    assert Counter(record.sampling_rate_hz for record in records.values()) == {100.0: 130, 200.0: 5}


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
