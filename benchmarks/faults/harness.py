"""What a run survives: 50 power cuts, full disks, flipped bits, a clock that jumps, and two runs at once.

    python benchmarks/faults/harness.py --into docs/faults.md [--kills 50] [--seed 0] [--weights auto]

Makes a small run (12 synthetic stations, 2 shards, 2 experiments), the reference; then injects each fault
into another run of the same, and compares all results in the end with the reference, byte by byte. Left out
are logs and benchmarks alone. About an hour on two cores; `--only kills` (or shards, files, inputs, disk,
clock, twins) runs one group, and the table is made of all that are in the `--work` folder.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import files
import surroundings
from checkout import Checkout, between_markers
from kills import kills
from outcome import Outcome, kept, read, table
from runs import Run, small_config, small_run

Group = Callable[[Run, Callable[[bool], Run]], list[Outcome]]


def groups(n_kills: int, seed: int) -> dict[str, Group]:
    """Returns the groups of faults; each is given the reference, and what makes a run, finished or fresh."""
    return {
        "kills": lambda reference, make: [kills(reference, make(False), n_kills, seed)],
        "shards": lambda reference, make: files.flipped_shards(reference, make(True), seed),
        "files": lambda reference, make: [
            files.removed_shards(reference, run := make(True)),
            files.replaced_shards(reference, run),
        ],
        "inputs": lambda reference, make: [
            files.harmed_inputs(reference, run := make(True)),
            files.harmed_list(reference, run),
        ],
        "disk": lambda reference, make: [surroundings.full_disk(reference, make(False))],
        "clock": lambda reference, make: [
            surroundings.moved_clock(reference, make(False)),
            surroundings.moved_times(reference, make(True)),
        ],
        "twins": lambda reference, make: [surroundings.two_at_once(reference, make(True))],
    }


def reference_run(work: Path, weights: str) -> Run:
    """Returns the untouched run, made where it is not there yet."""
    folder = work / "reference"
    if (work / "reference-is-done").exists():
        return Run(Checkout(folder, small_config(weights)))
    shutil.rmtree(folder, ignore_errors=True)
    run = small_run(folder, weights)
    done = run.run()
    if done.status:
        raise SystemExit(f"the untouched run failed:\n{done.text[-4000:]}")
    (work / "reference-is-done").touch()
    return run


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    known = list(groups(0, 0))
    parser.add_argument("--into", type=Path, help="Markdown file to write the table into")
    parser.add_argument("--only", choices=known, action="append", help="groups to run; all without")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--weights", default="auto", help="EQTransformer's weights, as picks.weights")
    parser.add_argument("--work", type=Path, help="folder for the runs; a temporary one without")
    given = parser.parse_args()
    work = (given.work or Path(tempfile.mkdtemp(prefix="quakesite-faults-"))).resolve()
    work.mkdir(parents=True, exist_ok=True)
    reference = reference_run(work, given.weights)
    for name in given.only or known:
        folder = work / name
        shutil.rmtree(folder, ignore_errors=True)

        def make(finished: bool, folder: Path = folder) -> Run:
            shutil.rmtree(folder, ignore_errors=True)
            return reference.copy(folder) if finished else small_run(folder, given.weights)

        outcomes = groups(given.kills, given.seed)[name](reference, make)
        kept(outcomes, work / f"{name}.json")
        sys.stderr.write(table(outcomes))
    found = [work / f"{name}.json" for name in known]
    made = table([one for path in found if path.exists() for one in read(path)])
    sys.stdout.write(made)
    if given.into:
        given.into.write_text(
            between_markers(given.into.read_text(encoding="utf-8"), "faults", made), "utf-8"
        )


if __name__ == "__main__":
    main()
