"""From several annotators' tables to one: where they agree a pick, where they do not a case for a third."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pyarrow as pa

from quakesite.annotate.notebook import Entry, Pick
from quakesite.annotate.suggestions import MISSING_RANK_S, Doubt
from quakesite.errors import InputError
from quakesite.picks.networks import PHASES
from quakesite.tables import write_csv

Take = Literal["mean", "certain"]
Picks = Mapping[str, Pick]
"""By annotator."""

MANUAL = pa.schema(
    [
        pa.field("record_id", pa.string(), nullable=False),
        pa.field("phase", pa.string(), nullable=False),
        pa.field("time_s", pa.float64(), nullable=False),
        pa.field("analyst", pa.string(), nullable=False),
        pa.field("uncertainty_class", pa.int64()),
        pa.field("comment", pa.string()),
    ]
)
"""What `picks.manual` reads; `analyst` names all whose picks went into the time."""

DISPUTES = pa.schema(
    [
        pa.field("record_id", pa.string(), nullable=False),
        pa.field("phase", pa.string(), nullable=False),
        pa.field("apart_s", pa.float64(), metadata={"about": "null: not everybody picked it"}),
        pa.field("why", pa.string(), nullable=False),
    ]
)
"""Where annotators disagree. It says by how much, and not who picked what: a third looks with fresh eyes."""


@dataclass(frozen=True, slots=True)
class Agreed:
    """One phase of one record on which the annotators agree."""

    record_id: str
    phase: str
    pick: Pick


@dataclass(frozen=True, slots=True)
class Dispute:
    """One phase of one record on which they do not; `apart_s` is None where somebody left it unpicked."""

    record_id: str
    phase: str
    apart_s: float | None
    why: str


def merged(
    notebooks: Mapping[str, Mapping[str, Entry]],
    *,
    take: Take = "mean",
    within_s: float = 0.2,
    judge: str | None = None,
) -> tuple[list[Agreed], list[Dispute]]:
    """Returns the picks that annotators agree on, and what they disagree on, sorted by record and phase.

    Only those count who have dealt with a record (picked in it, or set it aside). They agree on a phase that
    all of them have picked within `within_s` of each other; what nobody picked is neither agreed nor
    disputed.

    Args:
        notebooks: by annotator, then record.
        take: the time of an agreed pick: the mean, or that of the smallest uncertainty class (of several the
            mean; no class counts as worst).
        within_s: largest difference between the earliest and the latest pick; infinite: any.
        judge: an annotator whose word, where there is one, is taken alone.

    Raises:
        InputError: the judge is none of the annotators.
    """
    if judge is not None and judge not in notebooks:
        raise InputError("--judge", repr(judge), expected=f"one of {', '.join(notebooks) or 'no annotators'}")
    agreed: list[Agreed] = []
    disputes: list[Dispute] = []
    for record_id in sorted({name for notebook in notebooks.values() for name in notebook}):
        entries = {name: notebook[record_id] for name, notebook in notebooks.items() if record_id in notebook}
        if judge in entries:
            entries = {judge: entries[judge]}
        for phase in PHASES:
            picks = {name: entry.picks[phase] for name, entry in entries.items() if phase in entry.picks}
            if not picks:
                continue
            apart_s = max(pick.time_s for pick in picks.values()) - min(
                pick.time_s for pick in picks.values()
            )
            if len(picks) < len(entries):
                why = f"{phase} by {len(picks)} of {len(entries)} annotators"
                disputes.append(Dispute(record_id, phase, None, why))
            elif apart_s > within_s + 1e-9:
                disputes.append(
                    Dispute(record_id, phase, round(apart_s, 6), f"annotators' {phase} {apart_s:.2f} s apart")
                )
            else:
                agreed.append(Agreed(record_id, phase, _one_of(picks, take)))
    return agreed, disputes


def _one_of(picks: Picks, take: Take) -> Pick:
    """Returns the pick that stands for several; its class is the worst of those that went into it."""

    def rank(pick: Pick) -> float:
        return math.inf if pick.uncertainty_class is None else pick.uncertainty_class

    best = min(map(rank, picks.values()))
    chosen = {name: pick for name, pick in picks.items() if take == "mean" or rank(pick) == best}
    worst = max(map(rank, chosen.values()))
    return Pick(
        round(math.fsum(pick.time_s for pick in chosen.values()) / len(chosen), 6),
        "+".join(sorted(chosen)),
        None if math.isinf(worst) else int(worst),
        "; ".join(f"{name}: {pick.comment}" for name, pick in sorted(chosen.items()) if pick.comment),
    )


def write_manual(agreed: Sequence[Agreed], target: str | Path) -> None:
    """Writes the agreed picks as a table that `picks.manual` reads (`MANUAL`)."""
    rows = [
        {
            "record_id": one.record_id,
            "phase": one.phase,
            "time_s": one.pick.time_s,
            "analyst": one.pick.analyst,
            "uncertainty_class": one.pick.uncertainty_class,
            "comment": one.pick.comment or None,
        }
        for one in agreed
    ]
    write_csv(pa.Table.from_pylist(rows, schema=MANUAL), target)


def write_disputes(disputes: Sequence[Dispute], target: str | Path) -> None:
    """Writes what annotators disagree on (`DISPUTES`), a queue for `quakesite annotate --queue`."""
    rows = [{name: getattr(one, name) for name in DISPUTES.names} for one in disputes]
    write_csv(pa.Table.from_pylist(rows, schema=DISPUTES), target)


def read_disputes(path: str | Path) -> dict[str, Doubt]:
    """Returns the records of a table of disputes with the reason, the farthest apart first in the queue.

    Raises:
        InputError: it is no such table.
    """
    found: dict[str, list[Doubt]] = {}
    for record_id, doubt in _rows(path):
        found.setdefault(record_id, []).append(doubt)
    return {
        record_id: Doubt(max(one.rank_s for one in doubts), " · ".join(one.why for one in doubts))
        for record_id, doubts in found.items()
    }


def _rows(path: str | Path) -> Iterator[tuple[str, Doubt]]:
    try:
        with open(path, encoding="utf-8-sig", newline="") as handle:
            reader = csv.DictReader(handle)
            missing = [name for name in ("record_id", "why") if name not in (reader.fieldnames or [])]
            if missing:
                expected = "a queue as written by `quakesite annotate merge`"
                raise InputError(path, "column missing", field=", ".join(missing), expected=expected)
            for row in reader:
                apart = row.get("apart_s") or ""
                yield row["record_id"], Doubt(float(apart) if apart else MISSING_RANK_S, row["why"])
    except (OSError, UnicodeDecodeError, csv.Error, ValueError) as error:
        raise InputError(path, f"cannot be read ({error})", expected="a queue (CSV)") from error
