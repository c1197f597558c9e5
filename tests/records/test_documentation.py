"""docs/records.md keeps up with the settings, the columns and the reasons."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from quakesite.evaluation.flatfile import OWN
from quakesite.records.schema import CATALOGUE
from quakesite.records.settings import RecordsSettings
from quakesite.rejects import Reason


@pytest.fixture(scope="module")
def page(root: Path) -> str:
    return (root / "docs/records.md").read_text(encoding="utf-8")


def test_every_setting_is_explained(page: str) -> None:
    missing = [name for name in RecordsSettings.model_fields if f"`{name}`" not in page]
    assert [name for name in missing if f"`records.{name}`" not in page] == []


def test_defaults_are_those_of_the_settings(page: str) -> None:
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines()]
    stated = {row[2].strip("`"): row[3] for row in rows if len(row) == 6}
    settings = RecordsSettings()
    limits = {name: stated[name] for name in stated if name in RecordsSettings.model_fields}
    assert len(limits) >= 12
    for name, default in limits.items():
        value = getattr(settings, name)
        if isinstance(value, tuple):
            assert default == f"{value[0]:g} to {value[1]:g}", name
        else:
            assert default == ("null" if value is None else f"{value:g}" if value is not True else "true"), (
                name
            )


def test_reasons_and_columns_that_it_names_exist(page: str) -> None:
    named = set(re.findall(r"`([a-z0-9_]+)`", page))
    assert {name for name in named if name in set(Reason)} >= {
        *("noise_only", "too_large", "distance_unknown"),
        *("component_mismatch", "missing_component", "duplicate", "late_trigger", "implausible_hypocentre"),
        *(
            "truncated",
            "pga_mismatch",
            "bad_header",
            "year",
            "magnitude",
            "too_far",
            "low_snr",
            "snr_unknown",
        ),
    }
    figures = {"component_ratio", "longest_flat_s", "clipped_samples", "largest_jump", "zero_crossings_hz"}
    figures |= {
        "pga_mismatch",
        "origin_mismatch_s",
        *("autocorrelation", "contrast_db", "spike_ratio", "header_doubts"),
        "rotd00_pga_cm_s2",
        "pga_e_cm_s2",
        "cav_e_cm_s",
        "t90_e_s",
    }
    assert figures <= named & set(CATALOGUE.names)
    assert {
        "record_id",
        "form",
        "p_time_s",
        "s_time_s",
        "snr_db",
        "pick_method",
        "late_triggered_why",
    } <= named & set(OWN)
