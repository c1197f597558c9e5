"""The authors' `.mat` files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.io

from quakesite.errors import InputError
from quakesite.records import mat, read
from quakesite.records.matfile import MatError, read_struct

NEU = np.random.default_rng(0).normal(0, 5, (200, 3)).round(6)
FIELDS: dict[str, Any] = {
    "date": "26-Sep-2018 09:48:45",
    "epicenter": [37.4, 29.8],
    "depth": 7020,
    "magnitudeval": 3.4,
    "magnitudetype": " ML",
    "statID": 208,
    "statco": [37.31607, 29.7],
    "alt": 1153,
    "recordtime": "26-Sep-2018 09:48:41",
    "numofData": 200,
    "Accel": NEU,
    "sampling": 0.01,
    "pga": np.abs(NEU).max(axis=0),
    "Vs30": 469,
    "Ptime": 7.5,
    "Stime": 11.0,
}


def write(folder: Path, name: str = "20180926094845_0208.mat", **fields: Any) -> Path:
    chosen = {key: value for key, value in (FIELDS | fields).items() if value is not None}
    scipy.io.savemat(folder / name, {"EQ": {"anEQ": chosen}}, do_compression=True)
    return folder / name


def test_columns_become_e_n_z_and_units_those_of_the_table(tmp_path: Path) -> None:
    (record,) = read(write(tmp_path))
    assert record.acceleration.tolist() == NEU.T[[1, 0, 2]].tolist()
    assert (record.station, record.network, record.form) == ("0208", "TK", "mat")
    assert (record.ev_depth_km, record.vs30_m_s, record.magnitude_type) == (7.02, 469.0, "ML")
    assert (record.author_p_s, record.author_s_s) == (7.5, 11.0)
    assert record.start_time is not None
    assert f"{record.start_time:%Y-%m-%d %H:%M:%S}" == "2018-09-26 09:48:41"


@pytest.mark.parametrize("compressed", [False, True])
def test_structs_are_read_as_scipy_reads_them(tmp_path: Path, compressed: bool) -> None:
    numbers = {kind: np.arange(6).reshape(2, 3).astype(kind) for kind in ("i1", "u2", "i4", "f4", "f8", "i8")}
    texts = {"plain": "Vs30", "turkish": "BAYINDIRLIK \u0130SKAN", "empty": ""}
    others = {"cell": np.array([1, "a"], dtype=object), "inner": {"x": 1.5}}
    path = tmp_path / "a.mat"
    scipy.io.savemat(
        path, {"first": np.eye(3), "EQ": {**numbers, **texts, **others}}, do_compression=compressed
    )
    ours = read_struct(path.read_bytes(), "EQ", 10**6)
    theirs = scipy.io.loadmat(path, variable_names=["EQ"])["EQ"][0, 0]
    for name in numbers:
        assert ours[name].tolist() == theirs[name].tolist()
    assert {name: ours[name] for name in texts} == texts
    assert ours["cell"] is None
    assert ours["inner"]["x"].tolist() == [[1.5]]


def test_hdf5_files_are_told_from_damaged_ones() -> None:
    with pytest.raises(MatError, match=r"-v7\.3"):
        read_struct(b"MATLAB 7.3 MAT-file".ljust(124) + b"\0\2HD" + bytes(100), "EQ", 10**6)


@pytest.mark.parametrize("vs30", [0, None, np.nan, np.array([])])
def test_an_unknown_vs30_is_null(tmp_path: Path, vs30: object) -> None:
    assert read(write(tmp_path, Vs30=vs30))[0].vs30_m_s is None


def test_picks_may_be_absent(tmp_path: Path) -> None:
    (record,) = read(write(tmp_path, Ptime=None, Stime=None))
    assert (record.author_p_s, record.author_s_s) == (None, None)


def test_without_dates_the_event_time_is_that_of_the_name(tmp_path: Path) -> None:
    (record,) = read(write(tmp_path, date=None, recordtime=None))
    assert record.start_time is None
    assert record.event_time is not None
    assert f"{record.event_time:%Y%m%d%H%M%S}" == "20180926094845"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"numofData": 201}, "truncated"),
        ({"pga": [1.0, 1.0, 1.0]}, "pga_mismatch"),
        ({"sampling": None}, "bad_header"),
        ({"statID": 209}, "bad_header"),
        ({"Accel": NEU[:, :2]}, "bad_samples"),
        ({"Accel": np.where(NEU > 9, np.nan, NEU)}, "bad_samples"),
        ({"Accel": np.zeros((1_000_001, 3), np.uint8), "numofData": None}, "too_large"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        read(write(tmp_path, **fields))


def test_what_is_not_essential_and_not_understood_is_unknown(tmp_path: Path) -> None:
    nothing = {"epicenter": [np.nan, np.nan], "pga": [np.nan] * 3, "numofData": np.nan, "depth": np.inf}
    (record,) = read(write(tmp_path, date="yesterday", **nothing))
    assert (record.ev_latitude, record.ev_longitude, record.pga_mismatch) == (None, None, None)
    assert f"{record.event_time:%Y%m%d%H%M%S}" == record.event_id == "20180926094845"
    assert record.header_doubts == "depth: 'inf' taken as unknown; date: 'yesterday' taken as unknown"


def test_the_shape_is_compared_with_the_count_before_it_is_converted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_late(*_: object, **__: object) -> None:
        raise AssertionError("converted")

    monkeypatch.setattr(mat, "check_count", too_late)
    with pytest.raises(InputError, match="truncated: 40000 samples, numofData says 10"):
        read(write(tmp_path, Accel=np.ones((40_000, 3), np.uint8), numofData=10))


def test_other_matlab_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "20180926094845_0208.mat"
    scipy.io.savemat(path, {"x": np.arange(3)})
    with pytest.raises(InputError, match="no variable EQ"):
        read(path)
    path.write_bytes(b"no MATLAB file at all")
    with pytest.raises(InputError, match="unreadable"):
        read(path)


def test_a_matlab_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mat, "LARGEST_UNPACKED", 100_000)
    with pytest.raises(InputError, match="too_large"):
        read(write(tmp_path, Accel=np.zeros((40_000, 3))))
