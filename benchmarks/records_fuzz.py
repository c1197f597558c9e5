"""Mutated files through every reader of records: nothing but a record or a refusal may come out.

    python benchmarks/records_fuzz.py [--inputs 200000] [--seed 0] [--data ../shared/data]

Real files are shortened, so that mutations hit what matters, and mutated at random: bytes flipped, pieces
deleted, doubled, swapped, replaced by numbers at their limits. Each batch runs in a process of its own, with
a limit on time per input and on memory; a crash names the batch's seed. Exit status 1 if anything was found.
"""

from __future__ import annotations

import argparse
import faulthandler
import multiprocessing
import random
import resource
import signal
import struct
import sys
import time
import traceback
import zipfile
import zlib
from collections import Counter
from pathlib import Path

from quakesite.records.candidates import Candidate
from quakesite.records.loading import load
from quakesite.records.opening import Sources
from quakesite.records.refusal import Refusal

SHARE = {"asc": 0.49, "nsmn": 0.2, "mat": 0.3, "mseed": 0.01}
BATCH = 2000
SECONDS_PER_INPUT = 20
MEMORY = 4 * 2**30
EXTREMES = [
    b"\0",
    b"\xff" * 4,
    b"\x7f\xff\xff\xff",
    b"nan",
    b"-",
    b"1e999",
    b"9" * 300,
    b" " * 500,
    b"\n",
    b":",
]

Corpus = list[tuple[Candidate, dict[str, bytes]]]


class InMemory(Sources):
    """Sources whose bytes are given."""

    def __init__(self, contents: dict[str, bytes]) -> None:
        super().__init__()
        self.contents = contents

    def read(self, source: str, limit: int = 0) -> bytes:
        return self.contents[source]


def short_text(content: bytes, count_key: bytes, peak_key: bytes, samples: int) -> bytes:
    """Returns a text file with its first samples only, count and peak made to agree."""
    lines = content.split(b"\n")
    first = max(n for n, line in enumerate(lines[:80]) if b":" in line or b"N-S" in line) + 1
    head = [count_key + b": %d" % samples if line.startswith(count_key) else line for line in lines[:first]]
    head = [line for line in head if not line.startswith(peak_key)]
    return b"\n".join([*head, *lines[first : first + samples], b""])


def unpacked_mat(content: bytes) -> bytes:
    """Returns a MATLAB file without compression, so that mutations reach its structure."""
    parts, offset = [content[:128]], 128
    while offset + 8 <= len(content):
        kind, size = struct.unpack_from("<II", content, offset)
        piece = content[offset + 8 : offset + 8 + size]
        parts.append(zlib.decompress(piece) if kind == 15 else content[offset : offset + 8 + size])
        offset += 8 + size
    return b"".join(parts)


def corpora(data: Path) -> dict[str, Corpus]:
    """Returns shortened real files of every form, as candidates with their contents."""
    found: dict[str, Corpus] = {form: [] for form in SHARE}
    for folder in sorted((data / "tadas").glob("GuestUser*_05*/")) + sorted(
        (data / "tadas").glob("GuestUser*_09*/")
    ):
        paths = [next(folder.glob(f"2*_{letter}.asc")) for letter in "ENU"]
        contents = {
            name: short_text(path.read_bytes(), b"NDATA", b"PGA_CM", 120)
            for name, path in zip("ENZ", paths, strict=True)
        }
        station, stamp = folder.name.rsplit("_", 1)[1], folder.name.split("_")[2]
        found["asc"].append((Candidate(station, stamp, "mp_RawAcc", "asc", {n: n for n in "ENZ"}), contents))
    for path in sorted((data / "nsmn").glob("*.txt")):
        content = short_text(path.read_bytes(), b"NUMBER OF DATA", b"RAW PGA", 120)
        found["nsmn"].append(
            (Candidate(path.stem[15:], path.stem[:14], "nsmn", "nsmn", {"ENZ": "x"}), {"x": content})
        )
    for path in sorted((data / "afad1218").glob("*.mat")):
        for content in (path.read_bytes(), unpacked_mat(path.read_bytes())):
            candidate = Candidate(path.stem[15:], path.stem[:14], "mat", "mat", {"ENZ": "x"})
            found["mat"].append((candidate, {"x": content}))
    for path in sorted((data / "tadas").glob("*SEEDSample.zip")):
        with zipfile.ZipFile(path) as opened:
            seed, xml = sorted(opened.namelist(), key=lambda name: name.endswith(".xml"))
            contents = {"x": opened.read(seed), "xml": opened.read(xml)}
        stamp, station, _ = seed.split("_")
        found["mseed"].append((Candidate(station, stamp, "mseed", "mseed", {"ENZ": "x"}, "xml"), contents))
    return found


def mutated(content: bytes, draw: random.Random) -> bytes:
    """Returns `content` after one to eight random edits, half of them near its start."""
    work = bytearray(content)
    for _ in range(draw.randint(1, 8)):
        at = draw.randrange(min(len(work), 4096) if draw.random() < 0.5 else len(work)) if work else 0
        length = draw.choice((1, 1, 2, 4, 8, 64, 1024))
        match draw.randrange(7):
            case 0:
                work[at : at + 1] = bytes([draw.randrange(256)])
            case 1:
                del work[at : at + length]
            case 2:
                work[at:at] = work[at : at + length]
            case 3:
                junk = draw.choice(EXTREMES)
                work[at : at + len(junk)] = junk
            case 4:
                work[at:at] = draw.choice(EXTREMES)
            case 5:
                work[at : at + 4] = struct.pack(
                    "<I", draw.choice((0, 1, 8, 2**16, 2**31 - 1, 2**32 - 1, length))
                )
            case _:
                del work[draw.randrange(at, len(work) + 1) if draw.random() < 0.2 else len(work) :]
    return bytes(work)


def too_slow(*_: object) -> None:
    """Ends an input that takes too long."""
    raise TimeoutError


def run_batch(
    form: str, corpus: Corpus, seed: int, inputs: int, outcomes: multiprocessing.Queue[object]
) -> None:
    """Runs one batch and reports how many inputs ended how, and the process's largest memory in MB."""
    faulthandler.enable()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGALRM, too_slow)
    draw, counts = random.Random(f"{form}{seed}"), Counter[str]()
    for number in range(inputs):
        candidate, contents = draw.choice(corpus)
        target = draw.choice(sorted(contents))
        signal.setitimer(signal.ITIMER_REAL, SECONDS_PER_INPUT)
        try:
            load(candidate, InMemory(contents | {target: mutated(contents[target], draw)}))
            counts["record"] += 1
        except Refusal as refusal:
            counts[str(refusal.reason)] += 1
        except Exception as error:  # noqa: BLE001 - whatever else comes out is what is looked for
            signal.setitimer(signal.ITIMER_REAL, 0)
            counts["FOUND"] += 1
            where = traceback.extract_tb(error.__traceback__)[-1]
            what = f"{type(error).__name__} in {where.filename}:{where.lineno}: {error}"
            print(f"{form}: batch {seed}, input {number}: {what}", file=sys.stderr)
        signal.setitimer(signal.ITIMER_REAL, 0)
    outcomes.put((counts, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))


def main() -> None:
    """Runs all batches and prints a table of what came out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data", type=Path, default=Path(__file__).resolve().parents[2] / "shared/data")
    parser.add_argument("--forms", nargs="+", choices=sorted(SHARE), default=list(SHARE))
    arguments = parser.parse_args()
    context, bad = multiprocessing.get_context("fork"), 0
    for form, corpus in corpora(arguments.data).items():
        if form not in arguments.forms:
            continue
        started, total, largest = time.monotonic(), Counter[str](), 0.0
        inputs = round(arguments.inputs * SHARE[form])
        for number, first in enumerate(range(0, inputs, BATCH)):
            outcomes: multiprocessing.Queue[object] = context.Queue()
            seed, size = arguments.seed + number, min(BATCH, inputs - first)
            process = context.Process(target=run_batch, args=(form, corpus, seed, size, outcomes))
            process.start()
            process.join()
            if process.exitcode:
                total["CRASH"] += 1
                print(f"{form}: batch {seed} ended with status {process.exitcode}", file=sys.stderr)
                continue
            counts, memory = outcomes.get()  # type: ignore[misc]
            total += counts
            largest = max(largest, memory)
        bad += total["FOUND"] + total["CRASH"]
        rate = inputs / (time.monotonic() - started)
        print(f"{form}: {inputs} inputs, {rate:.0f}/s, at most {largest:.0f} MB: {dict(total.most_common())}")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
