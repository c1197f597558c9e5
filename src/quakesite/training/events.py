"""Event splits: whole earthquakes to train, validation and test, beside whole stations.

An earthquake's place is told by its name, the trial and the seed alone, so that every experiment of a trial,
and the pretraining of its encoder, deal alike, whatever windows they have.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from quakesite.training.splits import FOLDS
from quakesite.windows.dataset import WindowDataset

STAMP = "%Y%m%d%H%M%S"
SAME_EARTHQUAKE = timedelta(seconds=10)
"""Records of one earthquake can carry stamps some seconds apart."""


def earthquakes(event_ids: Collection[str]) -> dict[str, str]:
    """Returns the earthquake of each event id, named by its first id: stamps within 10 s are of one.

    An id that is no stamp (YYYYMMDDhhmmss) is an earthquake of its own.
    """
    found = {}
    first = last = None
    for event in sorted(set(event_ids)):
        try:
            time = datetime.strptime(event, STAMP)
        except ValueError:
            found[event] = event
            continue
        if last is None or time - last > SAME_EARTHQUAKE:
            first = event
        last = time
        found[event] = first or event
    return found


def split_of(earthquake: str, trial: int, seed: int) -> str:
    """Returns where an earthquake stands in a trial: one of five folds tests, the next one validates.

    Trial k tests fold k, so that five trials test every earthquake once; the next five deal anew.
    """
    deal, fold = divmod(trial - 1, FOLDS)
    digest = hashlib.blake2b(f"{seed} {deal} {earthquake}".encode(), digest_size=8).digest()
    place = (int.from_bytes(digest, "big") - fold) % FOLDS
    return {0: "test", 1: "validation"}.get(place, "train")


def event_splits(shards: Sequence[Sequence[str | Path]], trial: int, seed: int) -> dict[str, str]:
    """Returns the split of each event id in `shards` (lists of shards of one kind of window each)."""
    ids: set[str] = set()
    for paths in shards:
        ids.update(WindowDataset(paths).table["event_id"].unique().to_pylist())
    return {event: split_of(name, trial, seed) for event, name in earthquakes(ids).items()}
