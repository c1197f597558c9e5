"""Figure 1: the stations by NEHRP site class on a map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from quakesite.figures import basemap
from quakesite.figures.style import CLASS_COLOURS, CLASS_MARKERS, COLUMN_IN, NEUTRAL, new_figure, style
from quakesite.figures.table_rows import finite
from quakesite.stations.schema import CLASSES, site_class

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RANGES = {"A": "> 1500", "B": "760–1500", "C": "360–760", "D": "180–360", "E": "< 180"}


def has_place(station: Mapping[str, Any]) -> bool:
    """Returns whether the coordinates of a station are known."""
    return finite(station["latitude"]) is not None and finite(station["longitude"]) is not None


def draw(stations: Sequence[Mapping[str, Any]], *, synthetic: bool = False) -> Figure:
    """Returns the map of `stations` (`STATIONS` rows); those without coordinates are left out.

    Frequent classes are drawn first, so that the few A, B and E stations are not hidden.
    """
    placed = [row for row in stations if has_place(row)]
    groups: dict[str, list[Mapping[str, Any]]] = {name: [] for name in ("none", *CLASSES)}
    for row in placed:
        vs30 = finite(row["vs30_m_s"])
        groups["none" if vs30 is None else site_class(vs30)].append(row)
    with style():
        figure = new_figure(COLUMN_IN, 2.45, synthetic=synthetic)
        axes = figure.add_subplot()
        basemap.draw(axes, [row["longitude"] for row in placed], [row["latitude"] for row in placed])
        area = basemap.marker_area(len(placed))
        frequent_first = sorted(CLASSES, key=lambda name: -len(groups[name]))
        for name in ("none", *frequent_first):
            rows = groups[name]
            if not rows:
                continue
            measured = name != "none"
            axes.scatter(
                [row["longitude"] for row in rows],
                [row["latitude"] for row in rows],
                s=area * ((2.5 if name == "A" else 1.0) if measured else 0.75),
                marker=CLASS_MARKERS[name] if measured else "o",
                facecolor=CLASS_COLOURS[name] if measured else "none",
                edgecolor="white" if measured else NEUTRAL,
                linewidth=0.2 if measured else 0.5,
                label=f"{name}  {RANGES[name]}  ({len(rows)})"
                if measured
                else f"not measured  ({len(rows)})",
                gid=f"class {name}",
                zorder=2 if measured else 1.5,
            )
        handles = {str(one.get_gid()): one for one in axes.collections if one.get_gid()}
        order = [handles[f"class {name}"] for name in (*CLASSES, "none") if f"class {name}" in handles]
        if order:
            figure.legend(
                handles=order,
                loc="outside lower center",
                ncols=3,
                title="NEHRP site class, Vs30 in m/s (number of stations)",
                title_fontsize=7,
                handlelength=1.2,
                handletextpad=0.1,
                columnspacing=0.6,
                borderpad=0.2,
                borderaxespad=0.2,
            )
    return figure
