"""How long the figures of a run take, and whether map and report bear a thousand stations.

    python benchmarks/figures.py RESULTS [--stations 1000] [--update docs/figures.md]

RESULTS is the folder of a finished run (of the embedded default, say). First, each figure, page and the map
of it is drawn into a folder of its own by the command that the workflow runs, in its own process, imports
and all; then all of them once more, two at a time. Second, the tables of a run that never was, of so many
stations, are drawn likewise, its map is opened in a headless Chromium, and `snakemake --report` is run on it.

Fluid: the wheel turns, or the pointer drags, once per frame for two seconds; what counts are frames per
second (Chromium draws 60 at most, a screen's), and the longest time between two frames. Headless, without a
graphics card, so a desktop does better.
`--update` writes the tables into a Markdown file, between the lines `<!-- figures -->` and
`<!-- /figures -->`.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / folder) for folder in ("figures", "annotate")]

from checkout import Checkout, between_markers  # noqa: E402
from drawing import commands  # noqa: E402

AT_ONCE = 2
FRAMES = """
const [kind, seconds, done] = [arguments[0], arguments[1], arguments[2]];
const canvas = document.getElementById("map"), box = canvas.getBoundingClientRect();
const x = box.left + box.width / 2, y = box.top + box.height / 2, times = [];
canvas.setPointerCapture = () => {};
const tell = (name, extra) => canvas.dispatchEvent(new (name === "wheel" ? WheelEvent : PointerEvent)(name,
  { clientX: x, clientY: y, pointerId: 1, bubbles: true, cancelable: true, ...extra }));
if (kind === "drag") tell("pointerdown", {});
const frame = (now) => {
  times.push(now);
  const at = times.length, turned = at % 60 < 30 ? -40 : 40;
  if (kind === "wheel") tell("wheel", { deltaY: turned });
  else tell("pointermove", { clientX: x + 150 * Math.sin(at / 20), clientY: y + 60 * Math.cos(at / 20) });
  if (now - times[0] < 1000 * seconds) requestAnimationFrame(frame);
  else {
    if (kind === "drag") tell("pointerup", {});
    const gaps = times.slice(1).map((time, place) => time - times[place]);
    done([1000 * gaps.length / (now - times[0]), Math.max(...gaps)]);
  }
};
requestAnimationFrame(frame);
"""
TYPED = """
const started = performance.now();
const search = document.getElementById("search");
search.value = arguments[0];
search.dispatchEvent(new Event("input"));
document.body.getBoundingClientRect();
return performance.now() - started;
"""
CLICKED = """
const started = performance.now();
document.querySelector("#list button").click();
document.body.getBoundingClientRect();
return performance.now() - started;
"""


class Cost(NamedTuple):
    """Seconds by the clock and of processor time, and peak memory, of one command."""

    seconds: float
    cpu_seconds: float
    peak_mb: float


class Page(NamedTuple):
    """What an opened map does: ms to be ready, to filter the list, to open a sheet; frames of movements."""

    ready_ms: float
    filter_ms: float
    sheet_ms: float
    wheel: tuple[float, float]
    drag: tuple[float, float]


def drawn(results: Path, out: Path, name: str, arguments: list[object], checkout: Checkout) -> Cost:
    """Runs the command of one figure in a process of its own; it has to end well."""
    target = out / name
    target.parent.mkdir(parents=True, exist_ok=True)
    words = [str(one) for one in (*arguments, "--out", target, "--synthetic")]
    own = Checkout(target.with_suffix(".run"), checkout.config)
    own.folder.mkdir()
    done = own.measured([sys.executable, "-m", "quakesite", "figures", *words])
    if done.status:
        raise SystemExit(f"{name} of {results}: {done.output}")
    return Cost(done.seconds, done.cpu_seconds, done.peak_mb)


def every_figure(results: Path, out: Path, at_once: int) -> tuple[dict[str, Cost], float]:
    """Draws all figures of a run into `out` and returns the cost of each, and the seconds of them all."""
    wanted = {
        name: arguments
        for name, arguments in commands(results).items()
        if not name.startswith("tables/") or Path(str(arguments[1])).is_file()
    }
    started = time.perf_counter()
    with ThreadPoolExecutor(at_once) as pool:
        jobs = {
            name: pool.submit(drawn, results, out, name, arguments, Checkout(ROOT, {}))
            for name, arguments in wanted.items()
        }
        costs = {name: job.result() for name, job in jobs.items()}
    return costs, time.perf_counter() - started


@contextmanager
def browser(folder: Path) -> Iterator[Any]:
    """A headless Chromium, ended in the end."""
    from chromium import missing, start

    if missing():
        raise SystemExit(f"{missing()} is not installed")
    started = start(folder, (1400, 850))
    try:
        yield started
    finally:
        started.quit()


def opened(page: Path, folder: Path) -> Page:
    """Opens the map and uses it."""
    with browser(folder) as chromium:
        chromium.get(page.resolve().as_uri())
        ready = chromium.execute_script("return performance.now()")
        if not chromium.execute_script("return document.documentElement.dataset.ready"):
            raise SystemExit(f"{page} did not open")
        chromium.set_script_timeout(60)
        moved = [chromium.execute_async_script(FRAMES, kind, 2.0) for kind in ("wheel", "drag")]
        sheet = chromium.execute_script(CLICKED)
        filtered = max(chromium.execute_script(TYPED, typed) for typed in ("0", "00", ""))
        return Page(ready, filtered, sheet, *(tuple(one) for one in moved))


def reported(results: Path, folder: Path) -> tuple[Cost, int]:
    """Runs `snakemake --report` on the results, and returns its cost and the size of the archive."""
    checkout = Checkout.copied(folder, {"n_shards": 2})
    (folder / "results").symlink_to(results)
    done = checkout.snakemake("--report", "report.zip")
    if done.status:
        raise SystemExit(done.output)
    return Cost(done.seconds, done.cpu_seconds, done.peak_mb), (folder / "report.zip").stat().st_size


def of_default(results: Path, folder: Path) -> list[str]:
    """Returns the table of what each figure of a run costs."""
    alone, _ = every_figure(results, folder / "alone", 1)
    at_once, together = every_figure(results, folder / "together", AT_ONCE)
    pages = [cost for name, cost in alone.items() if name.startswith("tables/")]
    rows = {name: cost for name, cost in alone.items() if not name.startswith("tables/")}
    rows[f"{len(pages)} pages of tables, together"] = Cost(
        sum(one.seconds for one in pages),
        sum(one.cpu_seconds for one in pages),
        max(one.peak_mb for one in pages),
    )
    lines = ["| figure | seconds | of processor time | peak MB |", "|---|---|---|---|"]
    lines += [
        f"| {name} | {cost.seconds:.1f} | {cost.cpu_seconds:.1f} | {cost.peak_mb:.0f} |"
        for name, cost in rows.items()
    ]
    total = sum(cost.cpu_seconds for cost in alone.values())
    return [
        *lines,
        f"| all, one after the other | {sum(cost.seconds for cost in alone.values()):.0f} | {total:.0f} | "
        f"{max(cost.peak_mb for cost in alone.values()):.0f} |",
        f"| **all, {AT_ONCE} at a time** | **{together:.0f}** | "
        f"{sum(cost.cpu_seconds for cost in at_once.values()):.0f} | |",
    ]


def of_many(n_stations: int, folder: Path) -> list[str]:
    """Returns the table of what figures, map and report of so many stations cost."""
    from made_up_run import make

    results = folder / "results"
    make(results, n_stations)
    costs, together = every_figure(results, results / "figures", AT_ONCE)
    page = opened(results / "figures/map.html", folder / "chromium")
    report, size = reported(results, folder / "checkout")
    slowest = max(costs, key=lambda name: costs[name].cpu_seconds)
    megabyte = 1e6
    return [
        f"| at {n_stations:,} stations | |",
        "|---|---|",
        f"| all figures, {AT_ONCE} at a time | {together:.0f} s, of processor time "
        f"{sum(cost.cpu_seconds for cost in costs.values()):.0f} s; the most, {slowest}, "
        f"{costs[slowest].cpu_seconds:.1f} s |",
        f"| `map.html` | {(results / 'figures/map.html').stat().st_size / megabyte:.1f} MB |",
        f"| the map is ready | {page.ready_ms:.0f} ms after it is opened |",
        f"| zooming | {page.wheel[0]:.0f} frames/s, the longest {page.wheel[1]:.0f} ms |",
        f"| moving | {page.drag[0]:.0f} frames/s, the longest {page.drag[1]:.0f} ms |",
        f"| a station's sheet | {page.sheet_ms:.0f} ms |",
        f"| a letter in the search | {page.filter_ms:.0f} ms |",
        f"| `snakemake --report report.zip` | {report.seconds:.0f} s, of processor time "
        f"{report.cpu_seconds:.0f} s, {report.peak_mb:.0f} MB of memory, "
        f"{size / megabyte:.1f} MB |",
    ]


def main() -> None:
    """Prints what figures, map and report cost."""
    arguments = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    arguments.add_argument("results", type=Path)
    arguments.add_argument("--stations", type=int, default=1000)
    arguments.add_argument("--update", type=Path)
    given = arguments.parse_args()
    busy_before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as name:
        lines = of_default(given.results.resolve(), Path(name))
        lines += ["", *of_many(given.stations, Path(name) / "many")]
    busy = f"{busy_before:.0f} to {os.getloadavg()[0]:.0f}"
    lines += [
        "",
        f"{os.cpu_count()} cores, one thread per process; processes that wanted to run meanwhile: {busy}.",
    ]
    table = "\n".join(lines)
    print(table)
    if given.update:
        text = given.update.read_text(encoding="utf-8")
        given.update.write_text(between_markers(text, "figures", f"\n{table}\n\n"), encoding="utf-8")


if __name__ == "__main__":
    main()
