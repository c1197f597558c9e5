"""What a finished run holds: the tables of the contract, and the same bytes whatever the number of cores."""

from __future__ import annotations

import csv
import hashlib
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from workflow_checkout import TARGETS, Checkout

from quakesite.shards import shard_names

TABLE2 = [
    *("experiment", "site_class", "n_stations", "n_records", "absolute_mean_error_pct"),
    *("absolute_mean_error_station_pct", "constant_error_pct", "skill", "skill_low", "skill_high"),
    *("r2_ln_vs30", "rms_ln_vs30", "collapsed"),
]


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def test_table2_has_the_contracts_columns_and_rows_in_the_papers_order(finished: Checkout) -> None:
    table = rows(finished.folder / "results/table2.csv")
    assert list(table[0]) == TABLE2
    expected = ["beta_auto_pga", "alpha_man_pga", "gamma_ps_auto"]
    classes = ["A", "B", "C", "D", "E", "Total"]
    assert [(row["experiment"], row["site_class"]) for row in table] == [
        (name, site_class) for name in expected for site_class in classes
    ]


def test_table2_carries_numbers_where_there_are_records_and_nan_where_not(finished: Checkout) -> None:
    for row in rows(finished.folder / "results/table2.csv"):
        error = row["absolute_mean_error_pct"]
        assert (error == "NaN") == (row["n_records"] == "0"), row
        if row["site_class"] == "Total":
            assert float(error) > 0
            assert not float(row["skill_low"]) > float(row["skill"])  # NaN where stations are too few
            assert not float(row["skill_high"]) < float(row["skill"])


def test_nothing_of_the_archive_is_lost(finished: Checkout) -> None:
    """Every file of the archive is part of a record or stands in the rejects."""
    results = finished.folder / "results"
    used = {
        source
        for path in (results / "records").glob("*-of-4.parquet")
        for sources in pq.read_table(path, columns=["sources"])["sources"].to_pylist()
        for source in sources
    }
    rejected = {row["source"] for row in rows(results / "rejects.csv") if row["stage"] == "records"}
    listed = set(pq.read_table(results / "records/sources.parquet")["source"].to_pylist())
    assert listed == used | (rejected & listed)
    assert not used & rejected


def test_everything_broken_on_purpose_is_refused_for_the_true_reason(finished: Checkout) -> None:
    truth = rows(finished.folder / "resources/demo/truth.csv")
    rejects = {row["record_id"]: row["reason"] for row in rows(finished.folder / "results/rejects.csv")[::-1]}
    broken = [row for row in truth if row["expected"] != "record"]
    assert broken
    for row in broken:
        assert rejects.get(row["record_id"]) == row["expected"], row
    kept = {
        record_id
        for path in (finished.folder / "results/records").glob("*-of-4.parquet")
        for record_id in pq.read_table(path, columns=["record_id"])["record_id"].to_pylist()
    }
    assert {row["record_id"] for row in truth if row["expected"] == "record"} <= kept


def test_the_flatfile_is_the_truth_of_the_synthetic_archive(finished: Checkout) -> None:
    truth = {
        row["record_id"]: row
        for row in rows(finished.folder / "resources/demo/truth.csv")
        if row["expected"] == "record"
    }
    flatfile = {row["record_id"]: row for row in rows(finished.folder / "results/flatfile.csv")}
    assert set(flatfile) == set(truth)
    for record_id, row in flatfile.items():
        true = truth[record_id]
        assert [row[name] for name in ("station_code", "event_id", "form", "n_samples")] == [
            true[name] for name in ("station", "event", "form", "n_samples")
        ]
        assert float(row[row["magnitude_type"]]) == float(true["magnitude"])
        assert float(row["epi_dist"]) == pytest.approx(float(true["epicentral_distance_km"]), abs=2e-3)
        assert max(float(row["U_pga"]), float(row["rotD100_pga"])) <= 1.01 * float(true["pga_cm_s2"])
        if row["vs30_m_sec"]:
            assert float(row["vs30_m_sec"]) == pytest.approx(float(true["vs30_m_s"]), rel=0.3)
    late = {row["late_triggered_flag_01"] for row in flatfile.values()}
    assert late <= {"0", ""}  # in the synthetic archive P comes 8 s after the first sample or later


def test_the_counts_are_those_of_the_truth(finished: Checkout) -> None:
    truth = [row for row in rows(finished.folder / "resources/demo/truth.csv") if row["expected"] == "record"]
    counted = {
        (row["section"], row["quantity"]): float(row["ours"])
        for row in rows(finished.folder / "results/counts.csv")
    }
    assert counted["records", "kept"] == len(truth)
    assert counted["stations", "with records"] == len({row["station"] for row in truth})
    for form in {row["form"] for row in truth}:
        assert counted["records by form", form] == sum(row["form"] == form for row in truth)
    assert "synthetic" in (finished.folder / "results/counts.md").read_text()


@pytest.mark.parametrize(
    ("phase", "within_s", "share"), [("P", 0.3, 0.85), ("P", 0.5, 0.95), ("S", 0.3, 0.95)]
)
def test_eqtransformer_finds_the_injected_arrivals(
    finished: Checkout, phase: str, within_s: float, share: float
) -> None:
    truth = {
        row["record_id"]: float(row[f"{phase.lower()}_time_s"])
        for row in rows(finished.folder / "resources/demo/truth.csv")
        if row["expected"] == "record" and float(row["snr_db"]) >= 20
    }
    picks = pq.read_table(finished.folder / "results/picks.parquet").to_pylist()
    found = {
        row["record_id"]: row["time_s"]
        for row in picks
        if row["method"] == "eqtransformer" and row["phase"] == phase
    }
    near = [abs(found.get(record_id, 1e9) - time) <= within_s for record_id, time in truth.items()]
    assert len(near) >= 15
    assert sum(near) >= share * len(near)


def test_every_record_is_a_window_or_a_reject_and_has_a_pick_or_a_reject(finished: Checkout) -> None:
    results = finished.folder / "results"
    for shard in shard_names(4):
        records = ids(results / f"records/{shard}.parquet")
        for kind in ("pga60/auto", "p15/auto", "pga60/manual"):
            if (results / f"windows/{kind}").is_dir():
                kept = ids(results / f"windows/{kind}/{shard}.parquet")
                refused = ids(results / f"windows/rejects/{kind}/{shard}.parquet")
                assert sorted(kept + refused) == sorted(records)
        picked = set(ids(results / f"picks/eqtransformer/{shard}.parquet"))
        refused = ids(results / f"picks/rejects/eqtransformer/{shard}.parquet")
        assert sorted([*picked, *refused]) == sorted(records)


def ids(path: Path) -> list[str]:
    return pq.read_table(path, columns=["record_id"])["record_id"].to_pylist()


def test_one_core_and_two_give_the_same_bytes(finished: Checkout, checkout: Checkout) -> None:
    for name in ("results", "resources/demo", ".snakemake"):
        shutil.rmtree(checkout.folder / name)
    done = checkout.snakemake(*(f"results/{name}" for name in TARGETS), cores=1)
    assert done.returncode == 0, done.stdout + done.stderr
    assert digests(checkout.folder / "resources/demo") == digests(finished.folder / "resources/demo")
    assert digests(checkout.folder / "results") == digests(finished.folder / "results")


def digests(folder: Path) -> dict[str, str]:
    """Returns the digest of each file below `folder` but for logs and timings."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.relative_to(folder).parts[0] not in ("logs", "benchmarks")
    }
