"""How fast records are read, as ratios from one run.

    python benchmarks/records.py [--data ../shared/data] [--records 600] [--passes 5] [--gmprocess .../python]

1. Components, each from its path, one after another as the stage reads them: quakesite (header, checks and
   all) against numpy.genfromtxt (gmprocess's way) and numpy.loadtxt, bit-equal, on genuine TADAS files and on
   the 69-line family; and where the time goes. `one at a time` changes the way after every file, so that each
   finds cold caches.
2. One record: quakesite against gmprocess's own reader (with `--gmprocess`, the Python of an environment that
   has it) or against a reader built on genfromtxt.
3. The whole stage on a shard of many records, loose and in zips: records per second and core, where the time
   goes, and the floor (the bare reading and unpacking of the files, and the bare writing of the shard).
4. The scan of an archive of 110,000 loose files and of 4,000 zips.

Each figure is processor time, which other work on the machine disturbs least, from a warm page cache. The
ways take turns; a ratio is the median of the ratios of the turns, with its quartiles. The scan is also given
in elapsed time.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import pstats
import re
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
from quakesite.records.opening import Sources
from quakesite.records.settings import RecordsSettings
from quakesite.records.store import iter_records, write_records
from quakesite.shards import shard_names

GENUINE = "tadas/GuestUser_RawAcc_20201030115124_3513/20201030115124_3513_mp_RawAcc_E.asc"
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


SHARD = """
import sys
from quakesite.records import ingest
from quakesite.records.settings import RecordsSettings
ingest.shard("0-of-1", [sys.argv[1]], RecordsSettings(), *sys.argv[2:])
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


def in_turns(ways: dict[str, Callable[[], object]], passes: int = PASSES) -> dict[str, np.ndarray]:
    """Returns the processor times in ms of each way, one per pass, the ways taking turns."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(passes):
        for name, way in ways.items():
            started = time.process_time_ns()
            way()
            times[name].append((time.process_time_ns() - started) / 1e6)
    return {name: np.array(below) for name, below in times.items()}


def ratio(theirs: np.ndarray, ours: np.ndarray) -> str:
    """Returns the median ratio of the turns, with its quartiles."""
    low, middle, high = np.percentile(theirs / ours, [25, 50, 75])
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"


def our_component(source: str) -> np.ndarray:
    """Returns one component's samples, every check made."""
    with Sources() as sources:
        content = sources.read(source)
    return asc.read_samples(content, asc.read_header(content, source), source)


def components(data: Path, passes: int) -> None:
    """Prints the times for components."""
    refiltered = sorted(
        (data / "tadas/20230206_pazarcik").glob("*.asc"), key=lambda path: path.stat().st_size
    )
    families = (
        ("genuine", sorted((data / "tadas").glob("GuestUser*/2*.asc")), 64),
        ("69 lines", refiltered[:12], 69),
        ("69 lines", refiltered[-12:], 69),
    )
    for what, files, lines in families:
        paths = [str(path) for path in files]
        one: dict[str, Callable[[str], np.ndarray]] = {
            "genfromtxt": lambda path, lines=lines: np.genfromtxt(path, skip_header=lines),
            "loadtxt": lambda path, lines=lines: np.loadtxt(path, skiprows=lines),
            "quakesite": our_component,
        }
        for path in paths:
            if len({way(path).tobytes() for way in one.values()}) != 1:
                raise SystemExit(f"{path}: values differ")
        contents = [Path(path).read_bytes() for path in paths]
        headers = [asc.read_header(content, "") for content in contents]
        ways: dict[str, Callable[[], object]] = {
            name: lambda way=way, paths=paths: [way(path) for path in paths] for name, way in one.items()
        }
        ways |= {
            "values": lambda paths=paths, headers=headers: [
                asc.read_samples(Path(path).read_bytes(), header, "")
                for path, header in zip(paths, headers, strict=True)
            ],
            "bare read": lambda paths=paths: [Path(path).read_bytes() for path in paths],
            "header": lambda contents=contents: [asc.read_header(content, "") for content in contents],
            "samples": lambda contents=contents, headers=headers: [
                asc.read_samples(content, header, "")
                for content, header in zip(contents, headers, strict=True)
            ],
        }
        times, size = in_turns(ways, passes), sum(map(len, contents))
        shown = ", ".join(f"{name} {np.median(ms) / len(paths):.3f}" for name, ms in times.items())
        print(
            f"components, {what} ({len(paths)} files of {size / len(paths) / 1e3:.0f} kB), median ms each of "
            f"{passes} turns: {shown}"
        )
        ours = times["quakesite"]
        print(
            f"  {ratio(times['genfromtxt'], ours)} x genfromtxt, {ratio(times['loadtxt'], ours)} x loadtxt, "
            f"{size / np.median(ours) / 1e3:.0f} MB/s, bit-equal"
        )
        values = times["values"]
        print(
            f"  values alone, the header known: {ratio(times['genfromtxt'], values)} x genfromtxt, "
            f"{ratio(times['loadtxt'], values)} x loadtxt"
        )
        cold = in_turns(
            {name: lambda way=way, path=paths[0]: way(path) for name, way in one.items()}, 10 * passes
        )
        print(
            f"  one at a time: {ratio(cold['genfromtxt'], cold['quakesite'])} x genfromtxt, "
            f"{ratio(cold['loadtxt'], cold['quakesite'])} x loadtxt"
        )


def whole_records(data: Path, gmprocess: Path | None) -> None:
    """Prints the times for one record of three components."""
    path = data / GENUINE
    paths = [path.with_name(path.name.replace("_E.", f"_{letter}.")) for letter in "ENU"]
    times = in_turns(
        {
            "quakesite": lambda: read(path),
            "genfromtxt": lambda: [np.genfromtxt(one, skip_header=64) for one in paths],
        }
    )
    ours = np.median(times["quakesite"])
    print(f"record: quakesite {ours:.2f} ms, of which searching its folder for siblings is part")
    print(f"  {ratio(times['genfromtxt'], times['quakesite'])} x the values alone by genfromtxt")
    if gmprocess is not None:
        command = [str(gmprocess), "-c", GMPROCESS, *map(str, paths)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        theirs = float(done.stdout.split()[-1]) * 1e3
        print(f"  gmprocess's read_esm {theirs:.1f} ms: {theirs / ours:.0f} x")


def make_archive(data: Path, folder: Path, n_records: int, zipped: bool) -> int:
    """Writes copies of a genuine record under other station codes, loose or zipped; returns their size."""
    folder.mkdir()
    genuine = {letter: (data / GENUINE.replace("_E.asc", f"_{letter}.asc")).read_bytes() for letter in "ENU"}
    size = 0
    for number in range(n_records):
        station = f"{1000 + number}"
        files = {
            f"20201030115124_{station}_mp_RawAcc_{letter}.asc": re.sub(
                rb"STATION_CODE: \d+", b"STATION_CODE: " + station.encode(), content
            )
            for letter, content in genuine.items()
        }
        size += sum(map(len, files.values()))
        if zipped:
            with zipfile.ZipFile(folder / f"{station}.zip", "w", zipfile.ZIP_DEFLATED) as opened:
                for name, content in files.items():
                    opened.writestr(name, content)
        else:
            for name, content in files.items():
                (folder / name).write_bytes(content)
    return size


def bare_read(folder: Path) -> int:
    """Reads, and where zipped unpacks, every file of a folder."""
    size = 0
    for path in sorted(folder.iterdir()):
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as opened:
                size += sum(len(opened.read(name)) for name in opened.namelist())
        else:
            size += len(path.read_bytes())
    return size


def stage(data: Path, n_records: int, zipped: bool, passes: int) -> None:
    """Prints the times of the whole stage."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        size = make_archive(data, folder / "archive", n_records, zipped)
        archives, out = [str(folder / "archive")], folder / "0-of-1.parquet"

        def whole() -> None:
            ingest.shard("0-of-1", archives, RecordsSettings(), out, folder / "r.parquet")

        command = [sys.executable, "-c", SHARD, *archives, str(out), str(folder / "r.parquet")]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        memory = int(done.stdout.split()[-1]) / 1024
        records = list(iter_records(out))
        times = in_turns(
            {
                "stage": whole,
                "bare read": lambda: bare_read(folder / "archive"),
                "bare write": lambda records=records: write_records(records, folder / "w.parquet"),
            },
            passes,
        )
        floor = times["bare read"] + times["bare write"]
        seconds = {name: float(np.median(ms)) / 1e3 for name, ms in times.items()}
        print(
            f"stage, {'zips' if zipped else 'loose'}: {n_records} records ({size / 1e6:.0f} MB) in "
            f"{seconds['stage']:.2f} s ({times['stage'].min() / 1e3:.2f} to "
            f"{times['stage'].max() / 1e3:.2f}): "
            f"{n_records / seconds['stage']:.0f} records/s"
        )
        print(
            f"  floor {np.median(floor) / 1e3:.2f} s (bare read {seconds['bare read']:.2f}, bare write "
            f"{seconds['bare write']:.2f}): {ratio(times['stage'], floor)} x the floor; "
            f"peak memory {memory:.0f} MB"
        )
        profile = cProfile.Profile()
        profile.runcall(whole)
        entries = pstats.Stats(profile).get_stats_profile()
        wanted = (
            "scan", "candidates_of", "read", "read_header", "read_samples", "aligned", "make_record",
            "measure", "write_table", "to_bytes",
        )  # fmt: skip
        for function in wanted:
            entry = entries.func_profiles.get(function)
            if entry is not None:
                share = entry.cumtime / entries.total_tt
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
    parser.add_argument("--passes", type=int, default=5)
    parser.add_argument("--gmprocess", type=Path)
    parts = ["stage", "components", "records", "scans"]
    parser.add_argument("--parts", nargs="+", choices=parts, default=parts)
    arguments = parser.parse_args()
    pa.set_cpu_count(1)
    print(f"numpy {np.__version__}, pyarrow {pa.__version__}, Python {sys.version.split()[0]}")
    if "stage" in arguments.parts:
        for zipped in (False, True):
            stage(arguments.data, arguments.records, zipped, arguments.passes)
    if "components" in arguments.parts:
        components(arguments.data, 4 * arguments.passes)
    if "records" in arguments.parts:
        whole_records(arguments.data, arguments.gmprocess)
    if "scans" in arguments.parts:
        scans()


if __name__ == "__main__":
    main()
