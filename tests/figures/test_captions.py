"""What captions say of a run is so: of a full one, a small one and one in which nothing passed."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from empty_run import empty
from made_up_run import N_SHARDS, make

from quakesite.figures.captions import Captions, counted
from quakesite.figures.contents import FIGURES, TABLES
from quakesite.figures.learning_curve import by_step
from quakesite.figures.numbers import RunNumbers
from quakesite.figures.run_tables import Tables
from quakesite.figures.table_rows import read_rows

NAMES = [*FIGURES, *(f"table-{name}" for name in TABLES), "map"]
HALF = re.compile(
    r"\b(nan|unknown)\b|[:(] ?none\b|\bnone m/s|\b1 (stations|records|windows|experiments|regions)\b"
    r"| ,|\(\)|\.\.| \.",
    re.IGNORECASE,
)


@pytest.fixture
def folder(root: Path) -> Path:
    return root / "workflow/report"


def captions(folder: Path, results: Path, **stated: object) -> dict[str, str]:
    """Every caption of a run on one line, the front page with them."""
    from jinja2 import Environment, StrictUndefined

    run = RunNumbers(results, N_SHARDS, **stated)
    of_run = Captions(folder, run)
    made = {name: " ".join(of_run[name].split()) for name in NAMES}
    environment = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    front = environment.from_string((folder / "workflow.rst").read_text(encoding="utf-8"))
    snakemake = type("Snakemake", (), {"config": {"run": run}})
    page = front.render(snakemake=snakemake)
    made["front"] = " ".join(page.split("</style>")[1].split("Skill is 1")[0].split()) + " Skill."
    made["audit"] = " ".join(page.split("about a site.**")[1].split())
    return made


def rewrite(path: Path, **by_name: dict[str, str]) -> None:
    """Changes columns of the rows whose first column is the name."""
    rows = read_rows(path)
    first = next(iter(rows[0]))
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(row | by_name.get(row[first], {}) for row in rows)


def test_no_caption_of_any_run_has_a_hole_or_half_a_sentence(folder: Path, tmp_path: Path) -> None:
    empty(tmp_path / "empty")
    make(tmp_path / "one", 1)
    make(tmp_path / "many", 40)
    for size in ("empty", "one", "many"):
        for name, caption in captions(folder, tmp_path / size).items():
            assert HALF.search(caption) is None, (size, name, caption)
            assert caption.endswith("."), (size, name, caption)


def test_a_run_in_which_nothing_passed_says_so(folder: Path, tmp_path: Path) -> None:
    empty(tmp_path)
    said = captions(folder, tmp_path)
    assert "No station has a measured Vs30." in said["fig1"]
    assert "no record has a window" in said["fig3"].casefold()
    assert "No record passed" in said["overview"]
    assert "No model has been shown" in said["skill"]
    assert "No method has picked anything" in said["agreement"]
    assert "No experiment was trained." in said["audit"]


def test_experiments_and_baselines_that_collapsed_are_counted_apart(folder: Path, run: RunNumbers) -> None:
    said = captions(folder, run.results)
    assert run["experiments"]["collapsed"] == run["experiments"]["all"]
    assert (len(run["baselines"]["collapsed"]), len(run["baselines"]["all"])) == (1, 3)
    assert "(5 of 5 experiments, 1 of 3 baselines)" in said["skill"]
    assert "Collapsed to a constant: 5 of 5 experiments." in said["audit"]
    assert "5 of 5 experiments have collapsed" in said["table-table2"]
    assert "5 of 5 experiments ended so" in said["fig4"]


def test_a_leaked_model_is_not_the_best_nor_better(folder: Path, tmp_path: Path) -> None:
    make(tmp_path, 8)
    tables = Tables(tmp_path, N_SHARDS)
    assert max(tables.models(), key=lambda row: row["skill"])["name"] == "kriging"
    assert tables.better() == ["hvsr_forest"]
    assert tables.best()["name"] == "hvsr_forest"
    assert (
        "hvsr_forest alone is better than a constant: skill 0.54 (0.39" in captions(folder, tmp_path)["skill"]
    )
    rewrite(tmp_path / "skill.csv", kriging={"verdict": "better than a constant"})
    assert (
        "kriging and hvsr_forest are better than a constant, the best of them kriging: skill 0.81"
        in captions(folder, tmp_path)["skill"]
    )
    rewrite(tmp_path / "skill.csv", kriging={"verdict": "leaked"})
    rewrite(tmp_path / "skill.csv", hvsr_forest={"verdict": "not told from a constant"})
    assert tables.better() == []
    assert tables.best() is None
    said = captions(folder, tmp_path)
    assert "No model has been shown to be better than a constant." in said["skill"]
    assert "No model, network or baseline, has been shown" in said["audit"]


def test_caption_and_figure_of_the_learning_curve_have_the_same_ends(folder: Path, run: RunNumbers) -> None:
    rows = read_rows(run.results / "learning_curve.csv")
    assert len({row["n_stations"] for row in rows}) == len(rows) == 9
    steps = by_step(rows, "error_station_pct")
    assert [(step.stations, sum(step.errors_pct) / 3) for step in steps] == [
        (7, 44.0),
        (16, 32.0),
        (41, 21.0),
    ]
    curve = run["learning_curve"]
    assert [curve[name] for name in ("few", "error_few", "many", "error_many")] == [7, 44.0, 41, 21.0]
    said = captions(folder, run.results)
    assert "44.0 % with 7 stations, 21.0 % with 41" in said["learning-curve"]


def test_captions_follow_what_the_run_was_told(folder: Path, tmp_path: Path) -> None:
    make(tmp_path, 8)
    assert "with 80 % intervals by bootstrap" in captions(folder, tmp_path, confidence=0.8)["skill"]
    manual = captions(folder, tmp_path, method="manual")["overview"]
    assert "No record has a signal-to-noise ratio." in manual
    assert (
        "with a P pick of eqtransformer (median"
        in captions(folder, tmp_path, method="eqtransformer")["overview"]
    )
    assert "Of 1 window it is the one" in captions(folder, tmp_path)["fig3"]
    of_elbow = captions(folder, tmp_path)["fig5"]
    assert "The number is the elbow's" in of_elbow
    assert "gap statistic would take 2" in of_elbow
    rewrite(tmp_path / "evaluation/region_criteria.csv", **{"3": {"used": "false"}, "4": {"used": "true"}})
    assert "set in the configuration; the elbow would take 3" in captions(folder, tmp_path)["fig5"]


def test_the_hv_caption_says_seen_and_measured_only_of_such_a_station(folder: Path, tmp_path: Path) -> None:
    make(tmp_path, 8)
    said = captions(folder, tmp_path)["hv"]
    assert "without having seen it, its interval, and the measured value" in said
    bare = {"out_of_fold": "false", "vs30_measured": "", "vs30_low": ""}
    path = tmp_path / "predictions.csv"
    rewrite(path, **{row["station"]: bare for row in read_rows(path)})
    said = captions(folder, tmp_path)["hv"]
    assert "by a model that has seen it over the NEHRP classes" in said


def test_stations_without_coordinates_are_told(folder: Path, tmp_path: Path) -> None:
    from quakesite.stations.schema import STATIONS
    from quakesite.tables import read_parquet, write_parquet

    make(tmp_path, 8)
    path = tmp_path / "stations/stations.parquet"
    rows = read_parquet(path, STATIONS).to_pylist()
    rows[0]["latitude"] = None
    rows[1]["longitude"] = float("nan")
    write_parquet(type(STATIONS.empty_table()).from_pylist(rows, schema=STATIONS), path)
    said = captions(folder, tmp_path)
    assert "6 stations by NEHRP site class; of 8 known, 2 without coordinates are left out." in said["fig1"]
    assert "6 stations with coordinates of 8 known" in said["map"]


def test_numbers_have_their_noun() -> None:
    assert [counted(n, "station") for n in (0, 1, 2)] == ["0 stations", "1 station", "2 stations"]
    assert counted(2, "entry", "entries") == "2 entries"
