"""How fast windows reach a PyTorch batch, and what they take on disk, against other ways of storing them.

    python benchmarks/windows.py --archive RECORDS [--windows 2048] [--update docs/windows.md]

RECORDS is a folder of records, of which windows of 60 s around PGA are cut and repeated; without it they are
noise under an envelope. Every way gives the same tensors (checked), in batches of 64.

Warm: the ways take turns, five rounds. Windows per second of processor time (of this process and, with
workers, of theirs) and by the clock are medians; ratios are the medians of quakesite's rate to theirs in
each round, with the least and the most. Cold: files dropped from the page cache, and opened anew; windows
per second by the clock, shuffled. Ways marked * read fewer windows in a pass, as they are slow; ways marked
+ hold all windows in memory of their own.
`--update` writes the table into a Markdown file, between the lines `<!-- speed -->` and `<!-- /speed -->`.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import os
import re
import resource
import statistics
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from windows_forms import (
    BATCH,
    Batches,
    Form,
    cut_from,
    evict,
    files_of,
    of_arrow,
    of_mat_files,
    of_npy,
    of_quakesite,
    of_seisbench,
    simulated,
)

ROUNDS = 5
COLD_ROUNDS = 2
TARGETS = (
    ("SeisBench buckets, get_waveforms(list)", 20),
    ("SeisBench traces, get_waveforms(list)", 20),
    ("SeisBench buckets, bare h5py", 1),
    (".npy memory map", 0.5),
    (".mat per record, SciPy", 50),
)
"""How many times faster quakesite has to be than others."""


def forms_of(tensors: np.ndarray, folder: Path) -> list[Form]:
    """Writes the windows in every form; ours, the reference, is the first."""
    return [
        *of_quakesite(tensors, folder / "quakesite"),
        of_npy(tensors, folder / "all.npy"),
        of_arrow(tensors, folder / "all.arrow"),
        *of_seisbench(tensors, folder / "buckets", buckets=True),
        *of_seisbench(tensors, folder / "traces", buckets=False),
        of_mat_files(tensors, folder / "mat"),
    ]


class Rates(NamedTuple):
    """Windows per second of processor time (user and system), and by the clock."""

    processor: float
    clock: float


def processor_s() -> float:
    """Returns the processor time that this process and its ended children have taken."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def warm_rates(batches: Batches, order: np.ndarray) -> Rates:
    """Returns the rates of one pass over `order`."""
    processor, clock = processor_s(), time.perf_counter()
    for _ in batches(order):
        pass
    clock = time.perf_counter() - clock
    if multiprocessing.active_children():
        gc.collect()  # workers end, and their time is counted
    return Rates(len(order) / max(processor_s() - processor, 1e-3), len(order) / clock)


def cold_rate(form: Form, order: np.ndarray) -> float:
    """Returns windows per second by the clock from one pass over `order`, nothing of it in memory."""
    gc.collect()
    evict(form.path)
    started = time.perf_counter()
    for _ in form.open()(order):
        pass
    return len(order) / (time.perf_counter() - started)


def check(form: Form, tensors: np.ndarray, order: np.ndarray) -> None:
    """Stops unless the form gives the windows that were stored."""
    for chosen in (form.order_of(order)[:100], np.arange(100)):
        got = torch.cat(list(form.open()(chosen)))
        np.testing.assert_array_equal(got.numpy(), tensors[chosen])


def spread(values: list[float]) -> str:
    """Returns the median and the range of ratios."""
    middle = statistics.median(values)
    digits = 0 if middle >= 20 else 1 if middle >= 3 else 2
    low, high = f"{min(values):.{digits}f}", f"{max(values):.{digits}f}"
    return f"{middle:.{digits}f} ({low}-{high})"


def measured(forms: list[Form], order: np.ndarray) -> list[str]:
    """Returns the table of all forms, and how they stand to the targets, in Markdown."""
    cold: dict[str, list[float]] = {form.label: [] for form in forms}
    for _ in range(COLD_ROUNDS):
        for form in forms:
            if not form.in_memory:
                cold[form.label].append(cold_rate(form, form.order_of(order)))
    opened = {form.label: form.open() for form in forms}
    shuffled: dict[str, list[Rates]] = {form.label: [] for form in forms}
    in_order: dict[str, list[Rates]] = {form.label: [] for form in forms}
    for _ in range(ROUNDS):
        for form in forms:
            batches, chosen = opened[form.label], form.order_of(order)
            warm_rates(batches, chosen[: len(chosen) // 4])  # who comes after another way finds cold caches
            shuffled[form.label].append(warm_rates(batches, chosen))
            in_order[form.label].append(warm_rates(batches, np.arange(len(chosen))))
    own = forms[0].label

    def ratios(rates: dict[str, list[Rates]], label: str, kind: str) -> list[float]:
        pairs = zip(rates[own], rates[label], strict=True)
        return [getattr(mine, kind) / getattr(other, kind) for mine, other in pairs]

    lines = [
        "| form, reader | shuffled/s, processor | quakesite is × | shuffled/s, clock | quakesite is × "
        "| sequential/s, processor | quakesite is × | cold/s, clock | kB/window |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for form in forms:
        label = form.label
        marks = (" *" if len(form.order_of(order)) < len(order) else "") + (" +" if form.in_memory else "")
        cells = [label + marks]
        for rates, kind in ((shuffled, "processor"), (shuffled, "clock"), (in_order, "processor")):
            middle = statistics.median(getattr(one, kind) for one in rates[label])
            cells += [f"{middle:,.0f}", spread(ratios(rates, label, kind))]
        size = sum(file.stat().st_size for file in files_of(form.path)) / min(len(order), form.stored) / 1000
        cells += [f"{statistics.median(cold[label]):,.0f}" if cold[label] else "-", f"{size:.1f}"]
        lines.append(f"| {' | '.join(cells)} |")
    lines += [
        "",
        "| target, shuffled, warm | measured × (processor) | | measured × (clock) | |",
        "|---|--:|---|--:|---|",
    ]
    for label, least in TARGETS:
        cells = [f"at least {least:g} × {label}"]
        for kind in ("processor", "clock"):
            found = ratios(shuffled, label, kind)
            cells += [spread(found), "met" if statistics.median(found) >= least else "missed"]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def update(path: Path, name: str, lines: list[str]) -> None:
    """Puts lines between the comments `<!-- name -->` and `<!-- /name -->` of a Markdown file."""
    text = path.read_text(encoding="utf-8")
    block = "\n".join([f"<!-- {name} -->", "", *lines, "", f"<!-- /{name} -->"])
    changed, found = re.subn(rf"<!-- {name} -->.*?<!-- /{name} -->", lambda _: block, text, flags=re.DOTALL)
    if found != 1:
        raise SystemExit(f"{path}: {found} places for {name}; expected one")
    path.write_text(changed, encoding="utf-8")


def copy_speed() -> float:
    """Returns GB/s of copying batches within memory, the floor under all of these."""
    source, target = np.ones(2**28, np.uint8), np.ones(BATCH * 96_000, np.uint8)
    rates = []
    for at in range(0, len(source) - len(target), len(target)):
        started = time.perf_counter()
        target[:] = source[at : at + len(target)]
        rates.append(len(target) / (time.perf_counter() - started) / 1e9)
    return statistics.median(rates)


def main() -> None:
    """Writes the windows in every form, reads them, and prints the table."""
    arguments = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    arguments.add_argument("--windows", type=int, default=2048)
    arguments.add_argument("--archive", type=Path)
    arguments.add_argument("--update", type=Path)
    given = arguments.parse_args()
    torch.set_num_threads(1)
    n = given.windows
    tensors = cut_from(given.archive, n) if given.archive else simulated(n)
    order = np.random.default_rng(1).permutation(n)
    with tempfile.TemporaryDirectory() as name:
        forms = forms_of(tensors, Path(name))
        for form in forms:
            check(form, tensors, order)
        lines = measured(forms, order)
    copied = copy_speed()
    origin = f"from the records in `{given.archive.name}`, repeated" if given.archive else "of noise"
    lines += [
        "",
        f"{n} windows of {tensors.shape[1]} x {tensors.shape[2]} float32, {origin}; {BATCH} in a batch, one "
        f"thread, {os.cpu_count()} cores, {ROUNDS} rounds. Copying batches within memory runs at "
        f"{copied:.0f} GB/s, which is {copied * 1e9 / tensors[0].nbytes:,.0f} windows/s. * fewer in a pass; "
        "+ all windows held in memory of its own.",
    ]
    print("\n".join(lines))
    if given.update:
        update(given.update, "speed", lines)


if __name__ == "__main__":
    main()
