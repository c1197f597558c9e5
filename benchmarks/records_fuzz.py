"""Mutated files through every reader of records: nothing but a record or a refusal may come out.

    python benchmarks/records_fuzz.py [--inputs 210000] [--seed 0] [--readers asc zips] [--engines atheris]

Real files are shortened, so that mutations hit what matters, and mutated by three engines: at random (bytes
flipped, pieces deleted, doubled, replaced by numbers at their limits), by Hypothesis, and by atheris
(libFuzzer, guided by the coverage of `quakesite.records`; `pip install atheris`). Each batch runs in a
process of its own, with a limit on time per input and on memory; what it was reading when it died is kept.
Prints a table; exit status 1 if anything was found.
"""

from __future__ import annotations

import argparse
import faulthandler
import importlib.util
import json
import os
import random
import resource
import signal
import struct
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

SHARE = {
    "asc": 0.2, "nsmn": 0.17, "mat": 0.18, "mseed": 0.17, "fullseed": 0.05, "stationxml": 0.06, "zips": 0.17
}  # fmt: skip
ENGINES = {"random": 0.4, "hypothesis": 0.2, "atheris": 0.4}
BATCH = 10_000
SECONDS_PER_INPUT = 20
MEMORY = 4 * 2**30
EXTREMES = [
    b"\0",
    b"\xff" * 4,
    b"\xff" * 8,
    b"\x7f\xff\xff\xff",
    b"nan",
    b"-",
    b"1e999",
    b"9" * 300,
    b" " * 500,
    b"\n",
    b":",
]


def mutated(content: bytes, draw: random.Random) -> bytes:
    """Returns `content` after one to eight random edits, half of them near its start."""
    work = bytearray(content)
    in_place = draw.random() < 0.5
    for _ in range(draw.randint(1, 8)):
        at = draw.randrange(min(len(work), 4096) if draw.random() < 0.5 else len(work)) if work else 0
        length = draw.choice((1, 1, 2, 4, 8, 64, 1024))
        match draw.choice((0, 3, 5, 7)) if in_place else draw.randrange(8):
            case 0:
                work[at : at + 1] = bytes([draw.randrange(256)])
            case 1:
                del work[at : at + length]
            case 2:
                work[at:at] = work[at : at + length]
            case 3:
                junk = draw.choice(EXTREMES)[: max(0, len(work) - at)]
                work[at : at + len(junk)] = junk
            case 4:
                work[at:at] = draw.choice(EXTREMES)
            case 5:
                number = draw.choice((0, 1, 8, 2**16, 2**31 - 1, 2**32 - 1, length))
                packed = struct.pack(draw.choice(("<I", ">I")), number)[: max(0, len(work) - at)]
                work[at : at + len(packed)] = packed
            case 6:
                del work[draw.randrange(at, len(work) + 1) if draw.random() < 0.2 else len(work) :]
            case _:
                other = draw.randrange(len(work) or 1)
                piece = work[other : other + length][: max(0, len(work) - at)]
                work[at : at + len(piece)] = piece
    return bytes(work)


class Tally:
    """Runs inputs through a reader and counts what comes out."""

    def __init__(self, read: Callable[[bytes], str], last: Path) -> None:
        self.read, self.last = read, last
        self.counts: Counter[str] = Counter()
        self.slowest = 0.0
        self.finds: list[str] = []

    def run(self, content: bytes) -> None:
        """Runs one input; what kills the process stays in the file `last`."""
        self.last.write_bytes(content)
        started = time.perf_counter()
        signal.setitimer(signal.ITIMER_REAL, SECONDS_PER_INPUT)
        try:
            self.counts[self.read(content)] += 1
        except Exception as error:  # noqa: BLE001 - whatever else comes out is what is looked for
            self.counts["FOUND"] += 1
            where = traceback.extract_tb(error.__traceback__)[-1]
            self.finds.append(f"{type(error).__name__} in {where.filename}:{where.lineno}: {error}")
            if len(self.finds) < 20:
                self.last.with_suffix(f".{len(self.finds)}").write_bytes(content)
        signal.setitimer(signal.ITIMER_REAL, 0)
        self.slowest = max(self.slowest, time.perf_counter() - started)

    def write(self, out: Path) -> None:
        """Writes the counts, the slowest input and the process's largest memory."""
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        told = {"counts": self.counts, "slowest": self.slowest, "memory": memory, "finds": self.finds}
        out.write_text(json.dumps(told))


def too_slow(*_: object) -> None:
    """Ends an input that takes too long."""
    raise TimeoutError


def by_random(tally: Tally, corpus: list[bytes], inputs: int, seed: int) -> None:
    """Runs random edits of the corpus."""
    draw = random.Random(seed)
    for _ in range(inputs):
        tally.run(mutated(draw.choice(corpus), draw))


def by_hypothesis(tally: Tally, corpus: list[bytes], inputs: int, seed: int) -> None:
    """Runs what Hypothesis makes of the corpus."""
    import hypothesis
    from hypothesis import strategies as st

    edit = st.tuples(
        st.sampled_from("idro"),
        st.floats(0, 1),
        st.integers(0, 60),
        st.binary(max_size=12) | st.sampled_from(EXTREMES),
    )

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=inputs, deadline=None, database=None, suppress_health_check=list(hypothesis.HealthCheck),
        phases=[hypothesis.Phase.generate],
    )  # fmt: skip
    @hypothesis.given(st.sampled_from(range(len(corpus))), st.lists(edit, min_size=1, max_size=6))
    def run(which: int, edits: list[tuple[str, float, int, bytes]]) -> None:
        content = corpus[which]
        for kind, place, length, junk in edits:
            at = int(place * len(content))
            if kind == "i":
                content = content[:at] + junk + content[at:]
            elif kind == "d":
                content = content[:at] + content[at + length :]
            elif kind == "o":
                content = content[:at] + (junk + content[at + len(junk) :])[: len(content) - at]
            elif length < 5:
                content = content[:at]
        tally.run(content)

    run()


def by_atheris(tally: Tally, corpus: list[bytes], inputs: int, seed: int, out: Path) -> None:
    """Runs what libFuzzer makes of the corpus; ends the process, as libFuzzer does."""
    import atheris

    seeds = out.with_suffix(".corpus")
    seeds.mkdir()
    for number, content in enumerate(corpus):
        (seeds / str(number)).write_bytes(content)
    left = inputs

    def one(content: bytes) -> None:
        nonlocal left
        tally.run(content)
        left -= 1
        if left <= 0:
            tally.write(out)
            os._exit(0)

    longest = max(map(len, corpus)) + 4096
    atheris.Setup(["fuzz", f"-seed={seed + 1}", f"-max_len={longest}", "-verbosity=0", str(seeds)], one)
    atheris.Fuzz()


def child(arguments: argparse.Namespace) -> None:
    """Runs one batch in this process."""
    faulthandler.enable()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGALRM, too_slow)
    warnings.simplefilter("ignore")
    engine, reader = arguments.child
    if engine == "atheris":
        import atheris

        with atheris.instrument_imports(include=["quakesite.records"]):
            from fuzz_readers import TARGETS
    else:
        from fuzz_readers import TARGETS
    target = TARGETS[reader](arguments.data)
    for content in target.corpus:  # so that no input's time holds the imports
        target.read(content)
    tally = Tally(target.read, arguments.out.with_suffix(".last"))
    if engine == "atheris":
        by_atheris(tally, target.corpus, arguments.inputs, arguments.seed, arguments.out)
    way = by_random if engine == "random" else by_hypothesis
    way(tally, target.corpus, arguments.inputs, arguments.seed)
    tally.write(arguments.out)


def run_batch(engine: str, reader: str, inputs: int, seed: int, data: Path, folder: Path) -> dict[str, Any]:
    """Runs one batch in a process of its own and returns what it tells."""
    out = folder / f"{reader}-{engine}-{seed}.json"
    command = [
        sys.executable,
        __file__,
        "--child",
        engine,
        reader,
        "--inputs",
        str(inputs),
        "--seed",
        str(seed),
    ]
    command += ["--data", str(data), "--out", str(out)]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    if not out.exists():
        tail = done.stderr.decode(errors="replace")[-2000:]
        find = f"died with status {done.returncode} reading {out.with_suffix('.last')}:\n{tail}"
        return {"counts": {"CRASH": 1}, "slowest": 0.0, "memory": 0.0, "finds": [find]}
    told: dict[str, Any] = json.loads(out.read_text())
    return told


def main() -> None:
    """Runs all batches and prints a table of what came out."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--inputs", type=int, default=210_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data", type=Path, default=Path(__file__).resolve().parents[2] / "shared/data")
    parser.add_argument("--readers", nargs="+", choices=sorted(SHARE), default=list(SHARE))
    parser.add_argument("--engines", nargs="+", choices=sorted(ENGINES), default=list(ENGINES))
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        child(arguments)
        return
    if "atheris" in arguments.engines and importlib.util.find_spec("atheris") is None:
        print("atheris is not installed; its share goes to the other engines", file=sys.stderr)
        arguments.engines = [one for one in arguments.engines if one != "atheris"] or ["random"]
    folder = Path(tempfile.mkdtemp(prefix="records_fuzz_"))
    of_engines = sum(ENGINES[one] for one in arguments.engines)
    bad = everything = 0
    print("reader     engine       inputs  refused accepted slowest s peak MB")
    for reader in arguments.readers:
        for engine in arguments.engines:
            inputs = round(arguments.inputs * SHARE[reader] * ENGINES[engine] / of_engines)
            total, slowest, memory = Counter[str](), 0.0, 0.0
            for number, first in enumerate(range(0, inputs, BATCH)):
                size, seed = min(BATCH, inputs - first), arguments.seed + number
                told = run_batch(engine, reader, size, seed, arguments.data, folder)
                total.update(told["counts"])
                slowest, memory = max(slowest, told["slowest"]), max(memory, told["memory"])
                for find in told["finds"][:20]:
                    print(f"{reader} {engine} seed {seed}: {find}", file=sys.stderr)
            found = total["FOUND"] + total["CRASH"]
            refused = total.total() - total["record"] - found
            bad, everything = bad + found, everything + total.total()
            print(
                f"{reader:11s}{engine:11s}{total.total():8d}{refused:9d}{total['record']:9d}"
                f"{slowest:10.2f}{memory:8.0f}  {dict(total.most_common())}",
                flush=True,
            )
    print(f"{everything} inputs, {bad} finds (kept in {folder})")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
