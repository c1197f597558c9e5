from __future__ import annotations

import filecmp
import io
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest

from quakesite.demo.archive import PACKINGS, File, pack
from quakesite.demo.asc import SYNTHETIC
from quakesite.demo.make import make
from quakesite.demo.settings import DemoSettings
from quakesite.rejects import Reason

from .conftest import SMALL, rows_of
from .reading import all_files, parse

BROKEN = {str(Reason.TRUNCATED), str(Reason.BAD_SAMPLES)}
FIRST_SAMPLE = (
    r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d\.\d{7}",
    r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d\.\d{6}",
    r"\d{8}_\d{6}",
    r"\d\d/\d\d/\d{4} \d\d:\d\d:\d\d\.\d{3}",
)


@pytest.fixture(scope="module")
def files(archive: Path) -> dict[str, str]:
    return all_files(archive / "archive")


@pytest.fixture(scope="module")
def sound(files: dict[str, str], truth: list[dict[str, object]]) -> dict[str, str]:
    """The files of records that nothing is wrong with inside a file."""
    spoilt = {
        source for row in truth if row["expected"] in BROKEN for source in str(row["sources"]).split(";")
    }
    return {where: text for where, text in files.items() if where not in spoilt}


def test_header_is_that_of_a_real_export(sound: dict[str, str], shared_data: Path) -> None:
    folder = shared_data / "tadas" / "GuestUser_RawAcc_20201030115124_3511"
    real = parse((folder / "20201030115124_3511_mp_RawAcc_E.asc").read_text(encoding="utf-8"))
    assert len(real.header) == 64
    for text in sound.values():
        ours = parse(text)
        assert list(ours.header) == list(real.header)
        for key in ("UNITS", "HEADER_FORMAT", "DATA_TYPE", "NETWORK", "BASELINE_CORRECTION", "FILTER_TYPE"):
            assert ours.header[key] == real.header[key]
        assert re.fullmatch(r"-?\d+\.\d{6}", ours.sample_lines[0])


def test_ndata_and_pga_match_the_samples(sound: dict[str, str]) -> None:
    for where, text in sound.items():
        file = parse(text)
        samples = np.array([float(line) for line in file.sample_lines])
        assert samples.size == int(file.header["NDATA"]), where
        assert np.abs(samples).max() == pytest.approx(float(file.header["PGA_CM/S^2"]), abs=0.0006), where


def test_every_file_says_that_it_is_synthetic(files: dict[str, str]) -> None:
    for text in files.values():
        header = parse(text).header
        assert header["USER2"] == SYNTHETIC
        assert header["DATA_LICENSE"].startswith("CC0")
        assert header["STATION_CODE"][:2] >= "90"


def test_all_four_spellings_of_the_first_sample_occur(files: dict[str, str]) -> None:
    found = {parse(text).header["DATE_TIME_FIRST_SAMPLE_YYYYMMDD_HHMMSS"] for text in files.values()}
    for pattern in FIRST_SAMPLE:
        assert any(re.fullmatch(pattern, time) for time in found), pattern


def test_both_sampling_rates_and_both_processings_occur(files: dict[str, str]) -> None:
    headers = [parse(text).header for text in files.values()]
    assert {header["SAMPLING_INTERVAL_S"] for header in headers} == {"0.01", "0.005"}
    assert any(re.search(r"_mp_Acc_[ENU]\.asc$", where) for where in files)
    assert any(re.search(r"_ap_RawAcc_[ENU]\.asc$", where) for where in files)


def test_truth_names_every_file_and_no_other(files: dict[str, str], truth: list[dict[str, object]]) -> None:
    named = [source for row in truth for source in str(row["sources"]).split(";")]
    assert sorted(named) == sorted(files)


def test_truth_has_a_row_for_every_record_and_version(truth: list[dict[str, object]]) -> None:
    versions = [(row["record_id"], row["form"]) for row in truth]
    assert len(set(versions)) == len(versions)
    assert sum(row["expected"] != str(Reason.DUPLICATE) for row in truth) == SMALL.stations * SMALL.events
    assert all(row[column] is not None for row in truth for column in row if column != "defect")


def test_every_defect_is_in_the_files(files: dict[str, str], truth: list[dict[str, object]]) -> None:
    expected = {str(row["expected"]): row for row in truth if row["defect"]}
    assert set(expected) == {"truncated", "missing_component", "bad_samples", "duplicate"}

    texts = [files[source] for source in str(expected["truncated"]["sources"]).split(";")]
    assert sum(len(f.sample_lines) < int(f.header["NDATA"]) for f in map(parse, texts)) == 1
    assert len(str(expected["missing_component"]["sources"]).split(";")) == 2
    texts = [files[source] for source in str(expected["bad_samples"]["sources"]).split(";")]
    assert sum("nan" in text for text in texts) == 1


def test_duplicates_are_another_form_or_a_stamp_two_seconds_later(truth: list[dict[str, object]]) -> None:
    kept = [row for row in truth if row["expected"] == "record"]
    for row in truth:
        if row["expected"] == str(Reason.DUPLICATE):
            later = {0: "other_form", 2: "other_stamp"}
            twins = [
                int(str(row["event"])) - int(str(other["event"]))
                for other in kept
                if other["station"] == row["station"] and other["p_time_s"] == row["p_time_s"]
            ]
            assert [later[seconds] for seconds in twins] == [row["defect"]]
            assert row["form"] == "ap_RawAcc"


def test_too_far_and_nothing_else_lies_beyond_the_limit(tmp_path: Path) -> None:
    from quakesite.demo.plan import plan_events, plan_records, plan_station
    from quakesite.demo.truth import expected

    events = plan_events(0, 6)
    stations = [plan_station(0, index) for index in range(60)]
    plans = [plan for station in stations for plan in plan_records(0, station, events[station.region])]
    far = [plan for plan in plans if plan.epicentral_km > 120.0]
    assert 0 < len(far) < 0.1 * len(plans)
    assert all((expected(plan, extra=False) == "too_far") == (plan.epicentral_km > 120.0) for plan in plans)


def test_the_same_settings_give_the_same_bytes(archive: Path, tmp_path: Path) -> None:
    make(SMALL, tmp_path / "again")
    assert_same_tree(archive, tmp_path / "again")


def test_another_station_adds_its_files_and_changes_none(archive: Path, tmp_path: Path) -> None:
    make(SMALL.model_copy(update={"stations": SMALL.stations + 1}), tmp_path / "more")
    before, after = (
        {p.relative_to(folder) for p in folder.rglob("*") if p.is_file()}
        for folder in (archive / "archive", tmp_path / "more" / "archive")
    )
    assert len(after - before) == 1
    assert before < after
    for path in before:
        assert filecmp.cmp(archive / "archive" / path, tmp_path / "more" / "archive" / path, shallow=False)


def test_another_seed_gives_other_motion(archive: Path, tmp_path: Path) -> None:
    make(DemoSettings(stations=5, events=1, seed=1), tmp_path / "other")
    ours = {row["record_id"] for row in rows_of(archive / "truth.csv")}
    assert not ours & {row["record_id"] for row in rows_of(tmp_path / "other" / "truth.csv")}


def test_an_older_archive_is_replaced(tmp_path: Path) -> None:
    small = DemoSettings(stations=5, events=1)
    make(small, tmp_path / "demo")
    (tmp_path / "demo" / "archive" / "left_over.zip").write_bytes(b"")
    make(small, tmp_path / "demo")
    assert not (tmp_path / "demo" / "archive" / "left_over.zip").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]


@pytest.mark.parametrize("packing", sorted(set(PACKINGS)))
def test_each_packing_holds_all_files_and_says_where(tmp_path: Path, packing: str) -> None:
    files = [File(stamp, f"{stamp}_9001_mp_Acc_{c}.asc", f"KEY: {c}\n1.0\n") for stamp in "12" for c in "ENU"]
    written = pack(tmp_path, "9001", "Denizli", packing, files)
    assert all_files(tmp_path) == {written[f.name]: f.text for f in files}
    zips = [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.zip")]
    export = "GuestUser_9001_export.zip"
    assert zips == {"loose": [], "zip_in_folder": [f"Denizli/{export}"]}.get(packing, [export])


def test_nested_zips_hold_one_zip_per_event(tmp_path: Path) -> None:
    files = [File(stamp, f"{stamp}_9001_mp_Acc_E.asc", "1.0\n") for stamp in "12"]
    pack(tmp_path, "9001", "Denizli", "nested", files)
    with zipfile.ZipFile(tmp_path / "GuestUser_9001_export.zip") as outer:
        assert outer.namelist() == ["GuestUser_1_9001.zip", "GuestUser_2_9001.zip"]
        with zipfile.ZipFile(io.BytesIO(outer.read("GuestUser_1_9001.zip"))) as inner:
            assert inner.namelist() == ["1_9001_mp_Acc_E.asc"]


def assert_same_tree(one: Path, other: Path) -> None:
    names = [
        sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
        for folder in (one, other)
    ]
    assert names[0] == names[1]
    _, differing, errors = filecmp.cmpfiles(one, other, names[0], shallow=False)
    assert differing == []
    assert errors == []
