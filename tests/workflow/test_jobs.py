"""What runs again after a change, and what does not."""

from __future__ import annotations

import os
import time
import zipfile
from pathlib import Path

import openpyxl
from workflow_checkout import Checkout

from quakesite.shards import shard_of

TABLES = {"table1", "table2", "skill", "model", "forests", "control", "predictions", "rejects"}
TABLES |= {"flatfile", "counts"}
AFTER_PICKS = {
    "features",
    "baselines",
    "picks_network",
    "picks_manual",
    "picks",
    "agreement",
    "windows",
}
AFTER_PICKS |= {"pretrain", "train", *TABLES}


def test_nothing_runs_when_nothing_changed(finished: Checkout) -> None:
    assert finished.planned() == []


def test_touching_a_source_file_runs_nothing(checkout: Checkout) -> None:
    for path in (checkout.folder / "src" / "quakesite").rglob("*.py"):
        os.utime(path, (time.time() + 5, time.time() + 5))
    assert checkout.planned() == []


def test_editing_the_picks_stage_runs_picks_and_what_follows(checkout: Checkout) -> None:
    append(checkout.folder / "src/quakesite/picks/snr.py", "\n# edited\n")
    assert set(checkout.planned_rules()) == AFTER_PICKS


def test_editing_the_evaluation_stage_makes_the_tables_again_and_trains_nothing(checkout: Checkout) -> None:
    append(checkout.folder / "src/quakesite/evaluation/metrics.py", "\n# edited\n")
    assert set(checkout.planned_rules()) == {"baselines", *TABLES}


def test_editing_what_makes_h_v_curves_makes_them_again(checkout: Checkout) -> None:
    append(checkout.folder / "src/quakesite/evaluation/features/spectra.py", "\n# edited\n")
    assert set(checkout.planned_rules()) == {"features", "baselines", *TABLES}


def test_one_more_zip_runs_its_shard_in_each_stage_the_joins_and_training(checkout: Checkout) -> None:
    station = add_station(checkout.folder / "resources/demo/archive", "9999")
    planned = checkout.planned()
    sharded = {(rule, wildcards["shard"]) for rule, wildcards in planned if "shard" in wildcards}
    shard = shard_of(station, 4)
    per_shard = {"records", "features", "picks_network", "picks_manual", "windows"}
    assert sharded == {(rule, shard) for rule in per_shard}
    assert {rule for rule, wildcards in planned if "shard" not in wildcards} == {
        *("archive_index", "catalogue", "stations", "picks", "agreement"),
        *("splits", "pretrain", "train", "baselines"),
        *TABLES,
    }


def test_a_changed_vs30_runs_no_picks_and_no_windows(checkout: Checkout) -> None:
    path = checkout.folder / "resources/demo/stations.xlsx"
    book = openpyxl.load_workbook(path)
    sheet = book.active
    header = [cell.value for cell in sheet[1]]
    sheet.cell(row=2, column=header.index("Vs30") + 1, value=432.0)
    book.save(path)
    assert set(checkout.planned_rules()) == {"stations", "splits", "pretrain", "train", "baselines", *TABLES}


def test_an_option_that_training_alone_uses_trains_again_and_picks_nothing(checkout: Checkout) -> None:
    changed = checkout.with_config(training={"segment_s": 2.0})
    assert set(changed.planned_rules()) == {
        *("pretrain", "train", "table2", "skill", "model", "control", "predictions")
    }


def test_a_limit_that_windows_applies_reads_and_picks_no_record_again(checkout: Checkout) -> None:
    changed = checkout.with_config(records={"min_p_time_s": 5.0})
    tables = TABLES - {"flatfile", "counts", "forests"}
    assert set(changed.planned_rules()) == {"windows", "pretrain", "train", *tables}


def test_another_number_of_bootstrap_samples_only_makes_the_tables_again(checkout: Checkout) -> None:
    changed = checkout.with_config(evaluation={"bootstrap": 300})
    assert set(changed.planned_rules()) == {"table2", "skill", "control"}


def append(path: Path, text: str) -> None:
    """Adds `text` to the file at `path`, whose time is then surely later than the outputs'."""
    path.write_text(path.read_text() + text)
    os.utime(path, (time.time() + 5, time.time() + 5))


def add_station(archive: Path, code: str) -> str:
    """Adds a zip with one record of a station that was not there, made from another station's files."""
    for path in sorted(archive.rglob("*.zip")):
        with zipfile.ZipFile(path) as source:
            names = [name for name in source.namelist() if name.endswith("_mp_Acc_E.asc")]
            for name in names:
                stem = name.removesuffix("E.asc")
                parts = Path(name).name.split("_")
                if all(f"{stem}{component}.asc" in source.namelist() for component in "ENU"):
                    with zipfile.ZipFile(archive / f"{code}.zip", "w") as target:
                        for component in "ENU":
                            text = source.read(f"{stem}{component}.asc").decode()
                            text = text.replace(f"STATION_CODE: {parts[1]}", f"STATION_CODE: {code}")
                            target.writestr(f"{parts[0]}_{code}_mp_Acc_{component}.asc", text)
                    return code
    raise AssertionError("no complete mp_Acc record in any zip of the synthetic archive")
