"""The most memory that one epoch of training from disk takes, at the size of AFAD-1218.

    python benchmarks/windows_memory.py [--windows 36417] [--every 20] [--workers 0] [--folder /scratch]

Writes that many windows (3.5 GB) in shards, and reads all of them once, shuffled, in batches of 64; the
paper's network (CNN-LSTM, segments of 5 s, Adam) takes a training step on every 20th batch (`--every 1`: on
all). Prints the resident memory of the training process, at its peak (VmHWM) and what it is made of at the
end: RssAnon is memory of its own, RssFile pages of files that it has mapped (libraries, and shards where they
are mapped). The page cache is the system's, and counts in neither.
"""

from __future__ import annotations

import argparse
import multiprocessing
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


def resident() -> dict[str, float]:
    """Returns this process's memory in GB: now (anonymous, of files), and at its peak."""
    fields = (line.split() for line in Path("/proc/self/status").read_text().splitlines())
    return {
        line[0][:-1]: int(line[1]) / 1e6 for line in fields if line[0] in {"RssAnon:", "RssFile:", "VmHWM:"}
    }


def train(paths: list[Path], every: int, workers: int) -> None:
    """Reads one epoch, trains on every so many batches, and prints the resident memory."""
    import torch

    from quakesite.models.cnn_lstm import CnnLstm
    from quakesite.windows.dataset import WindowDataset, loader

    torch.set_num_threads(1)
    labels = {f"{station:04d}": 300.0 + station for station in range(800)}
    started = time.perf_counter()
    dataset = WindowDataset(paths, labels)
    print(f"{len(dataset)} windows opened in {time.perf_counter() - started:.1f} s: {resident()}", flush=True)
    model = CnnLstm(channels=4, segment_samples=500)
    optimiser = torch.optim.Adam(model.parameters())
    windows = steps = 0
    spent = 0.0
    started = time.perf_counter()
    for tensors, vs30, _ in loader(dataset, dataset.batches(BATCH, seed=1), workers=workers):
        windows += len(vs30)
        if windows // BATCH % every == 1 % every:
            before = time.perf_counter()
            optimiser.zero_grad()
            torch.nn.functional.mse_loss(model(tensors).reshape(-1), vs30).backward()
            optimiser.step()
            steps += 1
            spent += time.perf_counter() - before
    taken = time.perf_counter() - started
    print(f"{windows} windows read in {taken - spent:.1f} s, {steps} training steps in {spent:.1f} s")
    print(f"resident memory in GB: {resident()}")


def main() -> None:
    """Writes the windows, and trains on them in a process of its own."""
    arguments = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    arguments.add_argument("--windows", type=int, default=36_417)
    arguments.add_argument(
        "--folder", type=Path, help="where to write; the system's temporary folder without"
    )
    arguments.add_argument("--every", type=int, default=20)
    arguments.add_argument("--workers", type=int, default=0)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as name:
        paths = write(given.windows, Path(name))
        process = multiprocessing.get_context("spawn").Process(
            target=train, args=(paths, given.every, given.workers)
        )
        process.start()
        process.join()


if __name__ == "__main__":
    main()
