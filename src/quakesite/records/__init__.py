"""The `records` stage: strong-motion records of every form, read, checked and stored in shards.

`quakesite.records.read(path)` is the way in for a library user. Importing this package is cheap: what
needs NumPy or Arrow is loaded on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from quakesite.records.reading import read
    from quakesite.records.record import Record

__all__ = ["Record", "read"]


def __getattr__(name: str) -> Any:
    if name == "read":
        from quakesite.records.reading import read

        return read
    if name == "Record":
        from quakesite.records.record import Record

        return Record
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
