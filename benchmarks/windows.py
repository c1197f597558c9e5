"""How fast windows reach a PyTorch batch, against other ways of storing them; ratios from one run.

    python benchmarks/windows.py [--shards results/windows/pga60/auto/*.parquet] [--windows 2048]

Without `--shards` the windows are band-limited noise under an envelope. Every way gives the same tensors
(checked), in shuffled and in sequential batches of 64, from a warm page cache. The ways take turns; rates
are windows per second of processor time, the best of five turns (of fewer windows for slow ways); ratios are
quakesite's rate to theirs.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import scipy.io
import scipy.signal
import torch

from quakesite.windows import read_tensors
from quakesite.windows.dataset import WindowDataset, loader
from quakesite.windows.schema import WINDOWS, Description
from quakesite.windows.sharding import write_windows

BATCH = 64
N_SHARDS = 4
ROUNDS = 5
Fetch = Callable[[Sequence[int]], torch.Tensor]


def accelerograms(n: int) -> np.ndarray:
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


def from_shards(paths: Sequence[str], n: int) -> np.ndarray:
    """Returns n windows made of those in the shards, each copy at a scale of its own."""
    real = np.concatenate([read_tensors(path) for path in paths])
    scales = np.random.default_rng(0).uniform(0.5, 2, n).astype(np.float32)
    tensors = real[np.arange(n) % len(real)]
    tensors[:, :3] *= scales[:, None, None]
    return tensors


def write_shards(tensors: np.ndarray, folder: Path) -> list[Path]:
    """Writes the windows as quakesite does, over four shards, and returns their paths."""
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


def seisbench_data(tensors: np.ndarray, folder: Path, *, buckets: bool) -> tuple[Fetch, Fetch]:
    """Writes a SeisBench data set; returns its reading by sample, as its generators do, and by batch."""
    import seisbench.data

    folder.mkdir()
    with seisbench.data.WaveformDataWriter(folder / "metadata.csv", folder / "waveforms.hdf5") as writer:
        writer.data_format = {"component_order": "ZNEP", "dimension_order": "CW", "sampling_rate": 100}
        writer.bucket_size = 1024 if buckets else 1
        for i, tensor in enumerate(tensors):
            writer.add_trace({"trace_name_original": str(i), "station_code": "0001"}, tensor)
    dataset = seisbench.data.WaveformDataset(
        folder, component_order="ZNEP", dimension_order="NCW", missing_components="ignore"
    )

    def by_sample(indices: Sequence[int]) -> torch.Tensor:
        return torch.from_numpy(np.stack([dataset.get_sample(index)[0] for index in indices]))

    def by_batch(indices: Sequence[int]) -> torch.Tensor:
        return torch.from_numpy(np.asarray(dataset.get_waveforms(list(indices)), np.float32))

    return by_sample, by_batch


def bare_h5py(folder: Path) -> Fetch:
    """Returns h5py's way of reading the same SeisBench buckets, without SeisBench."""
    names = pd.read_csv(folder / "metadata.csv")["trace_name"]
    places = [(name.split("$")[0], int(name.split("$")[1].split(",")[0])) for name in names]
    data = h5py.File(folder / "waveforms.hdf5", "r")["data"]
    buckets = {name: data[name] for name in data}

    def fetch(indices: Sequence[int]) -> torch.Tensor:
        out = np.empty((len(indices), 4, 6000), np.float32)
        for slot, index in zip(out, indices, strict=True):
            name, row = places[index]
            buckets[name].read_direct(slot, np.s_[row])
        return torch.from_numpy(out)

    return fetch


def mat_files(tensors: np.ndarray, folder: Path) -> Fetch:
    """Writes one .mat per record as the paper's authors have them, and returns how they are read.

    Theirs are MATLAB 5 files, compressed, with a struct of 29 fields, the samples double and one row each.
    """
    folder.mkdir()
    others = {f"field{i}": float(i) if i % 2 else f"text {i}" for i in range(28)}
    for i, tensor in enumerate(tensors):
        struct = {"EQ": {"anEQ": {**others, "Accel": tensor.T.astype(np.float64)}}}
        scipy.io.savemat(folder / f"{i}.mat", struct, do_compression=True)

    def fetch(indices: Sequence[int]) -> torch.Tensor:
        files = (scipy.io.loadmat(folder / f"{i}.mat") for i in indices)
        arrays = [file["EQ"][0, 0]["anEQ"][0, 0]["Accel"].T for file in files]
        return torch.from_numpy(np.stack(arrays).astype(np.float32))

    return fetch


def memory_map(tensors: np.ndarray, path: Path) -> Fetch:
    """Writes one .npy, and returns its memory map's way of reading: the ceiling."""
    np.save(path, tensors)
    mapped = np.load(path, mmap_mode="r")
    return lambda indices: torch.from_numpy(mapped[indices])


def plain_arrow(path: Path) -> Fetch:
    """Returns pyarrow's own way of reading rows at random: the row group of each is decoded."""
    file = pq.ParquetFile(path, memory_map=True)
    starts = np.cumsum([0, *(file.metadata.row_group(i).num_rows for i in range(file.num_row_groups))])

    def fetch(indices: Sequence[int]) -> torch.Tensor:
        rows = []
        for index in indices:
            group = int(np.searchsorted(starts, index, "right")) - 1
            column = file.read_row_group(group, ["tensor"]).column(0)
            rows.append(np.frombuffer(column[index - starts[group]].as_buffer(), "<f4").reshape(4, -1))
        return torch.from_numpy(np.stack(rows))

    return fetch


def rate(fetch: Fetch, order: np.ndarray) -> float:
    """Returns windows per second of processor time (user and system), from one pass over `order`."""
    started = time.process_time()
    for first in range(0, len(order), BATCH):
        fetch(order[first : first + BATCH].tolist())
    return len(order) / (time.process_time() - started)


def folder_size(path: Path) -> int:
    """Returns the bytes of a file, or of all files in a folder."""
    return sum(
        file.stat().st_size for file in ([path] if path.is_file() else path.rglob("*")) if file.is_file()
    )


def held_in(path: Path, n: int) -> int:
    """Returns how many of n windows are stored there: all, or those of one shard."""
    return len(range(0, n, N_SHARDS)) if path.suffix == ".parquet" else n


def main() -> None:
    """Writes the windows in every form, reads them, and prints rates, ratios and sizes."""
    arguments = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    arguments.add_argument("--windows", type=int, default=2048)
    arguments.add_argument("--shards", nargs="*", default=[])
    given = arguments.parse_args()
    torch.set_num_threads(1)
    n = given.windows
    tensors = from_shards(given.shards, n) if given.shards else accelerograms(n)
    order = np.random.default_rng(1).permutation(n)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = write_shards(tensors, folder / "quakesite")
        dataset = WindowDataset(paths)
        in_buckets = seisbench_data(tensors, folder / "sb", buckets=True)
        in_traces = seisbench_data(tensors, folder / "sbt", buckets=False)
        ways: list[tuple[str, Fetch, Path, int]] = [
            ("quakesite", lambda indices: dataset.batch(indices).tensors, folder / "quakesite", n),
            (".npy memory map", memory_map(tensors, folder / "all.npy"), folder / "all.npy", n),
            ("SeisBench buckets, sample", in_buckets[0], folder / "sb", 256),
            ("SeisBench buckets, batch", in_buckets[1], folder / "sb", n),
            ("SeisBench traces, sample", in_traces[0], folder / "sbt", 256),
            ("SeisBench traces, batch", in_traces[1], folder / "sbt", n),
            ("bare h5py on buckets", bare_h5py(folder / "sb"), folder / "sb", n),
            (".mat per record", mat_files(tensors, folder / "mat"), folder / "mat", 512),
            ("pyarrow by row group", plain_arrow(paths[0]), paths[0], 256),
        ]
        print(f"{n} windows of 4 x {tensors.shape[2]}, batches of {BATCH}, warm, one thread")
        print(f"{'':27s}{'shuffled/s':>12s}{'ratio':>9s}{'sequential/s':>14s}{'ratio':>9s}{'kB/window':>11s}")
        orders = {}
        for label, fetch, path, enough in ways:
            orders[label] = order[order < held_in(path, n)][:enough]
            few = orders[label][:BATCH]
            if path.suffix != ".parquet":
                np.testing.assert_array_equal(fetch(few.tolist()).numpy(), tensors[few])
        rates = dict.fromkeys(orders, (0.0, 0.0))
        for _ in range(ROUNDS):
            for label, fetch, _, _ in ways:
                chosen = orders[label]
                rate(fetch, chosen[: 8 * BATCH])  # whoever comes after another way finds cold caches
                both = rate(fetch, chosen), rate(fetch, np.arange(len(chosen)))
                rates[label] = max(both[0], rates[label][0]), max(both[1], rates[label][1])
        for label, _, path, _ in ways:
            mine, other = rates["quakesite"], rates[label]
            size = folder_size(path) / held_in(path, n) / 1000
            print(
                f"{label:27s}{other[0]:12,.0f}{mine[0] / other[0]:9.2f}"
                f"{other[1]:14,.0f}{mine[1] / other[1]:9.2f}{size:11.1f}"
            )
        for workers in (0, 2):
            batches = dataset.batches(BATCH, seed=1)
            served = loader(dataset, batches, workers=workers)
            for epoch in range(2):  # the first one starts the workers
                batches.set_epoch(epoch)
                started = time.perf_counter()
                seen = sum(len(batch.labels) for batch in served)
                taken = time.perf_counter() - started
            print(f"DataLoader, {workers} workers: {seen / taken:,.0f} windows/s")


if __name__ == "__main__":
    main()
