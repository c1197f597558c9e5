"""`ablation.csv`: what each piece of a way to train brings, by taking it out or putting another in its place.

Every variant is judged on the same test stations by the same figures as `skill.csv`, and against the first
variant, station by station.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from quakesite.errors import InputError

if TYPE_CHECKING:
    from quakesite.evaluation.layout import Row
    from quakesite.evaluation.metrics import TestRows
    from quakesite.evaluation.settings import EvaluationSettings

COLUMNS = (
    "variant",
    "about",
    "n_trials",
    "n_stations",
    "n_records",
    "error_station_pct",
    "constant_error_pct",
    "skill",
    "skill_low",
    "skill_high",
    "difference_pct",
    "difference_low",
    "difference_high",
    "p_difference",
    "r2_ln_vs30",
    "collapsed",
    "same_as",
)
NOTES = (
    "Errors are per station, in per cent. Constant: the best constant of each trial's train and validation "
    "stations, on the same test stations; skill = 1 - error / constant.",
    "Difference: the variant's error less that of the first row, over the stations that both were tested on, "
    "with its bootstrap interval over stations and the p of a sign-flip test. Above zero: the variant is "
    "worse.",
    "Interval and p are over stations alone: stations of one trial share a training, and what other initial "
    "weights would do is not in them (a row with another seed shows it). One p in twenty is below 0.05 where "
    "nothing differs: with so many rows, take few for more than a hint.",
    "A variant that asks for what another one does is not judged twice. Nothing may be chosen by this table: "
    "that is what the validation stations are for (selection.csv).",
)


def ablation(
    folders: Annotated[
        list[Path], typer.Argument(help="Trials: training_variants/{variant}/{experiment}/{trial}.")
    ],
    stations: Annotated[Path, typer.Option(help="stations/stations.parquet, for the measured Vs30.")],
    out: Annotated[Path, typer.Option(help="CSV file to write.")],
    table: Annotated[Path | None, typer.Option(help="Table of the variants, for its remarks.")] = None,
    settings: Annotated[
        str | None,
        typer.Option(help="The stage's section of the configuration as JSON; else from ./config.yaml."),
    ] = None,
    markdown: Annotated[Path | None, typer.Option(help="Also write the table as Markdown.")] = None,
    synthetic: Annotated[bool, typer.Option("--synthetic", help="Say that the archive is made up.")] = False,
) -> None:
    """Write what each variant of a way to train is worth, the first one being what it is compared with."""
    from quakesite.evaluation.labels import measured_vs30
    from quakesite.evaluation.layout import write_csv
    from quakesite.evaluation.settings import EvaluationSettings
    from quakesite.evaluation.summary import SYNTHETIC
    from quakesite.options import section_from
    from quakesite.tables import atomic_open
    from quakesite.training.variants import remarks_of

    rows = ablation_rows(
        by_variant(folders),
        measured_vs30(stations),
        section_from(EvaluationSettings, "evaluation", settings),
        remarks_of(table) if table else {},
    )
    write_csv(rows, COLUMNS, out)
    if markdown is not None:
        with atomic_open(markdown) as handle:
            handle.write(as_markdown(rows) + (f"\n{SYNTHETIC}\n" if synthetic else ""))


def by_variant(folders: Sequence[str | Path]) -> dict[str, list[Path]]:
    """Returns the folders of trials by the variant in their paths, in their order.

    Raises:
        InputError: one of them is no trial of a variant.
    """
    found: dict[str, list[Path]] = {}
    for folder in map(Path, folders):
        if not (folder / "trial.json").is_file() or len(folder.parts) < len(
            ("variant", "experiment", "trial")
        ):
            raise InputError(
                folder,
                "no trained trial of a variant",
                expected="training_variants/{variant}/{experiment}/{trial}",
                action="make them all: snakemake --cores all results/ablation.csv",
            )
        found.setdefault(folder.parts[-3], []).append(folder)
    return found


def ablation_rows(
    variants: Mapping[str, Sequence[str | Path]],
    vs30: Mapping[str, float],
    settings: EvaluationSettings,
    remarks: Mapping[str, str],
) -> list[Row]:
    """Returns the rows of `ablation.csv`, in the order of `variants`.

    Args:
        variants: folders of the trials of one experiment, by variant; the first is the reference.
        vs30: measured Vs30 in m/s by station.
        settings: bootstrap, confidence and seed.
        remarks: on each variant.

    Raises:
        InputError: predictions that were made with another Vs30.
    """
    rows: list[Row] = []
    asked: dict[str, str] = {}
    reference: dict[str, float] | None = None
    for name, folders in variants.items():
        told = [json.loads((Path(folder) / "trial.json").read_text(encoding="utf-8")) for folder in folders]
        same = asked.setdefault(json.dumps([one["resolved"] for one in told], sort_keys=True), name)
        row: dict[str, Any] = dict.fromkeys(COLUMNS) | {
            "variant": name,
            "about": remarks.get(name, ""),
            "n_trials": len(told),
            "same_as": "" if same == name else same,
        }
        if same == name:
            judged = _judged(folders, told[0]["experiment"], vs30, settings)
            errors = _station_errors(judged)
            reference = errors if reference is None else reference
            row |= _figures(judged, settings) | _difference(errors, reference, settings)
        else:
            first = next(one for one in rows if one["variant"] == same)
            row |= {column: first[column] for column in COLUMNS[3:-1]}
        rows.append(row)
    return rows


def _judged(
    folders: Sequence[str | Path], experiment: str, vs30: Mapping[str, float], settings: EvaluationSettings
) -> TestRows:
    from quakesite.evaluation.folds import read_folds

    predictions = [Path(folder) / "predictions.parquet" for folder in folders]
    return read_folds(predictions, [experiment], vs30)[experiment].rows


def _figures(judged: TestRows, settings: EvaluationSettings) -> dict[str, Any]:
    from quakesite.evaluation.table2 import figures_of

    figures = figures_of(judged, settings)
    return {
        "n_stations": figures.n_stations,
        "n_records": figures.n_records,
        "error_station_pct": figures.absolute_mean_error_station_pct,
        "constant_error_pct": figures.constant_error_pct,
        "skill": figures.skill,
        "skill_low": figures.skill_low,
        "skill_high": figures.skill_high,
        "r2_ln_vs30": figures.r2_ln_vs30,
        "collapsed": figures.collapsed,
    }


def _station_errors(judged: TestRows) -> dict[str, float]:
    import numpy as np

    from quakesite.evaluation.metrics import percentage_error, station_mean

    if len(judged) == 0:
        return {}
    means = station_mean(percentage_error(judged.predicted, judged.measured), judged.station)
    return dict(zip(np.unique(judged.station).tolist(), means.tolist(), strict=True))


def _difference(
    errors: Mapping[str, float], reference: Mapping[str, float], settings: EvaluationSettings
) -> dict[str, float]:
    """Returns by how much a variant errs more than the reference, on the stations that both tested."""
    import numpy as np

    from quakesite.evaluation.metrics import mean_interval, sign_flip_p

    both = sorted(errors.keys() & reference.keys())
    if not both:
        return dict.fromkeys(("difference_pct", "difference_low", "difference_high", "p_difference"), np.nan)
    difference = np.array([errors[station] - reference[station] for station in both])
    low, high = mean_interval(
        difference, resamples=settings.bootstrap, confidence=settings.confidence, seed=settings.seed
    )
    return {
        "difference_pct": float(difference.mean()),
        "difference_low": low,
        "difference_high": high,
        "p_difference": sign_flip_p(difference, resamples=settings.bootstrap, seed=settings.seed),
    }


def as_markdown(rows: Sequence[Row]) -> str:
    """Returns the table for people."""
    from quakesite.evaluation.layout import markdown, p_value, text

    header = (
        "Variant",
        "What it is",
        "Stations",
        "Error",
        "Constant",
        "Skill",
        "Difference",
        "p",
        "Collapsed",
    )
    cells = [
        [
            str(row["variant"]),
            f"{row['about']}; as {row['same_as']}" if row["same_as"] else str(row["about"]),
            text(row["n_stations"]),
            text(row["error_station_pct"], 1),
            text(row["constant_error_pct"], 1),
            f"{text(row['skill'], 2)} ({text(row['skill_low'], 2)} to {text(row['skill_high'], 2)})",
            f"{text(row['difference_pct'], 1)} "
            f"({text(row['difference_low'], 1)} to {text(row['difference_high'], 1)})",
            p_value(row["p_difference"]),
            {True: "yes", False: "no", None: ""}[row["collapsed"]],  # type: ignore[index]
        ]
        for row in rows
    ]
    return markdown(cells, header, [f"{note}\n" for note in NOTES])
