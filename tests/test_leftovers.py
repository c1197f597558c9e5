"""What killed jobs left is found and removed; what is the user's, or is being written, stays."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from quakesite.leftovers import NAME, leftovers, remove_leftovers
from quakesite.tables import atomic_path

NOBODY = 99_999_999
"""Above the largest number that Linux gives a process."""


@pytest.fixture
def job() -> Iterator[subprocess.Popen[bytes]]:
    """A process that calls itself a job of quakesite."""
    command = [sys.executable, "-c", "import sys; print(flush=True); sys.stdin.read()", "quakesite"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()  # from here on its command line is its own
        yield process
        process.kill()


def test_only_what_a_killed_job_was_writing_is_removed(tmp_path: Path, job: subprocess.Popen[bytes]) -> None:
    folder = tmp_path / "results/records"
    folder.mkdir(parents=True)
    left = [folder / f".0-of-8.parquet.{NOBODY}.tmp", folder / f".a.csv.{NOBODY}.tmp"]
    names = (".notes.tmp", ".12.tmp", "0.parquet.1.tmp", f".0.parquet.{job.pid}.tmp", ".0.parquet.x.tmp")
    kept = [folder / name for name in names]
    for path in [*left, *kept]:
        path.touch()
    assert list(leftovers(tmp_path)) == left
    remove_leftovers(tmp_path)
    assert sorted(folder.iterdir()) == sorted(kept)


def test_a_folder_of_a_killed_job_is_removed_with_all_in_it(tmp_path: Path) -> None:
    left = tmp_path / f"results/.export.{NOBODY}.tmp"
    left.mkdir(parents=True)
    (left / f".metadata.csv.{NOBODY}.tmp").touch()
    assert list(leftovers(tmp_path)) == [left]
    remove_leftovers(tmp_path)
    assert [path.name for path in tmp_path.rglob("*")] == ["results"]


def test_a_killed_job_of_this_process_s_number_is_not_taken_for_this_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a container numbers begin anew: the killed job had the one that its successor has."""
    monkeypatch.setattr("os.getpid", lambda: NOBODY)
    (tmp_path / f".a.{NOBODY}.tmp").touch()
    remove_leftovers(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_who_holds_the_lock_of_all_writers_removes_everything(
    tmp_path: Path, job: subprocess.Popen[bytes]
) -> None:
    (tmp_path / f".a.{job.pid}.tmp").touch()
    remove_leftovers(tmp_path)
    assert len(list(tmp_path.iterdir())) == 1
    remove_leftovers(tmp_path, locked=True)
    assert list(tmp_path.iterdir()) == []


def test_results_that_are_a_link_are_looked_through_and_links_below_are_not_followed(tmp_path: Path) -> None:
    real, other = tmp_path / "real", tmp_path / "other"
    for folder in (real, other):
        folder.mkdir()
        (folder / f".a.{NOBODY}.tmp").touch()
    (tmp_path / "results").symlink_to(real)
    (real / "elsewhere").symlink_to(other)
    remove_leftovers(tmp_path / "results")
    assert [path.name for path in real.iterdir()] == ["elsewhere"]
    assert len(list(other.iterdir())) == 1


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    remove_leftovers(tmp_path / "results")
    assert list(leftovers(tmp_path / "results")) == []


def test_the_name_is_that_of_what_is_written(tmp_path: Path) -> None:
    with atomic_path(tmp_path / "0-of-8.parquet") as temporary:
        assert NAME.fullmatch(temporary.name)
        temporary.touch()
