"""The most memory that one epoch of training from disk takes, at the size of AFAD-1218.

    python benchmarks/windows_memory.py [--windows 36417] [--every 60] [--folder /scratch]
        [--update docs/windows.md]

Writes that many windows (3.5 GB) in shards, splits their stations in three as training does
(`quakesite.training.data.parts_of`), and reads all three parts once, in shuffled batches of 64; the paper's
network (CNN-LSTM, segments of 5 s, Adam) takes a training step on every 60th batch (`--every 1`: on all).
Prints the resident memory of the training process, at its peak (VmHWM, pages of files included), and what
it is made of at the end: RssAnon is memory of its own, RssFile pages of files that it has mapped. The page
cache is the system's, and counts in neither. Ends with status 1 where the peak is 2 GB or more.
`--update` writes the result between the lines `<!-- memory -->` and `<!-- /memory -->` of a Markdown file.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import time
from multiprocessing.queues import Queue
from pathlib import Path

import numpy as np

BATCH = 64
N_SHARDS = 64
MOST_GB = 2.0


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


def train(paths: list[Path], every: int, answers: Queue[dict[str, float]]) -> None:
    """Reads one epoch, trains on every so many batches, and sends what that took."""
    import torch

    from quakesite.models.cnn_lstm import CnnLstm
    from quakesite.training.data import parts_of
    from quakesite.training.experiments import EXPERIMENTS

    torch.set_num_threads(1)
    labels = {f"{station:04d}": 300.0 + station for station in range(800)}
    shares = ["train"] * 7 + ["validation", "test", "test"]
    splits = {station: shares[place % len(shares)] for place, station in enumerate(labels)}
    started = time.perf_counter()
    parts = parts_of(EXPERIMENTS["beta_auto_pga"], paths, paths, splits, labels)
    for name, part in parts.items():
        print(f"{name}: {len(part)} windows, {'held' if part.held else 'read batch by batch'}")
    print(f"opened in {time.perf_counter() - started:.1f} s: {resident()}", flush=True)
    model = CnnLstm(channels=3, segment_samples=500)
    optimiser = torch.optim.Adam(model.parameters())
    windows = steps = 0
    spent, started = 0.0, time.perf_counter()
    for part in parts.values():
        for at, (tensors, vs30) in enumerate(part.loader(BATCH, seed=1)):
            windows += len(vs30)
            if at % every == 0:
                before = time.perf_counter()
                optimiser.zero_grad()
                torch.nn.functional.mse_loss(model(tensors).reshape(-1), vs30).backward()
                optimiser.step()
                steps += 1
                spent += time.perf_counter() - before
    reading = time.perf_counter() - started - spent
    answers.put({"windows": windows, "steps": steps, "reading_s": reading, "training_s": spent, **resident()})


def main() -> int:
    """Writes the windows, trains on them in a process of its own, and says what it took."""
    arguments = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    arguments.add_argument("--windows", type=int, default=36_417)
    arguments.add_argument(
        "--folder", type=Path, help="where to write; the system's temporary folder without"
    )
    arguments.add_argument("--every", type=int, default=60)
    arguments.add_argument("--update", type=Path)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as name:
        paths = write(given.windows, Path(name))
        context = multiprocessing.get_context("spawn")
        answers: Queue[dict[str, float]] = context.Queue()
        process = context.Process(target=train, args=(paths, given.every, answers))
        process.start()
        found = answers.get(timeout=3600)
        process.join()
        size = sum(path.stat().st_size for path in paths) / 1e9
    lines = [
        f"{found['windows']:,.0f} windows ({size:.1f} GB in {N_SHARDS} shards), read once in "
        f"{found['reading_s']:.0f} s, and {found['steps']:.0f} training steps of {BATCH}. "
        f"Peak resident memory {found['VmHWM']:.2f} GB, pages of files included; at the end "
        f"{found['RssAnon']:.2f} GB of its own (RssAnon) and {found['RssFile']:.2f} GB of mapped files "
        f"(RssFile). The bound is {MOST_GB:g} GB."
    ]
    print("\n".join(lines))
    if given.update:
        from windows import update

        update(given.update, "memory", lines)
    return 0 if found["VmHWM"] < MOST_GB else 1


if __name__ == "__main__":
    raise SystemExit(main())
