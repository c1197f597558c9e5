"""Windows in the forms of others, read back with the others' own means."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from quakesite.errors import InputError
from quakesite.windows.exporting import export

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
    assert "(4, 100), 100 Hz" in text
    assert "`st_latitude`: degree" in text


def test_export_never_touches_what_exists(path: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(InputError, match="exists already"):
        export([path], "numpy", tmp_path / "out")
    with pytest.raises(InputError, match="no windows"):
        export([], "numpy", tmp_path / "new")
    assert not (tmp_path / "new").exists()
