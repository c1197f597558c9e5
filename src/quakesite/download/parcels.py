"""A zip as the export sends it: checked, and split into the records that were asked for."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from quakesite.download.answers import is_page, is_safe_name
from quakesite.download.client import Answer, words
from quakesite.download.faults import Fault, Reason
from quakesite.download.ledger import Wanted
from quakesite.records.naming import form_of, parse
from quakesite.records.opening import BROKEN_ZIP, DEEPEST_NESTING, TooLarge, read_limited
from quakesite.tables import atomic_path

ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
FORMS = {"asc2": "asc", "mseed": "mseed"}
"""Which form of the archive each export type brings."""

LEVELS = ("ap", "mp")
"""The file types that stand in files' names; those of `unprocessed` records are not known."""

EARLIEST = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Leaf:
    """A file in the zip, in an inner zip perhaps. `name` is its path there, folders included."""

    name: str
    holder: zipfile.ZipFile
    info: zipfile.ZipInfo

    @property
    def base(self) -> str:
        """Its bare name."""
        return self.name.rsplit("/", 1)[-1]

    def read(self, most_bytes: int) -> bytes:
        """Returns its content; raises what `opening.BROKEN_ZIP` lists, or `TooLarge`."""
        with self.holder.open(self.info) as handle:
            return read_limited(handle, most_bytes)


@dataclass
class Parcel:
    """What a zip holds of what was asked for.

    Attributes:
        files: for each record that is there, its files.
        refused: for each record that is not, why.
        unasked: files that belong to no record asked for.
    """

    files: dict[str, list[Leaf]] = field(default_factory=dict)
    refused: dict[str, tuple[Reason, str]] = field(default_factory=dict)
    unasked: list[str] = field(default_factory=list)


def opened(url: str, answer: Answer, content: IO[bytes], batch: Sequence[Wanted], most_bytes: int) -> Parcel:
    """Returns what the zip in `content` holds of `batch`. Every record of it is in `files` or `refused`.

    Args:
        url: where it is from, for messages.
        answer: how the server described it.
        content: the zip, which has to stay open while files are read.
        batch: the records asked for, each once.
        most_bytes: that zips within it may unpack to.

    Raises:
        Fault: it is no zip (a web page, a message, nothing), or a broken one.
    """
    if answer.size == 0:
        raise Fault(url, Reason.EMPTY_ANSWER, f"nothing (HTTP {answer.status})")
    if is_page(answer):
        raise Fault(url, Reason.HTML_PAGE, f"a web page in place of a zip: {words(answer.head)}")
    if not answer.head.startswith(ZIP_MAGIC):
        reason = Reason.MESSAGE if _is_text(answer.head) else Reason.BROKEN_ZIP
        raise Fault(url, reason, f"{words(answer.head)!r} in place of a zip")
    parcel = Parcel()
    unsafe: list[str] = []
    records = [one.record for one in batch]
    try:
        for leaf in _leaves(content, "", [most_bytes], 1):
            _sort_in(leaf, records, parcel, unsafe)
    except BROKEN_ZIP as error:
        raise Fault(url, Reason.BROKEN_ZIP, f"a broken zip of {answer.size} bytes: {error}") from error
    except TooLarge as error:
        raise Fault(url, Reason.TOO_LARGE, f"a zip within the zip {error}") from error
    for one in batch:
        _decide(one, parcel, unsafe)
    return parcel


def _is_text(head: bytes) -> bool:
    return not re.search(rb"[\x00-\x08\x0e-\x1f]", head)


def _leaves(content: IO[bytes], inside: str, left: list[int], depth: int) -> Iterator[Leaf]:
    """Yields the files in a zip and in the zips within, which together may unpack to `left[0]` bytes."""
    holder = zipfile.ZipFile(content)
    for info in holder.infolist():
        if info.is_dir():
            continue
        name = inside + info.filename.replace("\\", "/")
        if name[-4:].lower() == ".zip" and depth < DEEPEST_NESTING:
            with holder.open(info) as handle:
                inner = read_limited(handle, left[0])
            left[0] -= len(inner)
            yield from _leaves(io.BytesIO(inner), f"{name[:-4]}/", left, depth + 1)
        else:
            yield Leaf(name, holder, info)


def _sort_in(leaf: Leaf, records: Sequence[str], parcel: Parcel, unsafe: list[str]) -> None:
    parts = leaf.name.split("/")
    if parts[0] == "__MACOSX" or leaf.base.startswith("._"):
        return
    link = (leaf.info.external_attr >> 16) & 0o170000 == 0o120000
    if link or not all(map(is_safe_name, parts)):
        unsafe.append(leaf.name)
        return
    record = next((r for r in records if _belongs(leaf.base, r)), None)
    if record is None:
        record = next((r for r in records if any(_belongs(part, r) for part in parts[:-1])), None)
    if record is None:
        parcel.unasked.append(leaf.name)
    else:
        parcel.files.setdefault(record, []).append(leaf)


def _belongs(name: str, record: str) -> bool:
    """Whether `record` stands in `name` as a whole: `…_310` is not in `…_3104_ap_Acc_E.asc`."""
    at = name.find(record)
    if at < 0 or (at > 0 and name[at - 1].isdigit()):
        return False
    return not name[at + len(record) : at + len(record) + 1].isalnum()


def _decide(wanted: Wanted, parcel: Parcel, unsafe: Sequence[str]) -> None:
    record = wanted.record
    mine = [name for name in unsafe if record in name]
    if mine:
        parcel.files.pop(record, None)
        parcel.refused[record] = Reason.UNSAFE_NAME, f"{mine[0]!r} in the zip"
        return
    data = [leaf for leaf in parcel.files.get(record, []) if form_of(leaf.base) not in ("", "stationxml")]
    if not data:
        parcel.files.pop(record, None)
        others = [*parcel.unasked, *unsafe]
        beside = f"; what no record asked for owns: {', '.join(others)}"[:300] if others else ""
        parcel.refused[record] = Reason.MISSING_FROM_ANSWER, f"not in the zip{beside}"
    elif not all(leaf.info.file_size for leaf in data):
        parcel.files.pop(record, None)
        parcel.refused[record] = Reason.EMPTY_FILE, f"{data[0].name} holds nothing"
    elif others := [leaf.base for leaf in data if not _is_of_form(leaf.base, wanted)]:
        parcel.files.pop(record, None)
        form = f"{wanted.file_type} {wanted.file_status} as {wanted.export_type}"
        parcel.refused[record] = Reason.WRONG_FORM, f"asked for {form}, and {others[0]} came"


def _is_of_form(name: str, wanted: Wanted) -> bool:
    """Whether a file's name is that of the form wanted, as far as it tells."""
    told = parse(name)
    if told.form != FORMS.get(wanted.export_type, told.form):
        return False
    *level, kind = (told.version or wanted.file_status).split("_")
    stated = level[:1] if wanted.file_type in LEVELS else []
    return kind == wanted.file_status and stated in ([], [wanted.file_type])


def store(url: str, leaves: Sequence[Leaf], target: Path, most_bytes: int) -> None:
    """Writes a record's files to a zip of its own, whole or not at all, each under the name it came with.

    Args:
        url: where they are from, for messages.
        leaves: the files.
        target: the zip.
        most_bytes: that they may unpack to, together.

    Raises:
        Fault: a file in the zip is broken or unpacks to too much.
        OSError: the disk is full or may not be written to.
    """
    contents: dict[str, tuple[Leaf, bytes]] = {}
    for leaf in leaves:
        try:
            content = leaf.read(most_bytes)
        except BROKEN_ZIP as error:
            raise Fault(url, Reason.BROKEN_ZIP, f"{leaf.name} in the zip is broken: {error}") from error
        except TooLarge as error:
            raise Fault(url, Reason.TOO_LARGE, f"{leaf.name} in the zip {error}") from error
        most_bytes -= len(content)
        name = leaf.base if leaf.base not in contents else leaf.name
        contents[name] = leaf, content
    with atomic_path(target) as temporary, zipfile.ZipFile(temporary, "w") as written:
        for name in sorted(contents):
            leaf, content = contents[name]
            member = zipfile.ZipInfo(name, max(leaf.info.date_time, EARLIEST))
            member.create_system = 3
            member.external_attr = 0o644 << 16
            member.compress_type = zipfile.ZIP_DEFLATED
            written.writestr(member, content)
