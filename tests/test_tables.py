"""Tables on disk: whole or not at all, and the same bytes for the same rows."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pyarrow as pa
import pytest

from quakesite.errors import InputError, NotWritten
from quakesite.rejects import SCHEMA, Reason, Reject, rejects_table
from quakesite.shards import n_shards_of, shard_name, shard_names, shard_of
from quakesite.tables import atomic_folder, atomic_path, read_all, read_parquet, write_csv, write_parquet

NUMBERS = pa.schema([pa.field("a", pa.int64())])


def test_failed_write_leaves_the_old_file_and_no_temporary_one(tmp_path: Path) -> None:
    target = tmp_path / "table.txt"
    target.write_text("old")
    with pytest.raises(ZeroDivisionError), atomic_path(target) as temporary:
        temporary.write_text(f"half {1 // 0}")
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_folder_takes_its_name_when_all_in_it_is_on_disk(
    tmp_path: Path, flushed: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "new/folder"
    replace, before_the_name = os.replace, set[int]()

    def watched(source: Path, to: Path) -> None:
        before_the_name.update(flushed)
        replace(source, to)

    monkeypatch.setattr(os, "replace", watched)
    with atomic_folder(target) as folder:
        (folder / "a/b").mkdir(parents=True)
        (folder / "a/b/deep.txt").write_text("deep")
        (folder / "flat.txt").write_text("flat")
        (folder / "link").symlink_to("nowhere")
    made = [target, *(path for path in target.rglob("*") if not path.is_symlink())]
    assert before_the_name == {path.stat().st_ino for path in made}
    assert flushed[-1] == target.parent.stat().st_ino


def test_a_folder_that_fails_leaves_the_old_one_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "folder"
    with atomic_folder(target) as folder:
        (folder / "old").touch()
    with pytest.raises(ZeroDivisionError), atomic_folder(target) as folder:
        (folder / f"half {1 // 0}").touch()
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")) == [
        "folder",
        "folder/old",
    ]
    with atomic_folder(target) as folder:
        (folder / "new").touch()
    assert [path.name for path in tmp_path.rglob("*")] == ["folder", "new"]


def test_what_a_killed_process_left_of_a_folder_is_removed_even_under_the_same_number(tmp_path: Path) -> None:
    for name in (f".folder.{os.getpid()}.tmp", f".folder.old.{2**30}.tmp", f".another.{2**30}.tmp"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "half").touch()
    with atomic_folder(tmp_path / "folder") as folder:
        assert list(folder.iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == [f".another.{2**30}.tmp", "folder"]


def test_a_folder_that_does_not_get_its_name_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "folder"
    with atomic_folder(target) as folder:
        (folder / "old").touch()
    replace, asked = os.replace, list[Path]()

    def refusing_the_second(source: Path, to: Path) -> None:
        asked.append(to)
        if len(asked) == 2:
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
        replace(source, to)

    monkeypatch.setattr(os, "replace", refusing_the_second)
    with pytest.raises(OSError, match=os.strerror(errno.EBUSY)), atomic_folder(target) as folder:
        (folder / "new").touch()
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["folder", "old"]


def test_behind_a_link_the_folder_is_replaced_and_the_link_stays(tmp_path: Path) -> None:
    (tmp_path / "large_disk/old").mkdir(parents=True)
    (tmp_path / "link").symlink_to("large_disk")
    with atomic_folder(tmp_path / "link") as folder:
        (folder / "new").touch()
    assert (tmp_path / "link").is_symlink()
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["large_disk", "link", "new"]


def test_a_full_disk_under_a_folder_names_the_folder(tmp_path: Path) -> None:
    with (
        pytest.raises(NotWritten, match=r"folder: cannot be written \(No space left"),
        atomic_folder(tmp_path / "folder"),
    ):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("code", [errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EIO, errno.EBADF])
def test_a_file_system_without_a_flush_of_folders_is_written_to_and_other_trouble_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    fsync, n_files = os.fsync, 0

    def without_folders(descriptor: int) -> None:
        nonlocal n_files
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(code, os.strerror(code))
        n_files += 1
        fsync(descriptor)

    def write_both() -> None:
        with atomic_path(tmp_path / "file") as temporary:
            temporary.write_text("whole")
        with atomic_folder(tmp_path / "folder") as folder:
            (folder / "within").write_text("whole")

    monkeypatch.setattr(os, "fsync", without_folders)
    if code in (errno.EIO, errno.EBADF):
        with pytest.raises(OSError, match=os.strerror(code)):
            write_both()
    else:
        write_both()
        assert (tmp_path / "folder/within").read_text() == (tmp_path / "file").read_text() == "whole"
        assert n_files == 2


@pytest.mark.parametrize("code", [errno.EINVAL, errno.ENOTSUP])
def test_a_file_that_is_not_flushed_does_not_get_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def fail(_: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match=os.strerror(code)), atomic_path(tmp_path / "file") as temporary:
        temporary.write_text("whole")
    assert list(tmp_path.iterdir()) == []


def test_same_rows_same_bytes(tmp_path: Path) -> None:
    table = pa.table({"a": [1, 2, None], "b": ["x", "ğ", ""]})
    for name in ("one", "two"):
        write_parquet(table, tmp_path / f"{name}.parquet")
        write_csv(table, tmp_path / f"{name}.csv")
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()
    assert (tmp_path / "one.csv").read_text(encoding="utf-8") == (tmp_path / "two.csv").read_text(
        encoding="utf-8"
    )


def test_table_that_is_no_parquet_is_one_clear_line(tmp_path: Path) -> None:
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"not parquet at all")
    with pytest.raises(
        InputError, match=r"broken\.parquet: cannot be read .*; expected a Parquet table; delete it"
    ):
        read_parquet(broken, NUMBERS)


def test_table_of_another_version_names_the_missing_column(tmp_path: Path) -> None:
    write_parquet(pa.table({"b": [1]}), tmp_path / "other.parquet")
    with pytest.raises(InputError, match="a: column missing"):
        read_parquet(tmp_path / "other.parquet", NUMBERS)


def test_no_tables_make_an_empty_one() -> None:
    assert read_all([], NUMBERS).schema == NUMBERS


def test_rejects_are_sorted_whatever_their_order() -> None:
    rows = [Reject("b", "x", "records", Reason.FLAT), Reject("a", "y", "records", Reason.DUPLICATE, "of c")]
    assert rejects_table(rows) == rejects_table(rows[::-1])
    assert rejects_table([]).schema == SCHEMA


def test_shard_of_a_station_is_told_from_its_code_and_their_number_alone() -> None:
    assert shard_of("0208", 8) == shard_of("0208", 8)
    assert {shard_of(f"{code:04d}", 4) for code in range(200)} == set(shard_names(4))
    assert shard_name(3, 64) == "03-of-64"
    assert n_shards_of("03-of-64") == 64
    with pytest.raises(InputError, match="3-of-8"):
        n_shards_of("9-of-8")
