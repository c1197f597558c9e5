"""The catalogue: what the shards hold but the samples; on the synthetic archive, what was put into it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from quakesite.demo.make import make
from quakesite.demo.settings import DemoSettings
from quakesite.errors import InputError
from quakesite.records import ingest as stage
from quakesite.records import read
from quakesite.records.catalogue import catalogue_table, write_catalogue
from quakesite.records.command import app
from quakesite.records.schema import CATALOGUE, METADATA
from quakesite.records.settings import RecordsSettings
from quakesite.records.store import iter_records, write_records
from quakesite.shards import shard_names

from .conftest import motion, three, write


def test_it_has_every_column_but_the_samples_sorted_over_shards(tmp_path: Path) -> None:
    (record,) = read(write(tmp_path / "a", three())[0])
    for name, ids in (("0-of-2", ["20200101000001_2", "20200101000004_2"]), ("1-of-2", ["20200101000003_1"])):
        write_records([replace(record, record_id=one) for one in ids], tmp_path / f"{name}.parquet")
    shards = [str(tmp_path / f"{name}.parquet") for name in ("1-of-2", "0-of-2")]
    result = CliRunner().invoke(app, ["catalogue", *shards, "--out", str(tmp_path / "catalogue.parquet")])
    assert result.exit_code == 0, result.output
    table = pq.read_table(tmp_path / "catalogue.parquet")
    assert table.column_names == [*METADATA, "shard"]
    assert table["record_id"].to_pylist() == ["20200101000001_2", "20200101000003_1", "20200101000004_2"]
    assert table["shard"].to_pylist() == ["0-of-2", "1-of-2", "0-of-2"]
    (first, *_) = table.drop_columns(["record_id", "shard"]).to_pylist()
    assert first == {name: value for name, value in record.row().items() if name != "record_id"}


def test_the_order_of_the_shards_changes_no_byte(tmp_path: Path) -> None:
    (record,) = read(write(tmp_path / "a", three())[0])
    shards = [tmp_path / f"{number}-of-3.parquet" for number in range(3)]
    for number, shard in enumerate(shards):
        write_records([replace(record, record_id=f"{n:03d}") for n in range(number, 60, 3)], shard)
    write_catalogue(shards, tmp_path / "one.parquet")
    write_catalogue(shards[::-1], tmp_path / "other.parquet")
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "other.parquet").read_bytes()


def test_no_shard_and_no_record_make_an_empty_table(tmp_path: Path) -> None:
    write_records([], tmp_path / "0-of-1.parquet")
    assert catalogue_table([]).schema == CATALOGUE
    assert len(catalogue_table([tmp_path / "0-of-1.parquet"])) == 0


def test_a_record_in_two_shards_is_a_bug_and_another_versions_shard_one_clear_line(tmp_path: Path) -> None:
    write_records(read(write(tmp_path / "a", three())[0]), tmp_path / "0-of-1.parquet")
    with pytest.raises(RuntimeError, match="20201030115124_0905 stands in two shards"):
        catalogue_table([tmp_path / "0-of-1.parquet"] * 2)
    pq.write_table(pa.table({"record_id": ["1"]}), tmp_path / "old.parquet")
    with pytest.raises(InputError, match="columns missing: this is another table"):
        catalogue_table([tmp_path / "old.parquet"])


def test_the_samples_are_not_read(tmp_path: Path) -> None:
    """64 records of 480 kB each: less than a tenth of their 31 MB is ever held."""
    (record,) = read(write(tmp_path / "a", three(samples=motion(40_000)))[0])
    shard = tmp_path / "0-of-1.parquet"
    write_records((replace(record, record_id=f"{number:02d}") for number in range(64)), shard)
    assert shard.stat().st_size > 30e6
    script = (
        "import sys, pyarrow\n"
        "from quakesite.records.catalogue import catalogue_table\n"
        "print(len(catalogue_table(sys.argv[1:])), pyarrow.default_memory_pool().max_memory())"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(shard)], capture_output=True, text=True, check=True
    )
    n_records, most_bytes = map(int, done.stdout.split())
    assert n_records == 64
    assert 0 < most_bytes < 3e6


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small synthetic archive with its truth, ingested in two shards and catalogued."""
    folder = tmp_path_factory.mktemp("catalogue")
    make(DemoSettings(stations=6, events=2), folder)
    for name in shard_names(2):
        stage.shard(
            name,
            [str(folder / "archive")],
            RecordsSettings(),
            folder / f"{name}.parquet",
            folder / f"rejects/{name}.parquet",
        )
    write_catalogue([folder / f"{name}.parquet" for name in shard_names(2)], folder / "catalogue.parquet")
    return folder


def test_the_catalogue_of_the_synthetic_archive_is_its_truth(demo: Path) -> None:
    as_text = pa.csv.ConvertOptions(column_types={"station": pa.string(), "event": pa.string()})
    truth = pa.csv.read_csv(demo / "truth.csv", convert_options=as_text).to_pylist()
    expected = {row["record_id"]: row for row in truth if row["expected"] == "record"}
    found = {row["record_id"]: row for row in pq.read_table(demo / "catalogue.parquet").to_pylist()}
    assert len(found) >= 8
    assert set(found) == set(expected)
    for record_id, row in found.items():
        true = expected[record_id]
        assert [row[name] for name in ("station", "event_id", "form", "n_samples", "sampling_rate_hz")] == [
            true[name] for name in ("station", "event", "form", "n_samples", "sampling_rate_hz")
        ]
        assert row["magnitude"] == true["magnitude"]
        assert row["epicentral_distance_km"] == pytest.approx(true["epicentral_distance_km"], abs=2e-3)
        assert row["pga_cm_s2"] == pytest.approx(true["pga_cm_s2"], abs=2e-3)
        sources = {source.partition("archive/")[2] for source in row["sources"]}
        assert sources == set(true["sources"].split(";"))
        assert row["pga_mismatch"] < 1e-2
        assert row["origin_mismatch_s"] == 0.0
        assert row["rotd00_pga_cm_s2"] <= row["rotd50_pga_cm_s2"] <= row["rotd100_pga_cm_s2"]


def test_the_intensities_in_the_catalogue_are_those_of_the_stored_samples(demo: Path) -> None:
    rows = {row["record_id"]: row for row in pq.read_table(demo / "catalogue.parquet").to_pylist()}
    for name in shard_names(2):
        for record in iter_records(demo / f"{name}.parquet"):
            motion = record.acceleration - record.acceleration.mean(axis=1, keepdims=True)
            row = rows[record.record_id]
            for component, samples in zip("enz", motion, strict=True):
                assert row[f"pga_{component}_cm_s2"] == pytest.approx(np.abs(samples).max(), rel=1e-5)
                cav = np.abs(samples).sum() / record.sampling_rate_hz
                assert row[f"cav_{component}_cm_s"] == pytest.approx(cav, rel=1e-5)
