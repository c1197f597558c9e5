"""What stride, padding and timing buy: EQTransformer against the picks that came with the records.

    python benchmarks/picks_accuracy.py ARCHIVE --weights resources/weights/eqtransformer.safetensors

ARCHIVE holds records that carry picks (AFAD-1218). Besides the records as they are, short cuts of them are
picked: from 1 to 8 s before P to 10 to 60 s after S. A record whose own picks are flagged is not cut.
"""

from __future__ import annotations

import argparse
import dataclasses
import warnings
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from quakesite.picks.flags import flags, hypocentral_distance_km
from quakesite.picks.picker import pick
from quakesite.picks.probabilities import Fill, padded
from quakesite.picks.settings import PicksSettings
from quakesite.picks.weights import load_network
from quakesite.records.reading import read
from quakesite.records.record import Record
from quakesite.tables import atomic_path

Samples = npt.NDArray[np.float64]
Errors = dict[str, npt.NDArray[np.float64]]

STRIDES_S = (3.13, 5.37, 7.37, 9.37, 13.37, 18.37, 26.87)


def cuts(record: Record) -> Iterator[Record]:
    """Yields short cuts of a picked record, their starts shifted at random by up to half a second."""
    p_s, s_s = record.author_p_s, record.author_s_s
    distance_km = hypocentral_distance_km(record.epicentral_distance_km, record.ev_depth_km)
    if p_s is None or s_s is None or flags(p_s, s_s, record.duration_s, distance_km):
        return
    rng = np.random.default_rng(1)
    for before_s, after_s in product((1, 2, 3, 4, 6, 8), (10, 25, 60)):
        start = round((p_s - before_s + rng.uniform(-0.5, 0.5)) * record.sampling_rate_hz)
        end = min(round((s_s + after_s) * record.sampling_rate_hz), record.n_samples)
        if start >= 0:
            since = start / record.sampling_rate_hz
            yield dataclasses.replace(
                record,
                acceleration=record.acceleration[:, start:end],
                n_samples=end - start,
                author_p_s=p_s - since,
                author_s_s=s_s - since,
            )


def zeros(samples: Samples, before: int, behind: int, rate_hz: float) -> Samples:
    """Pads with zeros, for comparison."""
    del rate_hz
    return np.pad(samples - samples.mean(axis=1, keepdims=True), ((0, 0), (before, behind)))


def measured(records: list[Record], model: Any, settings: PicksSettings, fill: Fill) -> Errors:
    """Returns how far each P and each S is from the authors' own, in s; NaN where there is none."""
    errors: dict[str, list[float]] = {"P": [], "S": []}
    for record, one in zip(records, pick(records, model, settings, fill), strict=True):
        for phase, found, truth in (("P", one.p, record.author_p_s), ("S", one.s, record.author_s_s)):
            errors[phase].append(np.nan if found is None or truth is None else abs(found.time_s - truth))
    return {phase: np.array(values) for phase, values in errors.items()}


def figures(errors: Errors) -> str:
    """Returns misses, median errors and the shares within 0.1, 0.2 and 0.5 s, of P and of S."""
    parts = []
    for phase, late in errors.items():
        missed = int(np.isnan(late).sum())
        shares = [float(np.mean(late <= limit)) for limit in (0.1, 0.2, 0.5)]
        parts.append(
            f"{phase} {missed:3d} missed {np.nanmedian(late):.3f} s " + "/".join(f"{s:.0%}" for s in shares)
        )
    return "  ".join(parts)


def plot(curve: dict[float, Errors], target: Path) -> None:
    """Draws, against the stride, the arrivals found and their median error, of the short cuts."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 2.8), layout="constrained")
    found, error = figure.subplots(1, 2)
    strides = sorted(curve)
    for phase, colour, marker in (("P", "#0a63b8", "o"), ("S", "#c2410c", "s")):
        late = [curve[stride][phase] for stride in strides]
        look = {"color": colour, "marker": marker, "label": phase}
        found.plot(strides, [100 * np.mean(~np.isnan(one)) for one in late], **look)
        error.plot(strides, [np.nanmedian(one) for one in late], **look)
    found.set_ylabel("found (%)")
    error.set_ylabel("median error (s)")
    error.set_ylim(bottom=0)
    for axes in (found, error):
        axes.axvline(PicksSettings().stride_s, color="#999999", linestyle=":", linewidth=1)
        axes.set_xlabel("stride (s); dotted: the default")
        axes.spines[["top", "right"]].set_visible(False)
    found.legend(frameon=False)
    with atomic_path(target) as temporary:
        figure.savefig(temporary, format="png", dpi=150)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("archive", type=Path)
    parser.add_argument("--weights", type=Path, default="resources/weights/eqtransformer.safetensors")
    parser.add_argument("--strides", type=float, nargs="+", default=STRIDES_S, help="in s")
    parser.add_argument("--every", type=int, default=1, help="use every second cut, third, ...")
    parser.add_argument("--plot", type=Path, help="draw the curve of the strides into this file (.png)")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)

    records = [record for record in read(options.archive) if record.author_p_s is not None]
    short = [cut for record in records for cut in cuts(record)][:: options.every]
    model = load_network(options.weights)
    print(f"{len(records)} records, {len(short)} cuts; missed, median error, within 0.1/0.2/0.5 s")
    plan = [
        *((stride_s, 15.0, "mirrored") for stride_s in options.strides),
        *((7.37, padding_s, "mirrored") for padding_s in (5.0, 10.0, 20.0)),
        (7.37, 15.0, "zeros"),
    ]
    curve: dict[float, Errors] = {}
    for stride_s, padding_s, filled in plan:
        fill = padded if filled == "mirrored" else zeros
        for timing in ("classify", "settled"):
            settings = PicksSettings(stride_s=stride_s, padding_s=padding_s, timing=timing)
            print(f"stride {stride_s:5.2f} s, padding {padding_s:4.1f} s {filled:8s} {timing:8s}", end=" | ")
            of_cuts = measured(short, model, settings, fill)
            print(figures(measured(records, model, settings, fill)), "| cuts", figures(of_cuts), flush=True)
            if (padding_s, filled, timing) == (15.0, "mirrored", "settled"):
                curve[stride_s] = of_cuts
    if options.plot is not None:
        plot(curve, options.plot)


if __name__ == "__main__":
    main()
