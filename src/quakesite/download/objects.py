"""An archive that is kept in an object store: copied to a folder, where the workflow can scan it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.fs

from quakesite.download.ledger import LOCK, alone
from quakesite.errors import InputError
from quakesite.leftovers import NAME
from quakesite.progress import track
from quakesite.tables import atomic_path

AT_ONCE = 8
PIECE_BYTES = 2**20


@dataclass(frozen=True, order=True)
class Object:
    """An object of the store.

    Attributes:
        name: path below the archive's prefix.
        key: what the store calls it.
        size: in bytes.
        mtime_ns: when it was written, in ns since 1970; stores tell it in seconds or milliseconds.
    """

    name: str
    key: str
    size: int
    mtime_ns: int


def copy_archive(place: str, folder: Path, *, dry_run: bool = False) -> Iterator[str]:
    """Yields what is done, one line each: copies the objects below `place` that `folder` does not have yet.

    A copy has the time of its object, so that a second run copies only objects written since, and the
    workflow runs again only what those concern. Nothing is deleted: copies whose object is gone are counted.
    Only what a killed run was copying is removed, and copied again.

    Args:
        place: URI that pyarrow understands, e.g. `s3://bucket/records?region=eu-central-1` or, of a store of
            one's own, `...?scheme=http&endpoint_override=localhost%3A9000`.
        folder: made where it is not there; usable as `archive: [folder]`.
        dry_run: only say what would be copied.

    Raises:
        InputError: the store does not answer, there is nothing, a name leads out of the folder, another
            download is at work in it, or an object changes while it is copied.
    """
    shown = _without_secrets(place)
    try:
        store, prefix = pyarrow.fs.FileSystem.from_uri(place)
        objects = sorted(_objects(store, prefix, shown))
    except (OSError, pa.ArrowException) as error:
        raise _no_answer(shown, error) from None
    if not objects:
        raise InputError(shown, "nothing there", expected="records below this prefix")
    wanted = [one for one in objects if not _is_here(folder / one.name, one)]
    size = sum(one.size for one in wanted) / 1e6
    here = len(objects) - len(wanted)
    yield f"archive: {len(objects)} objects, {here} of them here; {len(wanted)} to copy, {size:.1f} MB"
    if dry_run:
        return
    with alone(folder):
        with ThreadPoolExecutor(AT_ONCE) as pool:
            copies = pool.map(partial(_copy, store, folder, shown), wanted)
            for _ in track(copies, "archive", total=len(wanted)):
                pass
        gone = _files(folder) - {one.name for one in objects} - {LOCK}
    yield f"archive: {len(wanted)} copied to {folder}" + (
        f"; {len(gone)} here have no object" if gone else ""
    )


def _objects(store: pyarrow.fs.FileSystem, prefix: str, shown: str) -> Iterator[Object]:
    for found in store.get_file_info(pyarrow.fs.FileSelector(prefix, recursive=True, allow_not_found=True)):
        if found.type != pyarrow.fs.FileType.File:
            continue
        name = found.path.removeprefix(prefix.rstrip("/")).lstrip("/")
        if name == LOCK or NAME.fullmatch(PurePosixPath(name).name):
            continue  # of the folder that was uploaded: not records, and removed here by the next run
        if ".." in PurePosixPath(name).parts or "\0" in name:
            raise InputError(shown, f"{name!r} would lead out of the folder", action="rename the object")
        yield Object(name, found.path, found.size, found.mtime_ns)


def _is_here(path: Path, one: Object) -> bool:
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return found.st_size == one.size and found.st_mtime_ns == one.mtime_ns


def _copy(store: pyarrow.fs.FileSystem, folder: Path, shown: str, one: Object) -> None:
    try:
        with atomic_path(folder / one.name) as temporary:
            with store.open_input_stream(one.key) as source, temporary.open("wb") as target:
                shutil.copyfileobj(source, target, PIECE_BYTES)
            copied = temporary.stat().st_size
            if copied != one.size:
                found = f"{one.name} has {copied} bytes, {one.size} when it was listed"
                raise InputError(shown, found, action="run the same command again")
            os.utime(temporary, ns=(one.mtime_ns, one.mtime_ns))
    except (OSError, pa.ArrowException) as error:
        if isinstance(error, OSError) and error.filename is not None:  # this machine's, not the store's
            found = f"cannot be written ({error.strerror})"
            raise InputError(folder / one.name, found, action="look at the folder") from None
        raise _no_answer(shown, error) from None


def _files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def _without_secrets(place: str) -> str:
    """Returns a URI without the key and the secret that it may carry, and without options."""
    parts = urlsplit(place)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}" if parts.scheme else place


def _no_answer(shown: str, error: Exception) -> InputError:
    lines = str(error).splitlines() or [type(error).__name__]
    return InputError(
        shown, f"cannot be read ({lines[0][:300]})", action="check place, region and credentials"
    )
