"""In which order windows are read: told by (seed, epoch) alone, and resumable in mid-epoch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.int64]


def shuffled(n: int, seed: int, epoch: int) -> Indices:
    """Returns 0..n-1 in the order of this seed and epoch."""
    return np.random.default_rng([seed, epoch]).permutation(n).astype(np.int64)


def station_balanced(stations: Sequence[str], seed: int, epoch: int) -> Indices:
    """Returns as many indices as there are windows, in which every station has the same share.

    Each of the S stations is drawn n/S times (the remainder goes to stations drawn anew each epoch). A
    station with fewer windows repeats them, each as often as the others give or take one; a station with
    more shows a part of them, another one each epoch.
    """
    n = len(stations)
    if n == 0:
        return np.empty(0, np.int64)
    random = np.random.default_rng([seed, epoch])
    names, station_of = np.unique(np.asarray(stations, dtype=str), return_inverse=True)
    share, rest = divmod(n, len(names))
    quota = np.full(len(names), share)
    quota[random.permutation(len(names))[:rest]] += 1
    by_station = np.split(np.argsort(station_of, kind="stable"), np.cumsum(np.bincount(station_of))[:-1])
    drawn = [
        np.concatenate([random.permutation(own) for _ in range(-(-wanted // len(own)))] or [own[:0]])[:wanted]
        for own, wanted in zip(by_station, quota, strict=True)
    ]
    return random.permutation(np.concatenate(drawn)).astype(np.int64)


class Batches:
    """The batches of indices of one epoch after another; a sampler for `torch.utils.data.DataLoader`.

    Every process that asks for the same seed and epoch gets the same batches, whatever the number of
    workers. To resume, call `resume` with the epoch and the number of its batches already trained on:
    what follows equals the rest of an uninterrupted run. Once that rest is through, epochs are whole again.

    Args:
        n: number of windows.
        batch_size: indices in a batch; the last one of an epoch may be smaller.
        seed: seed of the order.
        shuffle: False for the order of the dataset, the same every epoch.
        stations: the station of each window, to give every station the same share; see `station_balanced`.
        drop_last: leave out the last batch where it is smaller.
    """

    n: int
    batch_size: int
    seed: int
    shuffle: bool
    stations: Sequence[str] | None
    drop_last: bool
    epoch: int
    first_batch: int

    def __init__(
        self,
        n: int,
        batch_size: int,
        *,
        seed: int = 0,
        shuffle: bool = True,
        stations: Sequence[str] | None = None,
        drop_last: bool = False,
    ) -> None:
        if batch_size < 1:
            raise ValueError(f"batch_size {batch_size} is below 1")
        if stations is not None and len(stations) != n:
            raise ValueError(f"{len(stations)} stations for {n} windows")
        if stations is not None and not shuffle:
            raise ValueError("a station-balanced order is always shuffled")
        self.n, self.batch_size, self.seed, self.shuffle = n, batch_size, seed, shuffle
        self.stations, self.drop_last = stations, drop_last
        self.epoch = self.first_batch = 0

    def set_epoch(self, epoch: int) -> None:
        """Chooses the epoch whose batches come next; from its start, unless it is the one resumed in."""
        if epoch != self.epoch:
            self.epoch, self.first_batch = epoch, 0

    def resume(self, epoch: int, batches_done: int) -> None:
        """Chooses the epoch, and leaves out its first batches."""
        if batches_done < 0:
            raise ValueError(f"batches_done {batches_done} is below 0")
        self.epoch, self.first_batch = epoch, batches_done

    def order(self) -> Indices:
        """Returns the indices of the whole epoch, in order."""
        if self.stations is not None:
            return station_balanced(self.stations, self.seed, self.epoch)
        return shuffled(self.n, self.seed, self.epoch) if self.shuffle else np.arange(self.n)

    @property
    def batches_per_epoch(self) -> int:
        """Batches in a whole epoch."""
        return self.n // self.batch_size if self.drop_last else -(-self.n // self.batch_size)

    def __len__(self) -> int:
        return max(self.batches_per_epoch - self.first_batch, 0)

    def __iter__(self) -> Iterator[list[int]]:
        order = self.order()
        for batch in range(self.first_batch, self.batches_per_epoch):
            yield order[batch * self.batch_size : (batch + 1) * self.batch_size].tolist()
        self.first_batch = 0
