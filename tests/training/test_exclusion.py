"""Windows left out of an experiment because of what its picks are flagged with."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from quakesite.training.settings import TrainingSettings
from quakesite.windows.schema import Description
from quakesite.windows.sharding import write_windows


@pytest.fixture
def flagged_files(archive: Any, tmp_path: Path) -> Any:
    """The files of `beta_auto_p15`; picks of the second event are implausible, those of the first early."""
    written = []
    for path in archive.windows["p15", "auto"]:
        table = pq.read_table(path)
        rows = table.to_pylist()
        for row in rows:
            flags = {"20200101": "p_in_first_5s", "20200102": "p_in_first_5s sp_implausible"}
            row["pick_flags"] = flags.get(row["event_id"][:8], "")
        written.append(tmp_path / "flagged" / path.name)
        write_windows(rows, Description.from_metadata(table.schema.metadata), written[-1])
    return replace(archive.files("beta_auto_p15"), train_windows=written, test_windows=written)


def test_flagged_windows_are_left_out_and_counted(train_one: Any, flagged_files: Any, tmp_path: Path) -> None:
    without = {"beta_*": ["sp_implausible"], "alpha_*": ["p_in_first_5s"]}
    trial = train_one(files=flagged_files, max_epochs=1, exclude_flags=without)
    everything = train_one(files=flagged_files, max_epochs=1, out="all")
    n_excluded = 0
    for name, part in trial.parts.items():
        assert not any(record.startswith("20200102") for record in part.record_ids)
        assert len(part) + part.excluded == len(everything.parts[name])
        n_excluded += part.excluded
    assert n_excluded == len({*everything.parts["train"].stations}) + sum(
        len({*everything.parts[name].stations}) for name in ("validation", "test")
    )
    told = json.loads((tmp_path / "out" / "trial.json").read_text())
    assert {name: part["excluded_by_flags"] for name, part in told["splits"].items()} == {
        name: part.excluded for name, part in trial.parts.items()
    }
    assert told["settings"]["exclude_flags"]["beta_*"] == ["sp_implausible"]


def test_flags_of_all_patterns_that_fit_are_joined() -> None:
    settings = TrainingSettings(
        exclude_flags={"*": ["s_before_p"], "alpha_*": ["sp_implausible"], "beta_auto_pga": ["p_unsettled"]}
    )
    assert settings.excluded_flags("alpha_man_p15") == ["s_before_p", "sp_implausible"]
    assert settings.excluded_flags("gamma_ps_auto") == ["s_before_p"]
    assert TrainingSettings().excluded_flags("alpha_man_p15") == []


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"*": ["s_befor_p"]}, "s_before_p"),
        ({"delta_*": ["s_before_p"]}, "matches no experiment"),
        ({"*": []}, "at least 1"),
    ],
)
def test_unknown_flags_and_experiments_are_refused(given: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        TrainingSettings(exclude_flags=given)
