"""The windows of one split, with labels; held in memory where they fit."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from quakesite.training.experiments import Experiment
from quakesite.training.splits import NAMES
from quakesite.windows.dataset import WindowDataset
from quakesite.windows.order import Batches

MEMORY_BYTES = 2**31
"""Windows of one split that take more than this are read from their shards batch by batch."""

Labelled = tuple[Tensor, Tensor]
"""Windows (batch, channels, samples) float32, and their labels (batch, ...) float32."""


class Part(Dataset[Labelled]):
    """The windows of one split, in the order of their record ids; indexed by lists, it gives batches.

    Args:
        windows: the windows.
        labels: their labels, (n,) or (n, k) float32.
        rows: the windows to keep; None: all.
        memory_bytes: read them once into memory where they take at most this much.
    """

    def __init__(
        self,
        windows: WindowDataset,
        labels: Tensor,
        rows: Sequence[int] | None = None,
        memory_bytes: int = MEMORY_BYTES,
    ) -> None:
        if len(labels) != len(windows):
            raise ValueError(f"{len(labels)} labels for {len(windows)} windows")
        self.windows = windows
        self._rows = np.arange(len(windows)) if rows is None else np.asarray(rows, np.int64)
        self.labels = labels[torch.from_numpy(self._rows)]
        table = windows.table.select(["record_id", "station"]).take(self._rows)
        self.record_ids: list[str] = table["record_id"].to_pylist()
        self.stations: list[str] = table["station"].to_pylist()
        channels, samples = windows.shape
        in_memory = len(self._rows) * channels * samples * 4 <= memory_bytes
        self._tensors = windows.batch(self._rows.tolist()).tensors if in_memory else None

    @property
    def n_stations(self) -> int:
        """How many stations its windows are from."""
        return len(set(self.stations))

    @property
    def shape(self) -> tuple[int, int]:
        """Channels and samples of a window."""
        return self.windows.shape

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, indices: Sequence[int]) -> Labelled:
        chosen = torch.as_tensor(indices)
        if self._tensors is None:
            return self.windows.batch(self._rows[indices].tolist()).tensors, self.labels[chosen]
        return self._tensors[chosen], self.labels[chosen]

    def loader(
        self, batch_size: int, *, seed: int | None = None, balanced: bool = False
    ) -> DataLoader[Labelled]:
        """Returns a loader of batches: in order without a seed, else shuffled anew each epoch.

        Args:
            batch_size: windows in a batch.
            seed: seed of the order.
            balanced: give every station the same share of an epoch; needs a seed.
        """
        batches = Batches(
            len(self),
            batch_size,
            seed=seed or 0,
            shuffle=seed is not None,
            stations=self.stations if balanced else None,
        )
        return DataLoader(self, batch_size=None, sampler=batches)

    @cached_property
    def digests(self) -> list[str]:
        """A hash of each window's E, N and Z samples."""
        hashes = []
        for index in range(len(self)):
            tensors, _ = self[[index]]
            hashes.append(hashlib.sha256(tensors[0, :3].numpy().tobytes()).hexdigest())
        return hashes


def parts_of(
    experiment: Experiment,
    train_windows: Sequence[str | Path],
    test_windows: Sequence[str | Path],
    splits: Mapping[str, str],
    vs30: Mapping[str, float],
) -> dict[str, Part]:
    """Returns the train, validation and test windows of an experiment.

    Train and validation come from the windows of the training annotation, test from those of the test
    annotation. With the P/S channel, windows without both picks are left out.
    """
    parts = {}
    for name in NAMES:
        windows = WindowDataset(
            test_windows if name == "test" else train_windows,
            labels=vs30,
            stations=[station for station, split in splits.items() if split == name],
            channels=4 if experiment.ps_channel else 3,
            require_ps=experiment.ps_channel,
        )
        parts[name] = Part(windows, torch.from_numpy(windows.labels))
    return parts


def epicentre_windows(
    paths: Sequence[str | Path], channels: int, without: Collection[str]
) -> tuple[WindowDataset, npt.NDArray[np.float32]]:
    """Returns the windows of all stations but those in `without`, and where their epicentres are.

    The epicentres are (n, 2): km to the east and north of the station, NaN where unknown.
    """
    everything = WindowDataset(paths, channels=channels)
    stations = set(everything.table["station"].to_pylist()) - set(without)
    windows = WindowDataset(paths, stations=stations, channels=channels, require_ps=channels == 4)
    distance = windows.table["epicentral_distance_km"].to_numpy(zero_copy_only=False)
    azimuth = np.radians(windows.table["back_azimuth_deg"].to_numpy(zero_copy_only=False))
    offsets = np.stack([distance * np.sin(azimuth), distance * np.cos(azimuth)], axis=1)
    return windows, offsets.astype(np.float32)
