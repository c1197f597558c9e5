"""The `quakesite figures` command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from quakesite.options import SeveralValues

app = typer.Typer()

Out = Annotated[Path, typer.Option(help="Figure to write: as .svg, and as .png beside it.")]
Preset = Literal["paper", "quakesite"]
PREDICTED = ("station", "vs30_measured", "vs30_predicted", "vs30_low", "vs30_high", "out_of_fold")
SKILL = ("name", "kind", "skill", "skill_low", "skill_high", "collapsed")
MEMBERS = ("station", "latitude", "longitude", "region")
REGIONS = ("region", "n_stations", "mean_ln_ratio", "std_ln_ratio")
AGREEMENT = ("method", "reference", "phase", "by", "bin", "n", "within_0_5_s")
CURVE = ("name", "trial", "n_stations", "error_station_pct", "constant_error_pct")
"""What the figures take from their tables."""

Synthetic = Annotated[
    bool, typer.Option("--synthetic", help="Say in the figure that it is made from the synthetic archive.")
]


@app.command()
def fig1(
    stations: Annotated[Path, typer.Argument(help="stations/stations.parquet.")],
    out: Out,
    synthetic: Synthetic = False,
) -> None:
    """Draw the stations by NEHRP site class on a map (the paper's Figure 1)."""
    from quakesite.figures.stations_map import draw
    from quakesite.figures.style import save
    from quakesite.stations.schema import STATIONS
    from quakesite.tables import read_parquet

    save(draw(read_parquet(stations, STATIONS).to_pylist(), synthetic=synthetic), out)


@app.command()
def fig3(
    windows: Annotated[list[Path], typer.Argument(help="windows/{window}/{annotation}/{shard}.parquet.")],
    out: Out,
    record: Annotated[str | None, typer.Option(help="Record to draw. Default: the clearest.")] = None,
    synthetic: Synthetic = False,
) -> None:
    """Draw the four-channel input of one record (the paper's Figure 3)."""
    from quakesite.figures.channels import NOTHING, choose, draw
    from quakesite.figures.style import note, save

    window = choose(windows, record)
    save(draw(window, synthetic=synthetic) if window else note(NOTHING, synthetic=synthetic), out)


@app.command()
def fig4(
    histories: Annotated[
        list[Path],
        typer.Argument(help="training/{experiment}/{trial}/history.csv, in the order of the rows."),
    ],
    out: Out,
    preset: Annotated[
        Preset, typer.Option(help="Preset that was trained: it says what unit the loss has.")
    ] = "paper",
    synthetic: Synthetic = False,
) -> None:
    """Draw loss and error against epoch (the paper's Figure 4)."""
    from quakesite.figures.learning_curves import LOSS_UNITS, draw, read_histories
    from quakesite.figures.style import save

    save(draw(read_histories(histories), loss_unit=LOSS_UNITS[preset], synthetic=synthetic), out)


@app.command()
def predicted(
    predictions: Annotated[Path, typer.Argument(help="predictions.csv.")],
    out: Out,
    synthetic: Synthetic = False,
) -> None:
    """Draw predicted against measured Vs30 with intervals."""
    from quakesite.figures.predicted import draw
    from quakesite.figures.style import save
    from quakesite.figures.table_rows import read_rows

    save(draw(read_rows(predictions, PREDICTED), synthetic=synthetic), out)


@app.command()
def skill(
    table: Annotated[Path, typer.Argument(help="skill.csv.")],
    out: Out,
    synthetic: Synthetic = False,
) -> None:
    """Draw the skill of every model and baseline with its interval."""
    from quakesite.figures.skill import draw
    from quakesite.figures.style import save
    from quakesite.figures.table_rows import read_rows

    save(draw(read_rows(table, SKILL), synthetic=synthetic), out)


@app.command()
def fig5(
    members: Annotated[Path, typer.Argument(help="Members table of `quakesite evaluation regions`.")],
    out: Out,
    synthetic: Synthetic = False,
) -> None:
    """Draw the regions of stations on a map (the paper's Figure 5)."""
    from quakesite.figures.regions import draw_map
    from quakesite.figures.style import save
    from quakesite.figures.table_rows import read_rows

    save(draw_map(read_rows(members, MEMBERS), synthetic=synthetic), out)


@app.command()
def fig6(
    regions: Annotated[Path, typer.Argument(help="regions.csv.")],
    out: Out,
    synthetic: Synthetic = False,
) -> None:
    """Draw how predictions err in each region (the paper's Figure 6)."""
    from quakesite.figures.regions import draw_errors
    from quakesite.figures.style import save
    from quakesite.figures.table_rows import read_rows

    save(draw_errors(read_rows(regions, REGIONS), synthetic=synthetic), out)


@app.command()
def agreement(
    table: Annotated[Path, typer.Argument(help="agreement.csv.")],
    out: Out,
    synthetic: Synthetic = False,
) -> None:
    """Draw how far the pick methods agree."""
    from quakesite.figures.agreement import draw
    from quakesite.figures.style import save
    from quakesite.figures.table_rows import read_rows

    save(draw(read_rows(table, AGREEMENT), synthetic=synthetic), out)


@app.command()
def learning_curve(
    table: Annotated[Path, typer.Argument(help="learning_curve.csv.")],
    out: Out,
    synthetic: Synthetic = False,
) -> None:
    """Draw error against the number of stations learnt from."""
    from quakesite.figures.learning_curve import draw
    from quakesite.figures.style import save
    from quakesite.figures.table_rows import read_rows

    save(draw(read_rows(table, CURVE), synthetic=synthetic), out)


@app.command()
def overview(
    catalogue: Annotated[Path, typer.Argument(help="records/catalogue.parquet.")],
    picks: Annotated[Path, typer.Argument(help="picks.parquet.")],
    out: Out,
    method: Annotated[
        str | None,
        typer.Option(help="Pick method whose signal-to-noise ratios are drawn. Default: the first."),
    ] = None,
    min_snr_db: Annotated[float | None, typer.Option(help="Limit to draw.")] = None,
    synthetic: Synthetic = False,
) -> None:
    """Draw the data: magnitude against distance, records per station, signal-to-noise ratio."""
    from quakesite.figures.overview import draw, read_records, read_snr
    from quakesite.figures.style import save

    records = read_records(catalogue)
    snr_db = read_snr(picks, method).values()
    save(draw(records, snr_db, min_snr_db=min_snr_db, synthetic=synthetic), out)


@app.command()
def hv(
    predictions: Annotated[Path, typer.Argument(help="predictions.csv.")],
    features: Annotated[list[Path], typer.Argument(help="evaluation/features/{shard}.parquet.")],
    out: Out,
    station: Annotated[
        str | None, typer.Option(help="Station to draw. Default: the best known unseen one.")
    ] = None,
    synthetic: Synthetic = False,
) -> None:
    """Draw the H/V curves of one station beside its prediction."""
    from quakesite.figures.hv_curve import NOTHING, choose, draw, read_curves
    from quakesite.figures.style import note, save
    from quakesite.figures.table_rows import read_rows

    curves = read_curves(features)
    rows = read_rows(predictions, PREDICTED)
    if station is None and not any(row["station"] in curves for row in rows):
        save(note(NOTHING, synthetic=synthetic), out)
        return
    row = choose(rows, {code: len(of_code) for code, of_code in curves.items()}, station)
    save(draw(row, curves[row["station"]], synthetic=synthetic), out)


@app.command(cls=SeveralValues)
def record(
    records: Annotated[list[Path], typer.Argument(help="records/{shard}.parquet.")],
    picks: Annotated[Path, typer.Option(help="picks.parquet.")],
    out: Out,
    windows: Annotated[
        list[Path] | None, typer.Option(help="windows/{window}/{annotation}/{shard}.parquet.")
    ] = None,
    record_id: Annotated[
        str | None, typer.Option("--record", help="Record to draw. Default: the clearest that has a window.")
    ] = None,
    synthetic: Synthetic = False,
) -> None:
    """Draw the sheet of one record: components, picks, window, spectrogram."""
    from quakesite.figures.record_sheet import draw, read_sheet
    from quakesite.figures.style import save

    save(draw(read_sheet(records, picks, windows or [], record_id), synthetic=synthetic), out)


@app.command("map")
def station_map(
    stations: Annotated[Path, typer.Argument(help="stations/stations.parquet.")],
    predictions: Annotated[Path, typer.Argument(help="predictions.csv.")],
    catalogue: Annotated[Path, typer.Argument(help="records/catalogue.parquet.")],
    picks: Annotated[Path, typer.Argument(help="picks.parquet.")],
    features: Annotated[list[Path], typer.Argument(help="evaluation/features/{shard}.parquet.")],
    out: Annotated[Path, typer.Option(help="HTML file to write; nothing outside it is needed to see it.")],
    method: Annotated[
        str | None,
        typer.Option(help="Pick method whose signal-to-noise ratios are shown. Default: the first."),
    ] = None,
    synthetic: Synthetic = False,
) -> None:
    """Write the interactive map of stations as one HTML file."""
    from quakesite.figures.map_data import read_stations
    from quakesite.figures.map_page import write

    write(read_stations(stations, predictions, catalogue, picks, features, method), out, synthetic=synthetic)


@app.command()
def table(
    source: Annotated[Path, typer.Argument(help="A CSV table of the results.")],
    out: Annotated[Path, typer.Option(help="HTML file to write.")],
    synthetic: Synthetic = False,
) -> None:
    """Write a CSV table as a page that can be sorted and searched."""
    from quakesite.figures.table_page import write

    write(source, out, synthetic=synthetic)


@app.command()
def gallery(
    results: Annotated[Path, typer.Argument(help="Folder of a finished run.")],
    captions: Annotated[Path, typer.Option(help="Folder of the captions: workflow/report.")],
    docs: Annotated[Path, typer.Option(help="Folder that gets gallery.md and images/.")],
    n_shards: Annotated[int, typer.Option(help="Number of shards of the run.")] = 8,
    method: Annotated[
        str | None,
        typer.Option(help="Pick method whose signal-to-noise ratios are told. Default: the first."),
    ] = None,
    confidence: Annotated[float, typer.Option(help="Of the intervals of skill.")] = 0.95,
    ground_weight: Annotated[
        float, typer.Option(help="What geology and lithology count for in the regions.")
    ] = 0.0,
    synthetic: Synthetic = False,
) -> None:
    """Write the gallery page of the documentation and its pictures."""
    from quakesite.figures.gallery import write
    from quakesite.figures.numbers import RunNumbers

    run = RunNumbers(
        results,
        n_shards,
        synthetic=synthetic,
        method=method,
        confidence=confidence,
        ground_weight=ground_weight,
    )
    write(run, captions, docs)
