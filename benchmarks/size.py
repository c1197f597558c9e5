"""What an archive of 36,417 or 95,890 records costs before the first job starts, and how long its ingest is.

    python benchmarks/size.py planning [--into docs/size.md] [--plot docs/images/size_growth.png] [--rounds 3]
    python benchmarks/size.py ingest [--into docs/size.md] [--weights auto]

`planning` makes archives of links (archive_of_size.py) and measures, in a copy of the checkout: the scan, the
parse of the Snakefile, the dry-run, the rerun of a finished run, and what runs when a station is added. **The
finished run is one of placeholders**: every output of the plan as a file of one word, and `snakemake
--touch --forceall`, which records for each what a job records (inputs, parameters, code). The rerun then
looks at the same files, times and records as it would at real ones. Figures are medians of some rounds; in
brackets the least and the most.

`ingest` makes a synthetic archive of a tenth (3,600 records, 80 stations) in full, and runs all stages up to
the windows and features on two cores; the benchmark files of the jobs tell what each stage took.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shutil
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from archive_of_size import link_archive, names, station_list, zip_archive
from checkout import Checkout, Measured, between_markers

from quakesite.shards import shard_names, shard_of

HERE = Path(__file__).resolve().parent


class Size(NamedTuple):
    """An archive: records, stations, and how many shards it is spread over."""

    records: int
    stations: int
    shards: int


SIZES = (Size(3_600, 79, 8), Size(10_000, 300, 16), Size(36_417, 799, 56), Size(95_890, 1_022, 148))
"""About 650 records in a shard, as `n_shards` advises. 36,417 records at 799 stations: the paper's AFAD-1218;
95,890 at 1,022: SMD-TR."""
TENTH = Size(3_600, 80, 6)
SCAN = """
import sys
from quakesite.preflight import scan_archive
archive = scan_archive((sys.argv[1],), int(sys.argv[2]), 0)
archive.digest_all(), archive.digest("0")
print(len(archive.files.found), len(archive.files.stations))
"""
ADDED_STATION = "8299"
ADDED_RECORDS = 45


class Planning(NamedTuple):
    """What was measured at one size; each a list of rounds."""

    size: Size
    scan: list[Measured]
    zips: list[Measured]
    parse: list[Measured]
    dry_run: list[Measured]
    jobs: dict[str, int]
    no_op: list[Measured]
    stale: dict[str, int]
    stale_share: float
    largest_share: float


def planning(size: Size, rounds: int, folder: Path, record: list[Path]) -> Planning:
    """Measures everything before the first job, on an archive of this size."""
    archive, stations = folder / "archive", folder / "stations.xlsx"
    link_archive(archive, record, names(size.records, size.stations), folder / "spare")
    zip_archive(folder / "zips", names(size.records, size.stations))
    station_list(stations, size.stations)
    config: dict[str, object] = {
        "archive": [str(archive)],
        "n_shards": size.shards,
        "stations": {"tables": [str(stations)]},
    }
    run = Checkout.copied(folder / "checkout", config)
    scan = repeated(rounds, lambda: run.python("-c", SCAN, str(archive), str(size.shards)))
    zips = repeated(rounds, lambda: run.python("-c", SCAN, str(folder / "zips"), str(size.shards)))
    parse = repeated(rounds, lambda: run.snakemake("--list-rules"))
    dry_run = repeated(rounds, lambda: run.snakemake("--dry-run", "--quiet", "all"))
    jobs = planned(run)
    finish_with_placeholders(run, jobs)
    no_op = repeated(rounds, run.snakemake)
    if "Nothing to be done" not in no_op[0].output or "missing provenance" in no_op[0].output:
        raise SystemExit(f"a finished run is not finished:\n{no_op[0].output[-2000:]}")
    added = (name._replace(station=ADDED_STATION) for name in names(ADDED_RECORDS, 1))
    link_archive(archive / "added", record, added, folder / "spare")
    stale = planned(run)
    of_shard = Counter(shard_of(name.station, size.shards) for name in names(size.records, size.stations))
    hit = {wildcards["shard"] for _, wildcards, _ in stale if "shard" in wildcards}
    return Planning(
        size,
        scan,
        zips,
        parse,
        dry_run,
        Counter(rule for rule, _, _ in jobs),
        no_op,
        Counter(rule for rule, _, _ in stale),
        (ADDED_RECORDS + sum(of_shard[shard] for shard in hit)) / size.records,
        (ADDED_RECORDS + max(of_shard[shard] for shard in shard_names(size.shards))) / size.records,
    )


def repeated(rounds: int, measure: Callable[[], Measured]) -> list[Measured]:
    """Returns what a command took in each round; the archive has just been made, and is in the page cache."""
    done = [measure() for _ in range(rounds)]
    for one in done:
        if one.status:
            raise SystemExit(one.output[-4000:])
    return done


def planned(run: Checkout) -> list[tuple[str, dict[str, str], list[str]]]:
    """Returns rule, wildcards and outputs of every job that would run."""
    done = run.python(str(HERE / "planned_outputs.py"), json.dumps(run.config))
    if done.status:
        raise SystemExit(done.output[-4000:])
    return [(rule, wildcards, outputs) for rule, wildcards, outputs in json.loads(done.output)]


def finish_with_placeholders(run: Checkout, jobs: Sequence[tuple[str, dict[str, str], list[str]]]) -> None:
    """Makes a placeholder of every output and has Snakemake record it as made."""
    for _, _, outputs in jobs:
        for output in outputs:
            path = run.folder / output
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("placeholder\n")
    run.snakemake("--touch", "--forceall", "--quiet", "all")


def middle(done: list[Measured]) -> Measured:
    """Returns the medians of the rounds."""
    fields = ("seconds", "cpu_seconds", "peak_mb")
    seconds, cpu, peak = (statistics.median(getattr(one, name) for one in done) for name in fields)
    return Measured(seconds, cpu, peak, "", 0)


def planning_table(found: Sequence[Planning]) -> str:
    """Returns the table of what planning takes."""
    heads = [f"{one.size.records:,} records, {one.size.stations:,} stations" for one in found]
    lines = [f"| | {' | '.join(heads)} |", f"|---|{'---|' * len(found)}"]
    lines.append(f"| shards (`n_shards`) | {' | '.join(str(one.size.shards) for one in found)} |")
    for label, name in (
        ("scan and digests, loose files", "scan"),
        ("scan and digests, zips of ten records", "zips"),
        ("parse of the Snakefile (scan included)", "parse"),
        ("dry-run of everything", "dry_run"),
        ("rerun with nothing to do", "no_op"),
    ):
        lines.append(f"| {label}, s | {' | '.join(took(getattr(one, name)) for one in found)} |")
    for label, count in (
        ("jobs in all", lambda one: sum(one.jobs.values())),
        ("jobs when a station is added", lambda one: sum(one.stale.values())),
        ("of these per shard", lambda one: sum(one.stale[rule] for rule in SHARDED)),
    ):
        lines.append(f"| {label} | {' | '.join(f'{count(one)}' for one in found)} |")
    for label, share in (
        ("records read, picked and windowed again", lambda one: one.stale_share),
        ("the same if the station fell into the largest shard", lambda one: one.largest_share),
    ):
        lines.append(f"| {label} | {' | '.join(f'{100 * share(one):.2f} %' for one in found)} |")
    peak = [max(middle(done).peak_mb for done in (one.parse, one.dry_run, one.no_op)) for one in found]
    lines.append(f"| peak memory, MB | {' | '.join(f'{mb:.0f}' for mb in peak)} |")
    return "\n".join(lines) + "\n"


SHARDED = ("records", "picks_network", "picks_manual", "windows", "features")


def took(done: list[Measured]) -> str:
    """Returns processor time and time by the clock, with the spread of the latter."""
    clock = [one.seconds for one in done]
    half = middle(done)
    spread = f" ({min(clock):.1f}-{max(clock):.1f})" if len(clock) > 1 else ""
    return f"{half.cpu_seconds:.1f} cpu, {half.seconds:.1f}{spread} clock"


def growth_plot(found: Sequence[Planning], target: Path) -> None:
    """Draws processor time against records, both logarithmic, beside lines of linear growth."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    records = [one.size.records for one in found]
    figure, axis = plt.subplots(figsize=(7, 4.5), layout="constrained")
    for label, name in (
        ("scan", "scan"),
        ("parse of the Snakefile", "parse"),
        ("dry-run", "dry_run"),
        ("rerun with nothing to do", "no_op"),
    ):
        seconds = [middle(getattr(one, name)).cpu_seconds for one in found]
        axis.plot(records, seconds, marker="o", label=label)
    for start in (0.1, 1.0):
        linear = [start * number / records[0] for number in records]
        axis.plot(
            records, linear, color="0.7", linestyle=":", label="linear growth" if start == 1.0 else None
        )
    axis.axhline(10, color="0.4", linewidth=0.8)
    axis.text(records[0], 10.5, "target at 36,417 records: 10 s", fontsize="small", color="0.3")
    axis.axvline(36_417, color="0.85", linewidth=0.8, zorder=0)
    axis.set(xscale="log", yscale="log", xlabel="records in the archive", ylabel="processor time, s")
    axis.set_xticks(records, [f"{number:,}" for number in records])
    axis.minorticks_off()
    axis.set_yticks([0.3, 1, 3, 10, 30], ["0.3", "1", "3", "10", "30"])
    axis.legend(frameon=False, fontsize="small")
    axis.set_title("Time before the first job starts")
    target.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(target, dpi=130, metadata={"Software": None})


INGEST_RULES = {
    "records": "records",
    "picks/eqtransformer": "picks (EQTransformer)",
    "windows": "windows (2 kinds)",
    "features": "features",
    "catalogue": "catalogue",
    "stations": "stations",
}


def ingest(folder: Path, weights: str, n_events: int) -> str:
    """Makes a tenth in full, ingests it on two cores, and returns the table."""
    maker = Checkout.copied(folder / "maker", {})
    asked = json.dumps({"stations": TENTH.stations, "events": n_events})
    made = maker.python("-m", "quakesite", "demo", "make", "--settings", asked, "--out", str(folder / "demo"))
    if made.status:
        raise SystemExit(made.output)
    config: dict[str, object] = {
        "archive": [str(folder / "demo/archive")],
        "n_shards": TENTH.shards,
        "stations": {"tables": [f"{folder}/demo/stations.xlsx"], "reports": [f"{folder}/demo/reports"]},
        "picks": {"weights": weights},
    }
    run = Checkout.copied(folder / "checkout", config)
    run.snakemake("resources/weights/eqtransformer.safetensors")
    features = [f"results/evaluation/features/{shard}.parquet" for shard in shard_names(TENTH.shards)]
    done = run.snakemake("results/table1.csv", "results/records/catalogue.parquet", *features)
    if done.status:
        raise SystemExit(done.output[-4000:])
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    columns = ["n_samples", "sampling_rate_hz"]
    table = pq.read_table(run.folder / "results/records/catalogue.parquet", columns=columns)
    duration = pc.mean(pc.divide(table["n_samples"], table["sampling_rate_hz"])).as_py()
    return ingest_table(run.folder / "results/benchmarks", done, table.num_rows, duration)


def ingest_table(benchmarks: Path, done: Measured, n_records: int, duration_s: float) -> str:
    """Returns the table of what each stage of the ingest took, and what 36,417 records would take."""
    full = SIZES[2].records
    lines = [
        f"| stage | jobs | seconds of a core for {n_records:,} records | records per second and core |"
        f" hours for {full:,} on 2 cores | largest job, MB |",
        "|---|---|---|---|---|---|",
    ]
    for place, label in INGEST_RULES.items():
        rows = list(benchmark_rows(benchmarks, place))
        if not rows:
            raise SystemExit(f"no benchmark of {place} in {benchmarks}")
        seconds = sum(float(row["s"]) for row in rows)
        hours = seconds * full / n_records / 2 / 3600
        memory = max(float(row["max_rss"]) for row in rows)
        rate = n_records / seconds
        lines.append(f"| {label} | {len(rows)} | {seconds:.0f} | {rate:,.0f} | {hours:.2f} | {memory:.0f} |")
    whole = done.seconds * full / n_records / 3600
    lines.append(
        f"| **all, by the clock** | | {done.seconds:.0f} ({done.cpu_seconds:.0f} of processor time) |"
        f" {n_records / done.seconds / 2:,.0f} | **{whole:.2f}** | |"
    )
    return (
        "\n".join(lines)
        + f"\n\nRecords of {duration_s:.0f} s on average, three components; {TENTH.shards} shards.\n"
    )


def benchmark_rows(benchmarks: Path, place: str) -> Iterator[dict[str, str]]:
    """Yields the rows of the benchmark files of one stage."""
    single = benchmarks / f"{place}.tsv"
    for path in [single] if single.is_file() else sorted((benchmarks / place).rglob("*.tsv")):
        with path.open(encoding="utf-8", newline="") as handle:
            yield from csv.DictReader(handle, delimiter="\t")


@contextmanager
def scratch(given: Path | None) -> Iterator[Path]:
    """Yields a folder for archives and runs; a temporary one is removed, a given one is kept."""
    if given is not None:
        shutil.rmtree(given, ignore_errors=True)
        given.mkdir(parents=True)
        yield given.resolve()
    else:
        with tempfile.TemporaryDirectory(prefix="quakesite-size-") as name:
            yield Path(name)


def synthetic_record(folder: Path) -> list[Path]:
    """Returns the three components of one synthetic record."""
    from quakesite.demo.make import make
    from quakesite.demo.settings import DemoSettings

    make(DemoSettings(stations=12, events=4), folder)
    found = sorted((folder / "archive").rglob("*_?.asc"))
    stem = found[0].name.rsplit("_", 1)[0]
    return [found[0].with_name(f"{stem}_{component}.asc") for component in "ENU"]


def publish(table: str, marker: str, into: Path | None) -> None:
    """Prints a table and, where asked to, writes it into a Markdown file."""
    sys.stdout.write(table)
    if into is not None:
        into.write_text(between_markers(into.read_text(encoding="utf-8"), marker, table), encoding="utf-8")


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("what", choices=["planning", "ingest"])
    parser.add_argument("--into", type=Path, help="Markdown file to write the table into")
    parser.add_argument("--plot", type=Path, help="planning: where to draw the growth, .png")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sizes", type=int, default=len(SIZES), help="planning: how many of the four sizes")
    parser.add_argument("--events", type=int, default=45, help="ingest: records of each of the 80 stations")
    parser.add_argument("--weights", default="auto", help="ingest: EQTransformer's weights, as picks.weights")
    parser.add_argument("--work", type=Path, help="folder for archives and runs, emptied first; kept")
    given = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with scratch(given.work) as folder:
        if given.what == "ingest":
            publish(ingest(folder, given.weights, given.events), "ingest", given.into)
            return
        record = synthetic_record(folder / "synthetic")
        found = []
        for size in SIZES[: given.sizes]:
            place = folder / str(size.records)
            place.mkdir()
            found.append(planning(size, given.rounds, place, record))
            sys.stderr.write(planning_table(found))
            shutil.rmtree(place)
        publish(planning_table(found), "planning", given.into)
        if given.plot:
            growth_plot(found, given.plot)


if __name__ == "__main__":
    main()
