"""`quakesite download archive`: a copy of an archive that is kept in an object store."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from quakesite.download.command import app
from quakesite.download.ledger import LOCK, alone
from quakesite.download.objects import copy_archive
from quakesite.errors import InputError

BUCKET = "quakesite"
FILES = {"20180101000000_3506_mp_Acc_E.asc": b"E" * 300, "2018/batch.zip": b"zip" * 100_000}


@pytest.fixture
def place(store) -> str:
    """Where the archive is: two objects below a prefix, and one beside it."""
    for name, content in FILES.items():
        store.client.put_object(Bucket=BUCKET, Key=f"tadas/{name}", Body=content)
    store.client.put_object(Bucket=BUCKET, Key="other/file.asc", Body=b"not of the archive")
    return f"s3://key:secret@{BUCKET}/tadas?{store.options}"


def here(folder: Path) -> dict[str, bytes]:
    """The files below a folder, without the lock of the download."""
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in files.items() if name != LOCK}


def test_the_copy_holds_what_is_below_the_prefix_and_nothing_else(place: str, tmp_path: Path) -> None:
    said = CliRunner().invoke(app, ["archive", place, "--folder", str(tmp_path)])
    assert said.exit_code == 0, said.output
    assert here(tmp_path) == FILES
    assert "2 copied" in said.output
    assert "secret" not in said.output


def test_a_second_copy_takes_only_what_is_new_or_was_written_since(store, place: str, tmp_path: Path) -> None:
    list(copy_archive(place, tmp_path))
    before = {path: path.stat().st_ino for path in tmp_path.rglob("*.*")}
    assert "0 to copy" in next(iter(copy_archive(place, tmp_path)))
    store.client.put_object(Bucket=BUCKET, Key="tadas/2018/batch.zip", Body=b"PIZ" * 200_000)
    store.client.put_object(Bucket=BUCKET, Key="tadas/new.asc", Body=b"new")
    list(copy_archive(place, tmp_path))
    assert here(tmp_path) == FILES | {"2018/batch.zip": b"PIZ" * 200_000, "new.asc": b"new"}
    kept = tmp_path / "20180101000000_3506_mp_Acc_E.asc"
    assert kept.stat().st_ino == before[kept]


def test_a_copy_has_the_time_of_its_object(store, place: str, tmp_path: Path) -> None:
    list(copy_archive(place, tmp_path))
    told = store.client.head_object(Bucket=BUCKET, Key="tadas/2018/batch.zip")["LastModified"]
    assert int((tmp_path / "2018/batch.zip").stat().st_mtime) == int(told.timestamp())


def test_what_a_killed_copy_left_is_removed_and_copied_again(place: str, tmp_path: Path) -> None:
    left = [tmp_path / "2018/.batch.zip.7.tmp", tmp_path / ".gone_meanwhile.asc.7.tmp"]
    (tmp_path / "2018").mkdir()
    for path in left:
        path.write_bytes(b"half")
    list(copy_archive(place, tmp_path))
    assert here(tmp_path) == FILES


def test_two_copies_at_once_into_one_folder_are_refused(place: str, tmp_path: Path) -> None:
    with alone(tmp_path), pytest.raises(InputError, match="another download is at work here"):
        list(copy_archive(place, tmp_path))
    assert here(tmp_path) == {}


def test_what_a_download_left_in_an_uploaded_folder_is_not_copied(store, place: str, tmp_path: Path) -> None:
    for name in (LOCK, "2018/.half.zip.7.tmp"):
        store.client.put_object(Bucket=BUCKET, Key=f"tadas/{name}", Body=b"x")
    first, *_ = copy_archive(place, tmp_path)
    assert first.startswith("archive: 2 objects")
    assert here(tmp_path) == FILES


def test_what_has_no_object_any_more_is_counted_and_kept(store, place: str, tmp_path: Path) -> None:
    list(copy_archive(place, tmp_path))
    store.client.delete_object(Bucket=BUCKET, Key="tadas/2018/batch.zip")
    assert list(copy_archive(place, tmp_path))[-1].endswith("1 here have no object")
    assert here(tmp_path) == FILES


def test_a_dry_run_copies_nothing(place: str, tmp_path: Path) -> None:
    assert list(copy_archive(place, tmp_path, dry_run=True)) == [
        "archive: 2 objects, 0 of them here; 2 to copy, 0.3 MB"
    ]
    assert here(tmp_path) == {}


def test_trouble_with_the_folder_is_not_blamed_on_the_store(place: str, tmp_path: Path) -> None:
    (tmp_path / "2018").write_text("a file where a folder should be")
    with pytest.raises(InputError, match=r"2018/batch\.zip: cannot be written .*look at the folder"):
        list(copy_archive(place, tmp_path))


def test_nothing_below_the_prefix_is_one_clear_line(store, tmp_path: Path) -> None:
    place = f"s3://key:secret@{BUCKET}/nothing?{store.options}"
    with pytest.raises(InputError, match=r"^s3://quakesite/nothing: nothing there; expected records"):
        list(copy_archive(place, tmp_path))


def test_a_store_that_does_not_know_the_bucket_is_one_clear_line(store, tmp_path: Path) -> None:
    place = f"s3://key:secret@another/tadas?{store.options}"
    with pytest.raises(InputError, match=r"^s3://another/tadas: ") as raised:
        list(copy_archive(place, tmp_path))
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("name", ["../outside.asc", "a/../../outside.asc"])
def test_a_name_that_leads_out_of_the_folder_is_refused(store, tmp_path: Path, name: str) -> None:
    store.client.put_object(Bucket=BUCKET, Key=f"tadas/{name}", Body=b"x")
    with pytest.raises(InputError, match=r"would lead out of the folder|cannot be read|nothing there"):
        list(copy_archive(f"s3://key:secret@{BUCKET}/tadas?{store.options}", tmp_path / "folder"))
    assert not (tmp_path / "outside.asc").exists()
