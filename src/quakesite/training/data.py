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

from quakesite.training.batches import Place, TrainingBatches, alone
from quakesite.training.experiments import Experiment
from quakesite.training.label_weights import window_weights
from quakesite.training.splits import NAMES
from quakesite.windows.dataset import WindowDataset, loader
from quakesite.windows.order import Batches

MEMORY_BYTES = 2**28
"""Windows of one split that take more than this are read from their shards batch by batch, which makes an
epoch hardly longer (benchmarks/training.py) and keeps a training on any number of windows small."""

DIGESTED_AT_ONCE = 64

Labelled = tuple[Tensor, ...]
"""Windows (batch, channels, samples) float32, their labels (batch, ...) float32; where they do not all count
alike, what each of them counts for (batch,) float32; where stations are pooled, that and the number of each
window's station (batch,) int64."""


class Part(Dataset[Labelled]):
    """The windows of one split, in the order of their record ids; indexed by lists, it gives batches.

    Args:
        windows: the windows.
        labels: their labels, (n,) or (n, k) float32.
        rows: the windows to keep; None: all.
        weights: what each of `windows` counts for in the loss, (n,) float32; None: all alike.
        memory_bytes: read them once into memory where they take at most this much.

    Attributes:
        excluded: how many windows were left out for the flags of their picks.
        lost_to_events: how many were left out because their earthquake belongs to another split.
        pooled: batches tell the station of each window.
    """

    excluded: int = 0
    lost_to_events: int = 0
    pooled: bool = False

    def __init__(
        self,
        windows: WindowDataset,
        labels: Tensor,
        rows: Sequence[int] | None = None,
        memory_bytes: int = MEMORY_BYTES,
        weights: Tensor | None = None,
    ) -> None:
        if len(labels) != len(windows):
            raise ValueError(f"{len(labels)} labels for {len(windows)} windows")
        self.windows = windows
        self._rows = np.arange(len(windows)) if rows is None else np.asarray(rows, np.int64)
        self.labels = labels[torch.from_numpy(self._rows)]
        self.weights = None if weights is None else weights[torch.from_numpy(self._rows)]
        table = windows.table.select(["record_id", "station", "event_id"]).take(self._rows)
        self.record_ids: list[str] = table["record_id"].to_pylist()
        self.stations: list[str] = table["station"].to_pylist()
        self.event_ids: list[str] = table["event_id"].to_pylist()
        self._station_of = torch.from_numpy(
            np.unique(np.asarray(self.stations, dtype=str), return_inverse=True)[1]
        )
        channels, samples = windows.shape
        in_memory = len(self._rows) * channels * samples * 4 <= memory_bytes
        self._tensors = windows.batch(self._rows.tolist()).tensors if in_memory else None

    @property
    def n_stations(self) -> int:
        """How many stations its windows are from."""
        return len(set(self.stations))

    @property
    def station_labels(self) -> Tensor:
        """One label for each station, by name."""
        first = np.unique(np.asarray(self.stations, dtype=str), return_index=True)[1]
        return self.labels[torch.from_numpy(first)]

    @property
    def shape(self) -> tuple[int, int]:
        """Channels and samples of a window."""
        return self.windows.shape

    @property
    def remote(self) -> bool:
        """Whether its windows are read over the network, batch by batch."""
        return self._tensors is None and self.windows.remote

    @property
    def held(self) -> bool:
        """Whether its windows are in memory."""
        return self._tensors is not None

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, indices: Sequence[int]) -> Labelled:
        chosen = torch.as_tensor(indices)
        weights: Labelled = () if self.weights is None else (self.weights[chosen],)
        if self.pooled:
            weights = (*(weights or (torch.ones(len(chosen)),)), self._station_of[chosen])
        if self._tensors is None:
            tensors = self.windows.batch(self._rows[indices].tolist()).tensors
        else:
            tensors = self._tensors[chosen]
        return (tensors, self.labels[chosen], *weights)

    def loader(
        self,
        batch_size: int,
        *,
        seed: int | None = None,
        balanced: bool = False,
        run: int = 1,
        place: Place = alone,
    ) -> DataLoader[Labelled]:
        """Returns a loader of batches: in order without a seed, else shuffled anew each epoch.

        Args:
            batch_size: windows in a batch.
            seed: seed of the order.
            balanced, run, place: see `TrainingBatches`; need a seed.
        """
        if seed is None:
            return loader(self, Batches(len(self), batch_size, shuffle=False))
        stations = self.stations
        return loader(
            self, TrainingBatches(stations, batch_size, seed=seed, balanced=balanced, run=run, place=place)
        )

    @cached_property
    def digests(self) -> list[tuple[str, str]]:
        """Two hashes of each window: of its E, N and Z samples, and of its P/S channel ("" without one)."""
        hashes = []
        for start in range(0, len(self), DIGESTED_AT_ONCE):
            indices = range(start, min(start + DIGESTED_AT_ONCE, len(self)))
            for window in self[list(indices)][0].numpy():
                motion, marks = window[:3].tobytes(), window[3:].tobytes()
                hashes.append((_hash(motion), _hash(marks) if marks else ""))
        return hashes

    @property
    def waveforms(self) -> list[str]:
        """A hash of each window's E, N and Z samples."""
        return [motion for motion, _ in self.digests]


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def parts_of(
    experiment: Experiment,
    train_windows: Sequence[str | Path],
    test_windows: Sequence[str | Path],
    splits: Mapping[str, str],
    vs30: Mapping[str, float],
    without_flags: Collection[str] = (),
    *,
    weights: Mapping[str, float] | None = None,
    unlabelled: Collection[str] = (),
    events: Mapping[str, str | None] | None = None,
    train_stations: int | None = None,
    drawn_by: Sequence[int] = (),
    memory_bytes: int = MEMORY_BYTES,
) -> dict[str, Part]:
    """Returns the train, validation and test windows of an experiment; shards are files or URIs.

    Train and validation come from the windows of the training annotation, test from those of the test
    annotation. With the P/S channel, windows without both picks are left out; so are those whose picks carry
    one of `without_flags` (see `quakesite.picks.flags`), and the records in `unlabelled`, made where their
    station's Vs30 is not that of the site. `weights` is what each station's label counts for in training
    (None: all alike). With `events`, the split of each event id, a window is kept where both its station and
    its earthquake belong to the split. With `train_stations`, so many of the train stations that have windows
    are drawn, as `drawn_by` tells (see `drawn`). Parts of more than `memory_bytes` are read batch by batch.
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
        rows = _without_flags(windows, without_flags)
        excluded = len(windows) - len(rows)
        records = windows.table["record_id"].to_pylist()
        rows = [index for index in rows if records[index] not in unlabelled]
        of_split = rows if events is None else _of_events(windows, rows, events, name)
        lost, rows = len(rows) - len(of_split), of_split
        if name == "train" and train_stations is not None:
            stations = windows.table["station"].to_pylist()
            chosen = drawn([stations[index] for index in rows], train_stations, drawn_by)
            rows = [index for index in rows if stations[index] in chosen]
        of_windows = _weights(windows, rows, weights) if name == "train" else None
        labels = torch.from_numpy(windows.labels)
        parts[name] = Part(windows, labels, rows, memory_bytes, of_windows)
        parts[name].excluded, parts[name].lost_to_events = excluded, lost
    return parts


def drawn(stations: Sequence[str], count: int, told_by: Sequence[int]) -> set[str]:
    """Returns so many of the stations; all where there are not more. Fewer are always among more."""
    names = sorted(set(stations))
    order = np.random.default_rng(list(told_by)).permutation(len(names))
    return {names[place] for place in order[:count]}


def _weights(
    windows: WindowDataset, rows: Sequence[int], weights: Mapping[str, float] | None
) -> Tensor | None:
    """Returns what each window counts for, mean 1 over those in `rows`; None where they all count alike."""
    stations = windows.table["station"].to_pylist()
    of_rows = window_weights([stations[index] for index in rows], weights)
    if of_rows is None:
        return None
    every = torch.ones(len(stations))
    every[torch.tensor(rows)] = of_rows
    return every


def _without_flags(windows: WindowDataset, flags: Collection[str]) -> list[int]:
    """Returns the windows whose picks carry none of the flags."""
    found = [set((text or "").split()) for text in windows.table["pick_flags"].to_pylist()]
    return [index for index, own in enumerate(found) if own.isdisjoint(flags)]


def _of_events(
    windows: WindowDataset, rows: Sequence[int], events: Mapping[str, str | None], split: str
) -> list[int]:
    """Returns those of `rows` whose earthquake belongs to the split."""
    ids = windows.table["event_id"].to_pylist()
    return [index for index in rows if events[ids[index]] == split]


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
