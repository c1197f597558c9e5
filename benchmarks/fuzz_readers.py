"""Every reader of records as a function of bytes, with shortened real files to start from.

Used by `records_fuzz.py`. A reader returns `record` or the reason of its refusal; whatever else it raises is
a find.
"""

from __future__ import annotations

import io
import os
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from struct import pack, pack_into, unpack_from

from quakesite.errors import InputError
from quakesite.records import archive, ingest
from quakesite.records.candidates import Candidate, SourceFile
from quakesite.records.loading import load
from quakesite.records.opening import InMemory, Sources
from quakesite.records.refusal import Refusal
from quakesite.records.seedfile import control_records, parts
from quakesite.records.settings import RecordsSettings
from quakesite.rejects import Reject

Reader = Callable[[bytes], str]
CONTROL_LENGTH = 4096
NO_LIMITS = RecordsSettings(max_epicentral_distance_km=None)


@dataclass(frozen=True)
class Target:
    """A reader and the files that mutations start from."""

    read: Reader
    corpus: list[bytes]


def loaded(candidate: Candidate, contents: dict[str, bytes]) -> str:
    """Returns what becomes of a candidate with these contents."""
    try:
        load(candidate, InMemory(contents))
    except Refusal as refusal:
        if refusal.source not in contents or not refusal.detail:
            raise AssertionError(f"a refusal without file or reason: {refusal}") from refusal
        return str(refusal.reason)
    return "record"


def short_text(content: bytes, count_key: bytes, peak_key: bytes, samples: int) -> bytes:
    """Returns a text file with its first samples only, count and peak made to agree."""
    lines = content.split(b"\n")
    first = max(n for n, line in enumerate(lines[:80]) if b":" in line or b"N-S" in line) + 1
    head = [count_key + b": %d" % samples if line.startswith(count_key) else line for line in lines[:first]]
    head = [line for line in head if not line.startswith(peak_key)]
    return b"\n".join([*head, *lines[first : first + samples], b""])


def unpacked_mat(content: bytes) -> bytes:
    """Returns a MATLAB file without compression, so that mutations reach its structure."""
    pieces, offset = [content[:128]], 128
    while offset + 8 <= len(content):
        kind, size = unpack_from("<II", content, offset)
        piece = content[offset + 8 : offset + 8 + size]
        pieces.append(zlib.decompress(piece) if kind == 15 else content[offset : offset + 8 + size])
        offset += 8 + size
    return b"".join(pieces)


@cache
def asc_record(data: Path) -> dict[str, bytes]:
    """Returns the components of a genuine record, 120 samples of each."""
    folder = data / "tadas/GuestUser_RawAcc_20201030115124_0905"
    return {
        component: short_text(next(folder.glob(f"2*_{letter}.asc")).read_bytes(), b"NDATA", b"PGA_CM", 120)
        for component, letter in zip("ENZ", "ENU", strict=True)
    }


def asc(data: Path) -> Target:
    """One component of three."""
    record = asc_record(data)
    candidate = Candidate("0905", "20201030115124", "mp_RawAcc", "asc", {name: name for name in "ENZ"})
    more = short_text(
        (data / "tadas/20101114230825_3104_ap_RawAcc_E.asc").read_bytes(), b"NDATA", b"PGA_CM", 120
    )
    refiltered = next((data / "tadas/20230206_pazarcik").glob("*_0118_*_E.asc")).read_bytes()
    corpus = [record["E"], more, short_text(refiltered, b"NDATA", b"PGA_CM", 120)]
    return Target(lambda content: loaded(candidate, record | {"E": content}), corpus)


def nsmn(data: Path) -> Target:
    """The old form."""
    candidate = Candidate("0921", "20170720223109", "nsmn", "nsmn", {"ENZ": "x"})
    corpus = [
        short_text(path.read_bytes(), b"NUMBER OF DATA", b"RAW PGA", 120)
        for path in sorted((data / "nsmn").glob("*0921*.txt"))
    ]
    return Target(lambda content: loaded(candidate, {"x": content}), corpus)


def mat(data: Path) -> Target:
    """The authors' collection: its files as they are, and unpacked."""
    candidate = Candidate("0208", "20181116074358", "mat", "mat", {"ENZ": "x"})
    corpus = [
        content
        for path in sorted((data / "afad1218").glob("*.mat"))[::4]
        for content in (path.read_bytes(), unpacked_mat(path.read_bytes()))
    ]
    return Target(lambda content: loaded(candidate, {"x": content}), corpus)


@cache
def full_seed(data: Path) -> tuple[bytes, bytes, bytes]:
    """Returns a genuine full SEED file as its control records, short data records, and its XML."""
    with zipfile.ZipFile(data / "tadas/fullSEEDSample.zip") as opened:
        seed, xml = sorted(opened.namelist(), key=lambda name: name.endswith(".xml"))
        content, inventory = opened.read(seed), opened.read(xml)
    by_channel: dict[bytes, bytes] = {}
    for record in parts(content)["1211"]:
        by_channel.setdefault(record.channel.encode(), record.content(content))
    return control_records(content), b"".join(by_channel.values()), inventory


def mini_seeds() -> tuple[list[bytes], bytes]:
    """Returns synthetic miniSEED of every encoding, record length and byte order, and its StationXML."""
    import numpy as np
    from obspy import Stream, Trace
    from obspy.core.inventory import Channel, Inventory, Network, Response, Site, Station

    walk = np.cumsum(np.random.default_rng(0).integers(-50, 50, 600))
    files = []
    for encoding in ("STEIM1", "STEIM2", "INT32", "INT16", "FLOAT32", "FLOAT64"):
        kind = {"INT16": "int16", "FLOAT32": "float32", "FLOAT64": "float64"}.get(encoding, "int32")
        header = {"network": "TK", "station": "1211", "sampling_rate": 100.0}
        stream = Stream([Trace(walk.astype(kind), header | {"channel": f"HN{code}"}) for code in "ENZ"])
        for length, order in ((256, ">"), (512, "<"), (4096, ">")):
            buffer = io.BytesIO()
            stream.write(buffer, format="MSEED", encoding=encoding, reclen=length, byteorder=order)
            files.append(buffer.getvalue())
    channels = [
        Channel(
            f"HN{code}", "", 38.9, 41.0, 1383.0, 0.0, azimuth=0.0, dip=0.0, sample_rate=100.0,
            response=Response.from_paz([], [], 3e5, input_units="M/S**2", output_units="COUNTS"),
        )
        for code in "ENZ"
    ]  # fmt: skip
    station = Station("1211", 38.9, 41.0, 1383.0, channels=channels, site=Site("Solhan"))
    xml = io.BytesIO()
    Inventory([Network("TK", [station])], source="fuzz").write(xml, format="STATIONXML")
    return files, xml.getvalue()


def mseed(data: Path) -> Target:
    """Data records, the StationXML being sound."""
    files, xml = mini_seeds()
    candidate = Candidate("1211", "20230626064129", "mseed", "mseed", {"ENZ": "x"}, ("xml",))
    return Target(lambda content: loaded(candidate, {"x": content, "xml": xml}), files)


def stationxml(data: Path) -> Target:
    """StationXML and Arclink's inventory, the data records being sound."""
    files, xml = mini_seeds()
    candidate = Candidate("1211", "20230626064129", "mseed", "mseed", {"ENZ": "x"}, ("xml",))
    return Target(
        lambda content: loaded(candidate, {"x": files[0], "xml": content}), [xml, full_seed(data)[2]]
    )


def fullseed(data: Path) -> Target:
    """Control records, whose heads are mended so that ObsPy sees the rest, before genuine data records."""
    control, records, _ = full_seed(data)
    candidate = Candidate("1211", "20230626064129", "mseed", "mseed", {"ENZ": "x"})

    def read(content: bytes) -> str:
        work = bytearray(content[: len(control)].ljust(len(control)))
        for start in range(0, len(control), CONTROL_LENGTH):
            work[start : start + 8] = control[start : start + 8]
        work[8:21] = control[8:21]
        return loaded(candidate, {"x": bytes(work) + records})

    return Target(read, [control])


def zips(data: Path) -> Target:
    """Whole archives: scanned, their records loaded, every file accounted for."""
    record = asc_record(data)
    names = {
        f"20201030115124_0905_mp_RawAcc_{letter}.asc": record[letter.replace("U", "Z")] for letter in "ENU"
    }
    inner = zip_of(names, zipfile.ZIP_DEFLATED)
    corpus = [
        inner,
        zip_of(names, zipfile.ZIP_STORED),
        zip_of({"folder/inner.zip": inner, "README.txt": b"hello"}, zipfile.ZIP_DEFLATED),
        zip_of({"folder/inner.zip": inner, "README.txt": b"hello"}, zipfile.ZIP_STORED),
        zip64_of(names),
        zip_of({"folder/inner.zip": zip64_of(names)}, zipfile.ZIP_STORED),
    ]
    handle, name = tempfile.mkstemp(suffix=".zip", dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
    os.close(handle)
    return Target(lambda content: _archive(content, Path(name)), corpus)


def zip_of(members: dict[str, bytes], method: int) -> bytes:
    """Returns a zip of these members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as opened:
        for name, content in members.items():
            opened.writestr(name, content)
    return buffer.getvalue()


def zip64_of(members: dict[str, bytes]) -> bytes:
    """Returns a zip whose directory gives the offset of each member in a zip64 extra field."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)
            info.extra = pack("<HHQ", 1, 8, 0)
            opened.writestr(info, content)
    whole = bytearray(buffer.getvalue())
    at = whole.find(b"PK\x01\x02")
    while at >= 0:
        (length,) = unpack_from("<H", whole, at + 28)
        pack_into("<HHQ", whole, at + 46 + length, 1, 8, *unpack_from("<L", whole, at + 42))
        pack_into("<L", whole, at + 42, 0xFFFFFFFF)
        at = whole.find(b"PK\x01\x02", at + 4)
    return bytes(whole)


def _archive(content: bytes, path: Path) -> str:
    path.write_bytes(content)
    try:
        found = archive.scan([str(path)])
    except InputError as error:
        if "holds no record" not in str(error):
            raise
        return "holds no record"
    files = [SourceFile(one.station, one.source, one.form) for one in found.found]
    refused: list[Reject] = []
    used: set[str] = set()
    with Sources() as opened:
        count = len(list(ingest.ordered_records(files, NO_LIMITS, opened, refused, used)))
    ingest.check_balance([file.source for file in files], used, refused)
    return "record" if count else str(refused[0].reason)


TARGETS: dict[str, Callable[[Path], Target]] = {
    "asc": asc,
    "nsmn": nsmn,
    "mat": mat,
    "mseed": mseed,
    "fullseed": fullseed,
    "stationxml": stationxml,
    "zips": zips,
}
