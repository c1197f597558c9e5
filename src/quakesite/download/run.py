"""What `quakesite download events` and `quakesite download records` do, from the request to the last line."""

from __future__ import annotations

import errno
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from quakesite.download.client import Client
from quakesite.download.clock import Clock
from quakesite.download.events import events, write_events
from quakesite.download.fetching import GO_ON, Fetcher, batches
from quakesite.download.guest import Guest
from quakesite.download.holdings import Plan, plan
from quakesite.download.ledger import REFUSED, WAVEFORMS, Entry, Ledger, Outcome, Wanted, alone
from quakesite.download.refusals import write_refusals
from quakesite.download.search import Area, Found, Query, Waveform, search, waveforms_table
from quakesite.download.settings import DownloadSettings
from quakesite.download.spans import Span
from quakesite.errors import InputError, NotWritten
from quakesite.progress import say, track
from quakesite.tables import write_csv

COMPONENTS_PER_RECORD = 3
AUTO = "auto"
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def disk_trouble_told(where: Path) -> Iterator[None]:
    """Turns what the system says of a full or forbidden disk into the one clear line."""
    try:
        yield
    except (OSError, NotWritten) as raised:
        error = raised if isinstance(raised, OSError) else raised.__cause__
        assert isinstance(error, OSError)
        full = error.errno in NO_ROOM
        found = "the disk is full" if full else f"cannot be written to ({error.strerror or error})"
        raise InputError(where, found, action=f"{'make room' if full else 'mend that'}; {GO_ON}") from error


def fetch_events(settings: DownloadSettings, clock: Clock, span: Span, area: Area, out: Path) -> list[str]:
    """Writes AFAD's events to `out`, and beside it what was not understood.

    Returns:
        The lines to show at the end.

    Raises:
        InputError: `out` is neither .csv nor .parquet; see `events`.
    """
    if out.suffix not in (".csv", ".parquet"):
        raise InputError("--out", str(out), expected="a name that ends in .csv or .parquet")
    with closing(Client(settings, clock)) as client:
        found = events(client, settings, span, area)
    table = found.table()
    lines = [f"{table.num_rows} events in {out} ({client.sent} requests)"]
    rejects = out.with_name(f"{out.stem}.rejects.csv")
    with disk_trouble_told(out):
        write_events(table, out)
        rejects.unlink(missing_ok=True)
    if found.rejected:
        write_refusals(
            rejects, ((event, "events", reason, detail) for event, reason, detail in found.rejected)
        )
        lines.append(f"{len(found.rejected)} rows that were not understood in {rejects}")
    return lines


@dataclass(frozen=True)
class Order:
    """Which records are wanted, in which form, and where they go.

    Attributes:
        folder: where they go.
        query: the search; null if `listed` names the records.
        listed: the records, each once.
        file_type: ap, mp, unprocessed, or auto for what the search says of each record.
        file_status: Acc or RawAcc.
        export_type: asc2 or mseed.
        archives: further places that may hold records already.
        again: ask also for what was refused, or has gone from the folder.
    """

    folder: Path
    query: Query | None
    listed: Sequence[Waveform] = ()
    file_type: str = AUTO
    file_status: str = "Acc"
    export_type: str = "asc2"
    archives: Sequence[str] = ()
    again: bool = False


@dataclass
class Tally:
    """Counts of one run, for the table at its end."""

    found: Found
    plan: Plan
    entries: list[Entry] = field(default_factory=list)

    def lines(self, sent: int, dry_run: bool = False) -> list[str]:
        """Returns the table's lines; `sent` is the number of requests."""
        by_outcome = Counter(entry.outcome for entry in self.entries)
        size = sum(entry.size for entry in self.entries)
        rows = [
            ("wanted", len(self.found.waveforms), ""),
            ("there already", len(self.plan.there), ""),
            ("to be fetched", len(self.plan.fetch) if dry_run else 0, ""),
            ("fetched", by_outcome[Outcome.FETCHED], f"{size / 1e6:.1f} MB, {sent} requests"),
            ("fetched before, gone from the folder", len(self.plan.gone), "--again fetches them"),
            ("refused before", len(self.plan.refused), "--again asks once more"),
            *self._refusals(Outcome.REFUSED, "refused"),
            *self._refusals(Outcome.FAILED, "failed"),
            ("not asked for yet", 0 if dry_run else len(self.plan.fetch) - len(self.entries), ""),
            ("named in a way that is refused", len(self.found.rejected), ""),
        ]
        width = max(len(label) for label, _, _ in rows)
        return [
            f"{label:<{width}}  {count:>7}  {note}".rstrip()
            for label, count, note in rows
            if count or label == "wanted" or (label == "fetched" and not dry_run)
        ]

    def _refusals(self, outcome: Outcome, label: str) -> list[tuple[str, int, str]]:
        reasons = Counter(entry.reason for entry in self.entries if entry.outcome is outcome)
        return [(f"{label}: {reason}", count, "") for reason, count in sorted(reasons.items())]

    def balanced(self) -> Tally:
        """Returns itself, if every record wanted is accounted for.

        Raises:
            RuntimeError: one is not.
        """
        plan = self.plan
        kept = len(plan.fetch) + len(plan.there) + len(plan.gone) + len(plan.refused)
        if kept != len(self.found.waveforms):
            raise RuntimeError(f"{len(self.found.waveforms)} records wanted, {kept} accounted for")
        if len({entry.wanted for entry in self.entries}) != len(self.entries):
            raise RuntimeError("a record was fetched twice")
        return self


def fetch_records(settings: DownloadSettings, clock: Clock, order: Order, dry_run: bool) -> list[str]:
    """Fetches the records of `order` that are not there yet, or with `dry_run` says what would be fetched.

    Returns:
        The lines to show at the end.

    Raises:
        InputError: the server cannot be reached or understood, the disk is full, another download is at
            work in the folder; or some records failed in a way that may pass (all others are there).
    """
    with closing(Client(settings, clock)) as client:
        guest = Guest(client, settings)
        if dry_run:
            found = _wanted_of(guest, settings, order)
            planned = plan(
                _forms(found, order), order.folder, order.archives, Ledger(order.folder), order.again
            )
            return _forecast(Tally(found, planned).balanced(), settings, client.sent)
        with disk_trouble_told(order.folder), alone(order.folder):
            found = _wanted_of(guest, settings, order)
            ledger = Ledger(order.folder)
            planned = plan(_forms(found, order), order.folder, order.archives, ledger, order.again)
            if order.query is not None:
                write_csv(waveforms_table(list(found.waveforms.values())), order.folder / WAVEFORMS)
            tally = Tally(found, planned).balanced()
            try:
                fetcher = Fetcher(guest, settings, order.folder, ledger, clock)
                for entry in track(fetcher.fetch(planned.fetch), "records", len(planned.fetch)):
                    tally.entries.append(entry)
            except (InputError, OSError):
                tally.entries = [ledger.entries[entry.wanted] for entry in tally.entries]
                for line in tally.lines(client.sent):
                    say(line)
                raise
            finally:
                rejected = [(name, "search", reason, detail) for name, reason, detail in found.rejected]
                write_refusals(order.folder / REFUSED, [*rejected, *ledger.not_fetched()])
            if len(tally.balanced().entries) != len(planned.fetch):
                raise RuntimeError(
                    f"{len(planned.fetch)} records asked for, {len(tally.entries)} accounted for"
                )
            return _ended(tally, order, client.sent)


def _wanted_of(guest: Guest, settings: DownloadSettings, order: Order) -> Found:
    if order.query is not None:
        return search(guest, settings, order.query)
    return Found({waveform.record: waveform for waveform in order.listed}, rows=len(order.listed))


def _forms(found: Found, order: Order) -> list[Wanted]:
    return [
        Wanted(
            record=waveform.record,
            file_type=waveform.level if order.file_type == AUTO else order.file_type,
            file_status=order.file_status,
            export_type=order.export_type,
        )
        for waveform in found.waveforms.values()
    ]


def _forecast(tally: Tally, settings: DownloadSettings, sent: int) -> list[str]:
    n_records, n_requests = len(tally.plan.fetch), len(batches(tally.plan.fetch, settings.batch))
    files = f"about {n_records * COMPONENTS_PER_RECORD} files, " if tally.plan.fetch else ""
    pauses_s = n_requests * settings.seconds_between_requests
    return [
        f"would fetch {n_records} records ({files}{n_requests} requests, at least {pauses_s / 60:.1f} min)",
        *tally.lines(sent, dry_run=True),
        "nothing was fetched or written (--dry-run)",
    ]


def _ended(tally: Tally, order: Order, sent: int) -> list[str]:
    lines = tally.lines(sent)
    failed = sum(entry.outcome is Outcome.FAILED for entry in tally.entries)
    if failed:
        for line in lines:
            say(line)
        raise InputError(
            order.folder, f"could not fetch {failed} of the records (refused.csv says why)", action=GO_ON
        )
    if not tally.found.waveforms and order.query is not None:
        lines.append(
            "No record matches. If TADAS's own page shows some: a time format that the service does not like "
            "gives an empty answer; try download.search_time_format (docs/download.md)."
        )
    else:
        lines.append(f"Use it: archive: [{order.folder}]")
    return lines
