"""Windows: four-channel tensors cut from records, in Parquet shards, and how training reads them."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from quakesite.windows.reading import Shard, open_shard, read_tensors

__all__ = ["Shard", "open_shard", "read_tensors"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(importlib.import_module("quakesite.windows.reading"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
