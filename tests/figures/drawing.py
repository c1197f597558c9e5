"""Draws all figures, pages and the map of a results folder with the commands that the workflow runs."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from quakesite.figures.command import app
from quakesite.figures.contents import TABLES, path_of_table
from quakesite.training.experiments import TABLE_II


def commands(results: Path) -> dict[str, list[object]]:
    """Returns the arguments of each figure's command, by the name of the file that it makes."""
    shards = [sorted((results / kind).glob("*-of-*.parquet")) for kind in ("evaluation/features", "records")]
    features, records = shards
    windows = sorted((results / "windows/pga60/auto").glob("*.parquet"))
    catalogue, picks = results / "records/catalogue.parquet", results / "picks.parquet"
    stations, predictions = results / "stations/stations.parquet", results / "predictions.csv"
    histories = [path for name in TABLE_II for path in sorted(results.glob(f"training/{name}/*/history.csv"))]
    figures: dict[str, list[object]] = {
        "overview": [catalogue, picks, "--min-snr-db", 25],
        "record": [*records, "--picks", picks, "--windows", *windows],
        "fig1": [stations],
        "agreement": [results / "agreement.csv"],
        "fig3": windows,
        "fig4": histories,
        "predicted": [predictions],
        "hv": [predictions, *features],
        "learning-curve": [results / "learning_curve.csv"],
        "fig5": [results / "evaluation/region_members.csv"],
        "fig6": [results / "regions.csv"],
        "skill": [results / "skill.csv"],
    }
    made = {f"{name}.svg": [name, *arguments] for name, arguments in figures.items()}
    made["map.html"] = ["map", stations, predictions, catalogue, picks, *features]
    for name in TABLES:
        made[f"tables/{name}.html"] = ["table", results / path_of_table(name)]
    return made


def draw_all(results: Path, *, synthetic: bool = True) -> list[Path]:
    """Makes everything under `results/figures` and returns the files."""
    files = []
    for name, arguments in commands(results).items():
        out = results / "figures" / name
        options = ["--out", out, *(["--synthetic"] if synthetic else [])]
        done = CliRunner().invoke(app, [str(one) for one in (*arguments, *options)], catch_exceptions=False)
        assert done.exit_code == 0, f"{name}: {done.output}"
        files.append(out)
    return files
