"""Tables of picks made by hand."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from quakesite.errors import InputError
from quakesite.picks.manual import ManualPick, check_manual, read_manual


def table(folder: Path, *lines: str, header: str = "record_id,phase,time_s") -> Path:
    path = folder / "manual.csv"
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def test_columns_in_any_order_and_others_ignored(tmp_path: Path) -> None:
    path = table(tmp_path, "S,me,a_1,12.5", "", "P,me,a_1,7", header="phase,annotator,record_id,time_s")
    assert read_manual(path) == {"a_1": {"S": ManualPick(12.5), "P": ManualPick(7.0)}}


def test_byte_order_mark_and_spaces_of_a_spreadsheet(tmp_path: Path) -> None:
    path = table(tmp_path, "a_1, P, 7.25 ")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert read_manual(path) == {"a_1": {"P": ManualPick(7.25)}}


def test_what_the_analyst_says_is_kept(tmp_path: Path) -> None:
    header = "record_id,phase,time_s,analyst,uncertainty_class,comment,uncertainty_s"
    rows = ('a_1,P,7,Ayşe,2,"late, maybe",', "a_1,S,9,Ayşe,4,,", "a_2,P,7,,,,0.3")
    found = read_manual(table(tmp_path, *rows, header=header))
    assert found["a_1"]["P"] == ManualPick(7.0, "Ayşe", 0.2, "late, maybe")
    assert found["a_1"]["S"] == ManualPick(9.0, "Ayşe", 0.8)
    assert found["a_2"]["P"] == ManualPick(7.0, uncertainty_s=0.3)


@pytest.mark.parametrize("row", ["a_1,P,7,5,", "a_1,P,7,good,", "a_1,P,7,,often"])
def test_uncertainty_that_is_none_is_named_by_its_line(tmp_path: Path, row: str) -> None:
    header = "record_id,phase,time_s,uncertainty_class,uncertainty_s"
    with pytest.raises(InputError, match=r"line 2.*uncertainty_"):
        read_manual(table(tmp_path, row, header=header))


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("a_1,P,", "time_s"),
        ("a_1,P,soon", "time_s"),
        ("a_1,P,nan", "time_s"),
        ("a_1,P,inf", "time_s"),
        ("a_1,Q,3", "phase"),
        ("a_1", "phase"),
        (",P,3", "record_id"),
    ],
)
def test_bad_row_is_named_by_its_line(tmp_path: Path, row: str, field: str) -> None:
    path = table(tmp_path, "b_1,P,1", row)
    with pytest.raises(InputError) as caught:
        read_manual(path)
    assert "line 3" in str(caught.value)
    assert caught.value.field == field


def test_same_phase_twice_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"line 3: a_1 has a second P"):
        read_manual(table(tmp_path, "a_1,P,1", "a_1,P,2"))


@pytest.mark.parametrize("read", [check_manual, read_manual])
def test_missing_column_is_named(tmp_path: Path, read: object) -> None:
    assert callable(read)
    with pytest.raises(InputError, match="time_s"):
        read(table(tmp_path, header="record_id,phase,time"))


def test_missing_file_and_text_that_is_no_table(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        check_manual(tmp_path / "nowhere.csv")
    binary = tmp_path / "binary.csv"
    binary.write_bytes(b"\xff\xfe\x00record_id")
    with pytest.raises(InputError, match=r"binary\.csv"):
        check_manual(binary)
    with pytest.raises(InputError, match="no such file"):
        check_manual(tmp_path / "nowhere.xml")


def test_check_reads_no_further_than_the_first_row(tmp_path: Path) -> None:
    check_manual(table(tmp_path, "a_1,P,1", "a_1,P,never"))


def test_check_imports_nothing_heavy() -> None:
    heavy = "{'torch', 'obspy', 'pandas', 'pyarrow'}"
    code = f"import sys, quakesite.picks.manual; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
