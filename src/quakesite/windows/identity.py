"""Which file a shard is: what tells it from one that takes its place while it is open."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.fs

from quakesite.errors import InputError

Identity = tuple[str | int, ...]
"""Of a local file: device, inode, size, time of writing in ns. Of an object: size, ETag, time of writing."""

_USER = re.compile(r"://([^?]*:[^?]*@|[^/?@]*@)")


def of_descriptor(descriptor: int) -> Identity:
    """Returns the identity of an open local file."""
    found = os.fstat(descriptor)
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def of_path(path: str) -> Identity:
    """Returns the identity of the local file that is at `path` now."""
    found = os.stat(path)
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def of_object(file: pa.NativeFile) -> Identity:
    """Returns the identity of an object in a store, as it was when `file` was opened."""
    told = {_text(key): _text(value) for key, value in (file.metadata() or {}).items()}
    return int(file.size()), *(told.get(key, "") for key in ("ETag", "Last-Modified"))


def _text(told: str | bytes) -> str:
    """Returns a header as text; which of the two it is depends on the version of pyarrow."""
    return told.decode(errors="replace") if isinstance(told, bytes) else told


def replaced(path: str) -> InputError:
    """Returns the error of a shard that is no longer what it was when it was opened."""
    return InputError(shown(path), "was replaced since it was opened", action="start the training again")


def is_remote(path: str) -> bool:
    """Returns whether a path is a URI."""
    return "://" in path


def open_object(uri: str) -> pa.NativeFile:
    """Returns an object in a store, open for reading; one request, which tells its identity."""
    filesystem, key = pyarrow.fs.FileSystem.from_uri(uri)
    return filesystem.open_input_file(key)


def identity_of(path: str) -> Identity:
    """Returns the identity of the file or object that is at `path` now."""
    return of_object(open_object(path)) if is_remote(path) else of_path(path)


def without_credentials(uri: str) -> str:
    """Returns a URI without the user and the secret that it may carry."""
    return _USER.sub("://", uri, count=1)


def shown(path: str | Path) -> str:
    """Returns the path as messages may show it: a URI without credentials and options."""
    return without_credentials(str(path)).partition("?")[0] if is_remote(str(path)) else str(path)


def told(error: Exception, path: str) -> str:
    """Returns what an error says, without the credentials of `path`."""
    text = str(error).replace(path, shown(path))
    found = _USER.search(path) if is_remote(path) else None
    if found is None:
        return text
    user = found[1].removesuffix("@")
    secrets = {user, user.partition(":")[2] or user}
    for secret in sorted(secrets | {unquote(one) for one in secrets}, key=len, reverse=True):
        text = text.replace(secret, "***")
    return text
