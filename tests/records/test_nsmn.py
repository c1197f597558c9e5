"""NSMN's old form."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from quakesite.errors import InputError
from quakesite.records import read

HEADER = """STRONG GROUND MOTION RECORDS OF TURKIYE
PLACE                   : AYDIN GERMENC\u0130K
EARTHQUAKE DATE         : 2017/07/20 22:31:09 (GMT)
EPICENTER COORDINATES   : 36.91980N-27.44350E
EARTHQUAKE DEPTH (km)   : 19.44
EARTHQUAKE MAGNITUDE    : 6.5 Mw
STATION ID              : 0921
STATION COORDINATES     : 37.87470N-27.59223E
STATION ALTITUDE (m)    : 66
RECORD TIME             : 20/07/2017 22:30:58.000000 (GMT)
NUMBER OF DATA          : {count}
SAMPLING INTERVAL (sec) : 0.01
RAW PGA VALUES (gal)    : (N-S) {pga[0]:.6f} (E-W) {pga[1]:.6f} (U-D) {pga[2]:.6f}
Copyright EARTHQUAKE DEPARTMENT
       N-S          E-W          U-D
"""
NEU = np.random.default_rng(0).normal(0, 5, (3, 200)).round(6)


def content(**fields: object) -> str:
    head = HEADER.format(**{"count": 200, "pga": np.abs(NEU).max(axis=1)} | fields)
    return head + "".join(f"{n:12.6f} {e:12.6f} {u:12.6f}\n" for n, e, u in NEU.T)


def write(folder: Path, text: str) -> Path:
    path = folder / "20170720223109_0921.txt"
    path.write_bytes(text.replace("\n", "\r\n").encode("cp1254"))
    return path


def test_columns_become_e_n_z(tmp_path: Path) -> None:
    (record,) = read(write(tmp_path, content()))
    assert record.acceleration.tolist() == NEU[[1, 0, 2]].tolist()
    assert (record.record_id, record.network, record.form) == ("20170720223109_0921", "TK", "nsmn")
    assert record.start_time == datetime(2017, 7, 20, 22, 30, 58, tzinfo=UTC)
    assert (record.magnitude, record.magnitude_type, record.ev_depth_km) == (6.5, "Mw", 19.44)
    assert (record.st_latitude, record.ev_longitude) == (37.8747, 27.4435)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (content(count=201), "truncated"),
        (content(pga=[1.0, 1.0, 1.0]), "pga_mismatch"),
        (content().replace("0921", ""), "bad_header"),
        (content().replace("N-S          E-W", "N-S"), "bad_header"),
        (content()[:-20], "bad_samples"),
        (content() + "1 2 3\n" * 1_000_000, "truncated"),
        (content().replace("\n", "\n1 2 3\n", 20).replace("N-S          E-W", "N-S  E-W", 1), "truncated"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        read(write(tmp_path, text))


def test_a_place_that_is_not_understood_is_unknown(tmp_path: Path) -> None:
    (record,) = read(write(tmp_path, content().replace("36.91980N", "36.91980Q")))
    assert (record.ev_latitude, record.epicentral_distance_km) == (None, None)
    assert "EPICENTER COORDINATES" in str(record.header_doubts)
    assert (record.mw, record.ml) == (6.5, None)
