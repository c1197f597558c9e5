"""`table1.csv`: the paper's Table I, with the stations and records that each experiment really has.

Counts are means over trials (one decimal): the splits differ from trial to trial. A record counts where its
window exists (`windows` of the experiment's kind and annotation), the experiment takes it (both picks where
it looks at P and S, no excluded flag, made where the station stands now) and its station stands in the split.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.csv

from quakesite.errors import InputError
from quakesite.evaluation.layout import Row, latex, markdown, text
from quakesite.tables import read_parquet
from quakesite.training.experiments import EXPERIMENTS, Experiment
from quakesite.training.schema import SPLITS
from quakesite.windows.schema import WINDOWS

Place = tuple[str, str]
"""A kind of window and an annotation, e.g. ("pga60", "auto")."""

SETS = ("train", "validation", "test")
COLUMNS = (
    "experiment",
    "training",
    "ps_info",
    "annotation_train",
    "annotation_test",
    "signal_segment",
    *(f"{name}_{what}" for name in SETS for what in ("stations", "records")),
)
NOTE = "Stations and records, means over trials: with a measured Vs30 and a window that the experiment takes."


class Kept(NamedTuple):
    """What is counted of a window: its station, whether it has both picks, and the flags of these."""

    station: str
    has_both_picks: bool
    flags: frozenset[str]


def read_splits(sources: Sequence[str | Path], known: Collection[str]) -> dict[int, dict[str, str]]:
    """Returns, for each trial, the set (train, validation or test) by station.

    Args:
        sources: CSVs of the `SPLITS` schema, with one trial or several each.
        known: stations with a measured Vs30.

    Raises:
        InputError: a file misses a column of `SPLITS`, or holds a station that is not `known`.
    """
    splits: dict[int, dict[str, str]] = {}
    for source in sources:
        for row in _split_rows(source, known):
            splits.setdefault(row["trial"], {})[row["station"]] = row["split"]
    return splits


def _split_rows(source: str | Path, known: Collection[str]) -> list[dict[str, Any]]:
    types = {field.name: field.type for field in SPLITS}
    table = pyarrow.csv.read_csv(source, convert_options=pyarrow.csv.ConvertOptions(column_types=types))
    missing = [name for name in SPLITS.names if name not in table.column_names]
    if missing:
        raise InputError(source, "column missing", field=", ".join(missing), action="delete it and run again")
    stale = sorted({*table["station"].to_pylist()} - {*known})
    if stale:
        raise InputError(source, "no measured Vs30", field=f"station {stale[0]}", action="split again")
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def read_windows(shards: Sequence[str | Path], moved: Collection[str] = ()) -> dict[Place, list[Kept]]:
    """Returns what there is to count, for each kind of window and annotation.

    Args:
        shards: paths ending in `{window}/{annotation}/{shard}.parquet`.
        moved: records made where their station stood before; no experiment takes them.
    """
    columns = ["record_id", "station", "p_sample", "s_sample", "pick_flags"]
    windows: dict[Place, list[Kept]] = {}
    for path in map(Path, shards):
        if len(path.parts) < 3:
            raise InputError(
                path, "no kind and annotation", expected="…/{window}/{annotation}/{shard}.parquet"
            )
        table = read_parquet(path, WINDOWS, columns=columns)
        windows.setdefault((path.parts[-3], path.parts[-2]), []).extend(
            Kept(station, p is not None and s is not None, frozenset((flags or "").split()))
            for record, station, p, s, flags in zip(
                *(table[name].to_pylist() for name in columns), strict=True
            )
            if record not in moved
        )
    return windows


def table1_rows(
    names: Sequence[str],
    splits: Mapping[int, Mapping[str, str]],
    windows: Mapping[Place, Sequence[Kept]],
    excluded: Mapping[str, Collection[str]],
) -> list[Row]:
    """Returns the rows of `table1.csv`, one per experiment in `names`.

    Args:
        names: of the experiments.
        splits: by trial, the set of each station.
        windows: see `read_windows`.
        excluded: flags of picks whose windows an experiment leaves out, by its name.

    Raises:
        InputError: a name that is not in the paper's Table I.
    """
    unknown = [name for name in names if name not in EXPERIMENTS]
    if unknown:
        raise InputError("--experiments", repr(unknown[0]), expected=f"one of {', '.join(EXPERIMENTS)}")
    return [_row(EXPERIMENTS[name], splits, windows, excluded.get(name, ())) for name in names]


def _row(
    experiment: Experiment,
    splits: Mapping[int, Mapping[str, str]],
    windows: Mapping[Place, Sequence[Kept]],
    excluded: Collection[str],
) -> Row:
    row: dict[str, str | float] = {
        "experiment": experiment.name,
        "training": "transfer" if experiment.transfer else "from scratch",
        "ps_info": "yes" if experiment.ps_channel else "no",
        "annotation_train": experiment.train_annotation,
        "annotation_test": experiment.test_annotation,
        "signal_segment": experiment.window,
    }
    for name in SETS:
        annotation = experiment.test_annotation if name == "test" else experiment.train_annotation
        counts = Counter(
            one.station
            for one in windows.get((experiment.window, annotation), ())
            if (one.has_both_picks or not experiment.ps_channel) and one.flags.isdisjoint(excluded)
        )
        chosen = [
            [counts[station] for station, where in split.items() if where == name and counts[station]]
            for split in splits.values()
        ]
        trials = max(len(chosen), 1)
        row[f"{name}_stations"] = sum(len(numbers) for numbers in chosen) / trials
        row[f"{name}_records"] = sum(sum(numbers) for numbers in chosen) / trials
    return row


def as_markdown(rows: Sequence[Row]) -> str:
    """Returns the table for people, its columns in the order of the paper's, the counts behind them."""
    return markdown(_cells(rows), _HEADER, [NOTE])


def as_latex(rows: Sequence[Row], notes: Sequence[str] = ()) -> str:
    """Returns the table in LaTeX (booktabs), as `as_markdown`, with further `notes` below it."""
    return latex(_cells(rows), _HEADER, caption="Overview of the experiments.", notes=[NOTE, *notes])


_PRINTED = {
    "training": "Training method",
    "ps_info": "P/S info",
    "annotation_train": "Annotation, train",
    "annotation_test": "Annotation, test",
    "signal_segment": "Signal segment",
    "experiment": "Exp. name",
}
_COUNTED = [name for name in COLUMNS if name not in _PRINTED]
_HEADER = [*_PRINTED.values(), *(name.replace("_", " ").capitalize() for name in _COUNTED)]


def _cells(rows: Sequence[Row]) -> list[list[str]]:
    return [[text(row[name], 1) for name in (*_PRINTED, *_COUNTED)] for row in rows]
