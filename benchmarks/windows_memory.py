"""The most memory that one epoch of training from disk takes, at the size of AFAD-1218.

    python benchmarks/windows_memory.py [--windows 36417] [--folder /scratch]

Writes that many windows (3.5 GB) in shards, trains a small network on all of them once, and prints the
peak resident memory of the training process.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import tempfile
import time
from pathlib import Path

import numpy as np

BATCH = 64
N_SHARDS = 64


def write(n: int, folder: Path) -> list[Path]:
    """Writes n windows of noise, and returns the shards' paths."""
    from quakesite.windows.schema import WINDOWS, Description
    from quakesite.windows.sharding import write_windows

    noise = np.random.default_rng(0).standard_normal((100, 4, 6000)).astype(np.float32)
    stored = [tensor.tobytes() for tensor in noise]
    paths = [folder / f"{shard:02d}-of-{N_SHARDS}.parquet" for shard in range(N_SHARDS)]
    for shard, path in enumerate(paths):
        rows = (
            dict.fromkeys(WINDOWS.names)
            | {
                "record_id": f"{20200101000000 + i}_{i % 800:04d}",
                "station": f"{i % 800:04d}",
                "event_id": f"{20200101000000 + i}",
                "pga_cm_s2": 1.0,
                "start_s": 0.0,
                "filled_samples": 0,
                "tensor": stored[i % len(stored)],
            }
            for i in range(shard, n, N_SHARDS)
        )
        write_windows(rows, Description("pga60", "{}", 6000, 100.0), path)
    return paths


def train(paths: list[Path]) -> None:
    """Trains a small network for one epoch, and prints windows per second and the peak resident memory."""
    import torch

    from quakesite.windows.dataset import WindowDataset, loader

    torch.set_num_threads(1)
    labels = {f"{station:04d}": 300.0 + station for station in range(800)}
    started = time.perf_counter()
    dataset = WindowDataset(paths, labels)
    opened = time.perf_counter()
    model = torch.nn.Sequential(
        torch.nn.Conv1d(4, 4, 9, stride=50), torch.nn.Flatten(), torch.nn.LazyLinear(1)
    )
    with torch.no_grad():
        model(torch.zeros(1, *dataset.shape))
    optimiser = torch.optim.Adam(model.parameters())
    for tensors, vs30, _ in loader(dataset, dataset.batches(BATCH, seed=1)):
        optimiser.zero_grad()
        torch.nn.functional.mse_loss(model(tensors).squeeze(1), vs30).backward()
        optimiser.step()
    trained = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{len(dataset)} windows opened in {opened - started:.1f} s, trained in {trained - opened:.1f} s")
    print(f"peak resident memory {peak:.2f} GB, of which before training mostly PyTorch itself")


def main() -> None:
    """Writes the windows, and trains on them in a process of its own."""
    arguments = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    arguments.add_argument("--windows", type=int, default=36_417)
    arguments.add_argument(
        "--folder", type=Path, help="where to write; the system's temporary folder without"
    )
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as name:
        paths = write(given.windows, Path(name))
        process = multiprocessing.get_context("spawn").Process(target=train, args=(paths,))
        process.start()
        process.join()


if __name__ == "__main__":
    main()
