"""How fast EQTransformer picks: records to picks, against SeisBench called record by record.

    python benchmarks/picks_speed.py ARCHIVE --weights resources/weights/eqtransformer.safetensors

ARCHIVE is a folder or zip of records; every way of picking gets the same ones, at the same stride.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import obspy
import torch

from quakesite.picks.annotate import Annotator, padded
from quakesite.picks.eqtransformer import pick
from quakesite.picks.settings import PicksSettings
from quakesite.picks.weights import load_eqtransformer
from quakesite.records.reading import read
from quakesite.records.record import Record


def seconds(work: Callable[[], object]) -> float:
    """Returns the shorter of two runs: CPU time with one thread, which a busy machine does not disturb."""
    clock = time.process_time if torch.get_num_threads() == 1 else time.perf_counter
    taken = []
    for _ in range(2):
        started = clock()
        work()
        taken.append(clock() - started)
    return min(taken)


def forward(model: Any, batch_size: int, batches: int = 12) -> float:
    """Returns windows per second of the bare forward pass."""
    batch = torch.randn(batch_size, model.in_channels, model.in_samples)

    def work() -> None:
        with torch.inference_mode():
            for _ in range(batches):
                model(batch)

    work()
    return batches * batch_size / seconds(work)


def streams(records: list[Record], annotator: Annotator) -> Iterator[obspy.Stream]:
    """Yields the records as SeisBench takes them, padded as ours."""
    for record in records:
        rate_hz = record.sampling_rate_hz
        samples = padded(record.acceleration, *annotator.padding(record.n_samples, rate_hz), rate_hz)
        yield obspy.Stream(
            [
                obspy.Trace(row, {"sampling_rate": rate_hz, "station": record.station, "channel": f"HN{c}"})
                for row, c in zip(samples, "ENZ", strict=True)
            ]
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("archive", type=Path, nargs="+")
    parser.add_argument("--weights", type=Path, default="resources/weights/eqtransformer.safetensors")
    parser.add_argument("--stride", type=float, default=PicksSettings().stride_s, help="in s")
    parser.add_argument("--records", type=int, default=24, help="most records to use")
    options = parser.parse_args()
    warnings.simplefilter("ignore")

    records = [record for path in options.archive for record in read(path)][: options.records]
    model = load_eqtransformer(options.weights)
    settings = PicksSettings(stride_s=options.stride)
    annotator = Annotator(
        model, stride_s=settings.stride_s, batch_size=settings.batch_size, padding_s=settings.padding_s
    )
    lengths = [round(one.n_samples * annotator.rate_hz / one.sampling_rate_hz) for one in records]
    windows = sum(len(annotator.offsets(n + sum(annotator.padding(n, annotator.rate_hz)))) for n in lengths)
    overlap = annotator.length - annotator.stride
    minutes = np.sum([record.duration_s for record in records]) / 60
    print(f"{len(records)} records, {minutes:.1f} min, {windows} windows of stride {settings.stride_s} s")
    for threads in (1, 2):
        torch.set_num_threads(threads)
        bare = {size: forward(model, size) for size in (1, settings.batch_size, 64)}
        print(
            f"threads {threads}: bare forward, " + ", ".join(f"batch {n} {r:.0f}/s" for n, r in bare.items())
        )
        ours = seconds(lambda: list(pick(records, model, settings)))
        one_by_one = {
            name: seconds(
                lambda call=call: [call(one, overlap=overlap) for one in streams(records, annotator)]
            )
            for name, call in (("classify", model.classify), ("annotate", model.annotate))
        }
        share = windows / ours / bare[settings.batch_size]
        print(
            f"  records to picks  {len(records) / ours:5.1f} records/s  {windows / ours:5.0f} windows/s ",
            end="",
        )
        print(f"({share:.0%} of the bare forward rate at batch {settings.batch_size})")
        for name, taken in one_by_one.items():
            rate = f"{len(records) / taken:5.1f} records/s  {windows / taken:5.0f} windows/s"
            print(f"  {name} per record {rate}  ({taken / ours:.1f} times slower)")


if __name__ == "__main__":
    main()
