"""One window drawn channel by channel: the four-channel input of the paper's Figure 3."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from quakesite.errors import InputError
from quakesite.tables import atomic_path
from quakesite.windows.reading import Shard, open_shard
from quakesite.windows.schema import CHANNELS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PHASE_COLOURS = {"P": "tab:blue", "S": "tab:red"}
FORMATS = (".png", ".svg", ".pdf")


def shards_in(places: Sequence[str | Path]) -> list[Path]:
    """Returns the shards of windows at `places`, each a file, or a folder of which all are taken.

    Raises:
        InputError: a place does not exist, or a folder holds no shard.
    """
    found: list[Path] = []
    for place in map(Path, places):
        inside = sorted(place.glob("*.parquet")) if place.is_dir() else [place]
        if not inside or not inside[0].exists():
            what = "holds no .parquet file" if place.is_dir() else "no such file or folder"
            raise InputError(place, what, expected="shards of windows, results/windows/{window}/{annotation}")
        found += inside
    return found


def find_record(paths: Sequence[str | Path], record_id: str) -> tuple[Shard, int]:
    """Returns the shard that holds the window of a record, and its row there.

    Raises:
        InputError: none of the shards holds it.
    """
    for path in paths:
        shard = open_shard(path)
        row = shard.metadata["record_id"].index(record_id).as_py()
        if row >= 0:
            return shard, row
    raise InputError(
        record_id,
        f"not among the windows of {len(paths)} shard(s)",
        action="the table of rejects, results/windows/rejects, says whether and why it was refused",
    )


def window_figure(
    tensor: npt.NDArray[np.float32], rate_hz: float, metadata: dict[str, Any], window: str
) -> Figure:
    """Returns the drawing of one window: E, N, Z in cm/s^2 and P/S under each other.

    Args:
        tensor: shape (4, n_samples).
        rate_hz: its sampling rate.
        metadata: its row of `schema.METADATA`.
        window: the kind of window.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 6), layout="constrained")
    axes = figure.subplots(len(CHANNELS), 1, sharex=True, height_ratios=[1, 1, 1, 0.5])
    time_s = np.arange(tensor.shape[1]) / rate_hz
    limit = 1.05 * float(np.abs(tensor[:3]).max()) or 1.0
    for axis, channel, samples in zip(axes, CHANNELS, tensor, strict=True):
        marks_phases = channel == "PS"
        axis.plot(time_s, samples, color="black", linewidth=1.2 if marks_phases else 0.6)
        axis.set_ylabel("P/S" if marks_phases else f"{channel} (cm/s²)")
        axis.set_ylim((-0.15, 1.15) if marks_phases else (-limit, limit))
        if marks_phases:
            axis.set_yticks([0, 1])
            axis.fill_between(time_s, samples, color="0.85", linewidth=0)
        axis.grid(axis="x", color="0.9", linewidth=0.6)
        axis.set_axisbelow(True)
        for phase, colour in PHASE_COLOURS.items():
            sample = metadata[f"{phase.lower()}_sample"]
            if sample is not None and 0 <= sample < len(time_s):
                axis.axvline(sample / rate_hz, color=colour, linewidth=1)
                if axis is axes[0]:
                    above = axis.get_xaxis_transform()
                    axis.text(sample / rate_hz, 1.02, phase, color=colour, ha="center", transform=above)
            elif sample is not None and axis is axes[-1]:
                _note_outside(axis, phase, sample, len(time_s), rate_hz, colour)
    axes[-1].set_xlim(0, len(time_s) / rate_hz)
    axes[-1].set_xlabel("Time in the window (s)")
    figure.align_ylabels(axes)
    figure.suptitle(_title(metadata, window))
    return figure


def _note_outside(axis: Axes, phase: str, sample: float, n_samples: int, rate_hz: float, colour: str) -> None:
    """Says how far before or behind the window a phase lies that the fourth channel still goes by."""
    before = sample < 0
    distance_s = (-sample if before else sample - n_samples) / rate_hz
    note = f"{phase} {distance_s:.1f} s {'before' if before else 'behind'} the window"
    height = 0.75 if phase == "P" else 0.25
    axis.text(
        0.01 if before else 0.99,
        height,
        note,
        color=colour,
        fontsize="small",
        ha="left" if before else "right",
        va="center",
        transform=axis.transAxes,
    )


def _title(metadata: dict[str, Any], window: str) -> str:
    parts = [f"{metadata['record_id']}, {window}"]
    for name, form in (
        ("magnitude", "M {:.1f}"),
        ("epicentral_distance_km", "{:.0f} km"),
        ("pga_cm_s2", "PGA {:.3g} cm/s²"),
        ("snr_db", "SNR {:.0f} dB"),
    ):
        if metadata[name] is not None:
            parts.append(form.format(metadata[name]))
    if metadata["filled_samples"]:
        parts.append(f"{metadata['filled_samples']} samples filled")
    return ", ".join(parts)


def draw_record(places: Sequence[str | Path], record_id: str, target: Path) -> None:
    """Draws the window of one record to `target`, a .png, .svg or .pdf; equal windows give equal files.

    Raises:
        InputError: the record is in none of the shards at `places`, or `target` is of another kind.
    """
    import matplotlib as mpl

    if target.suffix not in FORMATS:
        raise InputError(target, f"{target.suffix!r}", expected=f"a name that ends in {', '.join(FORMATS)}")
    shard, row = find_record(shards_in(places), record_id)
    metadata = shard.metadata.slice(row, 1).to_pylist()[0]
    figure = window_figure(
        shard.read([row])[0], shard.description.rate_hz, metadata, shard.description.window
    )
    undated = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(target.suffix)
    with mpl.rc_context({"svg.hashsalt": record_id}), atomic_path(target) as temporary:
        figure.savefig(temporary, format=target.suffix[1:], dpi=150, metadata=undated)
