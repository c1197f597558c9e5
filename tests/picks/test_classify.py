"""What lands in picks.parquet with `timing: classify` and `padding_s: 0`, against SeisBench's `classify`.

All records of AFAD-1218, NSMN and the 2020 Samos earthquake that `classify` can handle (60 s or more), and
every sixth of the 2023 Pazarcık earthquake; `benchmarks/picks_speed.py --check` does the same on any archive.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import obspy
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from quakesite.picks.command import app
from quakesite.records.reading import read
from quakesite.records.record import Record
from quakesite.records.store import write_records

SETTINGS = {"timing": "classify", "padding_s": 0, "stride_s": 11.37}
THRESHOLDS = {"P": 0.3, "S": 0.1}


@pytest.fixture(scope="module")
def records(shared_data: Path) -> list[Record]:
    data = shared_data / "tadas"
    sources = [shared_data / "afad1218", shared_data / "nsmn", *sorted(data.glob("GuestUser_RawAcc_*"))]
    found = [record for source in sources for record in read(source)]
    found += sorted(read(data / "20230206_pazarcik"), key=lambda record: record.record_id)[::6]
    chosen = [record for record in found if record.n_samples / record.sampling_rate_hz >= 60]
    return sorted(chosen, key=lambda record: record.record_id)


def of_classify(record: Record, plain_model: Any) -> dict[str, list[Any]]:
    """SeisBench's own picks, by phase."""
    start = obspy.UTCDateTime(0)
    stream = obspy.Stream(
        [
            obspy.Trace(row, {"sampling_rate": record.sampling_rate_hz, "channel": f"HN{component}"})
            for row, component in zip(record.acceleration.astype(float), "ENZ", strict=True)
        ]
    )
    overlap = 6000 - round(SETTINGS["stride_s"] * 100)
    thresholds = {f"{phase}_threshold": value for phase, value in THRESHOLDS.items()}
    picks = plain_model.classify(stream, overlap=overlap, **thresholds).picks
    return {
        phase: [(one.peak_time - start, one.peak_value) for one in picks if one.phase == phase]
        for phase in "PS"
    }


def test_picks_parquet_has_the_picks_of_classify(
    records: list[Record], plain_model: Any, weights_file: Path, tmp_path: Path
) -> None:
    write_records(records, tmp_path / "0-of-1.parquet")
    arguments = ["shard", str(tmp_path / "0-of-1.parquet"), "--method", "eqtransformer"]
    arguments += ["--weights", str(weights_file), "--settings", json.dumps(SETTINGS)]
    arguments += ["--out", str(tmp_path / "picks.parquet"), "--rejects", str(tmp_path / "rejects.parquet")]
    CliRunner().invoke(app, arguments, catch_exceptions=False)
    ours = {
        (row["record_id"], row["phase"]): row for row in pq.read_table(tmp_path / "picks.parquet").to_pylist()
    }
    n_same = n_most_probable = 0
    for record in records:
        sample_s = 1.001 / min(record.sampling_rate_hz, 100)
        for phase, theirs in of_classify(record, plain_model).items():
            row = ours.pop((record.record_id, phase), None)
            assert (row is not None) == bool(theirs)
            if row is None:
                continue
            (match,) = [one for one in theirs if abs(one[0] - row["time_s"]) <= sample_s]
            assert row["probability"] == pytest.approx(match[1], abs=1e-4)
            n_same += 1
            n_most_probable += match == max(theirs, key=lambda one: one[1])
    assert not ours
    assert n_same >= 35
    assert n_most_probable >= 0.9 * n_same  # else the pair was better than the two most probable ones
