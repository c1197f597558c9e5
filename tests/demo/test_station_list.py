from __future__ import annotations

import re
from pathlib import Path

import openpyxl
import pytest

from .conftest import rows_of


def sheet(path: Path) -> tuple[tuple[str, ...], list[dict[str, object]]]:
    book = openpyxl.load_workbook(path, read_only=True)
    head, *rows = book["data"].iter_rows(values_only=True)
    return head, [dict(zip(head, row, strict=True)) for row in rows]


@pytest.fixture(scope="module")
def listed(archive: Path) -> list[dict[str, object]]:
    return sheet(archive / "stations.xlsx")[1]


def test_columns_are_those_of_a_real_list(archive: Path, shared_data: Path) -> None:
    real, _ = sheet(shared_data / "stations" / "tadas_stations.xlsx")
    ours, _ = sheet(archive / "stations.xlsx")
    assert ours == real


def test_every_station_is_listed_with_what_the_truth_says_of_it(
    archive: Path, listed: list[dict[str, object]]
) -> None:
    truth = rows_of(archive / "truth_stations.csv")
    assert [(row["Code"], row["Vs30"]) for row in listed] == [
        (row["station"], row["list_vs30_m_s"]) for row in truth
    ]
    for row, true in zip(listed, truth, strict=True):
        assert row["Latitude"] == true["latitude"]
        assert row["Longitude"] == true["longitude"]


def test_f0_is_text_with_a_decimal_comma(archive: Path, listed: list[dict[str, object]]) -> None:
    for row, true in zip(listed, rows_of(archive / "truth_stations.csv"), strict=True):
        if row["F0"]:
            assert re.fullmatch(r"\d+(,\d+)?", str(row["F0"]))
            assert float(str(row["F0"]).replace(",", ".")) == pytest.approx(
                float(str(true["f0_hz"])), rel=0.06
            )
    assert any("," in str(row["F0"]) for row in listed)


def test_truth_of_stations_agrees_with_its_own_profile(archive: Path) -> None:
    import json

    for row in rows_of(archive / "truth_stations.csv"):
        profile = json.loads(str(row["profile"]))
        total, top = 0.0, 0.0
        for thickness, vs in zip([*profile["thickness_m"], 1e9], profile["vs_m_s"], strict=True):
            bottom = min(top + thickness, 30.0)
            total += (bottom - top) / vs
            top = bottom
        assert 30.0 / total == pytest.approx(float(str(row["vs30_m_s"])), abs=0.001)
