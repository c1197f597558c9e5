"""Asks for records ten at a time, and finds out which one of ten spoils an answer."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from quakesite.download.clock import Clock
from quakesite.download.faults import AGAIN, Fault, Forbidden, Reason, Unreachable
from quakesite.download.guest import Guest
from quakesite.download.holdings import place
from quakesite.download.ledger import Entry, Ledger, Outcome, Wanted
from quakesite.download.parcels import Leaf, Parcel, opened, store
from quakesite.download.settings import DownloadSettings
from quakesite.errors import InputError

CALL = "afad"
MOST_FORBIDDEN = 4
"""Answers of 403 in a row that end the run: a batch, its first record, the rest, and another one alone."""

GO_ON = "what is fetched is kept; the same command goes on where this one stopped"


class Fetcher:
    """Fetches records into a folder and its ledger."""

    def __init__(
        self, guest: Guest, settings: DownloadSettings, folder: Path, ledger: Ledger, clock: Clock
    ) -> None:
        self._guest, self._settings = guest, settings
        self._folder, self._ledger, self._clock = folder, ledger, clock
        self._most_bytes = int(settings.max_response_mb * 1e6)
        self._failed_in_a_row = self._forbidden_in_a_row = 0
        self._refused_in_that_row: list[Entry] = []

    def fetch(self, wanted: Sequence[Wanted]) -> Iterator[Entry]:
        """Yields what became of each of `wanted`, as soon as it is on disk and in the ledger.

        Raises:
            InputError: the server cannot be reached, or fails again and again.
            OSError: the disk is full.
        """
        for batch in batches(wanted, self._settings.batch):
            yield from self._batch(batch)

    def _batch(self, batch: Sequence[Wanted]) -> Iterator[Entry]:
        # The folder's own disk, not /tmp: what does not fit here is not worth fetching.
        with tempfile.TemporaryFile(dir=self._folder) as content:
            middle = (len(batch) + 1) // 2
            try:
                parcel = self._parcel(batch, content)
            except Fault as fault:
                self._count(fault)
                if isinstance(fault, Forbidden):
                    middle = 1  # two records alone tell whether it is one of them or whoever asks
                if len(batch) == 1:
                    refused = self._note_fault(batch[0], fault)
                    self._refused_in_that_row.append(refused)
                    yield refused
                    return
            else:
                self._failed_in_a_row = self._forbidden_in_a_row = 0
                self._refused_in_that_row.clear()
                for one in batch:
                    if one.record in parcel.files:
                        yield self._keep(one, parcel.files[one.record])
                    else:
                        reason, detail = parcel.refused[one.record]
                        yield self._note(one, Outcome.REFUSED, reason=reason, detail=detail)
                return
        yield from self._batch(batch[:middle])
        yield from self._batch(batch[middle:])

    def _parcel(self, batch: Sequence[Wanted], content: IO[bytes]) -> Parcel:
        """Asks for a batch, and returns what of it came.

        Raises:
            Fault: the answer as a whole is none.
        """
        answer = self._guest.export(body_of(batch, self._settings.user_name), content)
        return opened(self._settings.export_url, answer, content, batch, self._most_bytes)

    def _keep(self, one: Wanted, leaves: Sequence[Leaf]) -> Entry:
        target = place(self._folder, one)
        try:
            store(self._settings.export_url, leaves, target, self._most_bytes)
        except Fault as fault:
            return self._note_fault(one, fault)
        file = target.relative_to(self._folder).as_posix()
        return self._note(one, Outcome.FETCHED, file=file, size=target.stat().st_size)

    def _note(
        self,
        one: Wanted,
        outcome: Outcome,
        *,
        file: str = "",
        size: int = 0,
        reason: Reason | None = None,
        detail: str = "",
    ) -> Entry:
        when = self._clock.utc().strftime("%Y-%m-%dT%H:%M:%SZ")
        entry = Entry(one, outcome, file, size, str(reason or ""), detail, when)
        self._ledger.add(entry)
        return entry

    def _note_fault(self, one: Wanted, fault: Fault) -> Entry:
        outcome = Outcome.FAILED if fault.reason in AGAIN else Outcome.REFUSED
        return self._note(one, outcome, reason=fault.reason, detail=fault.detail)

    def _count(self, fault: Fault) -> None:
        self._failed_in_a_row += 1
        self._forbidden_in_a_row = self._forbidden_in_a_row + 1 if isinstance(fault, Forbidden) else 0
        if isinstance(fault, Unreachable):
            raise fault.as_input_error("a server that answers", GO_ON) from fault
        most = self._settings.give_up_after
        if self._failed_in_a_row < most and self._forbidden_in_a_row < min(MOST_FORBIDDEN, most):
            return
        # Not these records are at fault but the service (moved, closed to us): ask for them again next time.
        for entry in self._refused_in_that_row:
            self._note(entry.wanted, Outcome.FAILED, reason=Reason(entry.reason), detail=entry.detail)
        found = f"{self._failed_in_a_row} requests in a row failed, the last with: {fault.detail}"
        advice = f"{GO_ON}; if the service has changed, see docs/download.md"
        raise InputError(fault.url, found, expected="zips of records", action=advice) from fault


def batches(wanted: Sequence[Wanted], size: int) -> list[Sequence[Wanted]]:
    """Returns `wanted` in batches of at most `size`, each of one form."""
    forms: dict[tuple[str, str], list[Wanted]] = {}
    for one in wanted:
        forms.setdefault((one.file_status, one.export_type), []).append(one)
    return [alike[at : at + size] for alike in forms.values() for at in range(0, len(alike), size)]


def body_of(batch: Sequence[Wanted], user_name: str) -> dict[str, object]:
    """Returns the JSON that asks for a batch of records of one form."""
    return {
        "filename": [one.record for one in batch],
        "file_type": [one.file_type for one in batch],
        "file_status": batch[0].file_status,
        "export_type": batch[0].export_type,
        "user_name": user_name,
        "call": CALL,
    }
