"""The batches of one training: in which order, which windows of a station together, and whose share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from quakesite.windows.order import Batches, Indices

Place = Callable[[], tuple[int, int]]
"""This process's rank, and how many processes train together."""


def alone() -> tuple[int, int]:
    """Returns the place of a process that trains by itself."""
    return 0, 1


class TrainingBatches(Batches):
    """Shuffled batches; see `Batches` for what tells their order.

    Args:
        stations: of each window.
        batch_size: windows in a batch, of all processes together.
        seed: seed of the order.
        balanced: every station has the same share of an epoch.
        run: up to so many windows of a station stand together; 1: none do.
        place: where this process stands among those that train together.
    """

    def __init__(
        self,
        stations: Sequence[str],
        batch_size: int,
        *,
        seed: int,
        balanced: bool = False,
        run: int = 1,
        place: Place = alone,
    ) -> None:
        super().__init__(len(stations), batch_size, seed=seed, stations=stations if balanced else None)
        self.run, self.place = run, place
        self.station_of = np.unique(np.asarray(stations, dtype=str), return_inverse=True)[1]

    def order(self) -> Indices:
        """Returns the indices of the whole epoch, in order."""
        order = super().order()
        if self.run == 1 or len(order) == 0:
            return order
        stations = self.station_of[order]
        sizes = np.bincount(stations)
        grouped = np.split(order[np.argsort(stations, kind="stable")], np.cumsum(sizes)[:-1])
        runs = [own[start : start + self.run] for own in grouped for start in range(0, len(own), self.run)]
        random = np.random.default_rng([self.seed, self.epoch, self.run])
        return np.concatenate([runs[place] for place in random.permutation(len(runs))])

    def __iter__(self) -> Iterator[list[int]]:
        for batch in super().__iter__():
            yield self._share(batch)

    def _share(self, batch: list[int]) -> list[int]:
        """Returns this process's part of a batch; where that does not come out even, some count twice."""
        rank, world = self.place()
        size = -(-len(batch) // world)
        return [batch[place % len(batch)] for place in range(rank * size, (rank + 1) * size)]
