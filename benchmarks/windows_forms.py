"""The forms in which `windows.py` here stores windows, and how each is read into a PyTorch batch."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import scipy.io
import scipy.signal
import torch

BATCH = 64
N_SHARDS = 4
MAT_FILES = 512
Batches = Callable[[np.ndarray], Iterator[torch.Tensor]]
Fetch = Callable[[Sequence[int]], torch.Tensor]


@dataclass(frozen=True)
class Form:
    """One way of storing and reading.

    Attributes:
        label: what the table calls it.
        path: where it is.
        open: opens it.
        enough: how many windows one pass reads; fewer than all where it is slow.
        stored: how many windows it holds; fewer than all where writing it is slow.
        in_memory: it reads from memory of its own what the others read from files.
    """

    label: str
    path: Path
    open: Callable[[], Batches]
    enough: int = 1_000_000
    stored: int = 1_000_000
    in_memory: bool = False

    def order_of(self, order: np.ndarray) -> np.ndarray:
        """Returns the part of an order of windows that one pass reads."""
        return order[order < self.stored][: self.enough]


def by_batch(fetch: Fetch) -> Batches:
    """Returns the batches of an order of indices, each fetched by one call."""
    return lambda order: (fetch(order[at : at + BATCH].tolist()) for at in range(0, len(order), BATCH))


def simulated(n: int) -> np.ndarray:
    """Returns n windows of filtered noise under an envelope, (n, 4, 6000)."""
    random = np.random.default_rng(0)
    sections = scipy.signal.butter(3, (0.3, 20), "bandpass", fs=100, output="sos")
    t = np.arange(6000) / 100
    envelope = np.exp(-(((t - 30) / 8) ** 2)) + 0.002
    tensors = np.zeros((n, 4, 6000), np.float32)
    for tensor in tensors:
        tensor[:3] = 50 * envelope * scipy.signal.sosfilt(sections, random.standard_normal((3, 6000)))
        tensor[3, 1800:2700] = 1
    return tensors


def cut_from(archive: Path, n: int) -> np.ndarray:
    """Returns n windows of 60 s around PGA from the records in a folder, as often repeated as needed."""
    from quakesite.errors import InputError
    from quakesite.records import read
    from quakesite.windows.cutting import RecordPicks, cut, pga_time_s
    from quakesite.windows.settings import WindowsSettings

    kind, found = WindowsSettings().kinds["pga60"], {}
    for path in sorted(archive.iterdir()):
        try:
            for record in read(path):
                peak_s = pga_time_s(record.acceleration, record.sampling_rate_hz)
                picks = RecordPicks(p_s=peak_s - 12, s_s=peak_s - 3)
                found[record.record_id] = cut(record, picks, kind, 100.0).tensor
        except InputError:  # parts of records, which the archive of trial data holds too
            continue
    if len(found) <= BATCH:
        raise SystemExit(f"{archive}: {len(found)} records; repeated within a page they would compress")
    print(f"{len(found)} records in {archive.name}, repeated")
    return np.stack(list(found.values()))[np.arange(n) % len(found)]


def shards(tensors: np.ndarray, folder: Path) -> list[Path]:
    """Writes the windows as quakesite does, over four shards, and returns their paths."""
    from quakesite.windows.schema import WINDOWS, Description
    from quakesite.windows.sharding import write_windows

    about = Description("pga60", "{}", tensors.shape[2], 100.0)
    paths = [folder / f"{shard}-of-{N_SHARDS}.parquet" for shard in range(N_SHARDS)]
    for shard, path in enumerate(paths):
        rows = (
            dict.fromkeys(WINDOWS.names)
            | {
                "record_id": f"{20200101000000 + i}_{i % 700:04d}",
                "station": f"{i % 700:04d}",
                "event_id": f"{20200101000000 + i}",
                "pga_cm_s2": 1.0,
                "start_s": 0.0,
                "filled_samples": 0,
                "tensor": tensors[i].tobytes(),
            }
            for i in range(shard, len(tensors), N_SHARDS)
        )
        write_windows(rows, about, path)
    return paths


def of_quakesite(tensors: np.ndarray, folder: Path) -> list[Form]:
    """Returns our shards, mapped and read by place, with and without PyTorch's data loader."""
    from quakesite.windows.dataset import WindowDataset, loader
    from quakesite.windows.order import Batches as Order

    paths = shards(tensors, folder)

    class Given(Order):
        def __init__(self, order: np.ndarray) -> None:
            super().__init__(len(order), BATCH)
            self._given = order

        def order(self) -> np.ndarray:
            return self._given

    def direct(*, mapped: bool) -> Batches:
        dataset = WindowDataset(paths, mapped=mapped)
        return by_batch(lambda indices: dataset.batch(indices).tensors)

    def loaded(workers: int) -> Batches:
        dataset = WindowDataset(paths, mapped=True)
        return lambda order: (batch.tensors for batch in loader(dataset, Given(order), workers=workers))

    return [
        Form("quakesite shards, mapped", folder, lambda: direct(mapped=True)),
        Form("quakesite shards, by place", folder, lambda: direct(mapped=False)),
        Form("quakesite shards, mapped, DataLoader", folder, lambda: loaded(0)),
        Form("quakesite shards, mapped, DataLoader, 2 workers", folder, lambda: loaded(2)),
        Form("same shards, pyarrow by row group", folder, lambda: plain_arrow(paths), 256),
    ]


def plain_arrow(paths: Sequence[Path]) -> Batches:
    """Returns pyarrow's own ways: in order, batch by batch; else each row group of a batch decoded once."""
    files = [pq.ParquetFile(path, memory_map=True) for path in paths]
    rows_per_group = files[0].metadata.row_group(0).num_rows

    def at_random(indices: Sequence[int]) -> torch.Tensor:
        places = [(index % N_SHARDS, *divmod(index // N_SHARDS, rows_per_group)) for index in indices]
        decoded = {
            (shard, group): files[shard].read_row_group(group, ["tensor"]).column(0)
            for shard, group in {place[:2] for place in places}
        }
        return stacked([decoded[shard, group][row] for shard, group, row in places])

    def in_order(n: int) -> Iterator[torch.Tensor]:
        parts = [file.iter_batches(BATCH // N_SHARDS, columns=["tensor"]) for file in files]
        for at, columns in zip(range(0, n, BATCH), zip(*parts, strict=False), strict=False):
            rows = [
                row for turn in zip(*(column["tensor"] for column in columns), strict=False) for row in turn
            ]
            yield stacked(rows[: n - at])

    def stacked(rows: Sequence[pa.BinaryScalar]) -> torch.Tensor:
        arrays = [np.frombuffer(row.as_buffer(), "<f4").reshape(4, -1) for row in rows]
        return torch.from_numpy(np.stack(arrays))

    def batches(order: np.ndarray) -> Iterator[torch.Tensor]:
        sequential = np.array_equal(order, np.arange(len(order)))
        return in_order(len(order)) if sequential else by_batch(at_random)(order)

    return batches


def of_seisbench(tensors: np.ndarray, folder: Path, *, buckets: bool) -> list[Form]:
    """Writes a SeisBench data set, in buckets or a trace each; returns the ways of its API, and h5py's."""
    import seisbench.data
    import seisbench.generate

    with seisbench.data.WaveformDataWriter(folder / "metadata.csv", folder / "waveforms.hdf5") as writer:
        writer.data_format = {"component_order": "ZNEP", "dimension_order": "CW", "sampling_rate": 100}
        writer.bucket_size = 1024 if buckets else 1
        for i, tensor in enumerate(tensors):
            writer.add_trace({"trace_name_original": str(i), "station_code": "0001"}, tensor)
    kind = "SeisBench buckets" if buckets else "SeisBench traces"

    def opened(**options: Any) -> seisbench.data.WaveformDataset:
        return seisbench.data.WaveformDataset(
            folder, component_order="ZNEP", dimension_order="NCW", missing_components="ignore", **options
        )

    def whole(*, preloaded: bool = False) -> Batches:
        dataset = opened(**({"cache": "full"} if preloaded else {}))
        if preloaded:
            dataset.preload_waveforms(pbar=False)
        return by_batch(
            lambda indices: torch.from_numpy(np.asarray(dataset.get_waveforms(indices), np.float32))
        )

    def single() -> Batches:
        dataset = opened()
        return by_batch(
            lambda indices: torch.from_numpy(np.stack([dataset.get_waveforms(i) for i in indices]))
        )

    def generated(*, steered: bool) -> Batches:
        dataset = opened()
        control = dataset.metadata[["trace_name"]]
        generator = (
            seisbench.generate.SteeredGenerator(dataset, control)
            if steered
            else seisbench.generate.GenericGenerator(dataset)
        )

        def batches(order: np.ndarray) -> Iterator[torch.Tensor]:
            for batch in torch.utils.data.DataLoader(generator, BATCH, sampler=order.tolist()):
                yield batch["X"]

        return batches

    return [
        Form(f"{kind}, get_waveforms(list)", folder, whole),
        *(
            [
                Form(
                    f"{kind}, preload_waveforms, get_waveforms(list)",
                    folder,
                    lambda: whole(preloaded=True),
                    in_memory=True,
                )
            ]
            if buckets
            else []
        ),
        Form(f"{kind}, get_waveforms(i)", folder, single, BATCH),
        Form(f"{kind}, GenericGenerator + DataLoader", folder, lambda: generated(steered=False), BATCH),
        Form(f"{kind}, SteeredGenerator + DataLoader", folder, lambda: generated(steered=True), BATCH),
        Form(f"{kind}, bare h5py", folder, lambda: by_batch(bare_h5py(folder))),
    ]


def bare_h5py(folder: Path) -> Fetch:
    """Returns h5py's way of reading the same file, without SeisBench."""
    names = pd.read_csv(folder / "metadata.csv")["trace_name"]
    parts = [name.partition("$") for name in names]
    places = [(name, np.s_[int(inside.split(",")[0])] if inside else np.s_[:]) for name, _, inside in parts]
    data = h5py.File(folder / "waveforms.hdf5", "r")["data"]
    arrays = {name: data[name] for name in data}

    def fetch(indices: Sequence[int]) -> torch.Tensor:
        out = np.empty((len(indices), 4, 6000), np.float32)
        for slot, index in zip(out, indices, strict=True):
            name, row = places[index]
            arrays[name].read_direct(slot, row)
        return torch.from_numpy(out)

    return fetch


def of_mat_files(tensors: np.ndarray, folder: Path) -> Form:
    """Writes one .mat per record as the paper's authors have them, read by SciPy.

    Theirs are MATLAB 5 files, compressed, with a struct of 29 fields, the samples double and one row each.
    Only the first 512 are written, for it takes long.
    """
    folder.mkdir()
    others = {f"field{i}": float(i) if i % 2 else f"text {i}" for i in range(28)}
    for i, tensor in enumerate(tensors[:MAT_FILES]):
        struct = {"EQ": {"anEQ": {**others, "Accel": tensor.T.astype(np.float64)}}}
        scipy.io.savemat(folder / f"{i}.mat", struct, do_compression=True)

    def fetch(indices: Sequence[int]) -> torch.Tensor:
        files = (scipy.io.loadmat(folder / f"{i}.mat") for i in indices)
        arrays = [file["EQ"][0, 0]["anEQ"][0, 0]["Accel"].T for file in files]
        return torch.from_numpy(np.stack(arrays).astype(np.float32))

    return Form(".mat per record, SciPy", folder, lambda: by_batch(fetch), 2 * BATCH, MAT_FILES)


def of_npy(tensors: np.ndarray, path: Path) -> Form:
    """Writes one .npy, read from its memory map: the ceiling."""
    np.save(path, tensors)

    def opened() -> Batches:
        mapped = np.load(path, mmap_mode="r")
        return by_batch(lambda indices: torch.from_numpy(mapped[indices]))

    return Form(".npy memory map", path, opened)


def of_arrow(tensors: np.ndarray, path: Path) -> Form:
    """Writes one Arrow IPC file, read from its memory map."""
    table = pa.table({"tensor": pa.array([tensor.tobytes() for tensor in tensors], pa.large_binary())})
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=64)

    def opened() -> Batches:
        column = pa.ipc.open_file(pa.memory_map(str(path))).read_all()["tensor"]

        def fetch(indices: Sequence[int]) -> torch.Tensor:
            rows = [np.frombuffer(column[i].as_buffer(), "<f4").reshape(4, -1) for i in indices]
            return torch.from_numpy(np.stack(rows))

        return by_batch(fetch)

    return Form("Arrow IPC memory map", path, opened)


def files_of(path: Path) -> list[Path]:
    """Returns the files of a form."""
    return [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())


def evict(path: Path) -> None:
    """Takes the files of a form out of the page cache, as far as nobody has them mapped."""
    for file in files_of(path):
        descriptor = os.open(file, os.O_RDONLY)
        os.fsync(descriptor)
        if hasattr(os, "posix_fadvise"):  # not on macOS, where cold is as warm
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)
