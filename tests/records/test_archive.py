"""The scan of an archive: what it finds, what it refuses, and what its digests depend on."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from quakesite.errors import InputError
from quakesite.records import archive, opening
from quakesite.shards import shard_names, shard_of

from .conftest import Component, three, write


def zip_of(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in members.items():
            opened.writestr(name, content)
    return buffer.getvalue()


def station_zip(folder: Path, station: str, mtime: int = 1_600_000_000) -> Path:
    path = folder / f"{station}.zip"
    path.write_bytes(zip_of({one.name: one.content for one in three(station=station)}))
    os.utime(path, (mtime, mtime))
    return path


def digests(folder: Path, n_shards: int = 8) -> dict[str, str]:
    found = archive.scan([str(folder)])
    return {shard: found.digest(shard, n_shards) for shard in shard_names(n_shards)}


def reasons(folder: Path) -> dict[str, str]:
    return {
        Path(one.source.replace("!", "/")).name: one.reason for one in archive.scan([str(folder)]).refused
    }


def test_loose_zipped_and_nested_files_are_found_with_their_stations(tmp_path: Path) -> None:
    write(tmp_path / "a/b", three(station="0101"))
    inner = zip_of({one.name: one.content for one in three(station="0102")})
    (tmp_path / "outer.zip").write_bytes(
        zip_of({"deep/inner.zip": inner, f"x/{Component(station='0103').name}": b"x"})
    )
    found = archive.scan([str(tmp_path)])
    assert found.stations == ["0101", "0102", "0103"]
    nested = next(one for one in found.found if one.station == "0102")
    assert nested.relative == f"outer.zip!deep/inner.zip!{Component(station='0102').name}"
    assert nested.size == len(Component(station="0102", samples=three()[0].samples).content)


def test_nested_zips_are_not_unpacked_to_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "outer.zip"
    path.write_bytes(zip_of({"inner.zip": zip_of({Component().name: b"x"})}))
    before = {*tmp_path.iterdir()}
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none"))
    archive.scan([str(path)])
    assert {*tmp_path.iterdir()} == before


def test_adding_a_stations_zip_changes_the_digest_of_its_shard_only(tmp_path: Path) -> None:
    for station in ("0101", "0102", "0103", "0104"):
        station_zip(tmp_path, station)
    before = digests(tmp_path)
    station_zip(tmp_path, "0999")
    after = digests(tmp_path)
    assert {shard for shard in before if before[shard] != after[shard]} == {shard_of("0999", 8)}


def test_a_digest_sees_size_and_time_of_the_enclosing_zip(tmp_path: Path) -> None:
    station_zip(tmp_path, "0101")
    before = digests(tmp_path)
    station_zip(tmp_path, "0101", mtime=1_700_000_000)
    assert before[shard_of("0101", 8)] != digests(tmp_path)[shard_of("0101", 8)]


def test_a_zip_of_several_stations_is_in_the_digest_of_each(tmp_path: Path) -> None:
    stations = ["0101", "0102", "0103"]
    path = tmp_path / "all.zip"
    path.write_bytes(zip_of({one.name: one.content for s in stations for one in three(station=s)}))
    os.utime(path, (1, 1))
    before = digests(tmp_path)
    os.utime(path, (2, 2))
    after = digests(tmp_path)
    assert {s for s in before if before[s] != after[s]} == {shard_of(s, 8) for s in stations}


def test_a_digest_does_not_depend_on_where_the_archive_lies(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    station_zip(tmp_path / "here", "0101")
    before = digests(tmp_path / "here")
    (tmp_path / "here").rename(tmp_path / "there")
    assert before == digests(tmp_path / "there")


def test_a_station_that_the_name_does_not_tell_is_read_from_the_header(tmp_path: Path) -> None:
    (tmp_path / "IT.ACC..HNE.D.ACC.ASC").write_bytes(Component(station="NRC").content)
    (tmp_path / "notes.txt").write_text("not a record")
    (tmp_path / "z.zip").write_bytes(zip_of({"one.asc": Component(station="CLO").content}))
    assert archive.scan([str(tmp_path)]).stations == ["CLO", "NRC"]
    assert reasons(tmp_path) == {"notes.txt": "not_a_record"}


def test_an_archive_given_twice_counts_once(tmp_path: Path) -> None:
    write(tmp_path / "a", three())
    assert len(archive.scan([str(tmp_path), f"{tmp_path}/a"]).found) == 3


def test_files_without_a_reader_and_macos_twins_are_no_records(tmp_path: Path) -> None:
    write(tmp_path, three())
    (tmp_path / f"._{Component().name}").write_bytes(b"\0\5\x16\7")
    (tmp_path / "README.md").write_text("hello")
    (tmp_path / "mac.zip").write_bytes(
        zip_of({f"__MACOSX/._{Component().name}": b"", f"__MACOSX/{Component().name}": b""})
    )
    assert set(reasons(tmp_path).values()) == {"not_a_record"}
    assert len(reasons(tmp_path)) == 3
    assert len(archive.scan([str(tmp_path)]).refused) == 4


def test_names_that_leave_their_folder_are_refused(tmp_path: Path) -> None:
    write(tmp_path, three())
    evil = {f"../{Component().name}": b"", f"/etc/{Component().name}": b"", f"a\\..\\{Component().name}": b""}
    (tmp_path / "evil.zip").write_bytes(zip_of(evil))
    refused = archive.scan([str(tmp_path)]).refused
    assert [one.reason for one in refused] == ["unsafe_path"] * 3


def test_links_are_not_followed(tmp_path: Path) -> None:
    outside = write(tmp_path / "outside", three(station="0101"))
    inside = write(tmp_path / "archive", three(station="0102"))
    (tmp_path / "archive/out.asc").symlink_to(outside[0])
    (tmp_path / "archive/in.asc").symlink_to(inside[0])
    (tmp_path / "archive/loop").symlink_to(tmp_path / "archive")
    (tmp_path / "archive/gone").symlink_to(tmp_path / "archive/nothing")
    assert archive.scan([str(tmp_path / "archive")]).stations == ["0102"]
    assert reasons(tmp_path / "archive") == {
        "out.asc": "unsafe_path", "in.asc": "duplicate", "loop": "duplicate", "gone": "duplicate",
    }  # fmt: skip


def test_a_link_within_a_zip_is_refused(tmp_path: Path) -> None:
    write(tmp_path, three())
    info = zipfile.ZipInfo(Component(station="0999").name)
    info.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "link.zip", "w") as opened:
        opened.writestr(info, "/etc/passwd")
    assert list(reasons(tmp_path).values()) == ["unsafe_path"]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 and then nothing", b"PK\x05\x06" + b"\0" * 18])
def test_a_broken_or_empty_zip_is_refused_and_the_rest_is_read(tmp_path: Path, content: bytes) -> None:
    write(tmp_path, three())
    (tmp_path / "broken.zip").write_bytes(content)
    assert len(archive.scan([str(tmp_path)]).found) == 3


def test_zip_bombs_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, three())
    for module in (archive, opening):
        monkeypatch.setattr(module, "LARGEST_MEMBER", 10_000)
    monkeypatch.setattr(opening.read_limited, "__defaults__", (10_000,))
    big = b"0.0\n" * 10_000
    (tmp_path / "wide.zip").write_bytes(zip_of({Component(station="0999").name: big}))
    (tmp_path / "nested.zip").write_bytes(zip_of({"inner.zip": zip_of({"a.asc": os.urandom(20_000)})}))
    assert set(reasons(tmp_path).values()) == {"too_large"}


def test_a_quine_of_zips_ends(tmp_path: Path) -> None:
    write(tmp_path, three())
    content = zip_of({Component(station="0999").name: b"x"})
    for _ in range(10):
        content = zip_of({"inner.zip": content})
    (tmp_path / "deep.zip").write_bytes(content)
    assert list(reasons(tmp_path).values()) == ["too_large"]


def test_an_encrypted_member_is_refused(tmp_path: Path) -> None:
    write(tmp_path, three())
    content = bytearray(zip_of({Component(station="0999").name: b"x"}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + offset] |= 1
    (tmp_path / "secret.zip").write_bytes(bytes(content))
    assert list(reasons(tmp_path).values()) == ["unreadable"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: None, "not found"),
        (lambda path: path.mkdir(), "holds no record"),
        (lambda path: path.write_text("hello"), "holds no record"),
    ],
)
def test_an_archive_without_records_is_one_clear_line(
    tmp_path: Path, make: Callable[[Path], None], message: str
) -> None:
    make(tmp_path / "such")
    with pytest.raises(InputError, match=f"archive: .*such: {message}; expected") as caught:
        archive.scan([str(tmp_path / "such")])
    assert "\n" not in str(caught.value)


def test_importing_the_scan_loads_nothing_heavy() -> None:
    code = (
        "import sys, quakesite.records.archive;"
        "print([m for m in ('numpy', 'pyarrow', 'pandas', 'pydantic', 'obspy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
