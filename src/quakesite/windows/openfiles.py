"""The shards that are open: a bounded number of files, shared by all who read them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

MOST_FILES = 256

Key = TypeVar("Key")
File = TypeVar("File")


class OpenFiles(Generic[Key, File]):
    """The files used last, shared by all who read the same; the one unused for longest is closed first."""

    def __init__(self, most: Callable[[], int]) -> None:
        self._most = most
        self._files: OrderedDict[Key, File] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Key, opened: Callable[[], File]) -> File:
        """Returns the file of `key`, opened where it is not open."""
        with self._lock:
            file = self._files.get(key)
            if file is not None:
                self._files.move_to_end(key)
                return file
        file = opened()
        with self._lock:
            file = self._files.setdefault(key, file)
            while len(self._files) > self._most():
                self._files.popitem(last=False)
            return file

    def drop(self, key: Key) -> None:
        """Closes the file of `key` once nobody reads it."""
        with self._lock:
            self._files.pop(key, None)


def most_files() -> int:
    """Returns how many shards may be open at once: two descriptors each, a quarter of what is allowed."""
    try:
        import resource
    except ImportError:
        return MOST_FILES
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST_FILES if soft < 0 else max(1, min(MOST_FILES, soft // 8))
