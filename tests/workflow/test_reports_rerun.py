"""One MASW report added or changed: the join runs again and what follows from labels, nothing else."""

from __future__ import annotations

import shutil

import pytest
from workflow_checkout import Checkout

FROM_LABELS = {"stations", "splits", "pretrain", "train", "baselines", "table1", "table2", "skill"}
REPORTS = "resources/demo/reports"


@pytest.mark.parametrize("what", ["added", "changed", "removed"])
def test_one_report_reruns_the_join_and_what_follows_from_labels_no_picks_and_no_windows(
    what: str, checkout: Checkout
) -> None:
    folder = checkout.folder / REPORTS
    first, second, *_ = sorted(folder.glob("*.pdf"))
    if what == "added":
        (folder / "9999.csv").write_text("Thickness (m);Vs (m/s)\n10;200\n25;400\n", encoding="utf-8")
    elif what == "changed":
        shutil.copyfile(second, first)
    else:
        first.unlink()
    planned = checkout.planned()
    assert set(checkout.planned_rules()) >= FROM_LABELS
    assert of_records(planned) == []


def test_a_file_of_site_features_is_joined_without_picks_and_windows(checkout: Checkout) -> None:
    points = checkout.folder / "slope.csv"
    points.write_text("Latitude;Longitude;SLOPE\n38.8;29.3;0.02\n", encoding="utf-8")
    feature = {"file": "slope.csv", "columns": {"slope": "SLOPE"}}
    planned = checkout.with_config(stations={"features": [feature]}).planned()
    assert "stations" in {rule for rule, _ in planned}
    assert of_records(planned) == []


def of_records(planned: list[tuple[str, dict[str, str]]]) -> list[str]:
    """Returns the planned jobs that read records: one per shard, and the joins of picks."""
    return [
        rule
        for rule, wildcards in planned
        if "shard" in wildcards or rule.startswith(("records", "picks", "windows", "archive", "agreement"))
    ]
