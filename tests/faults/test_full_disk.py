"""A disk that takes no more costs one line, and nothing that was there."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from quakesite import cli
from quakesite.errors import InputError
from quakesite.tables import atomic_open, atomic_path


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS])
def test_full_disk_names_the_file_and_keeps_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    target = tmp_path / "table.csv"
    target.write_text("old")

    def full(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", full)
    with (
        pytest.raises(InputError, match=r"table\.csv: cannot be written .*make room"),
        atomic_open(target) as file,
    ):
        file.write("new")
    assert [path.name for path in tmp_path.iterdir()] == ["table.csv"]
    assert target.read_text() == "old"


def test_another_error_of_the_system_is_passed_on(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), atomic_path(tmp_path / "a.csv"):
        (tmp_path / "missing").read_text()


def test_full_disk_under_another_library_costs_one_line_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(**_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "last.ckpt")

    monkeypatch.setattr(cli, "root_command", lambda: full)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    line = f"quakesite: last.ckpt: {os.strerror(errno.ENOSPC)}; make room and run the same command again\n"
    assert capsys.readouterr().err == line
