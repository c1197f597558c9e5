"""Damaged, missing and unreadable files: what a run says of them, and whether it can be mended."""

from __future__ import annotations

import csv
import os
import random
from collections.abc import Callable
from pathlib import Path

from damage import (
    flip,
    flip_in_member,
    place_in_data,
    place_in_footer,
    replace_by_dangling_link,
    replace_by_folder,
    restored,
    spoil_number,
)
from outcome import Outcome
from runs import TARGETS, Run, Said, difference, without_numbers

SHARD = "0-of-2"
SHARDS = {
    "records": f"records/{SHARD}.parquet",
    "picks": f"picks/eqtransformer/{SHARD}.parquet",
    "windows": f"windows/p15/auto/{SHARD}.parquet",
}
UNREAD = (
    "{} of the bits stood in a part of a page's header that no reader needs: the run went on, to the"
    " results of the untouched one"
)
PLACES = {"data": place_in_data, "footer": place_in_footer}


def names_it(said: Said, name: str) -> bool:
    """Whether a run failed, every job with our line about this file, and without a traceback."""
    about = [line for line in said.ours if name in line]
    return said.status != 0 and bool(about) and about == said.ours and not said.traceback


def changes_nothing(said: Said, run: Run, reference: Run, name: str) -> bool:
    """Whether a run went on over a flipped bit to the results of the untouched run, that file's apart.

    Of a page's header, which has no checksum, a reader needs but a part.
    """
    others = set(difference(run.digests(), reference.digests())) - {f"results/{name}"}
    return said.status == 0 and not said.traceback and not others


def flipped_shards(reference: Run, run: Run, seed: int) -> list[Outcome]:
    """Flips bits in finished shards; a run that reads one stops, and goes on when the file is deleted."""
    rng, outcomes = random.Random(seed), []
    for stage, name in SHARDS.items():
        path, refused, unread, told = run.results / name, 0, 0, ""
        for place in PLACES.values():
            offset = place(path, rng)
            flip(path, offset)
            said = run.run()
            if changes_nothing(said, run, reference, name):
                unread += 1
            else:
                refused += names_it(said, name)
                told = next(iter(said.ours), said.text[-300:])
            flip(path, offset)
        flip(path, place_in_data(path, rng))
        path.unlink()
        end = run.run(*all_targets(name))
        outcomes.append(
            Outcome(
                f"a bit flipped in a shard of {stage}: in the data, in the footer",
                len(PLACES),
                f"`{without_numbers(told)}`",
                "delete the file, then the same command",
                refused + unread if end.status == 0 else 0,
                difference(run.digests(), reference.digests()),
                UNREAD.format(unread) if unread else "",
            )
        )
    return outcomes


def all_targets(*names: str) -> list[str]:
    """Returns the usual targets and the files given."""
    return [f"results/{name}" for name in (*TARGETS, *names)]


def removed_shards(reference: Run, run: Run) -> Outcome:
    """Removes a shard of every stage, and asks for them and the tables."""
    for name in SHARDS.values():
        (run.results / name).unlink()
    said = run.run(*all_targets(*SHARDS.values()))
    return Outcome(
        "a shard removed: of records, of picks, of windows",
        len(SHARDS),
        "nothing",
        "the same command, or the file's name where no table is stale",
        len(SHARDS) if said.status == 0 and not said.traceback else 0,
        difference(run.digests(), reference.digests()),
        "A missing shard is made again when something needs it, or when it is asked for by name",
    )


def replaced_shards(reference: Run, run: Run) -> Outcome:
    """Puts a folder and a link to nowhere where shards of windows were."""
    survived, told = 0, ""
    ways: list[Callable[[Path], None]] = [replace_by_folder, replace_by_dangling_link]
    for way in ways:
        path = run.results / SHARDS["windows"]
        way(path)
        (run.results / "table1.csv").unlink()
        said = run.run(*all_targets(SHARDS["windows"]))
        if said.status:
            told = next(iter(said.ours), _first_error(said))
            if path.is_dir():
                path.rmdir()
            elif path.is_symlink():
                path.unlink()
            again = run.run(*all_targets(SHARDS["windows"]))
            survived += again.status == 0 and not said.traceback
        else:
            survived += not said.traceback
    return Outcome(
        "a folder, a dangling link in place of a shard of windows",
        len(ways),
        f"`{without_numbers(told)}`" if told else "nothing: it is made again",
        "delete it, then the same command" if told else "nothing",
        survived,
        difference(run.digests(), reference.digests()),
    )


def _first_error(said: Said) -> str:
    lines = [line.strip() for line in said.text.splitlines() if "Error" in line or "Exception" in line]
    return lines[0] if lines else said.text[-300:]


def harmed_inputs(reference: Run, run: Run) -> Outcome:
    """Harms four files of the archive; the run goes on without them, says so, and takes them when whole."""
    archive = run.folder / "resources/demo/archive"
    zips, loose = sorted(archive.rglob("*.zip")), sorted(archive.rglob("*_E.asc"))
    with restored(zips[0]), restored(loose[0]), restored(loose[1]), restored(loose[2]):
        member = flip_in_member(zips[0])
        spoil_number(loose[0])
        replace_by_dangling_link(loose[1])
        replace_by_folder(loose[2])
        said = run.run()
        with (run.results / "rejects.csv").open(encoding="utf-8", newline="") as handle:
            rows = [f"{row['source']} {row['reason']}" for row in csv.DictReader(handle)]
    wanted = [f"{zips[0].name}!{member}", loose[0].name, loose[1].name, loose[2].name]
    named = [any(name in row for row in rows) for name in wanted[:3]]
    gone_on = said.status == 0 and not said.traceback
    end = run.run()
    survived = sum(named) + 1 if gone_on and end.status == 0 else 0
    return Outcome(
        "a file of the archive harmed: a bit flipped in a zip, a digit of a loose file spoilt, a dangling"
        " link, a folder in its place",
        len(wanted),
        "a row of `results/rejects.csv` that names the file (unreadable, bad_samples, unsafe_path), or the"
        " record that lacks it (missing_component)",
        "put the file back, then the same command",
        survived,
        difference(run.digests(), reference.digests()),
        "A digit that becomes another digit in a loose `.asc` cannot be told from a measurement, unless it is"
        " the peak, which the header states; zips have checksums",
    )


def harmed_list(reference: Run, run: Run) -> Outcome:
    """Cuts the station list short."""
    path = run.folder / "resources/demo/stations.xlsx"
    with restored(path):
        path.write_bytes(path.read_bytes()[:-200])
        os.utime(path)
        said = run.run()
    end = run.run()
    return Outcome(
        "the station list cut short",
        1,
        f"`{without_numbers(next(iter(said.ours), said.text[-300:]))}`",
        "put the file back, then the same command",
        int(names_it(said, "stations.xlsx") and end.status == 0),
        difference(run.digests(), reference.digests()),
    )
