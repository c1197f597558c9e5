"""Training speed: the published network here against its authors' style, in one run on the same machine.

    OMP_NUM_THREADS=1 python benchmarks/training.py [--batch 64] [--windows 2000] [--repeats 5]

Prints Markdown tables, in seconds of processor time of one thread, so that other work on the machine
disturbs little: seconds per step (forward and backward) of the loop over segments and of the single
pass, at segments of 1 s and 5 s, with the ratio; how far the single pass is from the time that its
multiplications alone would take at the rate of a large matrix product; and seconds per epoch of each preset,
from memory and from a shard on disk.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from authors_style import LoopCnnLstm
from torch import nn

from quakesite.models.cnn_lstm import HIDDEN, LAYERS, CnnLstm, SequenceEncoder
from quakesite.training.data import Part
from quakesite.training.presets import Input
from quakesite.training.settings import TrainingSettings
from quakesite.training.train import build
from quakesite.windows.dataset import WindowDataset
from quakesite.windows.schema import TENSOR, WINDOWS, Description
from quakesite.windows.sharding import write_windows

SAMPLES = 6000
RATE_HZ = 100.0


def fastest(run: Callable[[], object], repeats: int) -> float:
    """Returns the shortest processor time of `run` in seconds, after one run to warm up."""
    run()
    times = []
    for _ in range(repeats):
        started = time.process_time()
        run()
        times.append(time.process_time() - started)
    return min(times)


def step(network: nn.Module, windows: torch.Tensor, vs30: torch.Tensor) -> Callable[[], None]:
    """Returns one forward and backward pass."""

    def run() -> None:
        network.zero_grad()
        nn.functional.mse_loss(network(windows), vs30).backward()

    return run


def multiplications(batch: int, segment_samples: int) -> float:
    """Returns the multiply-adds of a forward and backward pass, as twice the forward's more."""
    steps = SequenceEncoder(4, segment_samples).steps(SAMPLES)
    lstm = steps * 4 * HIDDEN * ((LAYERS[-1][0] + HIDDEN) + 2 * HIDDEN)
    length, before, convs = SAMPLES, 4, 0
    for after, stride in LAYERS:
        length //= stride
        convs += length * before * after * 3
        before = after
    return 3.0 * batch * (lstm + convs)


def rate_of_products(repeats: int) -> float:
    """Returns the multiply-adds per second of a product of two matrices of 1024 x 1024."""
    a, b = torch.randn(2, 1024, 1024)
    return 1024**3 / fastest(lambda: a @ b, repeats)


def steps(batch: int, repeats: int) -> None:
    """Prints the table of steps."""
    rate = rate_of_products(repeats)
    windows, vs30 = torch.randn(batch, 4, SAMPLES), torch.full((batch,), 400.0)
    print(f"\nForward and backward, batch {batch}, {torch.get_num_threads()} thread\n")
    print("| segment | loop | single pass | ratio | multiplications alone |\n|---|---|---|---|---|")
    for segment_samples in (100, 500):
        loop = fastest(step(LoopCnnLstm(4, segment_samples), windows, vs30), repeats)
        ours = fastest(step(CnnLstm(4, segment_samples), windows, vs30), repeats)
        floor = multiplications(batch, segment_samples) / rate
        segment_s = segment_samples / RATE_HZ
        print(f"| {segment_s:g} s | {loop:.3f} s | {ours:.3f} s | {loop / ours:.2f} | {floor:.3f} s |")


def write_shard(folder: Path, n: int) -> list[Path]:
    """Writes `n` windows of noise as one shard."""
    random = np.random.default_rng(0)

    def rows() -> object:
        for index in range(n):
            tensor = random.standard_normal((4, SAMPLES)).astype("<f4")
            yield dict.fromkeys(WINDOWS.names) | {
                "record_id": f"20200101000000_{index:04d}",
                "station": f"{index % 200:04d}",
                "event_id": "20200101000000",
                "pga_cm_s2": 1.0,
                "start_s": 0.0,
                "filled_samples": 0,
                TENSOR: tensor.tobytes(),
            }

    about = Description("pga60", "{}", SAMPLES, RATE_HZ)
    write_windows(rows(), about, folder / "0-of-1.parquet")  # type: ignore[arg-type]
    return [folder / "0-of-1.parquet"]


def epoch(part: Part, preset: str, batch: int) -> float:
    """Returns the seconds of one epoch of a preset over `part`, with Adam's steps."""
    settings = TrainingSettings(preset=preset)
    predictor = build(settings, Input(4, SAMPLES, RATE_HZ, 100), part.labels, 0)
    optimiser = torch.optim.Adam(predictor.parameters())
    started = time.process_time()
    for windows, labels in part.loader(batch, seed=0):
        optimiser.zero_grad()
        nn.functional.mse_loss(predictor.network(windows), predictor.target.encode(labels)).backward()
        optimiser.step()
    return time.process_time() - started


def epochs(batch: int, n: int) -> None:
    """Prints the table of epochs."""
    with tempfile.TemporaryDirectory() as folder:
        windows = WindowDataset(write_shard(Path(folder), n), channels=4)
        labels = torch.linspace(200, 900, n)
        held, read = Part(windows, labels, memory_bytes=2**40), Part(windows, labels, memory_bytes=0)
        print(f"\nOne epoch over {n} windows of 60 s, batch {batch}\n")
        print("| preset | from memory | from a shard |\n|---|---|---|")
        for preset in ("paper", "quakesite"):
            print(f"| {preset} | {epoch(held, preset, batch):.2f} s | {epoch(read, preset, batch):.2f} s |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--windows", type=int, default=2000)
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args()
    torch.set_num_threads(1)
    steps(given.batch, given.repeats)
    epochs(given.batch, given.windows)
