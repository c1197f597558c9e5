"""The `quakesite evaluation` command."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from quakesite.evaluation import ablation, product_command
from quakesite.evaluation.features.command import features
from quakesite.options import SeveralValues
from quakesite.progress import say

if TYPE_CHECKING:
    from quakesite.evaluation.folds import Folds
    from quakesite.evaluation.layout import Row
    from quakesite.evaluation.settings import EvaluationSettings
    from quakesite.evaluation.skill import Kind

app = typer.Typer()
app.command()(features)
app.command(cls=SeveralValues)(ablation.ablation)
app.command(cls=SeveralValues)(product_command.model)
app.command(cls=SeveralValues)(product_command.forests)
app.command(cls=SeveralValues)(product_command.control)
app.command(cls=SeveralValues)(product_command.predictions)

Settings = Annotated[
    str | None,
    typer.Option(help="The stage's section of the configuration as JSON; else from ./config.yaml."),
]
Out = Annotated[Path, typer.Option(help="CSV file to write.")]
Stations = Annotated[Path, typer.Option(help="stations/stations.parquet, for the measured Vs30.")]
Predictions = Annotated[
    list[Path], typer.Argument(help="training/{experiment}/{trial}/predictions.parquet, any number.")
]
OptionalPredictions = Annotated[
    list[Path] | None,
    typer.Argument(help="training/{experiment}/{trial}/predictions.parquet, any number."),
]
Splits = Annotated[list[Path], typer.Option(help="training/splits/{trial}.csv, any number.")]
Experiments = Annotated[
    list[str] | None,
    typer.Option("--experiments", "--experiment", help="Rows to print. Default: all there are."),
]
Baselines = Annotated[
    list[Path] | None, typer.Option(help="Predictions of baselines, in the same form as PREDICTIONS.")
]
Markdown = Annotated[Path | None, typer.Option(help="Also write the table as Markdown to this file.")]
Latex = Annotated[Path | None, typer.Option(help="Also write the table as LaTeX (booktabs) to this file.")]
Synthetic = Annotated[bool, typer.Option("--synthetic", help="Say that the archive is synthetic.")]


def _settings(settings: str | None) -> EvaluationSettings:
    from quakesite.evaluation.settings import EvaluationSettings
    from quakesite.options import section_from

    return section_from(EvaluationSettings, "evaluation", settings)


def _known(given: list[str] | None, names: Collection[str]) -> list[str] | None:
    """Returns the experiments that were asked for.

    Raises:
        InputError: there is none of this name.
    """
    from quakesite.errors import InputError, did_you_mean

    for name in given or []:
        if name not in names:
            expected = f"one of {', '.join(names)}"
            raise InputError("--experiments", repr(name), expected=expected, action=did_you_mean(name, names))
    return given


def _write(
    target: Path | None, render: Callable[[Sequence[Row]], str], rows: Sequence[Row], synthetic: bool
) -> None:
    if target is None:
        return
    from quakesite.evaluation.summary import SYNTHETIC
    from quakesite.tables import atomic_open

    with atomic_open(target) as handle:
        handle.write(render(rows) + (f"\n{SYNTHETIC}\n" if synthetic else ""))


def _write_latex(
    target: Path | None,
    render: Callable[[Sequence[Row], Sequence[str]], str],
    rows: Sequence[Row],
    synthetic: bool,
) -> None:
    if target is None:
        return
    from quakesite.evaluation.summary import SYNTHETIC
    from quakesite.tables import atomic_open

    with atomic_open(target) as handle:
        handle.write(render(rows, [SYNTHETIC] if synthetic else []))


@app.command(cls=SeveralValues)
def table1(
    splits: Splits,
    stations: Stations,
    out: Out,
    windows: Annotated[
        list[Path] | None,
        typer.Option(help="windows/{window}/{annotation}/{shard}.parquet, any number."),
    ] = None,
    experiments: Experiments = None,
    settings: Annotated[
        str | None,
        typer.Option(help="The `training` section as JSON, for what it leaves out; else ./config.yaml's."),
    ] = None,
    markdown: Markdown = None,
    latex: Latex = None,
    synthetic: Synthetic = False,
) -> None:
    """Write the paper's Table I with the numbers of stations and records that the run really has."""
    from quakesite.evaluation.labels import measured_vs30
    from quakesite.evaluation.layout import write_csv
    from quakesite.evaluation.table1 import (
        COLUMNS,
        as_latex,
        as_markdown,
        read_splits,
        read_windows,
        table1_rows,
    )
    from quakesite.options import section_from
    from quakesite.stations.moved import records_before_move
    from quakesite.training.experiments import EXPERIMENTS
    from quakesite.training.settings import TrainingSettings

    chosen = section_from(TrainingSettings, "training", settings)
    names = _known(experiments, EXPERIMENTS) or chosen.names
    rows = table1_rows(
        names,
        read_splits(splits, measured_vs30(stations)),
        read_windows(windows or [], records_before_move(stations)),
        {name: chosen.excluded_flags(name) for name in names},
    )
    write_csv(rows, COLUMNS, out, decimals=1)
    _write(markdown, as_markdown, rows, synthetic)
    _write_latex(latex, as_latex, rows, synthetic)


@app.command(cls=SeveralValues)
def table2(
    stations: Stations,
    out: Out,
    predictions: OptionalPredictions = None,
    settings: Settings = None,
    experiments: Annotated[
        list[str] | None,
        typer.Option(
            help="Rows to print, of those in the paper's Table II, in its order. Default: all five."
        ),
    ] = None,
    markdown: Markdown = None,
    latex: Latex = None,
    synthetic: Synthetic = False,
) -> None:
    """Write the paper's Table II: those of the experiments that it prints, in its order."""
    from quakesite.evaluation import table2 as table
    from quakesite.evaluation.folds import read_folds
    from quakesite.evaluation.labels import measured_vs30
    from quakesite.evaluation.layout import write_csv
    from quakesite.training.experiments import EXPERIMENTS, TABLE_II

    vs30 = measured_vs30(stations)
    names = table.in_order_of_table_ii(_known(experiments, EXPERIMENTS) or TABLE_II)
    folds = read_folds(predictions or [], names, vs30)
    chosen = _settings(settings)
    rows = table.table2_rows(folds, vs30, chosen)
    write_csv(rows, table.COLUMNS, out)
    _write(markdown, table.as_markdown, rows, synthetic)
    _write_latex(latex, table.as_latex, rows, synthetic)
    for line in table.remarks(rows, folds, chosen):
        say(line)


@app.command(cls=SeveralValues)
def skill(
    stations: Stations,
    out: Out,
    predictions: OptionalPredictions = None,
    settings: Settings = None,
    experiments: Annotated[
        list[str] | None, typer.Option(help="Rows to print. Default: those found.")
    ] = None,
    baselines: Baselines = None,
    class_skill: Annotated[
        Path | None,
        typer.Option(help="Also write the Brier scores of the class probabilities to this CSV file."),
    ] = None,
    class_reliability: Annotated[
        Path | None,
        typer.Option(help="Also write how often classes of which probability came true to this CSV file."),
    ] = None,
) -> None:
    """Write every model and baseline by the same figures, the best constant first."""
    from quakesite.evaluation import reliability
    from quakesite.evaluation.folds import read_folds
    from quakesite.evaluation.labels import measured_vs30
    from quakesite.evaluation.layout import write_csv
    from quakesite.evaluation.skill import COLUMNS, skill_rows
    from quakesite.training.experiments import EXPERIMENTS

    vs30 = measured_vs30(stations)
    found = read_folds(predictions or [], experiments or None, vs30)
    names = [name for name in EXPERIMENTS if name in found] + [
        name for name in found if name not in EXPERIMENTS
    ]
    models: dict[str, tuple[Kind, Folds]] = {name: ("experiment", found[name]) for name in names}
    models |= {name: ("baseline", folds) for name, folds in read_folds(baselines or [], None, vs30).items()}
    chosen = _settings(settings)
    write_csv(skill_rows(models, vs30, chosen), COLUMNS, out)
    held_out = {name: reliability.of_folds(folds, vs30) for name, (_, folds) in models.items()}
    if class_skill is not None:
        scores = [reliability.class_skill_row(name, rows, chosen) for name, rows in held_out.items()]
        write_csv(scores, reliability.SKILL_COLUMNS, class_skill)
    if class_reliability is not None:
        counted = [row for name, rows in held_out.items() for row in reliability.reliability_rows(name, rows)]
        write_csv(counted, reliability.COLUMNS, class_reliability)


@app.command(name="baselines", cls=SeveralValues)
def train_baselines(
    features: Annotated[list[Path], typer.Argument(help="Tables of `quakesite evaluation features`.")],
    stations: Stations,
    splits: Splits,
    out_dir: Annotated[
        Path,
        typer.Option(help="Folder to write {baseline}.parquet and {baseline}/{trial}.safetensors to."),
    ],
    settings: Settings = None,
) -> None:
    """Train the baselines on the experiments' own splits; write their predictions, and their forests."""
    from quakesite.evaluation.assemble_forest import keep_forests
    from quakesite.evaluation.forest import all_predictions, forests_of, inputs_of, none_because
    from quakesite.evaluation.labels import features_of_sites, measured_vs30, site_table
    from quakesite.evaluation.settings import BASELINES, FORESTS
    from quakesite.evaluation.table1 import read_splits
    from quakesite.tables import write_parquet

    vs30 = measured_vs30(stations)
    known = site_table(stations)
    of_trial = read_splits(splits, vs30)
    table = features_of_sites(features, stations)
    seed = _settings(settings).seed
    for name in BASELINES:
        forests = forests_of(name, table, known, of_trial, vs30, seed) if name in FORESTS else {}
        predictions = all_predictions(name, table, known, of_trial, vs30, seed, forests)
        write_parquet(predictions, out_dir / f"{name}.parquet")
        if name in FORESTS:
            inputs = inputs_of(name, table, known) if len(table) else None
            keep_forests(name, forests, inputs, of_trial, vs30, seed, out_dir)
        said = f"{len(predictions)} predictions in {len(of_trial)} trials"
        say(f"baselines: {name}: {said if len(predictions) else none_because(name)}")


@app.command()
def rejects(
    tables: Annotated[
        list[Path], typer.Argument(help="Rejects tables of all stages (.parquet), any number.")
    ],
    out: Out,
) -> None:
    """Write everything that any stage refused as one table, sorted."""
    from quakesite.evaluation.corridor import read_rejects
    from quakesite.evaluation.layout import write_csv
    from quakesite.rejects import SCHEMA

    write_csv(read_rejects(tables), SCHEMA.names, out)


Catalogue = Annotated[Path, typer.Argument(help="records/catalogue.parquet.")]
AllPicks = Annotated[Path, typer.Option(help="picks.parquet.")]
Method = Annotated[str, typer.Option(help="The automatic pick method to take P, S and SNR from.")]


@app.command()
def flatfile(
    catalogue: Catalogue, picks: AllPicks, stations: Stations, out: Out, method: Method = "eqtransformer"
) -> None:
    """Write one row per record in the columns of the ESM flatfile."""
    from quakesite.evaluation.flatfile import write_flatfile

    say(f"flatfile: {write_flatfile(catalogue, picks, stations, method, out)} records")


@app.command()
def counts(
    catalogue: Catalogue,
    picks: AllPicks,
    stations: Stations,
    out: Out,
    method: Method = "eqtransformer",
    selection: Annotated[
        str | None,
        typer.Option(help="The `records` section as JSON, for its limits; else from ./config.yaml."),
    ] = None,
    markdown: Markdown = None,
    synthetic: Synthetic = False,
) -> None:
    """Write the numbers of stations, events and records beside the paper's, each difference named."""
    from quakesite.evaluation import counts as table
    from quakesite.evaluation.layout import write_csv
    from quakesite.options import section_from
    from quakesite.records.settings import RecordsSettings

    limits = section_from(RecordsSettings, "records", selection)
    rows = table.counts(catalogue, picks, stations, method, limits)
    write_csv(rows, table.COLUMNS, out, decimals=2)
    _write(markdown, table.as_markdown, rows, synthetic)


@app.command(cls=SeveralValues)
def summary(
    results: Annotated[
        Path | None, typer.Option(help="Folder of the run's results; else the configuration's.")
    ] = None,
    n_shards: Annotated[
        int | None, typer.Option(min=1, help="Number of shards of the run; else the configuration's.")
    ] = None,
    experiments: Annotated[
        list[str] | None, typer.Option(help="Only these experiments. Default: those found.")
    ] = None,
    trials: Annotated[int | None, typer.Option(min=1, help="Only the first so many trials.")] = None,
    settings: Settings = None,
    synthetic: Synthetic = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON, for scripts.")] = False,
) -> None:
    """Show what a run did: counted, rejected, picked, windowed, trained; and what not to believe."""
    from quakesite.config import load
    from quakesite.errors import nothing_there
    from quakesite.evaluation.summary import show, to_json

    chosen = _settings(settings)
    config = load()
    folder, shards = results or Path(config.results), n_shards or config.n_shards
    if not folder.is_dir():
        raise nothing_there(folder, "the results of a run", "run it first: snakemake --cores all")
    if not any((folder / stage).is_dir() for stage in ("records", "stations", "training")):
        say(f"{folder}: no stage has run yet; run them: snakemake --cores all")
    if as_json:
        said = to_json(folder, shards, chosen, experiments=experiments, trials=trials, synthetic=synthetic)
        typer.echo(said, nl=False)
        return
    from rich.console import Console

    show(
        folder,
        shards,
        chosen,
        Console(),
        experiments=experiments,
        trials=trials,
        synthetic=synthetic,
    )


@app.command()
def paper(
    stations: Annotated[
        Path, typer.Option(help="stations/stations.parquet, or a station list (.xlsx, .csv).")
    ],
    network: Annotated[str | None, typer.Option(help="The only network to take, e.g. TK.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write the table as CSV to this file.")] = None,
    into: Annotated[
        Path | None, typer.Option(help="Write it to this Markdown file, in the place of the table there.")
    ] = None,
) -> None:
    """Show, for each row of the paper's Table II, the constant prediction that explains it, as Markdown."""
    from quakesite.evaluation.explained import COLUMNS, as_markdown, explained_rows, replaced
    from quakesite.evaluation.labels import listed_vs30, measured_vs30
    from quakesite.evaluation.layout import write_csv
    from quakesite.tables import atomic_open

    read = measured_vs30 if stations.suffix == ".parquet" else listed_vs30
    rows = explained_rows(read(stations, network))
    if out is not None:
        write_csv(rows, COLUMNS, out, decimals=2)
    if into is not None:
        text = replaced(into, as_markdown(rows))
        with atomic_open(into) as handle:
            handle.write(text)
    else:
        typer.echo(as_markdown(rows), nl=False)


@app.command(cls=SeveralValues)
def recovery(
    features: Annotated[list[Path], typer.Argument(help="Tables of `quakesite evaluation features`.")],
    truth: Annotated[
        Path, typer.Option(help="resources/demo/truth_stations.csv, what was put into the synthetic archive.")
    ],
    out: Annotated[Path | None, typer.Option(help="Write the table as CSV to this file.")] = None,
) -> None:
    """Show how well H/V and the first P motion recover the sites of the synthetic archive, as Markdown."""
    from quakesite.evaluation.layout import write_csv
    from quakesite.evaluation.recovery import COLUMNS, as_markdown, recovery_rows
    from quakesite.evaluation.schema import FEATURES
    from quakesite.tables import read_all

    rows = recovery_rows(read_all(features, FEATURES), truth)
    if out is not None:
        write_csv(rows, COLUMNS, out)
    typer.echo(as_markdown(rows), nl=False)


@app.command()
def regions(
    predictions: Annotated[Path, typer.Argument(help="predictions.csv.")],
    out: Out,
    members: Annotated[Path, typer.Option(help="CSV file to write the region of each station to.")],
    criteria: Annotated[Path, typer.Option(help="CSV file to write the elbow and gap statistic to.")],
    clusters: Annotated[
        int | None, typer.Option(min=1, help="Number of regions. Default: the elbow's, as in the paper.")
    ] = None,
    stations: Annotated[
        Path | None, typer.Option(help="stations/stations.parquet, for geology and lithology.")
    ] = None,
    settings: Settings = None,
) -> None:
    """Cluster the stations by k-means and write how predictions err in each region."""
    from quakesite.evaluation import regions as region
    from quakesite.evaluation.labels import ground_of
    from quakesite.evaluation.layout import read_csv, write_csv

    chosen = _settings(settings)
    ground = ground_of(stations) if stations else {}
    read = read_csv(predictions, region.NEEDED)
    tables = region.region_tables(
        read, clusters, chosen.seed, ground, chosen.ground_weight, source=predictions
    )
    if not tables[0]:
        say(f"regions: none of {len(read)} stations is measured, out of fold and located: empty tables")
    for rows, columns, target in zip(
        tables,
        (region.COLUMNS, region.MEMBER_COLUMNS, region.CRITERIA_COLUMNS),
        (out, members, criteria),
        strict=True,
    ):
        write_csv(rows, columns, target)


@app.command(cls=SeveralValues)
def learning_curve(
    features: Annotated[list[Path], typer.Argument(help="Tables of `quakesite evaluation features`.")],
    stations: Stations,
    splits: Splits,
    out: Out,
    baseline: Annotated[str, typer.Option(help="Name of the baseline.")] = "hvsr_forest",
    settings: Settings = None,
) -> None:
    """Write the error of a baseline after learning from growing numbers of stations."""
    from quakesite.errors import InputError
    from quakesite.evaluation.forest import inputs_of
    from quakesite.evaluation.labels import features_of_sites, measured_vs30, site_table
    from quakesite.evaluation.layout import write_csv
    from quakesite.evaluation.learning_curve import COLUMNS, learning_curve_rows
    from quakesite.evaluation.settings import FORESTS
    from quakesite.evaluation.table1 import read_splits

    if baseline not in FORESTS:
        raise InputError("--baseline", repr(baseline), expected=f"one of {', '.join(FORESTS)}")
    vs30 = measured_vs30(stations)
    inputs = inputs_of(baseline, features_of_sites(features, stations), site_table(stations))
    write_csv(
        learning_curve_rows(baseline, inputs, read_splits(splits, vs30), vs30, _settings(settings).seed),
        COLUMNS,
        out,
    )
