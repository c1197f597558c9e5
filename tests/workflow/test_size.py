"""36,417 records, as many as AFAD-1218's, are under 400 jobs with the number of shards that doctor names."""

from __future__ import annotations

from pathlib import Path

import pytest
from workflow_checkout import Checkout, copy_checkout

from quakesite.config import resolve
from quakesite.doctor.inputs import shards_for

RECORDS = 36_417
MOST_JOBS = 400


@pytest.mark.parametrize("manual", [False, True])
def test_an_archive_of_the_size_of_afad_1218_is_less_than_400_jobs(
    root: Path, tmp_path: Path, manual: bool
) -> None:
    for component in "ENU":
        (tmp_path / f"20200101000000_0101_mp_Acc_{component}.asc").touch()
    (tmp_path / "picks.csv").write_text("record_id,phase,time_s\n20200101000000_0101,P,1.0\n")
    config = {
        "archive": [str(tmp_path)],
        "picks": {"manual": str(tmp_path / "picks.csv") if manual else None},
    }
    config["n_shards"] = shards_for(RECORDS, resolve(config))
    jobs = Checkout(copy_checkout(root, tmp_path / "quakesite"), config).planned("all")
    read = [rule for rule, _ in jobs if rule == "records"]
    assert len(read) == config["n_shards"]
    assert len(jobs) < MOST_JOBS
