"""Event splits: whole earthquakes to train, validation and test, beside whole stations.

An earthquake's place is told by its stamp, the trial and the seed alone, so that every experiment of a trial,
and the pretraining of its encoder, deal alike, whatever windows they have. That is why whole hours are dealt
and not clusters of stamps: which stamps there are differs from one experiment's windows to another's.
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
HOURS_BEGIN = timedelta(minutes=29, seconds=30)
"""Where an hour begins: off the round times that some catalogues prefer."""


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


def split_of(event: str, trial: int, seed: int) -> str | None:
    """Returns where an event id stands in a trial: one of five folds tests, the next one validates.

    Trial k tests fold k, so that five trials test every earthquake once; the next five deal anew. Whole hours
    are dealt. Within 10 s of an hour's end, where the next one stands elsewhere, an id is in no split: None.
    """
    found = {_split_of(hour, trial, seed) for hour in _hours(event)}
    return found.pop() if len(found) == 1 else None


def _hours(event: str) -> set[str]:
    """Returns the hours that records of the same earthquake may be stamped with; the id if it is no stamp."""
    try:
        time = datetime.strptime(event, STAMP) - HOURS_BEGIN
    except ValueError:
        return {event}
    return {f"{time + away:%Y%m%d%H}" for away in (-SAME_EARTHQUAKE, timedelta(0), SAME_EARTHQUAKE)}


def _split_of(hour: str, trial: int, seed: int) -> str:
    deal, fold = divmod(trial - 1, FOLDS)
    digest = hashlib.blake2b(f"{seed} {deal} {hour}".encode(), digest_size=8).digest()
    place = (int.from_bytes(digest, "big") - fold) % FOLDS
    return {0: "test", 1: "validation"}.get(place, "train")


def event_splits(shards: Sequence[Sequence[str | Path]], trial: int, seed: int) -> dict[str, str | None]:
    """Returns the split of each event id in `shards` (lists of shards of one kind of window each)."""
    ids: set[str] = set()
    for paths in shards:
        ids.update(WindowDataset(paths).table["event_id"].unique().to_pylist())
    return {event: split_of(event, trial, seed) for event in sorted(ids)}
