"""Reports that are slow, huge or that break their reader are refused, and the next one is read."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from quakesite.rejects import Reason, Reject
from quakesite.stations import apart
from quakesite.stations.apart import ReportReader
from quakesite.stations.report_layouts import Layout
from quakesite.stations.statements import Statement

Pdf = Callable[..., Path]


@pytest.fixture(scope="module")
def reader(layouts: list[Layout]) -> Iterator[ReportReader]:
    """A reader with two seconds and 1 GiB for each report."""
    with ReportReader(layouts, "reject", 2.0, memory_bytes=2**30) as open_reader:
        yield open_reader


@pytest.fixture
def sound(plain_pdf: Pdf) -> Path:
    """A report that is all right."""
    return plain_pdf("3506.pdf", "Station: 3506", ["Thickness (m)", "Vs (m/s)"], ["10", "200"], ["25", "400"])


def refusal(reader: ReportReader, path: Path) -> tuple[Reason, str]:
    """Returns why a report is refused."""
    (said,) = reader.read(path)
    assert isinstance(said, Reject)
    assert said.source == str(path)
    return said.reason, said.detail


def pdf_of(path: Path, packed: bytes, *, pages: int = 1) -> Path:
    """Writes a PDF whose pages share one content stream, compressed already."""
    kids = " ".join(f"{number} 0 R" for number in range(4, 4 + pages))
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 3 0 R/Resources<<>>>>"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Kids[{kids}]/Count {pages}>>".encode(),
        b"<</Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (len(packed), packed),
        *[page] * pages,
    ]
    content, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    size, start = len(objects) + 1, len(content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    content += b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table)
    path.write_bytes(content + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (size, start))
    return path


def packed_blanks(blocks: int) -> bytes:
    """Returns that many times 64 MiB of blanks as one zlib stream, of which one block alone was packed."""
    block = b" " * 2**26
    packer = zlib.compressobj(9, wbits=-15)
    packed = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    checksum = 1
    for _ in range(blocks):
        checksum = zlib.adler32(block, checksum)
    return b"\x78\x9c" + packed * blocks + b"\x03\x00" + checksum.to_bytes(4, "big")


def test_a_sound_report_is_read_as_without_a_process_of_its_own(reader: ReportReader, sound: Path) -> None:
    (said,) = reader.read(sound)
    assert isinstance(said, Statement)
    assert said.vs30_m_s == pytest.approx(300.0)


def test_a_page_with_a_million_lines_is_given_up_and_the_next_report_is_read(
    reader: ReportReader, sound: Path, tmp_path: Path
) -> None:
    slow = pdf_of(tmp_path / "slow.pdf", zlib.compress(b"1 2 m 300 700 l S\n" * 1_000_000))
    assert refusal(reader, slow) == (Reason.TIMED_OUT, "not read within 2 s (stations.report_limit_s)")
    assert isinstance(reader.read(sound)[0], Statement)


def test_a_stream_that_unpacks_to_more_than_the_memory_is_refused(
    reader: ReportReader, sound: Path, tmp_path: Path
) -> None:
    bomb = pdf_of(tmp_path / "bomb.pdf", packed_blanks(20))
    assert bomb.stat().st_size < 10 * 2**20
    reason, _ = refusal(reader, bomb)
    assert reason in {Reason.TOO_LARGE, Reason.TIMED_OUT, Reason.UNREADABLE}
    assert isinstance(reader.read(sound)[0], Statement)


def test_too_many_pages_are_refused_unread(reader: ReportReader, tmp_path: Path) -> None:
    book = pdf_of(tmp_path / "book.pdf", zlib.compress(b"0 0 m 1 1 l S"), pages=1000)
    assert refusal(reader, book) == (Reason.TOO_LARGE, "1000 pages; 200 is the limit")


def test_a_file_of_more_than_the_limit_is_not_even_opened(
    reader: ReportReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "MAX_BYTES", 2**20)
    path = tmp_path / "3506.csv"
    path.write_bytes(b"1;2\n" * 2**19)
    assert refusal(reader, path) == (Reason.TOO_LARGE, "2 MB; 1 MB is the limit")


def test_a_reader_that_is_killed_costs_one_report(reader: ReportReader, sound: Path) -> None:
    reader.read(sound)
    process = reader._process
    assert process is not None
    assert process.pid is not None
    os.kill(process.pid, 9)
    first = reader.read(sound)[0]
    again = reader.read(sound)[0]
    assert isinstance(again, Statement)
    assert isinstance(first, Statement) or first.reason is Reason.UNREADABLE
