"""The queues an annotator works through, and the pages of the list; 36,000 records take milliseconds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from quakesite.annotate.index import RecordIndex
from quakesite.annotate.notebook import Notebook
from quakesite.annotate.suggestions import Doubt

Positions = npt.NDArray[np.int64]


class Queue(StrEnum):
    """Which records stand in the list, and in which order."""

    ALL = "all"
    UNPICKED = "unpicked"
    LOW_AGREEMENT = "low_agreement"


def _searched(text: str) -> str:
    """Returns a text as it is searched: in small letters, dates and times as in a record's name."""
    return re.sub(r"(?<=\d)[-:](?=\d)", "", text.lower())


class Queues:
    """The records by queue and search text; positions are places in `index.record_ids`."""

    def __init__(self, index: RecordIndex, notebook: Notebook, doubts: Mapping[str, Doubt]) -> None:
        self._index, self._notebook, self._doubts = index, notebook, doubts
        self._everything = np.arange(len(index))
        known = [(-doubt.rank_s, index.positions[name]) for name, doubt in doubts.items() if name in index]
        self._doubtful = np.array([position for _, position in sorted(known)], dtype=np.int64)
        self._texts = [
            _searched(f"{name} {station}")
            for name, station in zip(index.record_ids, index.stations, strict=True)
        ]
        self._matching: tuple[str, npt.NDArray[np.bool_]] = ("", np.ones(len(index), dtype=bool))
        self._unpicked: tuple[int, npt.NDArray[np.bool_]] = (-1, np.ones(len(index), dtype=bool))

    def _order(self, queue: Queue) -> Positions:
        return self._doubtful if queue is Queue.LOW_AGREEMENT else self._everything

    def _matches(self, text: str) -> npt.NDArray[np.bool_]:
        words = _searched(text).split()
        key = " ".join(words)
        if key != self._matching[0]:
            found = [all(word in known for word in words) for known in self._texts]
            self._matching = (key, np.array(found, dtype=bool))
        return self._matching[1]

    def _is_unpicked(self) -> npt.NDArray[np.bool_]:
        version = self._notebook.version  # first: what is written meanwhile makes it old
        if self._unpicked[0] != version:
            unpicked = np.ones(len(self._index), dtype=bool)
            done = [name for name, entry in self._notebook.entries.items() if entry.is_done]
            unpicked[[self._index.positions[name] for name in done if name in self._index]] = False
            self._unpicked = (version, unpicked)
            return unpicked
        return self._unpicked[1]

    def members(self, queue: Queue, text: str = "") -> Positions:
        """Returns the records of a queue whose id or station holds every word of `text`, in order.

        Dates and times may be written as the page shows them, `2012-01-06 00:16`.
        """
        order = self._order(queue)
        chosen = self._matches(text)[order]
        if queue is Queue.UNPICKED:
            chosen = chosen & self._is_unpicked()[order]
        return order[chosen]

    def page(self, queue: Queue, text: str, offset: int, limit: int) -> tuple[int, list[list[Any]]]:
        """Returns the number of records in the queue, and the rows from `offset` on, `limit` at most.

        A row is record_id, station, magnitude, epicentral distance in km, state, doubt; the state is `aside`,
        or the phases picked (``, `P`, `S`, `PS`).
        """
        members = self.members(queue, text)
        return len(members), [self._row(int(position)) for position in members[offset : offset + limit]]

    def _row(self, position: int) -> list[Any]:
        index = self._index
        record_id = index.record_ids[position]
        entry, doubt = self._notebook[record_id], self._doubts.get(record_id)
        return [
            record_id,
            index.stations[position],
            index.magnitudes[position],
            index.distances_km[position],
            "aside" if entry.aside is not None else "".join(sorted(entry.picks)),
            doubt.why if doubt else "",
        ]

    def place(self, queue: Queue, text: str, record_id: str) -> int | None:
        """Returns where a record stands in the queue, or None where it is not in it."""
        found = np.flatnonzero(self.members(queue, text) == self._index.position(record_id))
        return int(found[0]) if len(found) else None

    def step(self, queue: Queue, text: str, record_id: str, by: int, *, unpicked: bool = False) -> str | None:
        """Returns the record that follows (`by` 1) or comes before (-1) in the queue, or None at its end.

        Works from a record, too, that has just left the queue because it was picked.

        Args:
            queue: the queue.
            text: the search text.
            record_id: where the annotator stands.
            by: 1 or -1.
            unpicked: whether to go on to the first record that is unpicked, starting over at the other end of
                the queue.
        """
        order = self._order(queue)
        wanted = np.zeros(len(self._index), dtype=bool)
        wanted[self.members(queue, text)] = True
        if unpicked:
            wanted &= self._is_unpicked()
        here = np.flatnonzero(order == self._index.position(record_id))
        places = np.flatnonzero(wanted[order])
        if len(here):
            after, before = places[places > here[0]], places[places < here[0]][::-1]
            first, second = (after, before[::-1]) if by > 0 else (before, after[::-1])
            places = np.concatenate([first, second]) if unpicked else first
        return self._index.record_ids[order[places[0]]] if len(places) else None

    def progress(self) -> dict[str, int]:
        """Returns how many records there are in all, done, with P and S, set aside, left, and doubtful."""
        entries = [entry for name, entry in self._notebook.entries.items() if name in self._index]
        done = sum(entry.is_done for entry in entries)
        return {
            "records": len(self._index),
            "done": done,
            "both": sum(len(entry.picks) == 2 for entry in entries),
            "aside": sum(entry.aside is not None for entry in entries),
            "unpicked": len(self._index) - done,
            "low_agreement": len(self._doubtful),
        }
