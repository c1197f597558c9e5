"""A zip with any bytes changed is read, or refused with a reason; it never raises anything else."""

from __future__ import annotations

import contextlib
import io
import random
import zipfile

import pytest

from quakesite.download.client import Answer
from quakesite.download.faults import Fault
from quakesite.download.ledger import Wanted
from quakesite.download.parcels import Parcel, opened
from quakesite.records.opening import BROKEN_ZIP

from ..records.zip64 import far_away
from .afad_server import flat, nested

RECORDS = ["20230206011732_3100", "20230206011732_3101"]
FILES = {
    record: [(f"{record}_ap_Acc_{c}.asc", f"{record}{c}\n".encode() * 9) for c in "ENU"] for record in RECORDS
}
BATCH = [Wanted(record, "ap", "Acc", "asc2") for record in RECORDS]
LIMIT = 1_000_000


def packed(method: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in (one for files in FILES.values() for one in files):
            archive.writestr(name, content)
    return buffer.getvalue()


def opened_bytes(content: bytes) -> Parcel:
    answer = Answer(200, "application/zip", content[:4096], len(content))
    return opened("https://afad.example", answer, io.BytesIO(content), BATCH, LIMIT)


@pytest.mark.parametrize(
    "content",
    [flat(FILES), nested(FILES), *map(packed, (zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA))],
    ids=["flat", "nested", "stored", "bzip2", "lzma"],
)
def test_any_bytes_changed_give_a_parcel_or_a_fault(content: bytes) -> None:
    draw = random.Random(len(content))
    parcels = faults = 0
    for _ in range(400):
        mutated = bytearray(content)
        for _ in range(draw.choice((1, 1, 2, 8))):
            mutated[draw.randrange(4, len(mutated))] = draw.choice((0, 255, 14, 12, draw.randrange(256)))
        try:
            parcel = opened_bytes(bytes(mutated))
        except Fault:
            faults += 1
            continue
        parcels += 1
        assert {*parcel.files, *parcel.refused} == set(RECORDS)
        assert not {*parcel.files} & {*parcel.refused}
        for leaf in (leaf for leaves in parcel.files.values() for leaf in leaves):
            with contextlib.suppress(*BROKEN_ZIP):
                assert leaf.read(LIMIT)
    assert parcels
    assert faults


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_truncated_zip_is_a_fault_wherever_it_is_cut(share: float) -> None:
    content = flat(FILES)
    with pytest.raises(Fault, match="a broken zip"):
        opened_bytes(content[: int(len(content) * share)])


def test_a_record_is_not_mistaken_for_one_whose_name_it_begins() -> None:
    longer = {"20230206011732_31000": [("20230206011732_31000_ap_Acc_E.asc", b"1")]}
    parcel = opened_bytes(flat(longer))
    assert not parcel.files
    assert parcel.unasked == ["20230206011732_31000_ap_Acc_E.asc"]
    assert "31000_ap_Acc_E.asc" in parcel.refused[RECORDS[0]][1]


def test_a_member_that_starts_beyond_any_file_is_a_fault() -> None:
    parcel = opened_bytes(far_away({name: content for files in FILES.values() for name, content in files}))
    for leaf in (leaf for leaves in parcel.files.values() for leaf in leaves):
        with pytest.raises(OverflowError):
            leaf.read(LIMIT)
    with pytest.raises(Fault, match="a broken zip"):
        opened_bytes(far_away({"inner.zip": b"x"}))
