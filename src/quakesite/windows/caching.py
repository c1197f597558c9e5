"""Whole copies of remote shards on a local disk: a few large requests once, then a local file's speed."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow.fs

from quakesite.errors import InputError
from quakesite.tables import atomic_path
from quakesite.windows.sources import LARGEST_REQUEST_BYTES, REQUESTS_AT_ONCE, is_remote, shown


def local_copies(paths: list[str], folder: Path) -> list[str]:
    """Returns `paths` with every URI replaced by the path of its copy in `folder`, made where it is absent.

    A copy is named by where the shard is, its size and the time it was written, so that a shard that was
    replaced is copied anew. Nothing is ever deleted.

    Raises:
        InputError: there is no such object.
    """
    with ThreadPoolExecutor(REQUESTS_AT_ONCE) as pool:
        return [_local_copy(path, folder, pool) if is_remote(path) else path for path in paths]


def _local_copy(uri: str, folder: Path, pool: ThreadPoolExecutor) -> str:
    filesystem, key = pyarrow.fs.FileSystem.from_uri(uri)
    info = filesystem.get_file_info(key)
    if not info.is_file:
        raise InputError(shown(uri), "no such file", expected="a shard of windows")
    identity = f"{shown(uri)}|{info.size}|{info.mtime_ns}"
    name = f"{hashlib.sha256(identity.encode()).hexdigest()[:16]}-{key.rsplit('/', 1)[-1]}"
    target = folder / name
    if target.exists():
        return str(target)
    with filesystem.open_input_file(key) as source, atomic_path(target) as temporary:
        firsts = range(0, info.size, LARGEST_REQUEST_BYTES)
        parts = pool.map(lambda first: source.read_at(LARGEST_REQUEST_BYTES, first), firsts)
        with open(temporary, "wb") as copy:
            for part in parts:
                copy.write(part)
    return str(target)
