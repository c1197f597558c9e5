"""Figure 3: the four channels a network is given of one record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from quakesite.errors import InputError
from quakesite.figures.style import COLUMN_IN, INK, TRAIN, VALIDATION, new_figure, style
from quakesite.windows.reading import Shard, open_shard
from quakesite.windows.schema import CHANNELS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_RANKED = ["record_id", "snr_db", "p_sample", "s_sample"]
CLEARLY_APART_S = 5.0
LABELS = {"E": "East", "N": "North", "Z": "Up", "PS": "P to S"}


@dataclass(frozen=True, slots=True)
class Window:
    """One record's window.

    Attributes:
        record_id: the record's name.
        tensor: (4, samples); E, N, Z in cm/s^2 and the P/S channel.
        rate_hz: sampling rate.
        p_sample, s_sample: picks in samples from the window's start; None without a pick.
    """

    record_id: str
    tensor: npt.NDArray[np.float32]
    rate_hz: float
    p_sample: float | None
    s_sample: float | None


NOTHING = "No record has a window; results/rejects.csv says why."


def choose(shards: Sequence[str | Path], record_id: str | None = None) -> Window | None:
    """Returns the window of `record_id`, else the clearest; None where there is no window at all.

    That is the one with the largest signal-to-noise ratio of those with P and S, 5 s apart if there is one.

    Raises:
        InputError: there is no window of `record_id`.
    """
    best: tuple[tuple[bool, bool, float, str], Shard, int] | None = None
    for path in shards:
        shard = open_shard(path)
        for place, row in enumerate(shard.metadata.select(_RANKED).to_pylist()):
            if record_id not in (None, row["record_id"]):
                continue
            picked = row["p_sample"] is not None and row["s_sample"] is not None
            snr = row["snr_db"] if row["snr_db"] is not None else float("-inf")
            apart = (
                picked and row["s_sample"] - row["p_sample"] >= CLEARLY_APART_S * shard.description.rate_hz
            )
            rank = (picked, apart, snr, row["record_id"])
            if best is None or rank > best[0]:
                best = (rank, shard, place)
    if best is None:
        if record_id is None:
            return None
        raise InputError(
            ", ".join(map(str, shards)) or "windows",
            f"no window of {record_id}",
            action="see results/rejects.csv",
        )
    _, shard, place = best
    row = shard.metadata.slice(place, 1).to_pylist()[0]
    return Window(
        row["record_id"],
        shard.read([place])[0],
        shard.description.rate_hz,
        row["p_sample"],
        row["s_sample"],
    )


def draw(window: Window, *, synthetic: bool = False) -> Figure:
    """Returns the figure of `window`: its channels one above the other, P and S marked in each."""
    time = np.arange(window.tensor.shape[1]) / window.rate_hz
    largest = float(np.abs(window.tensor[:3]).max()) or 1.0
    with style():
        figure = new_figure(COLUMN_IN, 3.3, synthetic=synthetic)
        panels = figure.subplots(len(CHANNELS), 1, sharex=True, gridspec_kw={"height_ratios": [1, 1, 1, 0.5]})
        for axes, name, samples in zip(panels, CHANNELS, window.tensor, strict=True):
            axes.plot(time, samples, color=INK, linewidth=0.5 if name != "PS" else 1.0)
            if name == "PS":
                axes.fill_between(time, samples, color=TRAIN, alpha=0.25, linewidth=0)
                axes.set_ylim(-0.1, 1.25)
                axes.set_yticks([0, 1])
            else:
                axes.set_ylim(-1.08 * largest, 1.08 * largest)
            axes.text(
                0.008, 0.93, LABELS[name], transform=axes.transAxes, va="top", fontweight="bold", fontsize=7
            )
            for phase, sample, colour in (("P", window.p_sample, TRAIN), ("S", window.s_sample, VALIDATION)):
                if sample is not None and 0 <= sample < window.tensor.shape[1]:
                    axes.axvline(sample / window.rate_hz, color=colour, linewidth=0.9, gid=f"{phase} {name}")
                    if name == "E":
                        axes.annotate(
                            phase,
                            (sample / window.rate_hz, 1.0),
                            xycoords=("data", "axes fraction"),
                            xytext=(0, 1),
                            textcoords="offset points",
                            ha="center",
                            color=colour,
                            fontweight="bold",
                        )
            axes.set_xlim(0.0, window.tensor.shape[1] / window.rate_hz)
        panels[1].set_ylabel("Acceleration (cm/s²)")
        panels[3].set_ylabel("P/S\n(0 or 1)")
        panels[3].set_xlabel("Time in the window (s)")
        panels[0].set_title(window.record_id, pad=11)
        figure.align_ylabels(list(panels))
    return figure
