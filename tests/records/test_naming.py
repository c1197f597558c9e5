"""What file names tell."""

from __future__ import annotations

from pathlib import Path

import pytest

from quakesite.records import read
from quakesite.records.naming import Name, parse, station_of

SAMOS = ("asc", "", "20201030115124", "0905")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("20201030115124_0905_mp_RawAcc_E.asc", ("asc", "", "20201030115124", "0905", "mp_RawAcc", "E")),
        ("20230206011732_0118_ap_AAD_Acc_U.asc", ("asc", "", "20230206011732", "0118", "ap_AAD_Acc", "Z")),
        ("Ex20230206011732_0131_ap_Acc_E .asc", ("asc", "Ex", "20230206011732", "0131", "ap_Acc", "E")),
        ("20180307050823_1210.txt", ("nsmn", "", "20180307050823", "1210", "", "")),
        ("20181116074358_208.mat", ("mat", "", "20181116074358", "0208", "", "")),
        ("20230626064129_KKOY_H.mseed", ("mseed", "", "20230626064129", "KKOY", "", "")),
        ("20230626064129_1211_N.xml", ("stationxml", "", "20230626064129", "1211", "", "")),
        ("IT.ACC..HNE.D.20160824_013632.C.ACC.ASC", ("asc", "", "", "ACC", "", "")),
        ("TK.208.00.HGZ.D.INT-20230206_0000008.ACC.MP.ASC", ("asc", "", "", "0208", "", "")),
        ("20201030115124_0905_mp_RawAcc_E (1).asc", (*SAMOS, "mp_RawAcc", "E")),
        ("20201030115124_0905_mp_RawAcc_U - Copy.asc", (*SAMOS, "mp_RawAcc", "Z")),
        ("20201030115124_0905_ap_Acc_N - Kopya (2).asc", (*SAMOS, "ap_Acc", "N")),
        ("20201030115124_0905_ap_Acc_N kopya.asc", (*SAMOS, "ap_Acc", "N")),
        ("20201030115124_0905_ap_Acc_N kopyas\u0131.asc", (*SAMOS, "ap_Acc", "N")),
        ("20201030115124_0905_MP_RAWACC_e.asc", (*SAMOS, "mp_RawAcc", "E")),
        ("20201030115124_0905_mp_RawAcc.E_v2.asc", (*SAMOS, "mp_RawAcc", "")),
        ("20201030115124_0905_rawacc-east.asc", (*SAMOS, "RawAcc", "")),
        ("20201030115124_0905_ap_Acc_E (final).asc", (*SAMOS, "", "")),
        ("README.md", ("", "", "", "", "", "")),
        ("strong-motion.mat", ("mat", "", "", "", "", "")),
    ],
)
def test_name_is_taken_apart(name: str, expected: tuple[str, ...]) -> None:
    assert parse(name) == Name(*expected)
    assert station_of(name) == expected[3]


@pytest.mark.parametrize("name", ["_mp_RawAcc_{} (1)", "_MP_RAWACC_{}", "_mp_RawAcc.{}", "_{}"])
def test_a_raw_record_under_a_name_that_is_slightly_off_is_raw(
    shared_data: Path, tmp_path: Path, name: str
) -> None:
    """A genuine raw record, whose header says PROCESSING as a filtered one's does."""
    for path in sorted((shared_data / f"tadas/GuestUser_RawAcc_{SAMOS[2]}_0905").glob("2*.asc")):
        rest = name.format(path.stem[-1].lower())
        (tmp_path / f"{SAMOS[2]}_0905{rest}.asc").write_bytes(path.read_bytes())
    (record,) = read(tmp_path)
    assert (record.form, len(record.sources)) == ("mp_RawAcc", 3)


def test_a_name_of_any_length_is_taken_apart_at_once() -> None:
    assert parse("_ap_" * 20_000 + ".asc").station == ""
