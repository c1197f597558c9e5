"""The windows as training reads them: a PyTorch dataset over shards, labels joined on the way."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import torch
from torch.utils.data import DataLoader, Dataset

from quakesite.errors import InputError
from quakesite.windows.caching import local_copies
from quakesite.windows.identity import is_remote
from quakesite.windows.mounts import is_local
from quakesite.windows.order import Batches
from quakesite.windows.reading import Shard, open_shard, slots_of
from quakesite.windows.schema import METADATA, WINDOWS, Description
from quakesite.windows.sources import REQUESTS_AT_ONCE, Wait, wait_for_all

EMPTY = pa.schema([WINDOWS.field(name) for name in METADATA]).empty_table()


MAPPED_BYTES = 2**28
"""Local shards of no more than this in all are read from a memory map. The kernel may map 2 MiB for a row of
96 kB, so that all of a larger set would soon be resident; giving its pages back in time is slower than to
read by place."""

Batched = TypeVar("Batched", covariant=True)


class Item(NamedTuple):
    """One window: tensor (channels, n_samples) float32, label (NaN without labels), its index."""

    tensor: torch.Tensor
    label: float
    row: int


class Batch(NamedTuple):
    """Several windows: tensors (n, channels, n_samples) float32, labels (n,) float32, indices (n,) int64."""

    tensors: torch.Tensor
    labels: torch.Tensor
    indices: torch.Tensor


class WindowDataset(Dataset[Item]):
    """A map-style dataset of the windows in `paths`, in the order of their record ids.

    The order does not depend on how the records are spread over shards. Nothing but the metadata is held
    in memory; a window is read when it is asked for, straight into the tensor that is handed out, and of
    the fourth channel nothing is read with `channels=3`. What is handed out is the caller's to change.

    Args:
        paths: shards of one kind of window; none gives an empty dataset.
        labels: label (Vs30 in m/s) by station; windows of stations without one (or with NaN) are left
            out. None: all windows, and every label is NaN.
        stations: the stations to keep (one side of a split). None: all.
        channels: 4, or 3 to leave out the P/S channel.
        require_ps: leave out the windows without both a P and an S pick.
        mapped: read local shards from a memory map (True) or by place (False). None: from a map where they
            take at most `MAPPED_BYTES` in all, since mapped pages count as resident memory, and lie on a
            local file system (`quakesite.windows.mounts`), since a map's error ends the process.
        cache: folder for whole copies of remote shards, made when the dataset is; without it each batch
            asks the store for its windows.

    Raises:
        InputError: a shard cannot be read, the shards hold windows of different shapes or rates, or a
            record is in two of them.
    """

    channels: int
    description: Description | None

    def __init__(
        self,
        paths: Sequence[str | Path],
        labels: Mapping[str, float] | None = None,
        stations: Collection[str] | None = None,
        channels: int = 4,
        require_ps: bool = False,
        mapped: bool | None = None,
        cache: str | Path | None = None,
    ) -> None:
        if channels not in (3, 4):
            raise ValueError(f"channels {channels}; expected 3 or 4")
        self.channels = channels
        self._shards = _opened(paths, mapped, cache)
        self.description = _common_description(self._shards)
        table, self._shard_of, self._row_of = _joined(self._shards)
        keep = _selection(table, labels, stations, require_ps)
        self._table = table.take(keep)
        self._shard_of, self._row_of = self._shard_of[keep], self._row_of[keep]
        names = self._table["station"].to_pylist()
        self.labels: npt.NDArray[np.float32] = np.array(
            [math.nan if labels is None else labels[name] for name in names], np.float32
        )
        """The label of each window."""

    @property
    def table(self) -> pa.Table:
        """The metadata of the windows (`schema.METADATA`), one row per index."""
        return self._table

    @property
    def shape(self) -> tuple[int, int]:
        """Channels and samples of one window."""
        return self.channels, self.description.n_samples if self.description else 0

    @property
    def remote(self) -> bool:
        """Whether a shard is read over the network."""
        return any(shard.remote for shard in self._shards)

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int | Sequence[int]) -> Item | Batch:  # type: ignore[override]
        """Returns the window of one index as an `Item`, those of several as one `Batch`."""
        if isinstance(index, (int, np.integer)):
            batch = self.batch([int(index)])
            return Item(batch.tensors[0], float(batch.labels[0]), int(batch.indices[0]))
        return self.batch(index)

    def __getitems__(self, indices: Sequence[int]) -> list[Item]:
        """Returns the windows of `indices` as items (views of one batch), for PyTorch's default collation."""
        batch = self.batch(indices)
        return [
            Item(tensor, label, index)
            for tensor, label, index in zip(
                batch.tensors, batch.labels.tolist(), batch.indices.tolist(), strict=True
            )
        ]

    def batch(self, indices: Sequence[int]) -> Batch:
        """Returns the windows of `indices` (negative ones count from the end) in one freshly filled batch.

        Raises:
            IndexError: an index is out of range.
            InputError: a shard was replaced since the dataset was opened, or cannot be read.
        """
        chosen = np.asarray(indices, np.int64).reshape(-1)
        chosen = np.where(chosen < 0, chosen + len(self), chosen)
        if chosen.size and (chosen.min() < 0 or chosen.max() >= len(self)):
            raise IndexError(f"index outside the {len(self)} windows")
        tensors = np.empty((len(chosen), *self.shape), np.float32)  # NumPy asks for huge pages, PyTorch not
        slots = slots_of(tensors)
        shards, rows = self._shard_of[chosen], self._row_of[chosen]
        order = np.lexsort((rows, shards))
        rows_in_order, slots = rows[order].tolist(), [slots[i] for i in order.tolist()]
        numbers, firsts = np.unique(shards[order], return_index=True)
        waits: list[Wait] = []
        bounds = itertools.pairwise([*firsts.tolist(), len(chosen)])
        for number, (first, last) in zip(numbers.tolist(), bounds, strict=True):
            waits += self._shards[number].fill(rows_in_order[first:last], slots[first:last])
        wait_for_all(waits)
        return Batch(
            torch.from_numpy(tensors), torch.from_numpy(self.labels[chosen]), torch.from_numpy(chosen)
        )

    def batches(
        self, batch_size: int, *, seed: int = 0, shuffle: bool = True, balanced: bool = False
    ) -> Batches:
        """Returns the batches of indices to train on, `balanced` so that every station has the same share."""
        stations = self._table["station"].to_pylist() if balanced else None
        return Batches(len(self), batch_size, seed=seed, shuffle=shuffle, stations=stations)


class ByBatch(Protocol[Batched]):
    """What is read batch by batch, by lists of indices."""

    @property
    def remote(self) -> bool:
        """Whether it is read over the network."""

    def __getitem__(self, indices: Sequence[int], /) -> Batched:
        """Returns the batch of these indices."""


def loader(dataset: ByBatch[Batched], batches: Batches, *, workers: int = 0) -> DataLoader[Batched]:
    """Returns a data loader that yields the batch of each of `batches`, of windows or of anything like them.

    The windows and their order are the same for any number of workers. Reading is a copy from the page
    cache, and sending a batch from one process to another costs several times more than that: leave
    `workers=0` for local shards that have been read once (benchmarks/windows.py has the figures), and use
    workers for remote shards and slow disks, where they wait side by side.
    """
    context = "spawn" if workers and dataset.remote else None  # the S3 client does not survive a fork
    return DataLoader(
        dataset,  # type: ignore[arg-type]
        batch_size=None,
        sampler=batches,
        num_workers=workers,
        persistent_workers=workers > 0,
        multiprocessing_context=context,
    )


def _opened(paths: Sequence[str | Path], mapped: bool | None, cache: str | Path | None) -> list[Shard]:
    given = [str(path) for path in paths]
    places = given if cache is None else local_copies(given, Path(cache))
    origins = ["" if place == path else path for place, path in zip(places, given, strict=True)]
    with ThreadPoolExecutor(REQUESTS_AT_ONCE) as pool:
        over = pool.map if any(map(is_remote, places)) else map
        shards = list(over(lambda place, origin: open_shard(place, copy_of=origin), places, origins))
    local = [shard for shard in shards if not shard.remote]
    if mapped is None:
        mapped = sum(shard.n_bytes for shard in local) <= MAPPED_BYTES
        mapped = mapped and all(is_local(shard.path) for shard in local)
    for shard in local:
        shard.mapped = mapped
    return shards


def _common_description(shards: Sequence[Shard]) -> Description | None:
    if not shards:
        return None
    first = shards[0]
    for shard in shards[1:]:
        for field in ("window", "n_samples", "rate_hz", "settings"):
            found, expected = getattr(shard.description, field), getattr(first.description, field)
            if found != expected:
                raise InputError(
                    shard.path, repr(found), field=field, expected=f"{expected!r}, as in {first.path}"
                )
    return first.description


def _joined(shards: Sequence[Shard]) -> tuple[pa.Table, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Returns all metadata sorted by record id, and the shard and row of each."""
    table = pa.concat_tables(
        [EMPTY, *(shard.metadata.select(METADATA).cast(EMPTY.schema) for shard in shards)]
    )
    order = pc.sort_indices(table, sort_keys=[("record_id", "ascending")]).to_numpy()
    sizes = [len(shard) for shard in shards]
    shard_of = np.repeat(np.arange(len(shards)), sizes)
    row_of = np.concatenate([np.arange(0), *(np.arange(size) for size in sizes)])
    table = table.take(order).combine_chunks()
    ids = table["record_id"]
    if table.num_rows > 1:
        twice = pc.equal(ids.slice(1), ids.slice(0, len(ids) - 1))
        if pc.any(twice).as_py():
            place = int(pc.index(twice, True).as_py())
            paths = sorted({shards[shard_of[order[place + step]]].path for step in (0, 1)})
            raise InputError(
                " and ".join(paths),
                f"record {ids[place].as_py()} is there twice",
                action="give each shard once",
            )
    return table, shard_of[order], row_of[order]


def _selection(
    table: pa.Table,
    labels: Mapping[str, float] | None,
    stations: Collection[str] | None,
    require_ps: bool,
) -> npt.NDArray[np.int64]:
    allowed = set(table["station"].unique().to_pylist())
    if stations is not None:
        allowed &= set(stations)
    if labels is not None:
        allowed = {name for name in allowed if math.isfinite(labels.get(name, math.nan))}
    keep = pc.is_in(table["station"], pa.array(sorted(allowed), pa.string()))
    if require_ps:
        keep = pc.and_(keep, pc.and_(table["p_sample"].is_valid(), table["s_sample"].is_valid()))
    return np.flatnonzero(keep.to_numpy(zero_copy_only=False)).astype(np.int64)
