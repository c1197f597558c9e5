"""Training speed: the published network here against its authors' style, presets, and every family.

    OMP_NUM_THREADS=1 python benchmarks/training.py [--batch 64] [--windows 2000] [--repeats 5]
        [--only steps epochs families]

Prints Markdown tables. What is compared is run in turns, in one process and one thread; times are medians
of its processor time, so that other work on the machine disturbs little, and a ratio is the median of the
ratios of the turns, with the smallest and largest behind it.

- steps: seconds per forward and backward pass of the loop over segments and of the single pass, and the
  floor: as many multiply-adds as the pass has (three times the forward's, of which 97 % are the LSTM's), done
  as bare products of matrices of 1024 x 1024, in the same turns.
- epochs: seconds per epoch of each preset (read, augment, forward, loss, backward, Adam), from memory and
  from a shard on disk, and of the preset `quakesite` against the published network.
- families: an epoch of each family against the published network's.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from authors_style import LoopCnnLstm
from torch import nn

from quakesite.models.cnn_lstm import HIDDEN, LAYERS, POOL, CnnLstm, SequenceEncoder
from quakesite.models.families import FAMILIES
from quakesite.models.network import Input
from quakesite.models.target import TARGETS, Predictor
from quakesite.training.augment import augmented
from quakesite.training.data import Part
from quakesite.training.presets import fit_of
from quakesite.training.settings import TrainingSettings
from quakesite.training.train import build
from quakesite.windows.dataset import WindowDataset
from quakesite.windows.schema import TENSOR, WINDOWS, Description
from quakesite.windows.sharding import write_windows

SAMPLES = 6000
RATE_HZ = 100.0
FAMILY_SHARE = 31
"""A family's epoch is over so small a part of the windows: its ratio is what counts."""

Run = Callable[[], object]


def in_turns(runs: Sequence[Run], repeats: int) -> list[list[float]]:
    """Returns the processor times of each run in seconds: once to warm up, then in turns, `repeats` times."""
    for run in runs:
        run()
    times: list[list[float]] = [[] for _ in runs]
    for _ in range(repeats):
        for run, own in zip(runs, times, strict=True):
            started = time.process_time()
            run()
            own.append(time.process_time() - started)
    return times


def ratio(over: Sequence[float], under: Sequence[float]) -> str:
    """Returns the median ratio of the turns, with the smallest and the largest."""
    each = [a / b for a, b in zip(over, under, strict=True)]
    return f"{median(each):.2f} ({min(each):.2f}-{max(each):.2f})"


def step(network: nn.Module, windows: torch.Tensor, vs30: torch.Tensor) -> Run:
    """Returns one forward and backward pass."""

    def run() -> None:
        network.zero_grad()
        nn.functional.mse_loss(network(windows), vs30).backward()

    return run


def multiplications(batch: int, segment_samples: int) -> float:
    """Returns the multiply-adds of a forward and backward pass: three times the forward's."""
    steps = SequenceEncoder(4, segment_samples).steps(SAMPLES)
    lstm = steps * 4 * HIDDEN * ((LAYERS[-1][0] + HIDDEN) + 2 * HIDDEN)
    length, before, convs = segment_samples, 4, 0
    for after, stride in LAYERS:
        length = (length - 1) // stride + 1
        convs += length * before * after * 3
        length, before = length - POOL + 1, after
    return 3.0 * batch * (lstm + convs * SAMPLES / segment_samples)


def products(multiplications: float) -> Run:
    """Returns bare products of matrices of 1024 x 1024, of about so many multiply-adds."""
    a, b = torch.randn(2, 1024, 1024)
    out = torch.empty(1024, 1024)

    def run() -> None:
        for _ in range(round(multiplications / 1024**3)):
            torch.mm(a, b, out=out)

    return run


def steps(batch: int, repeats: int) -> None:
    """Prints the table of steps."""
    windows, vs30 = torch.randn(batch, 4, SAMPLES), torch.full((batch,), 400.0)
    print(f"\nForward and backward, batch {batch}\n")
    print("| segment | loop | single pass | loop / single pass | floor | single pass / floor |")
    print("|---|---|---|---|---|---|")
    for segment_samples in (100, 500):
        networks = LoopCnnLstm(4, segment_samples), CnnLstm(4, segment_samples)
        least = products(multiplications(batch, segment_samples))
        loop, ours, floor = in_turns(
            [*(step(network, windows, vs30) for network in networks), least], repeats
        )
        print(
            f"| {segment_samples / RATE_HZ:g} s | {median(loop):.3f} s | {median(ours):.3f} s | "
            f"{ratio(loop, ours)} | {median(floor):.3f} s | {ratio(ours, floor)} |",
            flush=True,
        )


def write_shard(folder: Path, n: int) -> list[Path]:
    """Writes `n` windows of noise, marked from the middle on for 6 s, as one shard."""
    random = np.random.default_rng(0)

    def rows() -> Iterator[dict[str, Any]]:
        for index in range(n):
            tensor = random.standard_normal((4, SAMPLES)).astype("<f4")
            tensor[3] = 0.0
            tensor[3, 3000:3600] = 1.0
            yield dict.fromkeys(WINDOWS.names) | {
                "record_id": f"20200101000000_{index:04d}",
                "station": f"{index % 200:04d}",
                "event_id": "20200101000000",
                "pga_cm_s2": 1.0,
                "start_s": 0.0,
                "filled_samples": 0,
                TENSOR: tensor.tobytes(),
            }

    write_windows(rows(), Description("pga60", "{}", SAMPLES, RATE_HZ), folder / "0-of-1.parquet")
    return [folder / "0-of-1.parquet"]


def epoch(predictor: Predictor, part: Part, batch: int, augment: Sequence[str] = ()) -> Run:
    """Returns one epoch over `part`: read, augment, forward, loss, backward, Adam's step."""
    optimiser = torch.optim.Adam(predictor.parameters())
    chance = torch.Generator()

    def run() -> None:
        for windows, labels in part.loader(batch, seed=0):
            windows, labels = augmented(windows, labels, augment, chance)
            optimiser.zero_grad()
            predictor.target.loss(predictor.network(windows), labels).backward()
            optimiser.step()

    return run


def of_preset(preset: str, part: Part, batch: int) -> Run:
    """Returns an epoch of a preset."""
    settings = TrainingSettings(preset=preset)  # type: ignore[arg-type]
    predictor = build(settings, Input(4, SAMPLES, RATE_HZ, 100), part.labels, 0)
    return epoch(predictor, part, batch, fit_of(settings).augment)


def epochs(windows: WindowDataset, batch: int, repeats: int) -> None:
    """Prints the table of presets."""
    labels = torch.linspace(200, 900, len(windows))
    held, read = Part(windows, labels, memory_bytes=2**40), Part(windows, labels, memory_bytes=0)
    runs = [of_preset(preset, part, batch) for preset in ("paper", "quakesite") for part in (held, read)]
    times = in_turns(runs, repeats)
    print(f"\nOne epoch over {len(windows)} windows of 60 s, batch {batch}\n")
    print("| preset | from memory | from a shard | shard / memory | published network / preset |")
    print("|---|---|---|---|---|")
    for name, own in (("paper", times[:2]), ("quakesite", times[2:])):
        print(
            f"| {name} | {median(own[0]):.2f} s | {median(own[1]):.2f} s | {ratio(own[1], own[0])} | "
            f"{ratio(times[0], own[0])} |",
            flush=True,
        )


def families(windows: WindowDataset, batch: int, repeats: int) -> None:
    """Prints the table of families."""
    n = max(batch, len(windows) // FAMILY_SHARE)
    part = Part(windows, torch.linspace(200, 900, len(windows)), range(n), memory_bytes=2**40)

    def of_family(name: str) -> tuple[Run, int]:
        torch.manual_seed(0)
        target = TARGETS["ln"](part.labels)
        network = FAMILIES[name].network(Input(4, SAMPLES, RATE_HZ, 100), target.outputs)
        weights = sum(parameter.numel() for parameter in network.parameters())
        return epoch(Predictor(network, target), part, batch), weights

    print(f"\nOne epoch over {n} windows of 60 s, batch {batch}, from memory\n")
    print("| family | parameters | epoch | family / published network |\n|---|---|---|---|")
    published, _ = of_family("cnn_lstm")
    for name in FAMILIES:
        run, weights = of_family(name)
        yardstick, own = in_turns([published, run], repeats)
        print(f"| `{name}` | {weights:,} | {median(own):.2f} s | {ratio(own, yardstick)} |", flush=True)


if __name__ == "__main__":
    tables = ("steps", "epochs", "families")
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--windows", type=int, default=2000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--only", nargs="+", choices=tables, default=tables)
    given = parser.parse_args()
    torch.set_num_threads(1)
    if "steps" in given.only:
        steps(given.batch, given.repeats)
    with tempfile.TemporaryDirectory() as folder:
        if set(given.only) != {"steps"}:
            dataset = WindowDataset(write_shard(Path(folder), given.windows), channels=4)
        if "epochs" in given.only:
            epochs(dataset, given.batch, given.repeats)
        if "families" in given.only:
            families(dataset, given.batch, given.repeats)
