"""The summary at the end of a run, for a person: a table on a terminal, plain lines in a log."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from quakesite.evaluation.audit import clipped, interval, sentence
from quakesite.evaluation.control_verdict import COLLAPSED, TOO_SMALL
from quakesite.evaluation.corridor import Step, steps
from quakesite.evaluation.folds import Folds, read_folds
from quakesite.evaluation.geojson import plain
from quakesite.evaluation.layout import p_text, read_csv
from quakesite.evaluation.metrics import Figures
from quakesite.evaluation.ranking import recommendation
from quakesite.evaluation.settings import EvaluationSettings
from quakesite.evaluation.table2 import figures_of
from quakesite.training.experiments import EXPERIMENTS

if TYPE_CHECKING:
    from rich.console import Console

SYNTHETIC = (
    "The archive is synthetic: these numbers show that the workflow runs, not how well Vs30 is predicted."
)

CONTROL = (
    "experiment",
    "n_records",
    "error_station_pct",
    "shuffled_error_station_pct",
    "change_pct",
    "p_change",
    "prediction_change_pct",
    "verdict",
)
"""What the summary takes from `control.csv`."""

NO_TEST = {
    COLLAPSED: "the model has collapsed, so this says nothing of the channel",
    TOO_SMALL: "too little to matter",
}
"""What stands in the place of p, by verdict."""


def trained_folds(
    results: str | Path, experiments: Sequence[str] | None = None, trials: int | None = None
) -> dict[str, Folds]:
    """Returns the folds of every experiment that has predictions under `results`, in Table I's order.

    Args:
        results: folder of the run.
        experiments: only these; what an earlier run trained besides does not count.
        trials: only the first so many trials; None for all there are.
    """
    found: dict[str, list[Path]] = {}
    for path in sorted(Path(results).glob("training/*/*/predictions.parquet")):
        name, trial = path.parts[-3], path.parts[-2]
        wanted = experiments is None or name in experiments
        if wanted and (trials is None or (trial.isdecimal() and int(trial) <= trials)):
            found.setdefault(name, []).append(path)
    names = [name for name in EXPERIMENTS if name in found]
    names += [name for name in sorted(found) if name not in EXPERIMENTS]
    return read_folds([path for name in names for path in found[name]], names)


def show(
    results: str | Path,
    n_shards: int,
    settings: EvaluationSettings,
    console: Console,
    *,
    experiments: Sequence[str] | None = None,
    trials: int | None = None,
    synthetic: bool = False,
) -> None:
    """Writes the summary of the run under `results` to `console`; see `lines` for what it says."""
    folds = trained_folds(results, experiments, trials)
    figures = {name: figures_of(fold.rows, settings) for name, fold in folds.items()}
    corridor = steps(results, n_shards)
    controls = [*control_lines(results, list(folds)), *best_model(results)]
    warnings = sentences(folds, figures, synthetic=synthetic)
    if console.is_terminal:
        _show_tables(corridor, figures, console)
        for line in controls:
            console.print(line, highlight=False)
        for warning in warnings:
            console.print(warning, style="yellow", highlight=False)
        return
    for line in (*lines(corridor, figures), *controls, *warnings):
        console.print(line, highlight=False, soft_wrap=True, markup=False)


def to_json(
    results: str | Path,
    n_shards: int,
    settings: EvaluationSettings,
    *,
    experiments: Sequence[str] | None = None,
    trials: int | None = None,
    synthetic: bool = False,
) -> str:
    """Returns the summary of the run under `results` as JSON: corridor, models, what not to believe."""
    folds = trained_folds(results, experiments, trials)
    figures = {name: figures_of(fold.rows, settings) for name, fold in folds.items()}
    said = {
        "corridor": [
            {"stage": one.stage, "what": one.what, "kept": one.kept, "rejected": dict(one.rejected)}
            for one in steps(results, n_shards)
        ],
        "models": [
            {"experiment": name, **{key: plain(value, 6) for key, value in asdict(one).items()}}
            | {"collapsed": one.collapsed}
            for name, one in figures.items()
        ],
        "remarks": [
            *control_lines(results, list(folds)),
            *best_model(results),
            *sentences(folds, figures, synthetic=synthetic),
        ],
    }
    return json.dumps(said, indent=1, allow_nan=False, ensure_ascii=False) + "\n"


def lines(corridor: Sequence[Step], figures: Mapping[str, Figures]) -> list[str]:
    """Returns the summary as plain lines: one per step of the corridor, one per experiment."""
    of_corridor = [
        f"{step.stage}: {step.kept} {step.what}" + (f"; rejected: {step.reasons}" if step.rejected else "")
        for step in corridor
    ]
    of_models = [
        f"training: {name}: {one.n_records} test records of {one.n_stations} stations, error "
        f"{one.absolute_mean_error_station_pct:.1f} % per station, "
        f"the best constant {one.constant_error_pct:.1f} %, "
        f"skill {one.skill:.2f} ({interval(one)})"
        for name, one in figures.items()
        if one.n_records
    ]
    return of_corridor + of_models


def control_lines(results: str | Path, experiments: Sequence[str]) -> list[str]:
    """Returns what `control.csv` says of each of `experiments`; nothing where there is none yet."""
    path = Path(results) / "control.csv"
    if not path.is_file():
        return []
    return [
        f"control: {row['experiment']} with the P/S channels of other records: error "
        f"{float(row['shuffled_error_station_pct']):.1f} % per station instead of "
        f"{float(row['error_station_pct']):.1f} % ({_change(row)}), predictions differ by "
        f"{float(row['prediction_change_pct']):.1f} %"
        for row in read_csv(path, CONTROL)
        if row["experiment"] in experiments and row["n_records"] != "0"
    ]


def best_model(results: str | Path) -> list[str]:
    """Returns which model the run recommends; nothing where it has no ranking yet."""
    said = recommendation(results)
    return [said] if said else []


def _change(row: Mapping[str, str]) -> str:
    """Returns a change with its p, or why its p is of no interest."""
    change = f"{float(row['change_pct']):+.1f}"
    if row["verdict"] in NO_TEST:
        return f"{change}, {NO_TEST[row['verdict']]}"
    return f"{change}, {p_text(float(row['p_change']))}"


def sentences(folds: Mapping[str, Folds], figures: Mapping[str, Figures], *, synthetic: bool) -> list[str]:
    """Returns one plain sentence for each model that should not be believed, and one on synthetic data."""
    found = [
        line
        for name, fold in folds.items()
        for line in (sentence(name, figures[name], fold.leaked), clipped(name, figures[name]))
    ]
    return [*(text for text in found if text), *([SYNTHETIC] if synthetic else [])]


def _show_tables(corridor: Sequence[Step], figures: Mapping[str, Figures], console: Console) -> None:
    from rich.table import Table

    table = Table(title="From the archive to the windows", title_justify="left")
    for name in ("stage", "what"):
        table.add_column(name)
    table.add_column("number", justify="right")
    table.add_column("rejected")
    for place, step in enumerate(corridor):
        repeated = place > 0 and corridor[place - 1].stage == step.stage
        table.add_row("" if repeated else step.stage, step.what, str(step.kept), step.reasons)
    console.print(table)
    if not figures:
        return
    models = Table(title="Error on unseen stations, all trials", title_justify="left")
    models.add_column("experiment")
    for name in ("stations", "records", "per record", "per station", "best constant", "skill", "interval"):
        models.add_column(name, justify="right")
    for name, one in figures.items():
        models.add_row(
            name,
            str(one.n_stations),
            str(one.n_records),
            f"{one.absolute_mean_error_pct:.1f} %",
            f"{one.absolute_mean_error_station_pct:.1f} %",
            f"{one.constant_error_pct:.1f} %",
            f"{one.skill:.2f}",
            interval(one),
        )
    console.print(models)
