"""The windows that a model speaks of: those in its shards that it takes, with what is looked at in them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from torch import Tensor

from quakesite.evaluation.support import WINDOW_FEATURES, Floats, window_features
from quakesite.windows.dataset import WindowDataset

AT_ONCE = 64


class KeptWindows:
    """Windows by their numbers, in the order of their record ids.

    Args:
        paths: shards of one kind of window; none gives no windows.
        channels: 4, or 3 to leave out the P/S channel.
        without_flags: windows whose picks carry one of these flags are left out.
        without_records: records to leave out.

    Attributes:
        record_ids, stations: of each window.
        table: the metadata of the windows.
    """

    def __init__(
        self,
        paths: Sequence[str | Path],
        channels: int,
        without_flags: Collection[str] = (),
        without_records: Collection[str] = (),
    ) -> None:
        self.dataset = WindowDataset(paths, channels=channels, require_ps=channels == 4)
        everything = self.dataset.table
        pairs = zip(*(everything[name].to_pylist() for name in ("record_id", "pick_flags")), strict=True)
        self._rows = [
            row
            for row, (record, flags) in enumerate(pairs)
            if record not in without_records and flags_among(flags, without_flags) == []
        ]
        self.table: pa.Table = everything.take(np.array(self._rows, np.int64))
        self.record_ids: list[str] = self.table["record_id"].to_pylist()
        self.stations: list[str] = self.table["station"].to_pylist()

    def __len__(self) -> int:
        return len(self._rows)

    def fetch(self, numbers: Sequence[int]) -> Tensor:
        """Returns windows (n, channels, samples) float32 by their numbers."""
        return self.dataset.batch([self._rows[number] for number in numbers]).tensors

    def features(self) -> Floats:
        """Returns what `support` looks at, shape (windows, features), reading 64 windows at a time."""
        parts = [np.empty((0, len(WINDOW_FEATURES)))]
        rate_hz = self.dataset.description.rate_hz if self.dataset.description else 0.0
        for start in range(0, len(self), AT_ONCE):
            windows = self.fetch(range(start, min(start + AT_ONCE, len(self))))
            parts.append(window_features(windows[:, :3].numpy(), rate_hz))
        return np.concatenate(parts)


def flags_among(flags: str | None, unwanted: Collection[str]) -> list[str]:
    """Returns those of a window's flags (apart by spaces) that are unwanted."""
    return [flag for flag in (flags or "").split() if flag in unwanted]
