"""What the data are: magnitude against distance, records per station, signal-to-noise ratio."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from quakesite.figures.style import COLUMN_IN, INK, TRAIN, VALIDATION, new_figure, style
from quakesite.figures.table_rows import finite
from quakesite.picks.schema import PICKS
from quakesite.records.schema import CATALOGUE
from quakesite.tables import read_parquet

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SNR_BIN_DB = 5.0
MOST_BARS = 24
TITLE_LETTERS = 57
"""Of the longest title that stands in one line."""

NEAREST_KM = 1.0
"""Records nearer than this stand at it: the axis is logarithmic."""


def read_records(catalogue: str | Path) -> list[dict[str, Any]]:
    """Returns what `draw` needs of every record of the catalogue."""
    columns = ["station", "magnitude", "epicentral_distance_km"]
    rows: list[dict[str, Any]] = read_parquet(catalogue, CATALOGUE, columns=columns).to_pylist()
    return rows


def read_snr(picks: str | Path, method: str | None = None) -> dict[str, float]:
    """Returns, by record, the signal-to-noise ratio (dB) of its P pick, where it is known.

    That of `method`, else of the first one in the table of picks.
    """
    rows = read_parquet(picks, PICKS, columns=["record_id", "method", "phase", "snr_db"]).to_pylist()
    wanted = method or (rows[0]["method"] if rows else None)
    return {
        row["record_id"]: snr
        for row in rows
        if (row["method"], row["phase"]) == (wanted, "P") and (snr := finite(row["snr_db"])) is not None
    }


def draw(
    records: Sequence[Mapping[str, Any]],
    snr_db: Iterable[float | None],
    *,
    min_snr_db: float | None = None,
    synthetic: bool = False,
) -> Figure:
    """Returns the figure of the records.

    Args:
        records: rows of the catalogue; of each, `station`, `magnitude`, `epicentral_distance_km`.
        snr_db: signal-to-noise ratio of the records that have one.
        min_snr_db: the limit below which records make no window; drawn where there is one.
        synthetic: say that the archive is.
    """
    with style():
        figure = new_figure(COLUMN_IN, 4.3, synthetic=synthetic)
        grid = figure.add_gridspec(2, 2, height_ratios=[1.35, 1.0])
        _magnitude_distance(figure.add_subplot(grid[0, :]), records)
        _per_station(figure.add_subplot(grid[1, 0]), records)
        _snr(
            figure.add_subplot(grid[1, 1]),
            [one for one in snr_db if finite(one) is not None and one is not None],
            min_snr_db,
        )
    return figure


def _magnitude_distance(axes: Axes, records: Sequence[Mapping[str, Any]]) -> None:
    from matplotlib.ticker import FixedLocator, NullLocator, ScalarFormatter

    known = [
        (row["epicentral_distance_km"], row["magnitude"])
        for row in records
        if finite(row["epicentral_distance_km"]) is not None and finite(row["magnitude"]) is not None
    ]
    distance, magnitude = np.array(known, dtype=np.float64).reshape(-1, 2).T
    axes.scatter(
        np.maximum(distance, NEAREST_KM),
        magnitude,
        s=7,
        facecolor=TRAIN,
        edgecolor="none",
        alpha=0.45,
        gid="records",
        rasterized=len(known) > 2000,
    )
    axes.set_xscale("log")
    ticks = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.set_xlabel("Epicentral distance (km)")
    axes.set_ylabel("Magnitude")
    unknown = len(records) - len(known)
    title = f"{len(records)} records of {len({row['station'] for row in records})} stations"
    without = f"({unknown} without magnitude or distance)" if unknown else ""
    together = f"{title} {without}".strip()
    axes.set_title(together if len(together) <= TITLE_LETTERS else f"{title}\n{without}")


def _per_station(axes: Axes, records: Sequence[Mapping[str, Any]]) -> None:
    from matplotlib.ticker import MaxNLocator

    counts = np.array(list(Counter(row["station"] for row in records).values()), dtype=np.int64)
    most = int(counts.max(initial=1))
    width = max(-(-most // MOST_BARS), 1)
    edges = np.arange(1, most + width + 1, width) - 0.5
    axes.hist(counts, bins=edges.tolist(), color=TRAIN, edgecolor="white", linewidth=0.4)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))
    axes.set_xlabel("Records per station (number)")
    axes.set_ylabel("Stations (number)")
    axes.grid(visible=False, axis="x")


def _snr(axes: Axes, snr_db: Sequence[float], limit: float | None) -> None:
    from matplotlib.ticker import MaxNLocator

    if snr_db:
        first = SNR_BIN_DB * np.floor(min(snr_db) / SNR_BIN_DB)
        edges = np.arange(first, max(snr_db) + SNR_BIN_DB + 1e-9, SNR_BIN_DB)
        axes.hist(snr_db, bins=edges.tolist(), color=TRAIN, edgecolor="white", linewidth=0.4)
    if limit is not None:
        axes.axvline(limit, color=VALIDATION, linewidth=1.1, gid="limit")
        left, right = axes.get_xlim()
        axes.annotate(
            f"limit {limit:g} dB",
            (limit, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(0, 2),
            textcoords="offset points",
            ha="left"
            if limit < left + 0.3 * (right - left)
            else "right"
            if limit > right - 0.3 * (right - left)
            else "center",
            fontsize=6.5,
            color=INK,
        )
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))
    axes.set_xlabel("Signal-to-noise ratio (dB)")
    axes.set_ylabel("Records (number)")
    axes.grid(visible=False, axis="x")
