"""`quakesite evaluation model`, `control` and `predictions`: trained models as folders, and the product."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from quakesite.progress import say

if TYPE_CHECKING:
    from quakesite.evaluation.settings import EvaluationSettings

Settings = Annotated[
    str | None,
    typer.Option(help="The stage's section of the configuration as JSON; else from ./config.yaml."),
]
Stations = Annotated[Path, typer.Option(help="stations/stations.parquet, for the measured Vs30.")]
Synthetic = Annotated[bool, typer.Option("--synthetic", help="Say that the archive is synthetic.")]
Picks = Annotated[
    str | None,
    typer.Option(help="The `picks` section as JSON, kept with the model; else ./config.yaml's."),
]


def _settings(settings: str | None) -> EvaluationSettings:
    from quakesite.evaluation.settings import EvaluationSettings
    from quakesite.options import section_from

    return section_from(EvaluationSettings, "evaluation", settings)


def model(
    experiment: Annotated[str, typer.Argument(help="Name of the experiment, e.g. beta_auto_pga.")],
    trials: Annotated[
        list[Path], typer.Option("--trials", help="training/{experiment}/{trial}, any number.")
    ],
    stations: Stations,
    out_dir: Annotated[Path, typer.Option(help="Folder to write the model to.")],
    predicted: Annotated[Path, typer.Option(help="Table to write, what the model says of every station.")],
    windows: Annotated[
        list[Path] | None, typer.Option(help="windows/{window}/{annotation}/{shard}.parquet, any number.")
    ] = None,
    settings: Settings = None,
    picks: Picks = None,
    min_snr_db: Annotated[
        float | None, typer.Option(help="The least signal-to-noise ratio of the windows; none without.")
    ] = None,
    min_p_time_s: Annotated[
        float | None, typer.Option(help="The least time of P after the first sample; none without.")
    ] = None,
    network: Annotated[
        Path | None, typer.Option(help="The Python file of the network, where it is one of your own.")
    ] = None,
    synthetic: Synthetic = False,
) -> None:
    """Make a trained experiment one folder with its card, and predict every station with it."""
    from quakesite.errors import InputError
    from quakesite.evaluation.assemble_network import Origin, assemble
    from quakesite.options import section_from
    from quakesite.picks.settings import PicksSettings
    from quakesite.training.experiments import EXPERIMENTS

    if experiment not in EXPERIMENTS:
        raise InputError("EXPERIMENT", repr(experiment), expected=f"one of {', '.join(EXPERIMENTS)}")
    _use(network)
    limits = {"min_snr_db": min_snr_db, "min_p_time_s": min_p_time_s}
    origin = Origin(section_from(PicksSettings, "picks", picks), limits, synthetic)
    assemble(experiment, trials, windows or [], stations, _settings(settings), origin, out_dir, predicted)


def forests(
    stations: Stations,
    out_dir: Annotated[Path, typer.Option(help="Folder of all models, to write {baseline} to.")],
    baselines: Annotated[
        Path, typer.Option(help="Folder that `quakesite evaluation baselines` wrote the forests to.")
    ],
    catalogue: Annotated[Path, typer.Option(help="records/catalogue.parquet.")],
    trials: Annotated[list[int], typer.Option("--trials", help="Numbers of the trials.")],
    features: Annotated[
        list[Path] | None, typer.Option(help="evaluation/features/{shard}.parquet, any number.")
    ] = None,
    settings: Settings = None,
    picks: Picks = None,
    synthetic: Synthetic = False,
) -> None:
    """Make each baseline that is a forest one folder with its card, for records of one's own."""
    from quakesite.evaluation.assemble_forest import Sources, assemble_forests
    from quakesite.evaluation.settings import FORESTS
    from quakesite.options import section_from
    from quakesite.picks.settings import PicksSettings

    found = section_from(PicksSettings, "picks", picks)
    sources = Sources(baselines, trials, features or [], catalogue, stations, found, synthetic)
    assemble_forests(FORESTS, sources, _settings(settings), out_dir)


def control(
    stations: Stations,
    out: Annotated[Path, typer.Option(help="CSV file to write.")],
    models: Annotated[
        list[Path] | None, typer.Argument(help="models/{experiment}, any number; with the P/S channel.")
    ] = None,
    predicted: Annotated[
        list[Path] | None,
        typer.Option(help="evaluation/predicted/{experiment}.parquet, what the models say of every station."),
    ] = None,
    windows: Annotated[
        list[Path] | None, typer.Option(help="windows/{window}/{annotation}/{shard}.parquet, any number.")
    ] = None,
    settings: Settings = None,
    network: Annotated[
        Path | None, typer.Option(help="The Python file of the network, where it is one of your own.")
    ] = None,
) -> None:
    """Write how much worse models get when records are given each other's P/S channel."""
    from quakesite.evaluation import control as shuffling
    from quakesite.evaluation.labels import measured_vs30
    from quakesite.evaluation.layout import write_csv
    from quakesite.evaluation.product import read_predicted
    from quakesite.evaluation.saved_network import is_trained, load_networks
    from quakesite.stations.moved import records_before_move
    from quakesite.training.experiments import EXPERIMENTS

    _use(network)
    chosen, vs30, moved = _settings(settings), measured_vs30(stations), records_before_move(stations)
    before = read_predicted(predicted or [])
    rows = []
    for folder in models or []:
        if not is_trained(folder):
            say(f"control: {folder.name}: never trained")
            continue
        model = load_networks(folder)
        kind = (EXPERIMENTS[model.name].window, EXPERIMENTS[model.name].test_annotation)
        own = [path for path in windows or [] if path.parts[-3:-1] == kind]
        shuffled = shuffling.shuffled_predictions(model, own, vs30, moved, chosen.seed)
        rows.append(shuffling.control_row(model.name, before[model.name][0], shuffled, chosen))
        say(f"control: {model.name}: {len(shuffled)} predictions with another record's P/S channel")
    write_csv(rows, shuffling.COLUMNS, out)


def predictions(
    stations: Stations,
    out: Annotated[Path, typer.Option(help="CSV file to write.")],
    predictions: Annotated[
        list[Path] | None,
        typer.Argument(help="training/{experiment}/{trial}/predictions.parquet, any number."),
    ] = None,
    settings: Settings = None,
    baselines: Annotated[
        list[Path] | None, typer.Option(help="Predictions of baselines, in the same form as PREDICTIONS.")
    ] = None,
    predicted: Annotated[
        list[Path] | None,
        typer.Option(
            help="evaluation/predicted/{experiment}.parquet, any number: for the stations without a Vs30."
        ),
    ] = None,
    features: Annotated[
        list[Path] | None, typer.Option(help="evaluation/features/{shard}.parquet, any number.")
    ] = None,
    experiment: Annotated[
        str | None, typer.Option(help="Model to use, instead of the one that the settings name.")
    ] = None,
    geojson: Annotated[Path | None, typer.Option(help="Also write the rows as GeoJSON to this file.")] = None,
    coverage: Annotated[
        Path | None, typer.Option(help="Also write how many stations the intervals cover to this CSV file.")
    ] = None,
    ranking: Annotated[
        Path | None, typer.Option(help="Also write the models, the best first, to this CSV file.")
    ] = None,
    synthetic: Synthetic = False,
) -> None:
    """Write Vs30 with an interval for every station that a model has records of, measured or not."""
    from quakesite.evaluation import coverage as covered
    from quakesite.evaluation import product as made
    from quakesite.evaluation.folds import read_folds
    from quakesite.evaluation.geojson import write_geojson
    from quakesite.evaluation.labels import features_of_sites, measured_vs30
    from quakesite.evaluation.layout import write_csv
    from quakesite.evaluation.ranking import COLUMNS, ranking_rows
    from quakesite.evaluation.summary import SYNTHETIC
    from quakesite.stations.schema import STATIONS
    from quakesite.tables import read_parquet

    chosen = _settings(settings)
    vs30 = measured_vs30(stations)
    folds = read_folds([*(predictions or []), *(baselines or [])], None, vs30)
    tables = made.read_predicted(predicted or [])
    outside = made.outside_of_features(
        features_of_sites(features or [], stations), vs30, chosen.outside_level
    )
    skills = made.ranked(folds, experiment or chosen.product)
    said = []
    for name in skills:
        table, p_values = tables.get(name, (None, outside))
        said.append(made.said_by(name, folds[name], vs30, p_values, table))
    found = made.product(said, chosen)
    rows = made.product_rows(found, read_parquet(stations, STATIONS))
    write_csv(rows, made.COLUMNS, out)
    if geojson is not None:
        write_geojson(rows, geojson, SYNTHETIC if synthetic else "")
    if ranking is not None:
        write_csv(ranking_rows(skills), COLUMNS, ranking)
    if coverage is not None:
        lines = [
            row
            for one in said
            for row in covered.coverage_rows(one.model, one.pooled, one.known, vs30, chosen.coverage)
        ]
        write_csv(lines, covered.COLUMNS, coverage)
    say(
        made.summary(found, vs30)
        if skills
        else "predictions: no model has predicted its validation records; the table is empty"
    )


def _use(network: Path | None) -> None:
    from quakesite.models.own import use

    if network is not None:
        use(network)
