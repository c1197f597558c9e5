"""Whole copies of remote shards on a local disk: a few large requests once, then a local file's speed."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa

from quakesite.errors import InputError
from quakesite.tables import atomic_path
from quakesite.windows.identity import (
    identity_of,
    is_remote,
    of_object,
    open_object,
    replaced,
    shown,
    told,
    without_credentials,
)
from quakesite.windows.sources import LARGEST_REQUEST_BYTES, REQUESTS_AT_ONCE


def local_copies(paths: list[str], folder: Path) -> list[str]:
    """Returns `paths` with every URI replaced by the path of its copy in `folder`, made where it is absent.

    A copy is named by where the shard is (the store's address included), and by the object's size, ETag and
    time of writing, so that a shard that was replaced is copied anew. Nothing is ever deleted.

    Raises:
        InputError: there is no such object, it cannot be read, or it was replaced meanwhile.
    """
    with ThreadPoolExecutor(REQUESTS_AT_ONCE) as pool:
        return [_local_copy(path, folder, pool) if is_remote(path) else path for path in paths]


def _local_copy(uri: str, folder: Path, pool: ThreadPoolExecutor) -> str:
    try:
        with open_object(uri) as source:
            identity = of_object(source)
            size = source.size()
            named = f"{without_credentials(uri)}|{identity}"
            name = f"{hashlib.sha256(named.encode()).hexdigest()[:16]}-{shown(uri).rsplit('/', 1)[-1]}"
            target = folder / name
            if target.exists() and target.stat().st_size == size:
                return str(target)
            with atomic_path(target) as temporary:
                firsts = range(0, size, LARGEST_REQUEST_BYTES)
                parts = pool.map(lambda first: source.read_at(LARGEST_REQUEST_BYTES, first), firsts)
                with open(temporary, "wb") as copy:
                    for part in parts:
                        copy.write(part)
                if temporary.stat().st_size != size or identity_of(uri) != identity:
                    raise replaced(uri)
            return str(target)
    except FileNotFoundError:
        raise InputError(shown(uri), "no such file", expected="a shard of windows") from None
    except (pa.ArrowException, OSError) as error:
        raise InputError(shown(uri), f"cannot be copied ({told(error, uri)})") from None
