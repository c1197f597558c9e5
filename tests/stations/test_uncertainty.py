"""How uncertain a Vs30 is: stated, by method and number of methods, or by source."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest

from quakesite.stations.join import join
from quakesite.stations.report_layouts import Layout
from quakesite.stations.reports import read_report
from quakesite.stations.schema import Source
from quakesite.stations.settings import SigmaLn
from quakesite.stations.statements import Statement
from quakesite.stations.tables import read_table
from quakesite.stations.uncertainty import methods_of, uncertainty_of

TABLE = SigmaLn()


def one(**values: object) -> Statement:
    """Returns a report of 400 m/s."""
    defaults = {"source": Source.REPORT, "network": "TK", "station": "3506", "file": "a", "place": "1"}
    return Statement(**{**defaults, "vs30_m_s": 400.0, **values})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "methods"),
    [
        ("MASW + MAM", ["masw", "spac"]),
        ("Kuyu aşağı (downhole)", ["downhole"]),
        ("ReMi", ["remi"]),
        ("Sismik kırılma", ["refraction"]),
        ("Kırılma mikrotremor (ReMi)", ["remi"]),
        ("Topographic slope proxy", ["inferred"]),
        ("P-S logging", ["crosshole"]),
        ("bilinmiyor", []),
        (None, []),
    ],
)
def test_methods_are_told_from_their_turkish_and_english_names(text: str | None, methods: list[str]) -> None:
    assert methods_of(text) == methods


def test_a_stated_uncertainty_counts_before_the_method_s_and_that_before_the_source_s() -> None:
    assert uncertainty_of(one(), TABLE).sigma_ln == TABLE.report
    assert uncertainty_of(one(source=Source.TABLE), TABLE).basis == "table"
    found = uncertainty_of(one(method="ReMi"), TABLE)
    assert (found.sigma_ln, found.basis, found.n_methods) == (TABLE.remi, "remi", 1)
    found = uncertainty_of(one(method="ReMi", sigma_ln=0.3), TABLE)
    assert (found.sigma_ln, found.basis) == (0.3, "stated")


def test_more_methods_make_a_value_more_certain_down_to_what_they_share() -> None:
    both = uncertainty_of(one(method="MASW, downhole"), TABLE)
    assert both.sigma_ln == pytest.approx(1 / math.hypot(1 / TABLE.masw, 1 / TABLE.downhole))
    assert (both.basis, both.n_methods) == ("downhole+masw", 2)
    assert uncertainty_of(one(n_methods=2), TABLE).sigma_ln == pytest.approx(TABLE.report / math.sqrt(2))
    assert uncertainty_of(one(n_methods=20), TABLE).sigma_ln == TABLE.least
    precise = SigmaLn(crosshole=0.02)
    assert uncertainty_of(one(method="crosshole, downhole"), precise).sigma_ln == 0.02


def test_surface_wave_methods_are_one_and_a_proxy_adds_nothing() -> None:
    found = uncertainty_of(one(method="ReMi, MASW and SPAC"), TABLE)
    assert (found.sigma_ln, found.n_methods) == (TABLE.masw, 3)
    assert uncertainty_of(one(method="MASW; General Directorate of Geology"), TABLE).sigma_ln == TABLE.masw
    assert uncertainty_of(one(method="from geology"), TABLE).sigma_ln == TABLE.inferred


def test_an_extrapolation_adds_its_own_scatter() -> None:
    found = uncertainty_of(one(method="MASW", extrapolation_sigma_ln=0.24), TABLE)
    assert found.sigma_ln == pytest.approx(0.26)
    assert found.basis == "masw+extrapolation"


LAYERS = "\nThickness (m);Vs (m/s)\n10;200\n25;400\n"


@pytest.mark.parametrize(
    ("line", "sigma"),
    [
        ("Vs30 = 300 ± 24 m/s", 0.08),
        ("Vs30: 300 m/s +/- 8 %", 0.08),
        ("Vs30 = 0,300 km/s; Uncertainty (%): 8", 0.08),
        ("Standard deviation of ln Vs30: 0.12", 0.12),
        ("Belirsizlik: %8", 0.08),
        ("Belirsizlik (%): 8", 0.08),
        ("Standart sapma: 30 m/s", 0.1),
        ("Uncertainty: 0", None),
    ],
)
def test_reports_state_their_uncertainty_in_many_ways(
    line: str, sigma: float | None, tmp_path: Path, layouts: list[Layout]
) -> None:
    path = tmp_path / "3506.csv"
    layers = LAYERS.replace("Thickness", "Kalınlık") if line.startswith(("Belir", "Standart")) else LAYERS
    path.write_text(line + layers, encoding="utf-8")
    (said,) = read_report(path, layouts, "reject")
    assert isinstance(said, Statement)
    assert said.sigma_ln == (pytest.approx(sigma) if sigma else None)


def test_a_table_s_columns_of_method_number_and_sigma_reach_the_stations(
    station_list: Callable[..., Path],
) -> None:
    heading = ["Code", "Vs30", "Vs30 Method", "N_Methods", "Vs30_Sigma_Ln"]
    path = station_list(
        "list.csv",
        {"code": "0101", "vs30": 300, "vs30 method": "MASW", "n_methods": 2},
        {"code": "0102", "vs30": 300, "vs30 method": "SPAC", "vs30_sigma_ln": "0,33"},
        {"code": "0103", "vs30": 300},
        {"code": "0104"},
        heading=heading,
    )
    rows = join(read_table(path)[0], 5.0, SigmaLn(table=0.5)).stations.to_pylist()
    found = [(row["vs30_sigma_ln"], row["vs30_sigma_basis"], row["vs30_n_methods"]) for row in rows]
    assert found == [
        (pytest.approx(0.1 / math.sqrt(2)), "masw", 2),
        (0.33, "stated", 1),
        (0.5, "table", None),
        (None, None, None),
    ]
