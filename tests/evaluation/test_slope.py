"""The slope proxy says what Wald and Allen (2007) say, where the slope is known, and nothing elsewhere."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from quakesite.evaluation import forest
from quakesite.evaluation.command import app
from quakesite.evaluation.folds import Folds, read_folds
from quakesite.evaluation.forest import all_predictions, station_features
from quakesite.evaluation.labels import features_of_sites, site_table
from quakesite.evaluation.layout import read_csv
from quakesite.evaluation.schema import FEATURES
from quakesite.evaluation.settings import BASELINES, EvaluationSettings
from quakesite.evaluation.skill import Kind, skill_rows
from quakesite.evaluation.slope import SLOPES, VS30_M_S, vs30_of_slope
from quakesite.stations.schema import STATIONS
from quakesite.tables import write_parquet


def test_the_edges_of_the_published_classes_are_met() -> None:
    assert vs30_of_slope(SLOPES) == pytest.approx(VS30_M_S)


@pytest.mark.parametrize(
    ("slope", "vs30_m_s"),
    [
        (0.0, 180.0),
        (5e-5, 180.0),
        (0.03, np.exp(np.interp(np.log(0.03), np.log([0.018, 0.05]), np.log([360.0, 490.0])))),
        (0.15, 760.0 * (0.15 / 0.138) ** (np.log(760 / 620) / np.log(0.138 / 0.10))),
        (0.6, 900.0),
    ],
)
def test_between_and_beyond_them_it_follows_straight_lines_in_logarithms(slope, vs30_m_s) -> None:
    assert vs30_of_slope(slope) == pytest.approx(vs30_m_s)


def test_steeper_ground_is_never_softer_and_no_slope_is_no_number() -> None:
    assert (np.diff(vs30_of_slope(np.geomspace(1e-5, 1.0, 400))) >= 0.0).all()
    assert np.isnan(vs30_of_slope(np.nan))


def features(names: list[str], path: Path) -> Path:
    rows = [
        {"record_id": f"{event}_{name}", "station": name, "pga_cm_s2": 1.0, "ln_hv": [0.1 * event] * 32}
        | {"sa_0_2_s_cm_s2": 1.0, "sa_1_0_s_cm_s2": 1.0}
        for name in names
        for event in range(2)
    ]
    write_parquet(pa.Table.from_pylist(rows, schema=FEATURES), path)
    return path


@pytest.fixture
def half_known(stations: Path, vs30: dict[str, float], tmp_path: Path) -> Path:
    """The hundred stations; even ones have the slope of their Vs30, and 0102 moved after its first record."""
    rows = pq.read_table(stations).to_pylist()
    for row in rows:
        row["slope_class"] = "S1"
        if row["station"] in vs30 and int(row["station"]) % 2 == 0:
            row["slope"] = float(np.exp(np.interp(np.log(row["vs30_m_s"]), np.log(VS30_M_S), np.log(SLOPES))))
    next(row for row in rows if row["station"] == "0102")["records_before_move"] = ["0_0102"]
    write_parquet(pa.Table.from_pylist(rows, schema=STATIONS), tmp_path / "half_known.parquet")
    return tmp_path / "half_known.parquet"


def made(stations: Path, vs30: dict[str, float], folder: Path) -> tuple[str, list[dict[str, str]]]:
    """Returns what `baselines` says, and the rows of `skill`."""
    splits = folder / "1.csv"
    splits.write_text(
        "trial,station,split\n"
        + "".join(f"1,{name},{'test' if int(name) % 4 > 1 else 'train'}\n" for name in vs30)
    )
    common = ["--stations", str(stations), "--settings", '{"bootstrap": 100}']
    table = features(sorted(vs30), folder / "features.parquet")
    arguments = ["baselines", str(table), "--splits", str(splits), "--out-dir", str(folder), *common]
    said = CliRunner().invoke(app, arguments, catch_exceptions=False).stderr
    tables = [str(folder / f"{name}.parquet") for name in BASELINES]
    out = str(folder / "skill.csv")
    CliRunner().invoke(app, ["skill", "--baselines", *tables, "--out", out, *common], catch_exceptions=False)
    return said, read_csv(out)


def test_it_has_a_row_where_slopes_are_known_and_elsewhere_a_line_says_why_not(
    half_known: Path, stations: Path, vs30, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forest, "N_TREES", 3)
    said, rows = made(stations, vs30, tmp_path)
    assert "slope_proxy: none: the slope is not known at a station with records" in said
    assert "slope_proxy" not in {row["name"] for row in rows}
    said, rows = made(half_known, vs30, tmp_path)
    row = next(row for row in rows if row["name"] == "slope_proxy")
    assert row["n_stations"] == str(sum(int(name) % 4 == 2 for name in vs30))
    assert float(row["rms_ln_vs30"]) < 0.2 < float(row["skill"])
    # It speaks for half of the stations, which is enough to be the best baseline; for fewer it is not.
    assert {row["best_baseline"] for row in rows if row["name"] == "hvsr_forest"} == {"slope_proxy"}
    folds = read_folds([tmp_path / f"{name}.parquet" for name in ("hvsr_forest", "slope_proxy")], None, vs30)
    for fewer, best in ((0, "slope_proxy"), (1, "hvsr_forest")):
        few = folds["slope_proxy"].rows
        some = few.where(np.isin(few.station, np.unique(few.station)[fewer:]))
        both: dict[str, tuple[Kind, Folds]] = {
            "hvsr_forest": ("baseline", folds["hvsr_forest"]),
            "slope_proxy": ("baseline", replace(folds["slope_proxy"], rows=some)),
        }
        found = {row["best_baseline"] for row in skill_rows(both, vs30, EvaluationSettings(bootstrap=100))}
        assert found == {"", best}


def test_records_made_before_a_station_moved_are_left_out(half_known: Path, vs30, tmp_path: Path) -> None:
    source = features(["0102", "0103"], tmp_path / "features.parquet")
    table = features_of_sites([source], half_known)
    assert table["record_id"].to_pylist() == ["1_0102", "0_0103", "1_0103"]
    split = {1: dict.fromkeys(vs30, "train")}
    for name in ("hvsr_forest", "slope_proxy"):
        found = all_predictions(name, table, site_table(half_known), split, vs30, 0)
        assert "0_0102" not in found["record_id"].to_pylist()
        assert "1_0102" in found["record_id"].to_pylist()
    # Its curve is that of the later record alone.
    assert station_features("hvsr_forest", table, {}).values[:, 0].tolist() == pytest.approx([0.1, 0.05])


def test_a_learning_curve_of_what_does_not_learn_is_refused(half_known: Path, tmp_path: Path) -> None:
    source = features(["0102"], tmp_path / "features.parquet")
    arguments = ["learning-curve", str(source), "--stations", str(half_known), "--splits", str(source)]
    result = CliRunner().invoke(app, [*arguments, "--baseline", "slope_proxy", "--out", str(tmp_path / "x")])
    assert "'slope_proxy'; expected one of hvsr_forest" in str(result.exception)
