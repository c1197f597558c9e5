"""Zips within zips: read without unpacking, or within limits; and names that look like members of zips."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from quakesite.records import archive, nested, opening
from quakesite.records.nested import Inner

from .conftest import Component, Ingested, three, write
from .test_archive import reasons, zip_of
from .zip64 import far_away


def test_nested_zips_are_not_unpacked_to_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "outer.zip"
    path.write_bytes(zip_of({"inner.zip": zip_of({Component().name: b"x"})}))
    before = {*tmp_path.iterdir()}
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none"))
    archive.scan([str(path)])
    assert {*tmp_path.iterdir()} == before


def test_a_quine_of_zips_ends(tmp_path: Path) -> None:
    write(tmp_path, three())
    content = zip_of({Component(station="0999").name: b"x"})
    for _ in range(10):
        content = zip_of({"inner.zip": content})
    (tmp_path / "deep.zip").write_bytes(content)
    assert list(reasons(tmp_path).values()) == ["too_large"]


def test_many_zips_within_a_zip_cannot_unpack_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sixteen zips of sixteen zips of sixteen ...: 4 kB that a scan without a budget unpacks for hours."""
    write(tmp_path, three())
    monkeypatch.setattr(archive, "LARGEST_MEMBER", 100_000)
    filler = {f"{number}.txt": b"0" * 4000 for number in range(2)}
    content = zip_of(filler)
    for _ in range(3):
        content = zip_of({f"{number:02d}.zip": content for number in range(16)})
    (tmp_path / "bush.zip").write_bytes(zip_of({"x.zip": content}))
    unpacked: list[int] = []
    inner_zip = archive.open_inner

    def counted(outer: zipfile.ZipFile, info: zipfile.ZipInfo, limit: int) -> Inner:
        inner = inner_zip(outer, info, limit)
        unpacked.append(inner.size)
        return inner

    monkeypatch.setattr(archive, "open_inner", counted)
    found = archive.scan([str(tmp_path)])
    assert len(found.found) == 3
    assert "too_large" in {one.reason for one in found.refused}
    assert sum(unpacked) <= max(100_000, 20 * (tmp_path / "bush.zip").stat().st_size)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_large_zip_within_a_zip_is_read(
    tmp_path: Path, ingest: Callable[..., Ingested], monkeypatch: pytest.MonkeyPatch, method: int
) -> None:
    """Stored it is read in place; compressed it is unpacked to disk."""
    for module in (archive, opening, nested):
        monkeypatch.setattr(module, "LARGEST_MEMBER", 30_000)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened:
        for station in ("0101", "0102", "0103", "0104", "0105"):
            for one in three(station=station):
                opened.writestr(one.name, one.content)
    assert len(buffer.getvalue()) > 60_000
    (tmp_path / "a").mkdir()
    with zipfile.ZipFile(tmp_path / "a/outer.zip", "w", method) as opened:
        opened.writestr("before.txt", b"x" * 1000)
        opened.writestr("deep/inner.zip", buffer.getvalue())
    with zipfile.ZipFile(tmp_path / "a/deeper.zip", "w") as opened:
        opened.write(tmp_path / "a/outer.zip", "outer.zip")
    kept, refused = ingest(tmp_path / "a")
    assert kept == [f"20201030115124_010{number}" for number in range(1, 6)]
    assert set(refused.values()) == {"duplicate", "not_a_record"}
    assert len(refused) == 16


def test_a_zip_within_a_zip_beyond_the_limit_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "LARGEST_INNER_ZIP", 1000)
    write(tmp_path, three())
    (tmp_path / "outer.zip").write_bytes(zip_of({"inner.zip": zip_of({"a.asc": os.urandom(2000)})}))
    (refused,) = archive.scan([str(tmp_path)]).refused
    assert refused.reason == "too_large"
    assert refused.detail == "unpacks to more than 1000 bytes; unpack the zip it is in"


def test_zips_within_zips_can_be_read_in_any_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With room for two open zips each inner one is opened again and again."""
    monkeypatch.setattr(opening, "MOST_OPEN", 2)
    content = {f"{n}.zip": zip_of({"m.zip": zip_of({f"{n}.asc": b"%d" % n})}) for n in range(4)}
    with zipfile.ZipFile(tmp_path / "o.zip", "w") as opened:
        for name, inner in content.items():
            opened.writestr(name, inner)
    with opening.Sources() as sources:
        for n in (0, 1, 0, 2, 3, 1, 1, 0):
            assert sources.read(f"{tmp_path}/o.zip!{n}.zip!m.zip!{n}.asc") == b"%d" % n


def test_a_folder_named_like_a_member_of_a_zip_is_read(
    tmp_path: Path, ingest: Callable[..., Ingested]
) -> None:
    old = tmp_path / "a/data.zip!old"
    write(old, three())
    (old / "more.zip").write_bytes(zip_of({one.name: one.content for one in three(station="0101")}))
    inner = {f"b.zip!c/{one.name}": one.content for one in three(station="0102")}
    (tmp_path / "a/outer.zip").write_bytes(zip_of(inner))
    kept, refused = ingest(tmp_path / "a")
    assert kept == [f"20201030115124_{station}" for station in ("0101", "0102", "0905")]
    assert refused == {}


def test_names_that_could_be_a_folder_or_a_zip_beside_it_are_refused(
    tmp_path: Path, ingest: Callable[..., Ingested]
) -> None:
    member = three(station="0101")[0].name
    write(tmp_path / "a/data.zip!old", three(station="0999"))
    content = zip_of({one.name: one.content for one in three(station="0101")})
    (tmp_path / "a/data.zip").write_bytes(content)
    (tmp_path / "a/outer.zip").write_bytes(zip_of({"in.zip": content, f"in.zip!{member}": b"x"}))
    kept, refused = ingest(tmp_path / "a")
    assert kept == ["20201030115124_0101"]
    assert refused["data.zip!old".replace("!", "/").rsplit("/")[-1]] == "unsafe_path"
    details = {one.detail for one in archive.scan([str(tmp_path / "a")]).refused}
    assert details == {
        f"named like a member of {name} beside it; rename it" for name in ("data.zip", "in.zip")
    }


@pytest.mark.parametrize("offset", [2**63 + 5, 2**64 - 1, 2**62])
@pytest.mark.parametrize("named", [True, False])
def test_a_member_that_starts_beyond_any_file_is_refused(
    tmp_path: Path, ingest: Callable[..., Ingested], named: bool, offset: int
) -> None:
    """A zip64 extra field may state an offset that no seek takes: OverflowError."""
    files = {one.name if named else f"{one.component}.asc": one.content for one in three(station="0999")}
    write(tmp_path / "a", three())
    (tmp_path / "a/far.zip").write_bytes(far_away(files, offset))
    (tmp_path / "a/outer.zip").write_bytes(zip_of({"inner.zip": far_away(files, offset)}))
    (tmp_path / "a/twice.zip").write_bytes(far_away({"inner.zip": b"x"}, offset))
    kept, refused = ingest(tmp_path / "a")
    assert kept == ["20201030115124_0905"]
    assert set(refused.values()) == {"unreadable"}
    assert "inner.zip" in refused or named
