"""What became of the faults: rows of a table, kept as JSON while others run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Outcome:
    """One kind of fault.

    Attributes:
        fault: what was done.
        injected: how often.
        message: what the user is told.
        remedy: what the user has to do.
        survived: how often the run said so clearly, without a traceback, and could be gone on with.
        differing: results that were not as in the untouched run afterwards.
        note: what else there is to say.
    """

    fault: str
    injected: int
    message: str
    remedy: str
    survived: int
    differing: list[str] = field(default_factory=list)
    note: str = ""

    @property
    def mended(self) -> int:
        """How often the results were those of the untouched run in the end."""
        return 0 if self.differing else self.survived


def kept(outcomes: Sequence[Outcome], path: Path) -> None:
    """Writes outcomes to a JSON file."""
    path.write_text(json.dumps([asdict(one) for one in outcomes], indent=1), encoding="utf-8")


def read(path: Path) -> list[Outcome]:
    """Returns the outcomes of a JSON file."""
    return [Outcome(**one) for one in json.loads(path.read_text(encoding="utf-8"))]


def table(outcomes: Sequence[Outcome]) -> str:
    """Returns the outcomes as a Markdown table, notes below it."""
    lines = [
        "| fault | injected | survived | mended | what is said | what to do |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {one.fault} | {one.injected} | {one.survived} | {one.mended} | {one.message} | {one.remedy} |"
        for one in outcomes
    ]
    total = [sum(getattr(one, name) for one in outcomes) for name in ("injected", "survived", "mended")]
    lines.append(f"| **all** | {total[0]} | {total[1]} | {total[2]} | | |")
    notes = [f"- {one.fault}: {one.note}." for one in outcomes if one.note]
    lost = [
        f"- **{one.fault}: not as before: {', '.join(one.differing)}**" for one in outcomes if one.differing
    ]
    return "\n".join([*lines, "", *notes, *lost]) + "\n"
