"""How well annotators agree with each other, and with the automatic picks."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from quakesite.annotate.notebook import ASIDE, CLASSES, Entry, read_notebook
from quakesite.annotate.suggestions import Suggestions, methods_of
from quakesite.picks.networks import PHASES

WITHIN_S = (0.1, 0.2, 0.5)
LARGEST_SHOWN = 40

Times = Mapping[str, float]
"""By record, seconds from the first sample."""


def read_notebooks(folder: str | Path) -> dict[str, dict[str, Entry]]:
    """Returns what each annotator said, from the tables in `folder`, by name."""
    paths = sorted(Path(folder).glob("*.csv"))
    return {path.stem: read_notebook(path) for path in paths if not path.name.endswith(ASIDE)}


def compared(ours: Times, theirs: Times) -> dict[str, Any]:
    """Returns how two sets of picks of one phase differ: ours minus theirs, in seconds.

    `mad_s` is the median absolute deviation from the median; `within` the shares of differences, in per cent,
    that are at most 0.1, 0.2 and 0.5 s; `only_ours` and `only_theirs` count records that one alone picked.
    """
    both = sorted(ours.keys() & theirs.keys())
    found: dict[str, Any] = {
        "n": len(both),
        "only_ours": len(ours.keys() - theirs.keys()),
        "only_theirs": len(theirs.keys() - ours.keys()),
    }
    if not both:
        return found | {"median_s": None, "mad_s": None, "within": [None] * len(WITHIN_S)}
    differences = np.array([ours[name] - theirs[name] for name in both])
    median = float(np.median(differences))
    return found | {
        "median_s": round(median, 4),
        "mad_s": round(float(np.median(np.abs(differences - median))), 4),
        "within": [round(100 * float(np.mean(np.abs(differences) <= limit + 1e-9)), 1) for limit in WITHIN_S],
    }


def agreement(notebooks: Mapping[str, Mapping[str, Entry]], suggestions: Suggestions) -> dict[str, Any]:
    """Returns what the statistics page shows, as JSON-able values.

    `annotators` has a row per annotator, `pairs` one per two annotators and phase, `methods` one per
    annotator, automatic method and phase, `largest` the records on which two annotators differ most.
    """
    times = {(name, phase): _times(entries, phase) for name, entries in notebooks.items() for phase in PHASES}
    automatic = {
        (method, phase): {
            record_id: pick.time_s
            for record_id, picks in suggestions.items()
            for pick in picks
            if (pick.method, pick.phase) == (method, phase)
        }
        for method in methods_of(suggestions)
        for phase in PHASES
    }
    pairs: list[dict[str, Any]] = []
    methods: list[dict[str, Any]] = []
    largest: list[dict[str, Any]] = []
    for one, other in combinations(notebooks, 2):
        for phase in PHASES:
            ours, theirs = times[one, phase], times[other, phase]
            pairs.append(
                {
                    "ours": one,
                    "theirs": other,
                    "phase": phase,
                    **_of_shared(ours, theirs, notebooks, one, other),
                }
            )
            largest += [
                {
                    "record_id": name,
                    "phase": phase,
                    "ours": one,
                    "theirs": other,
                    "difference_s": ours[name] - theirs[name],
                }
                for name in ours.keys() & theirs.keys()
            ]
    for name in notebooks:
        for (method, phase), picks in automatic.items():
            seen = {record_id: time for record_id, time in picks.items() if record_id in notebooks[name]}
            methods.append(
                {"ours": name, "theirs": method, "phase": phase, **compared(times[name, phase], seen)}
            )
    largest.sort(key=lambda row: (-abs(row["difference_s"]), row["record_id"], row["phase"]))
    return {
        "annotators": [_counts(name, entries) for name, entries in notebooks.items()],
        "pairs": pairs,
        "methods": methods,
        "largest": [row for row in largest if abs(row["difference_s"]) > WITHIN_S[0]][:LARGEST_SHOWN],
        "within_s": list(WITHIN_S),
    }


def _of_shared(
    ours: Times, theirs: Times, notebooks: Mapping[str, Mapping[str, Entry]], one: str, other: str
) -> dict[str, Any]:
    """Compares on the records that both annotators have dealt with."""
    shared = notebooks[one].keys() & notebooks[other].keys()
    return compared(
        {name: time for name, time in ours.items() if name in shared},
        {name: time for name, time in theirs.items() if name in shared},
    )


def _times(entries: Mapping[str, Entry], phase: str) -> dict[str, float]:
    return {name: entry.picks[phase].time_s for name, entry in entries.items() if phase in entry.picks}


def _counts(name: str, entries: Mapping[str, Entry]) -> dict[str, Any]:
    picks = [(phase, pick) for entry in entries.values() for phase, pick in entry.picks.items()]
    classes = [pick.uncertainty_class for _, pick in picks]
    return {
        "name": name,
        "records": sum(entry.is_done for entry in entries.values()),
        "aside": sum(entry.aside is not None for entry in entries.values()),
        **{phase: sum(found == phase for found, _ in picks) for phase in PHASES},
        "classes": [classes.count(number) for number in (*CLASSES, None)],
    }
