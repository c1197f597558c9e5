"""The scan of an archive: what it finds, what it refuses, and what its digests depend on."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from quakesite.errors import InputError
from quakesite.records import archive, nested, opening, read
from quakesite.shards import shard_names, shard_of

from .conftest import Component, Ingested, motion, three, write


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


def test_a_member_without_a_name_is_refused(tmp_path: Path) -> None:
    """`ZipInfo.is_dir` raises IndexError on it."""
    write(tmp_path, three())
    content = zip_of({"x": b"hello"})
    start = content.index(b"PK\x01\x02")
    entry = bytearray(content[start : content.index(b"PK\x05\x06")])
    del entry[46]
    entry[28:30] = b"\0\0"
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 1, 1, len(entry), start, 0)
    (tmp_path / "nameless.zip").write_bytes(content[:start] + bytes(entry) + end)
    assert [(one.reason, one.detail) for one in archive.scan([str(tmp_path)]).refused] == [
        ("unsafe_path", "a member without a name")
    ]


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
    for module in (archive, opening, nested):
        monkeypatch.setattr(module, "LARGEST_MEMBER", 10_000)
    monkeypatch.setattr(opening.read_limited, "__defaults__", (10_000,))
    big = b"0.0\n" * 10_000
    (tmp_path / "wide.zip").write_bytes(zip_of({Component(station="0999").name: big}))
    (tmp_path / "nested.zip").write_bytes(zip_of({"inner.zip": zip_of({"a.asc": os.urandom(20_000)})}))
    assert set(reasons(tmp_path).values()) == {"too_large"}


def test_a_member_that_claims_to_be_small_is_refused_when_it_is_read(
    tmp_path: Path, ingest: Callable[..., Ingested], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening.read_limited, "__defaults__", (20_000,))
    monkeypatch.setattr(opening.Sources.read, "__defaults__", (20_000,))
    east, north, up = three()
    content = bytearray(zip_of({east.name: east.content + b"0.000000\n" * 10_000}))
    real = struct.pack("<I", len(east.content) + 90_000)
    assert content.count(real) == 2
    content = content.replace(real, struct.pack("<I", 10))
    (tmp_path / "a").mkdir()
    (tmp_path / "a/liar.zip").write_bytes(bytes(content))
    write(tmp_path / "a", [north, up])
    kept, refused = ingest(tmp_path / "a")
    assert kept == []
    assert set(refused.values()) <= {"unreadable", "too_large"}
    assert set(refused) == {one.name for one in (east, north, up)}


def test_members_that_share_their_bytes_are_refused(tmp_path: Path) -> None:
    """The bomb of Fifield (2019): every name in the directory points at the same compressed bytes."""
    write(tmp_path, three())
    names = [Component(station=f"99{number:02d}").name for number in range(20)]
    content = zip_of({"20201030115124_9900_mp_RawAcc_E.asc": b"0.0\n" * 100_000})
    start = content.index(b"PK\x01\x02")
    entry = content[start : content.index(b"PK\x05\x06")]
    directory = b"".join(entry.replace(names[0].encode(), name.encode()) for name in names)
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, len(names), len(names), len(directory), start, 0)
    (tmp_path / "overlap.zip").write_bytes(content[:start] + directory + end)
    with opening.Sources() as opened:
        read = [one for one in archive.scan([str(tmp_path)]).found if one.station[:2] == "99"]
        assert len(read) == 20
        for one in read[1:]:
            with pytest.raises(zipfile.BadZipFile):
                opened.read(one.source)


def test_a_zip_cut_short_loses_what_is_missing_and_no_more(
    tmp_path: Path, ingest: Callable[..., Ingested]
) -> None:
    whole = zip_of({one.name: one.content for one in three()})
    write(tmp_path / "a", three(station="0101"))
    (tmp_path / "a/cut.zip").write_bytes(whole[: len(whole) // 2])
    kept, refused = ingest(tmp_path / "a")
    assert kept == ["20201030115124_0101"]
    assert refused == {"cut.zip": "unreadable"}


def test_a_damaged_member_is_refused_with_its_record(tmp_path: Path, ingest: Callable[..., Ingested]) -> None:
    content = bytearray(zip_of({one.name: one.content for one in three()}))
    content[300:310] = b"\xff" * 10
    write(tmp_path / "a", three(station="0101"))
    (tmp_path / "a/damaged.zip").write_bytes(bytes(content))
    kept, refused = ingest(tmp_path / "a")
    assert kept == ["20201030115124_0101"]
    assert refused == {one.name: "unreadable" for one in three()}


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_a_damaged_member_of_another_compression_is_refused_too(
    tmp_path: Path, ingest: Callable[..., Ingested], method: int
) -> None:
    write(tmp_path / "a", three(station="0101"))
    for one in three():
        with zipfile.ZipFile(tmp_path / "a" / f"{one.name}.zip", "w", method) as opened:
            opened.writestr(one.name, one.content)
        content = bytearray((tmp_path / "a" / f"{one.name}.zip").read_bytes())
        middle = len(content) // 2
        content[middle : middle + 20] = b"\xff" * 20
        (tmp_path / "a" / f"{one.name}.zip").write_bytes(bytes(content))
    kept, refused = ingest(tmp_path / "a")
    assert kept == ["20201030115124_0101"]
    assert refused == {one.name: "unreadable" for one in three()}


def twice(path: Path, first: list[Component], second: Component, method: int = zipfile.ZIP_DEFLATED) -> None:
    with zipfile.ZipFile(path, "w", method) as opened, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for one in [*first, second]:
            opened.writestr(one.name, one.content)


def test_of_two_members_of_a_name_the_first_is_read_and_the_second_refused(
    tmp_path: Path, ingest: Callable[..., Ingested]
) -> None:
    (tmp_path / "a").mkdir()
    other = Component(samples=motion(400, 99))
    twice(tmp_path / "a/twice.zip", three(), other)
    kept, refused = ingest(tmp_path / "a")
    assert kept == ["20201030115124_0905"]
    assert refused == {three()[0].name: "duplicate"}
    (record,) = read(tmp_path / "a", rejects=[])
    assert (record.acceleration[0] == three()[0].samples).all()


def test_every_further_member_of_a_name_has_a_row(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as opened, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(4):
            opened.writestr(Component().name, b"x")
    found = archive.scan([str(tmp_path), str(tmp_path / "x.zip")])
    assert (len(found.found), [one.reason for one in found.refused]) == (1, ["duplicate"] * 3)
    assert "number 4 in the zip" in found.refused[-1].detail


def test_a_zip_without_files_has_a_row(tmp_path: Path) -> None:
    write(tmp_path, three())
    (tmp_path / "empty.zip").write_bytes(zip_of({}))
    (tmp_path / "folders.zip").write_bytes(zip_of({"a/": b"", "a/b/": b""}))
    (tmp_path / "outer.zip").write_bytes(zip_of({"inner.zip": zip_of({})}))
    assert reasons(tmp_path) == dict.fromkeys(("empty.zip", "folders.zip", "inner.zip"), "not_a_record")


def test_bookkeeping_of_a_download_is_passed_over_only_beside_its_ledger(tmp_path: Path) -> None:
    write(tmp_path, three())
    (tmp_path / "tadas").mkdir()
    for name in archive.BOOKKEEPING:
        (tmp_path / "tadas" / name).write_bytes(b"")
    (tmp_path / archive.LOCK).write_bytes(b"")  # alone in the copy of an object store
    (tmp_path / "refused.csv").write_text("my own notes\n")
    (tmp_path / "waveforms.csv").write_text("my own notes\n")
    assert reasons(tmp_path) == dict.fromkeys(("refused.csv", "waveforms.csv"), "not_a_record")


@pytest.mark.parametrize("encoding", ["cp857", "cp437", "cp1254", "utf-8"])
def test_turkish_names_in_a_zip_are_read_whatever_their_encoding(
    tmp_path: Path, ingest: Callable[..., Ingested], encoding: str
) -> None:
    """Zip has a flag for UTF-8 and none for anything else; Windows and DOS wrote what they had."""
    folder = "G\u00fcm\u00fc\u00e7\u00f6" if encoding == "cp437" else "Ku\u015fadas\u0131 \u011e\u0130"
    spelled = folder.encode(encoding)
    mark = "X" * len(spelled)
    content = zip_of({f"{mark}/{one.name}": one.content for one in three()})
    (tmp_path / "a").mkdir()
    (tmp_path / "a/old.zip").write_bytes(content.replace(mark.encode(), spelled))
    kept, refused = ingest(tmp_path / "a")
    assert (kept, refused) == (["20201030115124_0905"], {})


def test_a_name_on_disk_that_is_no_utf8_is_refused(tmp_path: Path, ingest: Callable[..., Ingested]) -> None:
    write(tmp_path / "a", three())
    below = os.fsencode(tmp_path / "a") + "/Ku\u015fadas\u0131".encode("cp1254")
    try:
        os.mkdir(below)
    except OSError:
        pytest.skip("this file system holds UTF-8 names only")
    with open(below + b"/" + Component(station="0999").name.encode(), "wb") as opened:
        opened.write(Component(station="0999").content)
    os.symlink(below, os.fsencode(tmp_path / "a/link"))
    kept, refused = ingest(tmp_path / "a")
    assert kept == ["20201030115124_0905"]
    assert refused == {Component(station="0999").name: "unsafe_path", "link": "duplicate"}


def inventory(*stations: str) -> bytes:
    described = "".join(f'<Station code="{station}"/>' for station in stations)
    return f'<FDSNStationXML><Network code="TK">{described}</Network></FDSNStationXML>'.encode()


def test_a_stationxml_of_two_stations_counts_for_each(tmp_path: Path) -> None:
    xml = inventory("0101", "0102")
    (tmp_path / "all.xml").write_bytes(xml)
    for station in ("0101", "0102"):
        (tmp_path / f"20230626064129_{station}.mseed").touch()
    found = [one for one in archive.scan([str(tmp_path)]).found if one.form == "stationxml"]
    assert [(one.station, one.source.partition("#")[2]) for one in found] == [
        ("0101", "0101"),
        ("0102", "0102"),
    ]
    with opening.Sources() as opened:
        assert opened.read(found[0].source) == opened.read(found[1].source) == xml


def test_an_inventory_of_a_network_has_one_row_with_a_count_and_none_for_each_station(
    tmp_path: Path, ingest: Callable[..., Ingested]
) -> None:
    write(tmp_path / "a", three())
    (tmp_path / "a/network.xml").write_bytes(inventory(*(f"{number:04d}" for number in range(100, 3100))))
    kept, refused = ingest(tmp_path / "a")
    assert (kept, refused) == (["20201030115124_0905"], {"network.xml": "not_a_record"})
    found = archive.scan([str(tmp_path / "a")])
    assert found.stations == ["0905"]
    assert [one.detail for one in found.refused] == [
        "a StationXML: 3000 of its stations have no miniSEED here"
    ]


def test_of_an_inventory_only_the_stations_with_miniseed_are_kept(tmp_path: Path) -> None:
    write(tmp_path, three())
    (tmp_path / "network.xml").write_bytes(inventory("0905", "1211", "1212"))
    (tmp_path / "20230626064129_1211.mseed").touch()
    found = archive.scan([str(tmp_path)])
    assert [Path(one.source).name for one in found.found if one.form == "stationxml"] == ["network.xml#1211"]
    (refused,) = found.refused
    assert refused.detail == "a StationXML: 2 of its stations have no miniSEED here"


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


def test_a_header_that_names_two_stations_is_of_the_first(tmp_path: Path) -> None:
    lines = b"STRONG GROUND MOTION RECORDS OF TURKIYE\nSTATION ID : 0921\nSTATION ID : 1210\n"
    (tmp_path / "old.txt").write_bytes(lines)
    (tmp_path / "new.asc").write_bytes(b"STATION_CODE: AAA\nSTATION_CODE: BBB\n")
    found = {Path(one.source).name: one.station for one in archive.scan([str(tmp_path)]).found}
    assert found == {"old.txt": "0921", "new.asc": "AAA"}
