"""How fast records are read, as ratios from one run.

    python benchmarks/records.py [--data ../shared/data] [--records 600] [--gmprocess .../bin/python]

1. One component, from its path: quakesite (header, checks and all) against numpy.genfromtxt (gmprocess's way)
   and numpy.loadtxt, bit-equal, on genuine TADAS files and on the 69-line family.
2. One record: quakesite against gmprocess's own reader (with `--gmprocess`, the Python of an environment that
   has it) or against a reader built on genfromtxt.
3. The whole stage on a shard of many records: records per second and core, where the time goes, and the floor
   (the bare reading of the files, and the bare writing of the shard).
4. The scan of an archive of 110,000 loose files and of 4,000 zips.

Each figure is processor time, which other work on the machine disturbs least: the best of several interleaved
passes, from a warm page cache. The scan is also given in elapsed time.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import pstats
import re
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa

from quakesite.records import archive, asc, ingest, read
from quakesite.records.settings import RecordsSettings
from quakesite.records.store import iter_records, write_records
from quakesite.shards import shard_names

GENUINE = "tadas/GuestUser_RawAcc_20201030115124_3513/20201030115124_3513_mp_RawAcc_E.asc"
REFILTERED = "tadas/20230206_pazarcik/20230206011732_0118_ap_AAD_Acc_E.asc"
PASSES = 15

GMPROCESS = """
import sys, time
from gmprocess.io.esm.core import read_esm
from gmprocess.utils.config import get_config
config, best = get_config(), 1e9
for _ in range(5):
    started = time.process_time()
    for path in sys.argv[1:]:
        read_esm(path, config)
    best = min(best, time.process_time() - started)
print(best)
"""


def best_of(ways: dict[str, Callable[[], object]], passes: int = PASSES) -> dict[str, float]:
    """Returns the least processor time in ms of each way, the ways taking turns."""
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(passes):
        for name, way in ways.items():
            started = time.process_time()
            way()
            best[name] = min(best[name], (time.process_time() - started) * 1e3)
    return best


def our_component(path: Path) -> np.ndarray:
    """Returns one component's samples, every check made."""
    content = path.read_bytes()
    return asc.read_samples(content, asc.read_header(content, str(path)), str(path))


def components(data: Path) -> None:
    """Prints the times for one component."""
    for what, path, lines in (("genuine", data / GENUINE, 64), ("69 lines", data / REFILTERED, 69)):
        ways: dict[str, Callable[[], np.ndarray]] = {
            "genfromtxt": lambda path=path, lines=lines: np.genfromtxt(path, skip_header=lines),
            "loadtxt": lambda path=path, lines=lines: np.loadtxt(path, skiprows=lines),
            "quakesite": lambda path=path: our_component(path),
        }
        if len({way().tobytes() for way in ways.values()}) != 1:
            raise SystemExit(f"{path}: values differ")
        slow = {"genfromtxt": ways.pop("genfromtxt")}
        times = best_of(slow) | best_of({**ways, "bare read": lambda path=path: path.read_bytes()}, passes=40)
        ours, size = times["quakesite"], path.stat().st_size
        shown = ", ".join(f"{name} {ms:.2f} ms" for name, ms in times.items())
        print(f"component, {what} ({size / 1e3:.0f} kB): {shown}")
        print(
            f"  {times['genfromtxt'] / ours:.1f} x genfromtxt, {times['loadtxt'] / ours:.1f} x loadtxt, "
            f"{size / ours / 1e3:.0f} MB/s, bit-equal"
        )


def whole_records(data: Path, gmprocess: Path | None) -> None:
    """Prints the times for one record of three components."""
    path = data / GENUINE
    paths = [path.with_name(path.name.replace("_E.", f"_{letter}.")) for letter in "ENU"]
    times = best_of({"quakesite": lambda: read(path)}, passes=40)
    times |= best_of({"genfromtxt": lambda: [np.genfromtxt(one, skip_header=64) for one in paths]})
    print(
        f"record: quakesite {times['quakesite']:.2f} ms, of which searching its folder for siblings is part"
    )
    print(f"  {times['genfromtxt'] / times['quakesite']:.1f} x the values alone by genfromtxt")
    if gmprocess is not None:
        command = [str(gmprocess), "-c", GMPROCESS, *map(str, paths)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        theirs = float(done.stdout.split()[-1]) * 1e3
        print(f"  gmprocess's read_esm {theirs:.1f} ms: {theirs / times['quakesite']:.0f} x")


def make_archive(data: Path, folder: Path, n_records: int) -> int:
    """Writes copies of a genuine record under other station codes; returns their size in bytes."""
    size = 0
    for letter in "ENU":
        path = data / GENUINE.replace("_E.asc", f"_{letter}.asc")
        content = path.read_bytes()
        for number in range(n_records):
            station = f"{1000 + number}"
            copy = re.sub(rb"STATION_CODE: \d+", b"STATION_CODE: " + station.encode(), content)
            (folder / path.name.replace("_3513_", f"_{station}_")).write_bytes(copy)
            size += len(copy)
    return size


def stage(data: Path, n_records: int) -> None:
    """Prints the times of the whole stage."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "archive").mkdir()
        size = make_archive(data, folder / "archive", n_records)
        archives, out = [str(folder / "archive")], folder / "0-of-1.parquet"

        def whole() -> None:
            ingest.shard("0-of-1", archives, RecordsSettings(), out, folder / "r.parquet")

        files = sorted((folder / "archive").iterdir())
        ways: dict[str, Callable[[], object]] = {
            "stage": whole,
            "bare read": lambda: sum(len(path.read_bytes()) for path in files),
        }
        times = best_of(ways, passes=3)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        records = list(iter_records(out))
        times |= best_of({"bare write": lambda: write_records(records, folder / "w.parquet")}, passes=3)
        rate = n_records / times["stage"] * 1e3
        floor = times["bare read"] + times["bare write"]
        print(
            f"stage: {n_records} records ({size / 1e6:.0f} MB) in {times['stage'] / 1e3:.2f} s: "
            f"{rate:.0f} records/s"
        )
        print(
            f"  floor {floor / 1e3:.2f} s (bare read {times['bare read'] / 1e3:.2f}, bare write "
            f"{times['bare write'] / 1e3:.2f}): {times['stage'] / floor:.1f} x the floor; "
            f"peak memory {memory:.0f} MB"
        )
        profile = cProfile.Profile()
        profile.runcall(whole)
        stats = pstats.Stats(profile).get_stats_profile()
        wanted = ("read_header", "read_samples", "measure", "aligned", "candidates_of", "write_table", "read")
        for function in wanted:
            entry = stats.func_profiles.get(function)
            if entry is not None:
                share = entry.cumtime / stats.total_tt
                print(f"  {function:14s} {share:5.1%} of the time under a profiler")


def scans() -> None:
    """Prints the times of scanning large archives, digests of 64 shards included."""
    with tempfile.TemporaryDirectory() as name:
        loose, zips = Path(name) / "loose", Path(name) / "zips"
        zips.mkdir()
        for event in range(46):
            folder = loose / f"event{event:02d}"
            folder.mkdir(parents=True)
            for station in range(800):
                for letter in "ENU":
                    path = (
                        folder
                        / f"201301{event % 28 + 1:02d}{event % 24:02d}0000_{station:04d}_mp_Acc_{letter}.asc"
                    )
                    os.close(os.open(path, os.O_CREAT))
        for number in range(4000):
            with zipfile.ZipFile(zips / f"{number}.zip", "w") as opened:
                for letter in "ENU":
                    opened.writestr(
                        f"201301010{number // 800}0000_{number % 800:04d}_mp_Acc_{letter}.asc", b"x"
                    )
        for what, folder in (("loose files", loose), ("members of 4000 zips", zips)):
            elapsed, started = time.perf_counter(), time.process_time()
            found = archive.scan([str(folder)])
            digests = [found.digest(shard, 64) for shard in shard_names(64)]
            used, elapsed = time.process_time() - started, time.perf_counter() - elapsed
            print(
                f"scan: {len(found.found)} {what}: {used:.2f} s, {elapsed:.2f} s elapsed, "
                f"{len(digests)} digests"
            )


def main() -> None:
    """Runs every benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(__file__).resolve().parents[2] / "shared/data")
    parser.add_argument("--records", type=int, default=600)
    parser.add_argument("--gmprocess", type=Path)
    arguments = parser.parse_args()
    pa.set_cpu_count(1)
    print(f"numpy {np.__version__}, pyarrow {pa.__version__}, Python {sys.version.split()[0]}")
    stage(arguments.data, arguments.records)  # first, so that its peak memory is its own
    components(arguments.data)
    whole_records(arguments.data, arguments.gmprocess)
    scans()


if __name__ == "__main__":
    main()
