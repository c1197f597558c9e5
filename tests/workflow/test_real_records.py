"""The main job on real AFAD records: the README's "your own records" example, from download to Table II."""

from __future__ import annotations

import csv
import re
import zipfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml
from workflow_checkout import Checkout, copy_checkout, merged

RECORD = re.compile(r"(\d{14})_([A-Z0-9]+)_.*_([ENU])\s*\.asc$")


@pytest.fixture(scope="module")
def real(root: Path, shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A finished run on the real records, with the README's configuration and one short trial."""
    folder = copy_checkout(root, tmp_path_factory.mktemp("real") / "quakesite")
    readme = (root / "README.md").read_text(encoding="utf-8")
    block = re.search(r"```yaml\n# my\.yaml.*?\n(.*?)```", readme, re.DOTALL)
    assert block is not None
    text = block.group(1).replace("downloads/records", str(shared_data / "tadas"))
    given = yaml.safe_load(
        text.replace("downloads/stations.xlsx", str(shared_data / "stations/tadas_stations.xlsx"))
    )
    short = {"n_shards": 2, "training": {"trials": 1, "max_epochs": 1}, "evaluation": {"bootstrap": 200}}
    checkout = Checkout(
        folder, merged(merged(given, short), {"picks": {"weights": str(shared_data / "weights")}})
    )
    done = checkout.snakemake("results/table2.csv", "results/rejects.csv", "results/picks.parquet")
    assert done.returncode == 0, done.stdout + done.stderr
    return checkout


def complete_records(folder: Path) -> set[tuple[str, str]]:
    """Returns the (stamp, station) pairs that have all three components, told from names alone."""
    names = [path.name for path in folder.rglob("*.asc")]
    for path in folder.rglob("*.zip"):
        names += [Path(name).name for name in zipfile.ZipFile(path).namelist()]
    components: dict[tuple[str, str], set[str]] = {}
    for name in names:
        match = RECORD.search(name)
        if match is not None and not name.startswith("._"):
            components.setdefault((match[1], match[2]), set()).add(match[3])
    return {key for key, found in components.items() if found == set("ENU")}


def test_every_three_component_record_is_read_or_refused_with_a_reason(
    real: Checkout, shared_data: Path
) -> None:
    results = real.folder / "results"
    kept = {
        tuple(record_id.split("_"))
        for path in (results / "records").glob("*-of-2.parquet")
        for record_id in pq.read_table(path, columns=["record_id"])["record_id"].to_pylist()
    }
    with (results / "rejects.csv").open(encoding="utf-8", newline="") as handle:
        refused = {
            tuple(row["record_id"].split("_")) for row in csv.DictReader(handle) if row["stage"] == "records"
        }
    complete = complete_records(shared_data / "tadas")
    assert len(complete) > 100
    assert complete <= kept | refused
    assert len(kept) >= 0.9 * len(complete)


def test_every_samos_record_gets_p_and_s(real: Checkout) -> None:
    picks = pq.read_table(real.folder / "results/picks.parquet").to_pylist()
    samos = {(row["record_id"], row["phase"]) for row in picks if row["record_id"].startswith("20201030")}
    stations = {"0905", "0918", "3511", "3513", "3517", "3519", "3521", "4501"}
    assert {(f"20201030115124_{station}", phase) for station in stations for phase in "PS"} <= samos


def test_table2_carries_real_numbers_and_says_which_experiment_has_no_data(real: Checkout) -> None:
    with (real.folder / "results/table2.csv").open(encoding="utf-8", newline="") as handle:
        totals = {row["experiment"]: row for row in csv.DictReader(handle) if row["site_class"] == "Total"}
    for name in ("beta_auto_pga", "alpha_auto_pga", "alpha_auto_p15", "gamma_ps_auto"):
        assert int(totals[name]["n_stations"]) >= 10
        assert 0 < float(totals[name]["absolute_mean_error_pct"]) < 90  # has left 0 m/s
        assert 0 < float(totals[name]["constant_error_pct"]) < 90
    assert totals["alpha_man_pga"]["n_records"] == "0"
    assert totals["alpha_man_pga"]["absolute_mean_error_pct"] == "NaN"
    assert "manual" in (real.folder / "results/logs/training/alpha_man_pga/1.log").read_text()
