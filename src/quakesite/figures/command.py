"""The `quakesite figures` command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()

Out = Annotated[Path, typer.Option(help="Figure to write: as .svg, and as .png beside it.")]
Synthetic = Annotated[
    bool, typer.Option("--synthetic", help="Say in the figure that it is made from the synthetic archive.")
]


@app.command()
def fig1(
    stations: Annotated[Path, typer.Argument(help="stations/stations.parquet.")],
    out: Out,
    synthetic: Synthetic = False,
) -> None:
    """Draws the stations by NEHRP site class on a map (the paper's Figure 1)."""
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
    """Draws the four-channel input of one record (the paper's Figure 3)."""
    from quakesite.figures.channels import choose, draw
    from quakesite.figures.style import save

    save(draw(choose(windows, record), synthetic=synthetic), out)


@app.command()
def fig4(
    histories: Annotated[
        list[Path],
        typer.Argument(help="training/{experiment}/{trial}/history.csv, in the order of the rows."),
    ],
    out: Out,
    synthetic: Synthetic = False,
) -> None:
    """Draws loss and error against epoch (the paper's Figure 4)."""
    from quakesite.figures.learning_curves import draw, read_histories
    from quakesite.figures.style import save

    save(draw(read_histories(histories), synthetic=synthetic), out)


@app.command()
def predicted(
    predictions: Annotated[Path, typer.Argument(help="predictions.csv.")],
    out: Out,
    synthetic: Synthetic = False,
) -> None:
    """Draws predicted against measured Vs30 with intervals."""
    from quakesite.evaluation.layout import read_csv
    from quakesite.figures.predicted import draw
    from quakesite.figures.style import save

    save(draw(read_csv(predictions), synthetic=synthetic), out)


@app.command()
def skill(
    table: Annotated[Path, typer.Argument(help="skill.csv.")],
    out: Out,
    synthetic: Synthetic = False,
) -> None:
    """Draws the skill of every model and baseline with its interval."""
    from quakesite.evaluation.layout import read_csv
    from quakesite.figures.skill import draw
    from quakesite.figures.style import save

    save(draw(read_csv(table), synthetic=synthetic), out)


@app.command()
def fig5(
    members: Annotated[Path, typer.Argument(help="Members table of `quakesite evaluation regions`.")],
    out: Out,
    synthetic: Synthetic = False,
) -> None:
    """Draws the regions of stations on a map (the paper's Figure 5)."""
    from quakesite.evaluation.layout import read_csv
    from quakesite.figures.regions import draw_map
    from quakesite.figures.style import save

    save(draw_map(read_csv(members), synthetic=synthetic), out)


@app.command()
def fig6(
    regions: Annotated[Path, typer.Argument(help="regions.csv.")],
    out: Out,
    synthetic: Synthetic = False,
) -> None:
    """Draws how predictions err in each region (the paper's Figure 6)."""
    from quakesite.evaluation.layout import read_csv
    from quakesite.figures.regions import draw_errors
    from quakesite.figures.style import save

    save(draw_errors(read_csv(regions), synthetic=synthetic), out)


@app.command()
def learning_curve(
    table: Annotated[Path, typer.Argument(help="learning_curve.csv.")],
    out: Out,
    synthetic: Synthetic = False,
) -> None:
    """Draws error against the number of stations learnt from."""
    from quakesite.evaluation.layout import read_csv
    from quakesite.figures.learning_curve import draw
    from quakesite.figures.style import save

    save(draw(read_csv(table), synthetic=synthetic), out)
