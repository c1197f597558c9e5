"""What happens around a run: a full disk, a clock that jumps, a second run at once."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

from damage import shift_times
from outcome import Outcome
from runs import LONGEST, Run, Said, difference, without_numbers

SHARES = (0.1, 0.4, 0.7)
"""Of the room that the results take."""
DAYS_AHEAD = 900


def full_disk(reference: Run, run: Run) -> Outcome:
    """Runs on a disk that is too small, and larger after each failure. Needs root, to mount a tmpfs."""
    name = "the disk full"
    if os.geteuid() != 0 or shutil.which("mount") is None:
        return Outcome(name, 0, "", "", 0, note="Skipped: only root may mount a small tmpfs")
    run.results.mkdir()
    needed = sum(path.stat().st_size for path in reference.results.rglob("*") if path.is_file())
    survived, told = 0, ""
    _mount("-t", "tmpfs", "-o", f"size={int(needed * SHARES[0])}", "tmpfs", str(run.results))
    try:
        for share in (*SHARES[1:], 4.0):
            said = run.run()
            told = next((line for line in said.ours if "No space" in line), told)
            survived += said.status != 0 and _no_room(said) and not said.traceback
            _mount("-o", f"remount,size={int(needed * share)}", str(run.results))
        end = run.run()
        differing = difference(run.digests(), reference.digests())
    finally:
        subprocess.run(["umount", str(run.results)], check=True)
    return Outcome(
        f"{name} ({', '.join(f'{share:.0%}' for share in SHARES)} of the room that the results take)",
        len(SHARES),
        f"`{without_numbers(told)}`",
        "make room, then the same command",
        survived if end.status == 0 else 0,
        differing,
    )


def _no_room(said: Said) -> bool:
    return "No space left on device" in said.text


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


SKEWED = "clock skew"
TOLD = "Snakemake: an output is older than its input, which it names; a clock skew?"
REMEDY = "`find results resources -newermt now -exec touch {} +`, then the same command"


def moved_clock(reference: Run, run: Run) -> Outcome:
    """Makes the first half of a run under a clock 900 days ahead, the rest today."""
    name = f"the clock {DAYS_AHEAD} days ahead for the first half of a run, then right"
    fake = shutil.which("faketime")
    if fake is None:
        return Outcome(name, 0, "", "", 0, note="Skipped: there is no `faketime`")
    ahead = [fake, "--exclude-monotonic", "-f", f"+{DAYS_AHEAD}d"]
    first = run.run("results/picks.parquet", before=ahead)
    if not (run.folder / ".snakemake/log").exists():
        why = "Not injected: Snakemake ended under `faketime`, which on some machines ends Python's sleep"
        return Outcome(name, 0, "", "", 0, note=why)
    return _mended_by_touching(name, 1, reference, run, first.status == 0)


def moved_times(reference: Run, run: Run) -> Outcome:
    """Moves the times of all records to tomorrow, of all windows to last year."""
    ahead = shift_times(run.results / "records", 86_400)
    behind = shift_times(run.results / "windows", -365 * 86_400)
    name = f"the times of files moved: {ahead} of records to tomorrow, {behind} of windows to a year ago"
    return _mended_by_touching(name, 2, reference, run, bool(ahead and behind))


def _mended_by_touching(name: str, n: int, reference: Run, run: Run, injected: bool) -> Outcome:
    said = run.run()
    clear = said.status == 0 or SKEWED in said.text
    stopped = said.status != 0
    if stopped:
        now_at_the_latest(run.folder / "results")
        now_at_the_latest(run.folder / "resources")
        again = run.run()
        clear = clear and again.status == 0 and not again.traceback
    return Outcome(
        name,
        n,
        TOLD if stopped else "nothing",
        REMEDY if stopped else "nothing",
        n if injected and clear and not said.traceback else 0,
        difference(run.digests(), reference.digests()),
    )


def now_at_the_latest(folder: Path) -> None:
    """Sets the times of files that lie ahead to now."""
    now = time.time()
    for path in folder.rglob("*"):
        if path.is_file() and path.stat().st_mtime > now:
            os.utime(path, (now, now))


def two_at_once(reference: Run, run: Run) -> Outcome:
    """Starts a second run while the first has jobs running."""
    for name in ("windows", "table1.csv", "skill.csv"):
        path = run.results / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    log = run.results / "logs/windows"
    shutil.rmtree(log, ignore_errors=True)
    first = run.start()
    _wait_for(log, first)
    terminal = run.folder / "terminal.log"
    terminal.rename(run.folder / "terminal-of-the-first.log")
    second = run.run()
    first.wait(LONGEST)
    clear = second.status != 0 and second.locked and not second.traceback
    return Outcome(
        "two runs at once in one folder",
        1,
        "Snakemake, to the second: the directory cannot be locked" if clear else f"`{second.text[-300:]}`",
        "wait for the first",
        int(clear and first.returncode == 0),
        difference(run.digests(), reference.digests()),
    )


def _wait_for(path: Path, process: subprocess.Popen[bytes]) -> None:
    while not path.exists() and process.poll() is None:
        time.sleep(0.1)
