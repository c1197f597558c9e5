"""`table2.csv`: the paper's Table II, every row beside the best constant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict

from quakesite.evaluation.audit import clipped, sentence
from quakesite.evaluation.folds import Folds
from quakesite.evaluation.labels import classes_of
from quakesite.evaluation.layout import Row, latex, markdown, text
from quakesite.evaluation.metrics import Figures, TestRows, judge
from quakesite.evaluation.paper import TABLE_II as PRINTED
from quakesite.evaluation.settings import EvaluationSettings
from quakesite.stations.schema import CLASSES
from quakesite.training.experiments import TABLE_II

TOTAL = "Total"
COLUMNS = (
    "experiment",
    "site_class",
    "n_stations",
    "n_records",
    "absolute_mean_error_pct",
    "absolute_mean_error_station_pct",
    "constant_error_pct",
    "skill",
    "skill_low",
    "skill_high",
    "r2_ln_vs30",
    "rms_ln_vs30",
    "collapsed",
)
NOTES = (
    "Two definitions of the absolute mean error. Error per record (absolute_mean_error_pct): mean absolute "
    "percentage error over test records; a station with many records counts many times. Error per station "
    "(absolute_mean_error_station_pct): mean over each station's records first, then over stations. All "
    "trials pooled.",
    "Error, paper: as printed. The paper does not say which of the two it is. Its totals are not the means "
    "of their rows weighted by the stations printed, and the numbers of records that could weight them "
    "otherwise are not printed. The rows of alpha_auto_p15 count 146 stations, its total 147.",
    "Constant: the best constant prediction, fitted on each trial's train and validation stations and "
    "judged per station on the same test stations. Skill = 1 - error per station / constant, with its "
    "bootstrap interval over stations.",
)


def in_order_of_table_ii(names: Sequence[str]) -> list[str]:
    """Returns those of `names` that the paper's Table II prints, in its order."""
    return [name for name in TABLE_II if name in names]


def table2_rows(
    folds: Mapping[str, Folds], vs30: dict[str, float], settings: EvaluationSettings
) -> list[Row]:
    """Returns the rows of `table2.csv`: classes A to E and the total of each experiment.

    `collapsed` is the model's, so that every row of an experiment carries the same; it is empty where a row
    has no test records. Figures that are not defined are NaN.

    Args:
        folds: by experiment, in the order of the rows.
        vs30: measured Vs30 in m/s by station.
        settings: bootstrap, confidence and seed.
    """
    return [row for name, fold in folds.items() for row in _rows(name, fold.rows, vs30, settings)]


def figures_of(rows: TestRows, settings: EvaluationSettings) -> Figures:
    """Returns the figures of `rows` with the bootstrap of `settings`."""
    return judge(rows, resamples=settings.bootstrap, confidence=settings.confidence, seed=settings.seed)


def _rows(name: str, rows: TestRows, vs30: dict[str, float], settings: EvaluationSettings) -> Iterator[Row]:
    classes = classes_of(rows.station, vs30)
    total = figures_of(rows, settings)
    for site_class in (*CLASSES, TOTAL):
        part = total if site_class == TOTAL else figures_of(rows.where(classes == site_class), settings)
        values = {**asdict(part), "experiment": name, "site_class": site_class}
        values["collapsed"] = total.collapsed if part.n_records else None
        yield {column: values[column] for column in COLUMNS}


def remarks(rows: Sequence[Row], folds: Mapping[str, Folds], settings: EvaluationSettings) -> list[str]:
    """Returns a line on each experiment not to be believed, and one on each that misses site classes."""
    found: list[str | None] = []
    for name, fold in folds.items():
        figures = figures_of(fold.rows, settings)
        found += [sentence(name, figures, fold.leaked), clipped(name, figures)]
    for name, fold in folds.items():
        empty = [
            str(row["site_class"]) for row in rows if row["experiment"] == name and not row["n_stations"]
        ]
        if len(fold.rows) and empty:
            found.append(f"{name} has no test station of site class {', '.join(empty)}.")
    return [line for line in found if line]


def as_markdown(rows: Sequence[Row]) -> str:
    """Returns the table for people, the paper's printed values beside ours."""
    return markdown([cells for cells in _cells(rows) if any(cells)], _HEADER, [f"{note}\n" for note in NOTES])


def as_latex(rows: Sequence[Row], notes: Sequence[str] = ()) -> str:
    """Returns the table in LaTeX (booktabs), the paper's values beside ours, further `notes` below it."""
    caption = "Results by site class beside the best constant."
    return latex(_cells(rows), _HEADER, caption=caption, notes=[*NOTES, *notes])


_HEADER = (
    "Experiment",
    "Site class",
    "Stations",
    "Stations, paper",
    "Error per record",
    "Error, paper",
    "Error per station",
    "Constant",
    "Skill",
    "Skill interval",
    "R2 of ln Vs30",
    "Collapsed",
)


def _cells(rows: Sequence[Row]) -> list[list[str]]:
    lines: list[list[str]] = []
    for row in rows:
        name, site_class = str(row["experiment"]), str(row["site_class"])
        printed = PRINTED.get(name, {}).get(site_class)
        first = site_class == CLASSES[0]
        if first and lines:
            lines.append([""] * len(_HEADER))
        lines.append(
            [
                name if first else "",
                site_class,
                text(row["n_stations"]),
                text(printed.n_stations) if printed else "-",
                _percent(row["absolute_mean_error_pct"]),
                _percent(printed.error_pct) if printed else "-",
                _percent(row["absolute_mean_error_station_pct"]),
                _percent(row["constant_error_pct"]),
                text(row["skill"], 2),
                f"{text(row['skill_low'], 2)} to {text(row['skill_high'], 2)}".replace("NaN to NaN", "NaN"),
                text(row["r2_ln_vs30"], 2),
                {True: "yes", False: "no"}.get(bool(row["collapsed"]), "")
                if row["collapsed"] is not None
                else "",
            ]
        )
    return lines


def _percent(value: object) -> str:
    assert isinstance(value, float)
    written = text(value, 2)
    return written if written == "NaN" else f"{written}%"
