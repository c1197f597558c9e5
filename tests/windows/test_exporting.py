"""Windows in the forms of others, read back with the others' own means."""

from __future__ import annotations

import io
import json
import re
import tarfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import yaml

from quakesite.errors import InputError
from quakesite.records.record import Record
from quakesite.windows.exporting import export
from quakesite.windows.settings import WindowsSettings

TENSORS = np.random.default_rng(9).standard_normal((20, 4, 100)).astype(np.float32)
IDS = [f"2020010100{i:04d}_{i % 5:04d}" for i in range(20)]


@pytest.fixture
def path(write_tensors: Callable[..., Path]) -> Path:
    return write_tensors(TENSORS, IDS)


def test_numpy_export_is_the_array_and_its_table(path: Path, tmp_path: Path) -> None:
    assert export([path], "numpy", tmp_path / "out", {"0001": 412.5}) == 20
    np.testing.assert_array_equal(np.load(tmp_path / "out/tensors.npy", mmap_mode="r"), TENSORS)
    table = pd.read_csv(tmp_path / "out/metadata.csv", dtype={"station": str})
    assert table["record_id"].tolist() == IDS
    assert table.set_index("station")["vs30_m_s"].dropna().unique().tolist() == [412.5]
    typed = pd.read_parquet(tmp_path / "out/metadata.parquet")
    assert typed["station"].tolist() == [record.partition("_")[2] for record in IDS]


@pytest.fixture
def cut(make_record: Callable[..., Record], shard: Callable[..., tuple[Path, Path]]) -> Path:
    """A shard of windows cut from records with times, one with its P before the window, one without picks."""
    start = datetime(2020, 10, 30, 11, 51, 20, 250_000, tzinfo=UTC)
    records = [
        make_record(f"2020103011512{i}_0119", start_time=start, event_time=start, magnitude_type="Mw")
        for i in range(3)
    ]
    picks = {records[0].record_id: (30.0, 37.0, 20.0), records[1].record_id: (0.5, 80.0, 20.0)}
    settings = WindowsSettings.model_validate({"kinds": {"s": {"anchor": "pga", "length_s": 2.0}}})
    return shard(records, picks, window="s", settings=settings, min_p_time_s=None)[0]


def test_default_readers_of_the_seisbench_export_keep_codes_times_and_arrivals(
    cut: Path, tmp_path: Path
) -> None:
    data = pytest.importorskip("seisbench.data")
    export([cut], "seisbench", tmp_path / "out", {"0119": 412.5})
    rows = pq.read_table(cut).to_pylist()
    for metadata in (
        data.WaveformDataset(tmp_path / "out").metadata,
        pd.read_csv(tmp_path / "out/metadata.csv"),
    ):
        assert metadata["station_code"].tolist() == ["TK.0119"] * 3
        assert metadata["station_network_code"].tolist() == ["TK"] * 3
        assert metadata["source_id"].astype(str).tolist() == [row["event_id"] for row in rows]
        assert metadata["source_magnitude_type"].tolist() == ["Mw"] * 3
        for row, (_, got) in zip(rows, metadata.iterrows(), strict=True):
            first = pd.Timestamp(row["start_time"]) + pd.Timedelta(seconds=row["start_s"])
            assert abs(pd.Timestamp(got["trace_start_time"]) - first) < pd.Timedelta("1us")
            assert pd.Timestamp(got["source_origin_time"]) == pd.Timestamp(row["event_time"])
            for phase in ("p", "s"):
                sample = row[f"{phase}_sample"]
                arrival = got[f"trace_{phase}_arrival_sample"]
                inside = sample is not None and 0 <= sample < 200
                assert (arrival == sample) if inside else np.isnan(arrival)


@pytest.mark.parametrize("form", ["numpy", "seisbench", "webdataset"])
def test_data_card_agrees_with_the_files(cut: Path, tmp_path: Path, form: str) -> None:
    export([cut], form, tmp_path / "out", {"0119": 412.5})
    card = (tmp_path / "out/README.md").read_text(encoding="utf-8")
    described = re.findall(r"^- `(\w+)`(: \S.*)?$", card.partition("## Columns")[2], re.MULTILINE)
    if form == "numpy":
        shape = np.load(tmp_path / "out/tensors.npy").shape[1:]
        columns = pq.read_schema(tmp_path / "out/metadata.parquet").names
        assert columns == pd.read_csv(tmp_path / "out/metadata.csv").columns.tolist()
    elif form == "seisbench":
        dataset = pytest.importorskip("seisbench.data").WaveformDataset(
            tmp_path / "out", component_order="ENZ"
        )
        shape = dataset.get_waveforms(0).shape
        columns = pd.read_csv(tmp_path / "out/metadata.csv").columns.tolist()
    else:
        with tarfile.open(tmp_path / "out/windows-000000.tar") as tar:
            first = tar.getnames()[0].removesuffix(".json")
            columns = list(json.loads(tar.extractfile(f"{first}.json").read()))
            array = np.load(io.BytesIO(tar.extractfile(f"{first}.npy").read()))
            assert array.dtype == np.float32
            shape = array.shape
    assert f"float32, ({shape[0]}, {shape[1]}), 100 Hz" in card
    assert sorted(name for name, _ in described) == sorted(columns)
    assert all(text for _, text in described)


def test_seisbench_opens_its_export(path: Path, tmp_path: Path) -> None:
    data = pytest.importorskip("seisbench.data")
    export([path], "seisbench", tmp_path / "out")
    dataset = data.WaveformDataset(tmp_path / "out", component_order="ENZ")
    assert len(dataset) == 20
    for index in (0, 7, 19):
        waveform, metadata = dataset.get_sample(index)
        np.testing.assert_array_equal(waveform, TENSORS[index, :3])
        assert metadata["trace_name_original"] == IDS[index]
        assert metadata["trace_sampling_rate_hz"] == 100
        assert (metadata["trace_p_arrival_sample"], metadata["trace_s_arrival_sample"]) == (1.0, 2.0)


def test_webdataset_export_pairs_each_array_with_its_metadata(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quakesite.windows.exporting.WINDOWS_PER_TAR", 8)
    for name in ("one", "two"):
        export([path], "webdataset", tmp_path / name)
    tars = sorted((tmp_path / "one").glob("*.tar"))
    assert [tar.name for tar in tars] == [f"windows-00000{i}.tar" for i in range(3)]
    assert all(tar.read_bytes() == (tmp_path / "two" / tar.name).read_bytes() for tar in tars)
    members = {}
    for name in tars:
        with tarfile.open(name) as tar:
            members |= {member.name: tar.extractfile(member).read() for member in tar}
    assert sorted(members) == sorted(f"{record}.{kind}" for record in IDS for kind in ("json", "npy"))
    for record, tensor in zip(IDS, TENSORS, strict=True):
        np.testing.assert_array_equal(np.load(io.BytesIO(members[f"{record}.npy"])), tensor)
        described = json.loads(members[f"{record}.json"])
        assert (described["record_id"], described["rate_hz"]) == (record, 100)


def test_hugging_face_loads_the_exported_folder(path: Path, tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets", reason="datasets is not installed")
    export([path], "webdataset", tmp_path / "out", {"0001": 412.5})
    loaded = datasets.load_dataset(str(tmp_path / "out"), split="train", cache_dir=str(tmp_path / "cache"))
    assert loaded["__key__"] == IDS
    np.testing.assert_array_equal(np.asarray(loaded["npy"], np.float32), TENSORS)
    assert loaded[1]["json"]["vs30_m_s"] == 412.5
    card = pytest.importorskip("huggingface_hub").DatasetCard.load(tmp_path / "out/README.md")
    assert card.data.pretty_name == "Strong-motion windows test"


@pytest.mark.parametrize("form", ["numpy", "seisbench", "webdataset"])
def test_data_card_says_what_is_there(path: Path, tmp_path: Path, form: str) -> None:
    export([path], form, tmp_path / "out")
    _, front, text = (tmp_path / "out/README.md").read_text(encoding="utf-8").split("---\n", 2)
    assert yaml.safe_load(front)["pretty_name"] == "Strong-motion windows test"
    assert "20 windows of 5 stations" in text
    shape, column = ((3, 100), "station_latitude_deg") if form == "seisbench" else ((4, 100), "st_latitude")
    assert f"{shape}, 100 Hz" in text
    assert f"`{column}`: degree" in text


@pytest.mark.parametrize("form", ["numpy", "seisbench", "webdataset"])
def test_an_export_is_on_disk_before_it_has_its_name(
    path: Path, tmp_path: Path, flushed: list[int], form: str
) -> None:
    export([path], form, tmp_path / "out")
    made = [tmp_path / "out", *(tmp_path / "out").iterdir()]
    assert len(made) > 2
    assert {path.stat().st_ino for path in made} <= set(flushed)


def test_export_never_touches_what_exists(path: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(InputError, match="exists already"):
        export([path], "numpy", tmp_path / "out")
    with pytest.raises(InputError, match="no windows"):
        export([], "numpy", tmp_path / "new")
    assert not (tmp_path / "new").exists()
