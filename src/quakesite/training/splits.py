"""Station splits: whole stations to train, validation and test, the same for all experiments of a trial."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from quakesite.errors import InputError
from quakesite.stations.codes import one_per_code
from quakesite.stations.schema import STATIONS, site_class
from quakesite.tables import read_parquet
from quakesite.training.schema import SPLITS

FOLDS = 5
VALIDATION_SHARE = 8
NAMES = ("train", "validation", "test")


def make_splits(
    vs30: Mapping[str, float], trials: Sequence[int], seed: int, bare: Sequence[str] = ()
) -> pa.Table:
    """Returns the splits (`SPLITS`) of the stations in `vs30` for `trials`.

    Stations are dealt to five folds in turn, class by class, so that every fold has its share of each site
    class. Trial k tests fold k; five trials test every station once, and the next five deal anew. Of the
    other stations every eighth is validation (none where there is but one).

    Args:
        vs30: Vs30 in m/s by station.
        trials: numbers of the trials, from 1.
        seed: seed of the dealing.
        bare: stations without records: they are dealt last, so that those with records are even.
    """
    rows: list[tuple[int, str, str]] = []
    for trial in trials:
        deal, fold = divmod(trial - 1, FOLDS)
        order = _dealt(vs30, frozenset(bare), np.random.default_rng([seed, deal]))
        others = [name for place, name in enumerate(order) if place % FOLDS != fold]
        split = dict.fromkeys(order, "test") | dict.fromkeys(others, "train")
        if len(others) > 1:
            split |= dict.fromkeys(others[fold::VALIDATION_SHARE] or others[:1], "validation")
        rows += [(trial, name, split[name]) for name in sorted(order)]
    return pa.table([list(column) for column in zip(*rows, strict=True)] or [[], [], []], schema=SPLITS)


def _dealt(vs30: Mapping[str, float], bare: frozenset[str], random: np.random.Generator) -> list[str]:
    """Returns the stations in the order they are dealt: with records first, by class, shuffled within."""
    names = sorted(vs30)
    shuffled = [names[place] for place in random.permutation(len(names))]
    return sorted(shuffled, key=lambda name: (name in bare, site_class(vs30[name])))


def read_vs30(stations: str | Path) -> tuple[dict[str, float], list[str]]:
    """Returns Vs30 in m/s by station, for those that have one, and which of them have no records.

    Raises:
        InputError: `stations` is no table of stations.
    """
    table = one_per_code(read_parquet(stations, STATIONS, columns=["station", "vs30_m_s", "n_records"]))
    table = table.filter(pc.is_valid(table["vs30_m_s"]))
    rows = list(zip(*(table[name].to_pylist() for name in table.column_names), strict=True))
    return {name: vs30 for name, vs30, _ in rows}, [name for name, _, n_records in rows if n_records == 0]


def read_split(path: str | Path, trial: int) -> dict[str, str]:
    """Returns the split of each station in `trial`.

    Raises:
        InputError: the table has other columns or splits, knows nothing of the trial, or puts a station into
            two splits (leakage).
    """
    types = {field.name: field.type for field in SPLITS}
    try:
        table = pa.csv.read_csv(path, convert_options=pa.csv.ConvertOptions(column_types=types))
    except (pa.ArrowInvalid, OSError) as error:
        found = "no such file" if isinstance(error, FileNotFoundError) else str(error)
        action = "make it: quakesite training splits --help"
        raise InputError(path, found, expected="a table trial, station, split", action=action) from error
    if not set(types) <= set(table.column_names):
        raise InputError(path, f"columns {', '.join(table.column_names)}", expected=", ".join(types))
    known = table["trial"].unique().to_pylist()
    table = table.filter(pc.equal(table["trial"], trial))
    if table.num_rows == 0 and known:
        raise InputError(path, f"no trial {trial}", expected=f"one of {', '.join(map(str, sorted(known)))}")
    splits: dict[str, str] = {}
    for station, split in zip(table["station"].to_pylist(), table["split"].to_pylist(), strict=True):
        if split not in NAMES:
            raise InputError(
                path, repr(split), field=f"split of station {station}", expected=", ".join(NAMES)
            )
        if splits.setdefault(station, split) != split:
            raise InputError(
                path,
                f"station {station} is in {splits[station]} and in {split} of trial {trial}",
                action="a station belongs to one split; make the splits anew",
            )
    return splits
