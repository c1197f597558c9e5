"""How fast EQTransformer picks: records to picks, against SeisBench called record by record.

    python benchmarks/picks_speed.py ARCHIVE... --weights resources/weights/eqtransformer.safetensors

ARCHIVE is a folder or zip of records; every way of picking gets the same ones, at the same stride. The ways
take turns, and ratios are of the medians over the rounds. With one thread it is processor time that counts,
which a busy machine disturbs less than the clock. The bare forward pass, `classify` and `annotate` are of
SeisBench's own, plain network.

`--check` compares what lands in picks.parquet, with `timing: classify` and `padding_s: 0` and by default,
with the picks of `classify`, on all records of 60 s or more; exit status 1 where the former differ.
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import obspy
import torch

from quakesite.picks.candidates import Clock, candidates
from quakesite.picks.device import BATCH_ON_CPU
from quakesite.picks.picker import pick
from quakesite.picks.probabilities import Annotator, Input, padded
from quakesite.picks.settings import PicksSettings
from quakesite.picks.weights import load_network
from quakesite.records.reading import read
from quakesite.records.record import Record

BATCHES = (1, 8, 16, 32, 64)
WINDOWS_PER_BATCH_SIZE = 128


def seconds(work: Callable[[], object]) -> float:
    """Returns how long one run takes: processor time with one thread, else time by the clock."""
    clock = time.process_time if torch.get_num_threads() == 1 else time.perf_counter
    started = clock()
    work()
    return clock() - started


def forward(model: Any, batch_size: int) -> Callable[[], None]:
    """Returns a run of the bare forward pass over `WINDOWS_PER_BATCH_SIZE` windows."""
    batch = torch.randn(batch_size, model.in_channels, model.in_samples)

    def work() -> None:
        with torch.inference_mode():
            for _ in range(WINDOWS_PER_BATCH_SIZE // batch_size):
                model(batch)

    return work


def streams(records: list[Record], annotator: Annotator | None) -> Iterator[obspy.Stream]:
    """Yields the records as SeisBench takes them, padded as by `annotator` if there is one."""
    for record in records:
        rate_hz = record.sampling_rate_hz
        samples = record.acceleration.astype(float)
        if annotator is not None:
            samples = padded(samples, *annotator.padding(record.n_samples, rate_hz), rate_hz)
        yield obspy.Stream(
            [
                obspy.Trace(row, {"sampling_rate": rate_hz, "station": record.station, "channel": f"HN{c}"})
                for row, c in zip(samples, "ENZ", strict=True)
            ]
        )


def one_by_one(
    call: Callable[..., object], records: list[Record], annotator: Annotator
) -> Callable[[], None]:
    """Returns a run of `classify` or `annotate`, called once per record."""
    overlap = annotator.length - annotator.stride

    def work() -> None:
        for stream in streams(records, annotator):
            call(stream, overlap=overlap)

    return work


def forward_only(model: Any, counts: Sequence[int]) -> Callable[[], None]:
    """Returns a run of the forward passes that `classify` per record makes, and nothing else."""

    def work() -> None:
        with torch.no_grad():
            for n_windows in counts:
                model(torch.zeros(n_windows, model.in_channels, model.in_samples))

    return work


def measured(ways: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Returns the times of each way, in turns; a first turn is not counted."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(rounds + 1):
        for name, work in ways.items():
            taken = seconds(work)
            if turn:
                times[name].append(taken)
    return times


def in_another_process(paths: list[Path], n_records: int, weights: Path, stride_s: float, ready: Any) -> None:
    """Picks all records once, when all processes are ready, as one of several jobs of the workflow does."""
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    records = [record for path in paths for record in read(path)][:n_records]
    model, settings = load_network(weights), PicksSettings(stride_s=stride_s)
    list(pick(records[:4], model, settings))
    ready.wait()
    list(pick(records, model, settings))
    ready.wait()


def by_jobs(n_jobs: int, *given: Any) -> float:
    """Returns how long `n_jobs` processes of one thread each take, by the clock, for all records each."""
    ready = multiprocessing.Barrier(n_jobs + 1)
    jobs = [multiprocessing.Process(target=in_another_process, args=(*given, ready)) for _ in range(n_jobs)]
    for job in jobs:
        job.start()
    ready.wait()
    started = time.perf_counter()
    ready.wait()
    taken = time.perf_counter() - started
    for job in jobs:
        job.join()
    return taken


def check(records: list[Record], model: Any, plain: Any, stride_s: float) -> bool:
    """Prints how far our picks are from those of `classify`; returns whether all are the same.

    With `timing: classify` and `padding_s: 0` each of our picks must be one of `classify`, within a sample.
    """
    long = [one for one in records if one.n_samples / one.sampling_rate_hz >= plain.in_samples / 100]
    overlap = plain.in_samples - round(100 * stride_s)
    theirs = [
        [
            (one.phase, one.peak_time - obspy.UTCDateTime(0), one.peak_value)
            for one in plain.classify(stream, overlap=overlap, P_threshold=0.3, S_threshold=0.1).picks
        ]
        for stream in streams(long, None)
    ]
    same = True
    for changed in ({"timing": "classify", "padding_s": 0.0}, {"timing": "classify"}, {}):
        settings = PicksSettings(stride_s=stride_s, **changed)
        n_theirs = n_best = n_any = n_ours = 0
        apart: list[float] = []
        for record, found, one in zip(long, theirs, pick(long, model, settings), strict=True):
            sample_s = 1.001 / min(record.sampling_rate_hz, 100.0)
            for phase, mine in (("P", one.p), ("S", one.s)):
                of_phase = [(time_s, value) for name, time_s, value in found if name == phase]
                n_theirs += bool(of_phase)
                n_ours += mine is not None
                if mine is None or not of_phase:
                    continue
                best_s = max(of_phase, key=lambda item: item[1])[0]
                apart.append(abs(mine.time_s - best_s))
                n_best += apart[-1] <= sample_s
                n_any += any(abs(mine.time_s - time_s) <= sample_s for time_s, _ in of_phase)
        near = [value for value in apart if value < 1]
        print(
            f"timing {settings.timing}, padding {settings.padding_s:g} s: {len(long)} records, {n_theirs} "
            f"phases picked by classify, {n_ours} by us; within one sample of its most probable pick "
            f"{n_best}, of any of its picks {n_any}; farthest below 1 s {max(near, default=0):.2f} s, "
            f"{len(apart) - len(near)} farther"
        )
        if changed.get("padding_s") == 0.0:
            same = n_any == n_theirs == n_ours
    return same


def stacked_check(records: list[Record], model: Any, annotator: Annotator) -> None:
    """Prints how many peaks of the same padded records `classify` and we find alike."""
    n_records, n_picks, n_same = 0, 0, 0
    inputs = (Input(record, record.acceleration, record.sampling_rate_hz) for record in records)
    for annotation, stream in zip(annotator.annotate(inputs), streams(records, annotator), strict=True):
        record = annotation.record
        overlap = annotator.length - annotator.stride
        picks = model.classify(stream, overlap=overlap, P_threshold=0.3, S_threshold=0.1).picks
        origin = obspy.UTCDateTime(0) - annotation.first_s
        clock = Clock(annotation.first_s, annotation.rate_hz, record.duration_s)
        n_records += 1
        for phase, threshold in (("P", 0.3), ("S", 0.1)):
            theirs = [one.peak_time - origin for one in picks if one.phase == phase]
            theirs = [time_s for time_s in theirs if 0 <= round(time_s, 6) <= record.duration_s]
            column = annotator.labels.index(phase)
            mine = [one.time_s for one in candidates(annotation.stacked[:, column], threshold, clock)]
            mine = [time_s for time_s in mine if clock.holds(time_s)]
            n_picks += max(len(theirs), len(mine))
            n_same += sum(any(abs(a - b) <= 1.001 / annotation.rate_hz for b in mine) for a in theirs)
    print(
        f"of padded records: {n_same} of {n_picks} peaks within one sample of classify's, {n_records} records"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("archive", type=Path, nargs="+")
    parser.add_argument("--weights", type=Path, default="resources/weights/eqtransformer.safetensors")
    parser.add_argument("--stride", type=float, default=PicksSettings().stride_s, help="in s")
    parser.add_argument("--records", type=int, default=24, help="most records to use")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each way")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--jobs", type=int, nargs="*", default=[1, 2], help="processes of one thread each")
    parser.add_argument("--check", action="store_true", help="compare the picks instead of the speed")
    options = parser.parse_args()
    warnings.simplefilter("ignore")

    records = [record for path in options.archive for record in read(path)][: options.records]
    model, plain = load_network(options.weights), load_network(options.weights, plain=True)
    settings = PicksSettings(stride_s=options.stride)
    annotator = Annotator(
        model, stride_s=settings.stride_s, batch_size=BATCH_ON_CPU, padding_s=settings.padding_s
    )
    if options.check:
        torch.set_num_threads(1)
        stacked_check(records, plain, annotator)
        if not check(records, model, plain, settings.stride_s):
            raise SystemExit(1)
        return
    lengths = [round(one.n_samples * annotator.rate_hz / one.sampling_rate_hz) for one in records]
    counts = [len(annotator.offsets(n + sum(annotator.padding(n, annotator.rate_hz)))) for n in lengths]
    windows = sum(counts)
    minutes = np.sum([record.duration_s for record in records]) / 60
    print(f"{len(records)} records, {minutes:.1f} min, {windows} windows of stride {settings.stride_s} s")
    for threads in options.threads:
        torch.set_num_threads(threads)
        ways = {
            **{f"forward {size}": forward(plain, size) for size in BATCHES},
            f"folded {BATCH_ON_CPU}": forward(model, BATCH_ON_CPU),
            "ours": lambda: list(pick(records, model, settings)),
            "classify": one_by_one(plain.classify, records, annotator),
            "annotate": one_by_one(plain.annotate, records, annotator),
            "its forward": forward_only(plain, counts),
        }
        times = measured(ways, options.rounds)
        taken = {name: median(values) for name, values in times.items()}
        spread = max((max(values) - min(values)) / taken[name] for name, values in times.items())
        bare = {size: WINDOWS_PER_BATCH_SIZE / taken[f"forward {size}"] for size in BATCHES}
        rates = ", ".join(f"batch {size} {rate:.0f}" for size, rate in bare.items())
        print(f"{threads} thread(s), spread {spread:.0%}; SeisBench's bare forward, windows/s: {rates}")
        folded = WINDOWS_PER_BATCH_SIZE / taken[f"folded {BATCH_ON_CPU}"]
        print(f"  folded decoders, bare forward at batch {BATCH_ON_CPU}: {folded:.0f} windows/s")
        share = windows / taken["ours"] / bare[BATCH_ON_CPU]
        rate = f"{len(records) / taken['ours']:5.1f} records/s {windows / taken['ours']:5.0f} windows/s"
        print(f"  records to picks      {rate}, {share:.0%} of the bare forward pass at batch {BATCH_ON_CPU}")
        for name in ("classify", "annotate"):
            print(
                f"  {name} per record   {len(records) / taken[name]:5.1f} records/s "
                f"{windows / taken[name]:5.0f} windows/s, {taken[name] / taken['ours']:.1f} times slower"
            )
        part = taken["its forward"] / taken["classify"]
        print(f"  of classify's time {part:.0%} is its forward pass")
    for n_jobs in options.jobs:
        taken_s = by_jobs(n_jobs, options.archive, options.records, options.weights, options.stride)
        print(f"{n_jobs} job(s) of one thread, by the clock: {n_jobs * len(records) / taken_s:.1f} records/s")


if __name__ == "__main__":
    main()
