"""How the annotation page's answers grow with the archive: 36,000 records against 360, in one run.

    PYTHONPATH=tests/annotate python benchmarks/annotate.py

Prints, per request, the processor time at 36,000 records, at 360, and their ratio; a hundred times as many
records may not cost a hundred times as much. P and S of half of the records are picked already. The archive
is made in a temporary folder.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from made_up_archive import name_of, write_large

from quakesite.annotate.notebook import COLUMNS, Pick
from quakesite.annotate.queues import Queue
from quakesite.annotate.serving import open_desk

SIZES = (36_000, 360)
REPEATS = 15


def write_notebook(path: Path, n_records: int) -> None:
    """Writes an annotator's table with P and S of every second record."""
    path.parent.mkdir(parents=True)
    names = sorted(name_of(number)[0] for number in range(0, n_records, 2))
    lines = [f"{name},{phase},0.100000,benchmark,1," for name in names for phase in "PS"]
    path.write_text("\n".join([",".join(COLUMNS), *lines]) + "\n", encoding="utf-8")


def requests(folder: Path, n_records: int) -> dict[str, float]:
    """Returns the median processor time of each request, in s, at `n_records` records."""
    write_large(folder / "results", n_records)
    write_notebook(folder / "annotations" / "benchmark.csv", n_records)
    started = time.process_time()
    desk = open_desk(folder / "results", folder / "annotations", "benchmark")
    times = {"open": time.process_time() - started}
    last = desk.index.record_ids[-1]
    others = iter(desk.index.record_ids[::7])
    work: dict[str, Callable[[], object]] = {
        "a page of the list": lambda: desk.queues.page(Queue.ALL, "", n_records - 150, 100),
        "search a station": lambda: desk.queues.page(Queue.ALL, "0799", 0, 100),
        "next unpicked": lambda: desk.queues.step(Queue.UNPICKED, "", last, 1, unpicked=True),
        "read a record": lambda: desk.index.read(next(others)),
        "set a pick": lambda: desk.notebook.set_pick(next(others), "P", Pick(0.2, "benchmark", 1)),
    }
    for name, call in work.items():
        spent = []
        for _ in range(REPEATS):
            started = time.process_time()
            call()
            spent.append(time.process_time() - started)
        times[name] = median(spent)
    desk.notebook.close()
    return times


def main() -> None:
    """Prints the table."""
    found = []
    for n_records in SIZES:
        with tempfile.TemporaryDirectory() as name:
            found.append(requests(Path(name), n_records))
    large, small = found
    print(f"{'request':<20} {SIZES[0]:>10,} {SIZES[1]:>10,}  ratio")
    for name, seconds in large.items():
        print(
            f"{name:<20} {seconds * 1e3:>7.2f} ms {small[name] * 1e3:>7.2f} ms  {seconds / small[name]:.1f}"
        )


if __name__ == "__main__":
    main()
