"""A flipped bit in a shard is told, or changes nothing: never read as data, never trained on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from quakesite.errors import InputError
from quakesite.picks.schema import PICKS
from quakesite.records.record import Record
from quakesite.records.schema import RECORDS
from quakesite.records.store import iter_records, write_records
from quakesite.seal import DIGEST_BYTES, MAGIC
from quakesite.tables import open_parquet, read_parquet, write_parquet
from quakesite.windows.dataset import WindowDataset
from quakesite.windows.reading import open_shard, read_tensors
from quakesite.windows.settings import Window, WindowsSettings
from quakesite.windows.sharding import make_shard

IDS = [f"2020010100000{number}_000{number}" for number in range(5)]
READERS: dict[str, Callable[[Path], Any]] = {
    "records": lambda path: [(one.row(), one.acceleration.tobytes()) for one in iter_records(path)],
    "picks": lambda path: read_parquet(path, PICKS).to_pylist(),
    "windows": lambda path: (
        open_shard(path).description,
        open_shard(path).metadata.to_pylist(),
        read_tensors(path).tobytes(),
    ),
}
PLACES = 160
"""Bytes that are flipped in each file, evenly spread; every byte of the seal besides."""


def record(record_id: str) -> Record:
    """Returns two seconds of noise."""
    noise = np.random.default_rng(int(record_id[:14])).standard_normal((3, 200)).astype(np.float32)
    values: dict[str, Any] = dict.fromkeys(RECORDS.names)
    values |= {
        "record_id": record_id,
        "network": "TK",
        "station": record_id[-4:],
        "event_id": record_id[:14],
        "form": "mp_Acc",
        "sources": (f"{record_id}.asc",),
        "sampling_rate_hz": 100.0,
        "n_samples": 200,
        "pga_cm_s2": 1.0,
        "acceleration": noise.astype(np.float64),
    }
    return Record(**values)


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A sound shard of each stage."""
    folder = tmp_path_factory.mktemp("shards")
    paths = {name: folder / f"{name}.parquet" for name in READERS}
    write_records(map(record, IDS), paths["records"])
    empty: dict[str, Any] = dict.fromkeys(PICKS.names)
    rows = [
        empty | {"record_id": name, "method": "eqtransformer", "phase": phase, "time_s": time_s, "flags": []}
        for name in IDS
        for phase, time_s in (("P", 0.5), ("S", 1.2))
    ]
    write_parquet(pa.Table.from_pylist(rows, PICKS), paths["picks"])
    settings = WindowsSettings(kinds={"short": Window(anchor="pga", length_s=1.0)})
    make_shard(
        paths["records"], paths["picks"], "short", settings, paths["windows"], folder / "rejects.parquet"
    )
    return paths


def flipped(path: Path, offset: int, target: Path) -> Path:
    """Writes a copy of a file with one bit of the byte at `offset` flipped."""
    content = bytearray(path.read_bytes())
    content[offset] ^= 1 << offset % 8
    target.write_bytes(content)
    return target


def damaged_in_the_data(path: Path, target: Path) -> Path:
    """Writes a copy of a shard of windows with a bit of the middle of a tensor flipped."""
    return flipped(path, path.read_bytes().index(read_tensors(path)[2].tobytes()) + 700, target)


@pytest.mark.parametrize("stage", READERS)
def test_flipped_bit_anywhere_is_told_or_changes_nothing(
    stage: str, shards: dict[str, Path], tmp_path: Path
) -> None:
    path, read = shards[stage], READERS[stage]
    content, sound, told = path.read_bytes(), read(path), 0
    seal = content.rindex(MAGIC)
    offsets = {
        *range(0, len(content), len(content) // PLACES),
        *range(seal, seal + len(MAGIC) + DIGEST_BYTES),
    }
    for offset in sorted(offsets):
        harmed = flipped(path, offset, tmp_path / f"{offset}.parquet")
        found = read_or_refused(read, harmed)
        assert found == sound or str(harmed) in str(found), offset
        told += found != sound
    assert told > len(offsets) / 2


def read_or_refused(read: Callable[[Path], Any], path: Path) -> Any:
    """Returns what is read of a file, or the message of why it is not."""
    try:
        return read(path)
    except InputError as error:
        return str(error)


def test_damaged_windows_are_not_trained_on_and_the_message_says_how_to_make_them_anew(
    shards: dict[str, Path], tmp_path: Path
) -> None:
    folder = tmp_path / "results/windows/short/auto"
    folder.mkdir(parents=True)
    harmed = damaged_in_the_data(shards["windows"], folder / "0-of-2.parquet")
    assert len(WindowDataset([harmed])) == len(IDS)
    with pytest.raises(InputError, match=r"0-of-2\.parquet: is damaged .*snakemake --cores all --force"):
        WindowDataset([harmed]).batch([0])


@pytest.mark.parametrize("mapped", [True, False])
def test_windows_are_compared_with_their_checksums_whichever_way_they_are_read(
    shards: dict[str, Path], tmp_path: Path, mapped: bool
) -> None:
    harmed = damaged_in_the_data(shards["windows"], tmp_path / "harmed.parquet")
    with pytest.raises(InputError, match="damaged"):
        WindowDataset([harmed], mapped=mapped).batch([4])


def test_sealed_file_is_an_ordinary_parquet_file_to_others(shards: dict[str, Path]) -> None:
    assert pq.read_table(shards["picks"]).cast(PICKS).equals(read_parquet(shards["picks"], PICKS))


def test_file_that_another_program_wrote_has_no_seal_and_is_read(
    shards: dict[str, Path], tmp_path: Path
) -> None:
    table = pq.read_table(shards["picks"])
    pq.write_table(table, tmp_path / "other.parquet")
    assert read_parquet(tmp_path / "other.parquet", PICKS).num_rows == 2 * len(IDS)


def test_file_cut_short_is_told(shards: dict[str, Path], tmp_path: Path) -> None:
    for length in (0, 3, 7, 12, shards["picks"].stat().st_size - 1):
        short = tmp_path / f"{length}.parquet"
        short.write_bytes(shards["picks"].read_bytes()[:length])
        with pytest.raises(InputError, match=short.name), open_parquet(short):
            pass
