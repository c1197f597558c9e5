"""`ranking.csv`: the models of a run, the best first, and where the folder of each is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from quakesite.errors import InputError
from quakesite.evaluation.layout import Row, read_csv
from quakesite.evaluation.saved import MANIFEST
from quakesite.evaluation.settings import BASELINES, FORESTS

FILE = "ranking.csv"
RESULTS = Path("results")
"""Where the results of a run are, unless the configuration says otherwise."""

COLUMNS = ("model", "kind", "validation_skill", "folder")


def ranking_rows(skills: Mapping[str, float]) -> list[Row]:
    """Returns the rows of `ranking.csv`.

    Args:
        skills: on validation stations by model, the best first (see `product.ranked`).
    """
    return [
        {
            "model": name,
            "kind": "baseline" if name in BASELINES else "experiment",
            "validation_skill": skill,
            "folder": "" if name in BASELINES and name not in FORESTS else f"models/{name}",
        }
        for name, skill in skills.items()
    ]


def recommended(results: str | Path) -> Path:
    """Returns the folder of the best model of a run that can be given records of one's own.

    That is the first of `ranking.csv` with a folder: what is not learnt from records has none.

    Args:
        results: folder of the run's results.

    Raises:
        InputError: there is no ranking, it has no such model, or its folder is not there.
    """
    results = Path(results)
    names = [row["folder"] for row in read_csv(results / FILE, COLUMNS) if row["folder"]]
    if not names:
        raise InputError(results / FILE, "no model in it", expected="the models of a run, the best first")
    folder = results / names[0]
    if not (folder / MANIFEST).is_file():
        raise InputError(
            folder,
            "no such model",
            expected="the best model of the run",
            action=f"`snakemake --cores all {folder / MANIFEST}` makes it",
        )
    return folder


def recommendation(results: str | Path) -> str | None:
    """Returns in a sentence which model the run under `results` recommends; None without a ranking."""
    results = Path(results)
    if not (results / FILE).is_file():
        return None
    rows = [row for row in read_csv(results / FILE, COLUMNS) if row["folder"]]
    if not rows:
        return None
    name, skill = rows[0]["model"], float(rows[0]["validation_skill"])
    said = f"skill {skill:.2f}" if skill > 0.0 else f"and no better than a constant, skill {skill:.2f}"
    where = "" if results == RESULTS else f" --model {results}"
    return f"best on validation stations: {name} ({said}); `quakesite predict RECORDS{where}` uses it"


def better_than(folder: str | Path) -> Path | None:
    """Returns the folder of the model that the run of the one in `folder` recommends instead, if it does."""
    folder = Path(folder)
    if len(folder.parts) < 2:
        folder = folder.resolve()
    try:
        best = recommended(folder.parent.parent)
    except InputError:
        return None
    return None if best.resolve() == folder.resolve() else best
