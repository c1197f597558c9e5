"""The paper's Table II as typed in, and the constants that explain it (DESIGN section 9)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openpyxl
import pytest
from typer.testing import CliRunner

from quakesite.errors import InputError
from quakesite.evaluation.command import app
from quakesite.evaluation.explained import as_markdown, explained_rows, replaced
from quakesite.evaluation.paper import TABLE_II, constant_score, explaining_constant
from quakesite.evaluation.table2 import NOTES
from quakesite.training import experiments


@pytest.fixture(scope="module")
def tadas(shared_data: Path) -> np.ndarray:
    """Vs30 of the stations of AFAD's own network in the TADAS station list, in m/s."""
    sheet = openpyxl.load_workbook(shared_data / "stations/tadas_stations.xlsx", read_only=True).active
    rows = list(sheet.iter_rows(values_only=True))
    network, vs30 = rows[0].index("Network"), rows[0].index("Vs30")
    return np.array([float(row[vs30]) for row in rows[1:] if row[network] == "TK" and row[vs30]])


def test_experiments_stand_in_the_papers_order() -> None:
    assert list(TABLE_II) == experiments.TABLE_II


def test_one_row_counts_146_stations_and_prints_147() -> None:
    differ = {
        name: (sum(row.n_stations for part, row in rows.items() if part != "Total"), rows["Total"].n_stations)
        for name, rows in TABLE_II.items()
    }
    assert {name: pair for name, pair in differ.items() if pair[0] != pair[1]} == {
        "alpha_auto_p15": (146, 147)
    }


def test_printed_totals_are_not_station_weighted_means_of_their_rows() -> None:
    for rows in TABLE_II.values():
        parts = [row for name, row in rows.items() if name != "Total" and row.n_stations]
        mean = np.average([row.error_pct for row in parts], weights=[row.n_stations for row in parts])
        assert abs(mean - rows["Total"].error_pct) > 0.2


def test_330_m_s_scores_31_7_per_cent_over_the_731_stations(tadas: np.ndarray) -> None:
    assert len(tadas) == 731
    assert constant_score(330.0, tadas) == pytest.approx(31.7, abs=0.05)


@pytest.mark.parametrize(
    ("experiment", "constant"),
    [
        ("beta_auto_pga", 470),
        ("alpha_man_pga", 463),
        ("alpha_auto_p15", 476),
        ("alpha_auto_pga", 423),
        ("gamma_ps_auto", 315),
    ],
)
def test_every_row_of_table_ii_is_explained_by_a_constant(
    experiment: str, constant: float, tadas: np.ndarray
) -> None:
    found = explaining_constant(experiment, tadas)
    assert found.constant_m_s == pytest.approx(constant, abs=4.0)
    assert found.misfit_pct < 6.0
    assert found.best_constant_pct < min(
        rows["Total"].error_pct for name, rows in TABLE_II.items() if "man" not in name
    )


def test_the_printed_errors_of_a_constant_are_found_again() -> None:
    vs30 = np.random.default_rng(0).uniform(185.0, 1400.0, 500)
    found = explaining_constant("alpha_auto_pga", vs30)
    scores = [found.error_pct[name] for name in "BCD"]
    for other in (found.constant_m_s - 5, found.constant_m_s + 5):
        printed = [TABLE_II["alpha_auto_pga"][name].error_pct for name in "BCD"]
        by_class = [vs30[vs30 > 760], vs30[(vs30 > 360) & (vs30 <= 760)], vs30[vs30 <= 360]]
        others = [constant_score(other, values) for values in by_class]
        assert np.sum(np.subtract(scores, printed) ** 2) <= np.sum(np.subtract(others, printed) ** 2)


def test_stations_without_a_class_are_refused() -> None:
    with pytest.raises(InputError, match="none of class B"):
        explaining_constant("beta_auto_pga", np.array([300.0, 500.0]))


def test_the_table_for_the_docs_names_each_experiment_and_the_best_constant(tadas: np.ndarray) -> None:
    rows = explained_rows({str(place): value for place, value in enumerate(tadas)})
    written = as_markdown(rows)
    assert all(name in written for name in TABLE_II)
    assert "330 m/s, scores 31.7 %" in written


def test_the_table_in_the_docs_is_what_the_command_makes(
    shared_data: Path, root: Path, tmp_path: Path
) -> None:
    docs, copy = root / "docs/evaluation.md", tmp_path / "evaluation.md"
    copy.write_text(docs.read_text(encoding="utf-8").replace("| beta_auto_pga | 4", "| beta_auto_pga | 9"))
    assert copy.read_text() != docs.read_text()
    stations = shared_data / "stations/tadas_stations.xlsx"
    arguments = ["paper", "--stations", str(stations), "--network", "TK", "--into", str(copy)]
    CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert copy.read_text() == docs.read_text(), "run the command that docs/evaluation.md names"


def test_a_document_without_a_place_for_the_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.md").write_text("nothing here")
    with pytest.raises(InputError, match="no place for the table"):
        replaced(tmp_path / "x.md", "table")
    with pytest.raises(InputError, match="no such file"):
        replaced(tmp_path / "y.md", "table")


def test_notes_say_which_error_each_column_is_and_where_the_paper_does_not_add_up() -> None:
    written = "\n".join(NOTES)
    for told in ("absolute_mean_error_pct", "absolute_mean_error_station_pct", "146", "147", "weighted"):
        assert told in written
    rows = {
        str(row["experiment"]): row for row in explained_rows({str(v): float(v) for v in range(200, 1400)})
    }
    assert rows["beta_auto_pga"]["printed_rows_total"] == pytest.approx(31.9, abs=0.05)
