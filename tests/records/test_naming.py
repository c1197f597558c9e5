"""What file names tell."""

from __future__ import annotations

import pytest

from quakesite.records.naming import Name, parse, station_of


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
        ("README.md", ("", "", "", "", "", "")),
        ("strong-motion.mat", ("mat", "", "", "", "", "")),
    ],
)
def test_name_is_taken_apart(name: str, expected: tuple[str, ...]) -> None:
    assert parse(name) == Name(*expected)
    assert station_of(name) == expected[3]


def test_a_name_of_any_length_is_taken_apart_at_once() -> None:
    assert parse("_ap_" * 20_000 + ".asc").station == ""
