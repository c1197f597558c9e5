"""How fast windows reach a PyTorch batch, and what they take on disk, against other ways of storing them.

    python benchmarks/windows.py --archive RECORDS [--windows 2048] [--update docs/windows.md]

RECORDS is a folder of records, of which windows of 60 s around PGA are cut and repeated; without it they are
noise under an envelope. Every way gives the same tensors (checked), in batches of 64.

Warm: the ways take turns, five rounds; windows per second of processor time in shuffled and in sequential
order are medians, ratios are the medians of quakesite's rate to theirs in each round, with the least and the
most. Cold: files dropped from the page cache, and opened anew; windows per second by the clock, shuffled.
`--update` writes the table into a Markdown file, between the lines `<!-- speed -->` and `<!-- /speed -->`.
"""

from __future__ import annotations

import argparse
import gc
import re
import statistics
import tempfile
import time
from pathlib import Path

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


def warm_rate(batches: Batches, order: np.ndarray) -> float:
    """Returns windows per second of processor time (user and system), from one pass over `order`."""
    started = time.process_time()
    for _ in batches(order):
        pass
    return len(order) / (time.process_time() - started)


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
    got = torch.cat(list(form.open()(order[:100])))
    np.testing.assert_array_equal(got.numpy(), tensors[order[:100]])


def spread(values: list[float]) -> str:
    """Returns the median and the range of ratios."""
    middle = statistics.median(values)
    digits = 0 if middle >= 20 else 1 if middle >= 3 else 2
    low, high = f"{min(values):.{digits}f}", f"{max(values):.{digits}f}"
    return f"{middle:.{digits}f} ({low}-{high})"


def measured(forms: list[Form], order: np.ndarray) -> list[str]:
    """Returns the table of all forms, in Markdown."""
    n = len(order)
    cold: dict[str, list[float]] = {form.label: [] for form in forms}
    for _ in range(COLD_ROUNDS):
        for form in forms:
            cold[form.label].append(cold_rate(form, order[: form.enough]))
    opened = {form.label: form.open() for form in forms}
    shuffled: dict[str, list[float]] = {form.label: [] for form in forms}
    in_order: dict[str, list[float]] = {form.label: [] for form in forms}
    for _ in range(ROUNDS):
        for form in forms:
            batches, chosen = opened[form.label], order[: form.enough]
            warm_rate(
                batches, chosen[: len(chosen) // 4]
            )  # whoever comes after another way finds cold caches
            shuffled[form.label].append(warm_rate(batches, chosen))
            in_order[form.label].append(warm_rate(batches, np.arange(len(chosen))))
    lines = [
        "| form, reader | shuffled/s | quakesite is × | sequential/s | quakesite is × | cold/s | kB/window |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    own = forms[0].label
    for form in forms:
        cells = [form.label]
        for rates in (shuffled, in_order):
            ratios = [mine / other for mine, other in zip(rates[own], rates[form.label], strict=True)]
            cells += [f"{statistics.median(rates[form.label]):,.0f}", spread(ratios)]
        size = sum(file.stat().st_size for file in files_of(form.path)) / n / 1000
        cells += [f"{statistics.median(cold[form.label]):,.0f}", f"{size:.1f}"]
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
    lines += ["", f"{n} windows of {tensors.shape[1]} x {tensors.shape[2]} float32, one thread; "]
    lines[-1] += f"copying batches within memory runs at {copy_speed():.0f} GB/s, "
    lines[-1] += f"which is {copy_speed() * 1e9 / tensors[0].nbytes:,.0f} windows/s."
    print("\n".join(lines))
    if given.update:
        update(given.update, "speed", lines)


if __name__ == "__main__":
    main()
