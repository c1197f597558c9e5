"""An error names the file that it is about: nobody is told to delete a sound shard because a disk is full."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pyarrow as pa
import pytest

from quakesite.errors import InputError
from quakesite.tables import atomic_open, atomic_path, open_parquet, write_parquet


@pytest.fixture
def shard(tmp_path: Path) -> Path:
    """A sound table."""
    path = tmp_path / "sound.parquet"
    write_parquet(pa.table({"number": [1, 2]}), path)
    return path


def test_full_disk_met_while_reading_is_not_blamed_on_what_was_read(shard: Path) -> None:
    with pytest.raises(OSError, match="No space") as raised, open_parquet(shard):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert not isinstance(raised.value, InputError)


def test_full_disk_under_a_table_that_is_written_while_another_is_read_names_the_one_written(
    shard: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with (
        pytest.raises(InputError, match=r"written\.csv: cannot be written .*make room"),
        open_parquet(shard),
        atomic_open(tmp_path / "written.csv") as file,
    ):
        file.write("new")


def test_another_file_that_is_missing_is_not_blamed_on_what_is_read(shard: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="elsewhere"), open_parquet(shard):
        (tmp_path / "elsewhere").read_text()


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (OSError(errno.EIO, "Input/output error"), "look at the disk"),
        (PermissionError(errno.EACCES, "Permission denied"), "get the right to read it"),
        (pa.ArrowMemoryError("malloc failed"), "allow more memory; where that does not help, delete it"),
        (pa.ArrowInvalid("Unexpected end of stream"), "delete it and run again"),
    ],
)
def test_only_what_is_wrong_inside_a_file_is_mended_by_deleting_it(
    shard: Path, error: Exception, advice: str
) -> None:
    with (
        pytest.raises(InputError, match=rf"sound\.parquet: cannot be read .*; {advice}"),
        open_parquet(shard),
    ):
        raise error


def test_missing_table_is_not_to_be_deleted(tmp_path: Path) -> None:
    with (
        pytest.raises(InputError, match=r"none\.parquet: no such file; .*make it"),
        open_parquet(tmp_path / "none.parquet"),
    ):
        pass


def test_folder_that_may_not_be_written_to_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(path: Path, mode: int = 0o777, parents: bool = False, exist_ok: bool = False) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr(Path, "mkdir", refused)
    with (
        pytest.raises(InputError, match=r"a\.csv: cannot be written \(Permission denied\); get the right"),
        atomic_path(tmp_path / "results/a.csv"),
    ):
        pass


def test_input_that_may_not_be_read_is_not_blamed_on_what_is_written(tmp_path: Path) -> None:
    with pytest.raises(PermissionError, match="an input"), atomic_path(tmp_path / "a.csv"):
        raise PermissionError(errno.EACCES, "Permission denied", "an input")
    assert list(tmp_path.iterdir()) == []
