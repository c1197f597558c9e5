"""Power cuts: SIGKILL at moments spread over the whole run, each followed by the same command again."""

from __future__ import annotations

import csv
import random
import shutil
import statistics
import subprocess
import time
from pathlib import Path

from outcome import Outcome
from runs import Run, Said, difference, kill

WITH_UNLOCK = 3
"""After so many kills the lock is met and `--unlock` run; after the others its files are removed, which is
what `--unlock` does, and faster."""
POLL_S = 0.02


def moments(n: int, n_jobs: int, rng: random.Random) -> list[float]:
    """Returns `n` ascending moments drawn uniformly over a run, in jobs done (7.5: within the eighth)."""
    return sorted(rng.uniform(0, n_jobs) for _ in range(n))


def typical_seconds(run: Run) -> float:
    """Returns the median time of a job of a finished run."""
    return statistics.median(map(_seconds, (run.results / "benchmarks").rglob("*.tsv")))


def _seconds(path: Path) -> float:
    with path.open(encoding="utf-8", newline="") as handle:
        return float(next(csv.DictReader(handle, delimiter="\t"))["s"])


def kills(reference: Run, run: Run, n: int, seed: int) -> Outcome:
    """Kills a run `n` times over all its stages, finishes it, and compares it with the untouched one."""
    rng = random.Random(seed)
    waiting, done, stages = moments(n, _jobs_done(reference), rng), 0, set[str]()
    typical = typical_seconds(reference)
    messages: list[Said] = []
    left_over, rounds = 0, 0
    while done < n:
        rounds += 1
        if done:
            left_over += sum(1 for _ in run.results.rglob(".*.tmp"))
            _after_a_kill(run, messages)
        process = run.start()
        job = _killed(run, process, waiting[done], typical)
        if job is None:  # finished before the moment came: the rest falls into another run
            _start_anew(run)
            continue
        stages.add(job.split("/")[0])
        done += 1
        print(f"kill {done} of {n}: in {job}", flush=True)
    _after_a_kill(run, messages)
    end = run.run()
    differing = difference(run.digests(), reference.digests())
    clear = all(said.locked and not said.traceback for said in messages)
    return Outcome(
        "SIGKILL of all processes at a random moment",
        n,
        "Snakemake: the directory cannot be locked; `--unlock` removes the lock" if clear else "UNCLEAR",
        "`snakemake --unlock`, then the same command",
        n if end.status == 0 and clear and not end.traceback else 0,
        differing,
        f"{len(stages)} kinds of job hit: {', '.join(sorted(stages))}; {left_over} temporary files left, "
        "removed by the next run",
    )


def _killed(run: Run, process: subprocess.Popen[bytes], moment: float, typical_s: float) -> str | None:
    """Kills the run at the moment and returns the job that was going on; None where the run ended before."""
    started = time.time_ns()
    while process.poll() is None:
        going_on = _going_on(run, started)
        if going_on and _jobs_done(run) >= int(moment):
            time.sleep(moment % 1 * typical_s)
            if process.poll() is not None:
                return None
            job = _going_on(run, started) or going_on
            kill(process)
            return job
        time.sleep(POLL_S)
    return None


def _going_on(run: Run, since_ns: int) -> str:
    """Returns the job that wrote to its log last, or opened it, since then; empty where none has."""
    logs = run.results / "logs"
    latest, name = since_ns, ""
    for path in logs.rglob("*.log"):
        try:
            written = path.stat().st_mtime_ns
        except FileNotFoundError:
            continue
        if written >= latest:
            latest, name = written, str(path.relative_to(logs).with_suffix(""))
    return name


def _jobs_done(run: Run) -> int:
    """Returns how many jobs have ended: Snakemake writes a benchmark for each then."""
    return sum(1 for _ in (run.results / "benchmarks").rglob("*.tsv"))


def _after_a_kill(run: Run, messages: list[Said]) -> None:
    if len(messages) < WITH_UNLOCK:
        messages.append(run.run())
        run.unlock()
    else:
        shutil.rmtree(run.folder / ".snakemake/locks", ignore_errors=True)


def _start_anew(run: Run) -> None:
    for name in ("results", ".snakemake"):
        shutil.rmtree(run.folder / name, ignore_errors=True)
