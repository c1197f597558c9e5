"""Whatever bytes come, a reader returns a sound record or refuses the file with a reason: nothing else.

A short slice, the same in every run, of what `benchmarks/records_fuzz.py` does with 200,000 inputs.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
import scipy.io
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quakesite.errors import InputError
from quakesite.records import Record, asc
from quakesite.records.archive import scan
from quakesite.records.candidates import Candidate, SourceFile
from quakesite.records.ingest import check_balance, ordered_records
from quakesite.records.loading import load
from quakesite.records.opening import InMemory, Sources
from quakesite.records.refusal import Refusal
from quakesite.records.seedfile import control_records, parts
from quakesite.records.settings import RecordsSettings
from quakesite.rejects import Reject

from . import test_mat, test_nsmn, test_seed
from .conftest import Component, motion, three
from .test_archive import zip_of
from .zip64 import far_away

NO_LIMITS = RecordsSettings(max_epicentral_distance_km=None)

FEW = settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
JUNK = st.one_of(
    st.binary(max_size=12),
    st.sampled_from(
        [
            b"\n",
            b":",
            b"nan",
            b"-",
            b"1e999",
            b"\xff",
            b"\0" * 9,
            b"9" * 400,
            b" " * 3000,
            b"NDATA: 0\n",
            b"\xff" * 8,
        ]
    ),
)
EDITS = st.lists(
    st.tuples(st.sampled_from("idroc"), st.floats(0, 1), st.integers(0, 60), JUNK), min_size=1, max_size=6
)


def edited(content: bytes, edits: list[tuple[str, float, int, bytes]]) -> bytes:
    """Returns `content` with pieces inserted, deleted, replaced, overwritten in place, or cut off."""
    for kind, place, length, junk in edits:
        at = int(place * len(content))
        if kind == "i":
            content = content[:at] + junk + content[at:]
        elif kind == "d":
            content = content[:at] + content[at + length :]
        elif kind == "r":
            content = content[:at] + junk + content[at + len(junk) :]
        elif kind == "o":
            content = content[:at] + (junk + content[at + len(junk) :])[: len(content) - at]
        elif length < 5:
            content = content[:at]
    return content


def check_refusal(refusal: Refusal, sources: set[str]) -> None:
    assert refusal.source in sources
    assert refusal.detail


def read_or_refuse(candidate: Candidate, contents: dict[str, bytes]) -> None:
    try:
        record = load(candidate, InMemory(contents))
    except Refusal as refusal:
        check_refusal(refusal, set(contents))
    else:
        check_record(record, candidate)


def check_record(record: Record, candidate: Candidate) -> None:
    assert record.acceleration.shape == (3, record.n_samples)
    assert np.isfinite(record.acceleration).all()
    assert np.isfinite(record.pga_cm_s2)
    assert record.record_id.endswith(f"_{candidate.station}")


SMALL = [Component(component=one.component, samples=motion(30, seed)) for seed, one in enumerate(three())]


@FEW
@given(EDITS, EDITS)
def test_asc(edits: list[tuple[str, float, int, bytes]], more: list[tuple[str, float, int, bytes]]) -> None:
    contents = {one.component: one.content for one in SMALL}
    contents["E"], contents["N"] = edited(contents["E"], edits), edited(contents["N"], more)
    files = {name: name for name in contents}
    read_or_refuse(Candidate("0905", "20201030115124", "mp_Acc", "asc", files), contents)


FIELDS = st.sampled_from(
    [line.split(":")[0] for line in Component().content.decode().split("\n")[:31] if ":" in line]
)


@FEW
@given(FIELDS, st.text(max_size=20))
def test_any_text_in_any_field_of_an_asc_header(field: str, value: str) -> None:
    lines = SMALL[0].content.decode().split("\n")
    lines = [f"{field}: {value}" if line.startswith(f"{field}:") else line for line in lines]
    content = "\n".join(lines).encode("utf-8", "replace")
    try:
        header = asc.read_header(content, "x")
        assert np.isfinite(asc.read_samples(content, header, "x")).all()
    except Refusal as refusal:
        check_refusal(refusal, {"x"})


@FEW
@given(EDITS)
def test_nsmn_edited(edits: list[tuple[str, float, int, bytes]]) -> None:
    content = edited(test_nsmn.content().encode("cp1254"), edits)
    read_or_refuse(Candidate("0921", "20170720223109", "nsmn", "nsmn", {"ENZ": "x"}), {"x": content})


@pytest.fixture(scope="module")
def mat_content() -> bytes:
    buffer = io.BytesIO()
    fields = test_mat.FIELDS | {"Accel": test_mat.NEU[:20], "numofData": 20}
    fields.pop("pga")
    scipy.io.savemat(buffer, {"EQ": {"anEQ": fields}})
    return buffer.getvalue()


@FEW
@given(edits=EDITS)
def test_mat_edited(mat_content: bytes, edits: list[tuple[str, float, int, bytes]]) -> None:
    content = edited(mat_content, edits)
    read_or_refuse(Candidate("0208", "20180926094845", "mat", "mat", {"ENZ": "x"}), {"x": content})


@pytest.fixture(scope="module")
def seed_contents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("seed")
    path = test_seed.write(Path(folder), test_seed.stream(300), test_seed.inventory())
    return {"x": path.read_bytes(), "xml": path.with_suffix(".xml").read_bytes()}


@settings(FEW, max_examples=40)
@given(which=st.sampled_from(["x", "xml"]), edits=EDITS)
def test_seed_edited(
    seed_contents: dict[str, bytes], which: str, edits: list[tuple[str, float, int, bytes]]
) -> None:
    contents = seed_contents | {which: edited(seed_contents[which], edits)}
    candidate = Candidate("1211", "20230626064129", "mseed", "mseed", {"ENZ": "x"}, inventories=("xml",))
    read_or_refuse(candidate, contents)


PLACES = st.lists(st.tuples(st.integers(0, 63), st.integers(0, 255)), min_size=1, max_size=4)


@settings(FEW, max_examples=60)
@given(record=st.integers(0, 20), places=PLACES)
def test_seed_with_bytes_of_a_header_changed(
    seed_contents: dict[str, bytes], record: int, places: list[tuple[int, int]]
) -> None:
    content = bytearray(seed_contents["x"])
    for offset, value in places:
        content[(record * 512 + offset) % len(content)] = value
    candidate = Candidate("1211", "20230626064129", "mseed", "mseed", {"ENZ": "x"}, inventories=("xml",))
    read_or_refuse(candidate, seed_contents | {"x": bytes(content)})


@pytest.fixture(scope="module")
def full_seed(shared_data: Path) -> tuple[bytes, bytes]:
    """The control records of a genuine file, and its first data record of each channel."""
    with zipfile.ZipFile(shared_data / "tadas/fullSEEDSample.zip") as opened:
        content = opened.read("20230626064129_1211_N.fseed")
    by_channel = {one.channel: one.content(content) for one in reversed(parts(content)["1211"])}
    return control_records(content), b"".join(by_channel.values())


@settings(FEW, max_examples=25)
@given(edits=EDITS)
def test_control_records_edited(
    full_seed: tuple[bytes, bytes], edits: list[tuple[str, float, int, bytes]]
) -> None:
    """The heads of the records are mended, so that ObsPy sees the rest."""
    control, data = full_seed
    content = bytearray(edited(control, edits)[: len(control)].ljust(len(control)))
    for start in range(0, len(control), 4096):
        content[start : start + 21] = control[start : start + 21]
    candidate = Candidate("1211", "20230626064129", "mseed", "mseed", {"ENZ": "x"})
    read_or_refuse(candidate, {"x": bytes(content) + data})


@pytest.fixture(scope="module")
def zips() -> list[bytes]:
    files = {one.name: one.content for one in SMALL}
    return [
        zip_of(files),
        zip_of({"a/inner.zip": zip_of(files), "README": b"hello"}),
        far_away(files, 0),
        zip_of({"a/inner.zip": far_away(files, 2**63)}),
    ]


@FEW
@given(which=st.sampled_from(range(4)), edits=EDITS)
def test_zips_edited(
    tmp_path_factory: pytest.TempPathFactory,
    zips: list[bytes],
    which: int,
    edits: list[tuple[str, float, int, bytes]],
) -> None:
    path = tmp_path_factory.getbasetemp() / "edited.zip"
    path.write_bytes(edited(zips[which], edits))
    try:
        found = scan([str(path)])
    except InputError as error:
        if "holds no record" not in str(error):
            raise
        return
    files = [SourceFile(one.station, one.source, one.form) for one in found.found]
    refused: list[Reject] = []
    used: set[str] = set()
    with Sources() as opened:
        records = list(ordered_records(files, NO_LIMITS, opened, refused, used))
    check_balance([file.source for file in files], used, refused)
    for record in records:
        assert np.isfinite(record.acceleration).all()
    assert all(one.detail for one in [*refused, *found.refused])
