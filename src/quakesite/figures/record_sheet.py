"""The sheet of one record: three components, picks of every method, the window, a spectrogram."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from quakesite.errors import InputError
from quakesite.figures.channels import LABELS, choose
from quakesite.figures.style import COLUMN_IN, INK, TRAIN, VALIDATION, new_figure, style
from quakesite.picks.schema import PICKS
from quakesite.records.schema import COMPONENTS, from_bytes
from quakesite.tables import open_parquet, read_parquet
from quakesite.windows.reading import open_shard

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHOWN = (
    "record_id",
    "magnitude",
    "magnitude_type",
    "epicentral_distance_km",
    "sampling_rate_hz",
    "acceleration",
)
PHASE_COLOURS = {"P": TRAIN, "S": VALIDATION}
DASHES: tuple[Any, ...] = ("-", (0, (3, 1.5)), ":", (0, (6, 1.5, 1, 1.5)))
WINDOW = "#ddaa33"
SPECTROGRAM_WINDOW_S = 1.0
DYNAMIC_RANGE_DB = 60.0
TOP_HZ = 25.0


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is drawn of one record.

    Attributes:
        row: its row of the records table without the samples (`SHOWN`).
        acceleration: (3, samples) in cm/s^2, order E, N, Z.
        picks: (method, phase, seconds from the first sample), methods in the order of the table.
        window: first and last second of the window; None where it has none.
    """

    row: dict[str, Any]
    acceleration: npt.NDArray[np.float32]
    picks: list[tuple[str, str, float]]
    window: tuple[float, float] | None


def read_sheet(
    records: Sequence[str | Path],
    picks: str | Path,
    windows: Sequence[str | Path],
    record_id: str | None = None,
) -> Sheet:
    """Returns the sheet of `record_id`, else of the clearest record that has a window (`channels.choose`).

    Where no record has a window it is that of the first record.

    Args:
        records: shards of records.
        picks: the picks of all methods.
        windows: shards of one kind of window.
        record_id: the record to draw.

    Raises:
        InputError: there is no such record, or none at all.
    """
    wanted = record_id or _clearest(records, windows)
    row = _record(records, wanted)
    acceleration = from_bytes(row.pop("acceleration"))
    table = read_parquet(picks, PICKS, columns=["record_id", "method", "phase", "time_s"]).to_pylist()
    of_record = [(one["method"], one["phase"], one["time_s"]) for one in table if one["record_id"] == wanted]
    return Sheet(row, acceleration, of_record, _window(windows, wanted))


def _clearest(records: Sequence[str | Path], windows: Sequence[str | Path]) -> str:
    if clearest := choose(windows):
        return clearest.record_id
    for path in records:
        with open_parquet(path, expected="a shard of records") as shard:
            ids = shard.read(columns=["record_id"])["record_id"]
        if len(ids):
            return str(ids[0].as_py())
    raise InputError(", ".join(map(str, records)) or "records", "no record", expected="at least one record")


def _record(records: Sequence[str | Path], record_id: str) -> dict[str, Any]:
    for path in records:
        with open_parquet(path, expected="a shard of records") as shard:
            for group in range(shard.num_row_groups):
                ids = shard.read_row_group(group, columns=["record_id"])["record_id"].to_pylist()
                if record_id in ids:
                    row = shard.read_row_group(group, columns=list(SHOWN)).slice(ids.index(record_id), 1)
                    return dict(row.to_pylist()[0])
    raise InputError(", ".join(map(str, records)) or "records", f"no record {record_id}")


def _window(windows: Sequence[str | Path], record_id: str) -> tuple[float, float] | None:
    for path in windows:
        shard = open_shard(path)
        ids, starts = (shard.metadata[name].to_pylist() for name in ("record_id", "start_s"))
        if record_id in ids:
            start = starts[ids.index(record_id)]
            return start, start + shard.description.shape[1] / shard.description.rate_hz
    return None


def spectrogram(
    samples: npt.NDArray[np.floating], rate_hz: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Returns (frequencies in Hz, times in s, power in dB below the largest) of one component.

    1 s Hann windows, three quarters overlapping; shape (frequencies, times), nothing under -60 dB.
    """
    from scipy.signal import spectrogram as power_of

    length = max(round(SPECTROGRAM_WINDOW_S * rate_hz), 8)
    padded = np.pad(np.asarray(samples, dtype=np.float64), (0, max(length - len(samples), 0)))
    frequency, time, power = power_of(
        padded - padded.mean(), fs=rate_hz, window="hann", nperseg=length, noverlap=3 * length // 4
    )
    largest = float(power.max()) or 1.0
    floor = 10.0 ** (-DYNAMIC_RANGE_DB / 10.0)
    return frequency, time, 10.0 * np.log10(np.maximum(power / largest, floor))


def draw(sheet: Sheet, *, synthetic: bool = False) -> Figure:
    """Returns the figure: E, N, Up one above the other on one scale, and the spectrogram of Up below."""
    rate_hz = float(sheet.row["sampling_rate_hz"])
    centred = sheet.acceleration - sheet.acceleration.mean(axis=1, keepdims=True)
    time = np.arange(centred.shape[1]) / rate_hz
    largest = float(np.abs(centred).max()) or 1.0
    with style():
        figure = new_figure(COLUMN_IN, 4.2, synthetic=synthetic)
        panels = figure.subplots(4, 1, sharex=True, gridspec_kw={"height_ratios": [1, 1, 1, 1.3]})
        for axes, name, samples in zip(panels, COMPONENTS, centred, strict=False):
            axes.plot(time, samples, color=INK, linewidth=0.45, gid=f"component {name}")
            axes.set_ylim(-1.08 * largest, 1.08 * largest)
            axes.text(
                0.008, 0.93, LABELS[name], transform=axes.transAxes, va="top", fontweight="bold", fontsize=7
            )
            if sheet.window is not None:
                axes.axvspan(*sheet.window, color=WINDOW, alpha=0.13, linewidth=0, gid=f"window {name}")
        _spectrogram(panels[3], centred[2], rate_hz)
        methods = list(dict.fromkeys(method for method, _, _ in sheet.picks))
        for axes, name in zip(panels, (*COMPONENTS, "spectrogram"), strict=True):
            for method, phase, seconds in sheet.picks:
                dashes = DASHES[methods.index(method) % len(DASHES)]
                gid = f"{method} {phase} {name}"
                axes.axvline(seconds, color=PHASE_COLOURS[phase], linewidth=1.0, linestyle=dashes, gid=gid)
        panels[0].set_xlim(0.0, max(time[-1], 1.0 / rate_hz))
        panels[1].set_ylabel("Acceleration (cm/s²)")
        panels[3].set_xlabel("Time from the first sample (s)")
        panels[0].set_title(_title(sheet.row))
        figure.align_ylabels(list(panels))
        figure.legend(handles=_key(sheet, methods), loc="outside lower center", ncols=3, handlelength=1.8)
    return figure


def _spectrogram(axes: Axes, samples: npt.NDArray[np.floating], rate_hz: float) -> None:
    from matplotlib.patches import Rectangle

    frequency, seconds, decibels = spectrogram(samples, rate_hz)
    shown = frequency <= TOP_HZ
    mesh = axes.pcolormesh(
        seconds,
        frequency[shown],
        decibels[shown],
        cmap="cividis",
        vmin=-DYNAMIC_RANGE_DB,
        vmax=0.0,
        shading="nearest",
        rasterized=True,
    )
    axes.set_ylim(0.0, float(frequency[shown].max()))
    axes.set_ylabel("Up:\nfrequency (Hz)")
    axes.grid(visible=False)
    axes.add_patch(
        Rectangle(
            (0.66, 0.5), 0.335, 0.47, transform=axes.transAxes, color="#00224e", alpha=0.65, linewidth=0
        )
    )
    inset = axes.inset_axes((0.7, 0.84, 0.27, 0.07))
    bar = axes.figure.colorbar(mesh, cax=inset, orientation="horizontal", ticks=[-60, -30, 0])
    inset.tick_params(colors="white", labelsize=6, pad=1, length=2)
    bar.outline.set_edgecolor("white")
    bar.outline.set_linewidth(0.5)
    bar.set_label("Power (dB)", color="white", fontsize=6, labelpad=1)


def _title(row: dict[str, Any]) -> str:
    parts = [str(row["record_id"])]
    if row["magnitude"] is not None:
        parts.append(f"{row['magnitude_type'] or 'M'} {row['magnitude']:.1f}")
    if row["epicentral_distance_km"] is not None:
        parts.append(f"{row['epicentral_distance_km']:.0f} km")
    return ", ".join(parts)


def _key(sheet: Sheet, methods: Sequence[str]) -> list[Any]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    phases = dict.fromkeys((method, phase) for method, phase, _ in sheet.picks)
    handles: list[Any] = [
        Line2D(
            [],
            [],
            color=PHASE_COLOURS[phase],
            linewidth=1.0,
            linestyle=DASHES[methods.index(method) % len(DASHES)],
            label=f"{phase} {method}",
        )
        for method, phase in phases
    ]
    if sheet.window is not None:
        handles.append(Patch(facecolor=WINDOW, alpha=0.3, label="window"))
    return handles
