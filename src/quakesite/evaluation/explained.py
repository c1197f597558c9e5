"""The table of the paper's Table II explained by constants, recomputed on the stations at hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from quakesite.errors import InputError
from quakesite.evaluation.layout import Row, markdown, text
from quakesite.evaluation.paper import FITTED_CLASSES, TABLE_II, Printed, explaining_constant

COLUMNS = (
    "experiment",
    "constant_m_s",
    "misfit_pct",
    *(f"{what}_{name}" for name in FITTED_CLASSES for what in ("printed", "constant")),
    "printed_total",
    "printed_rows_total",
    "constant_total",
    "best_constant_m_s",
    "best_constant_total",
    "n_stations",
)


BEGIN, END = "<!-- quakesite evaluation paper: begin -->", "<!-- quakesite evaluation paper: end -->"
"""What stands before and behind the table in a file of documentation."""


def explained_rows(vs30: Mapping[str, float]) -> list[Row]:
    """Returns, for each experiment of the paper's Table II, its explaining constant beside the print.

    Args:
        vs30: measured Vs30 in m/s by station.
    """
    values = np.array([vs30[station] for station in sorted(vs30)])
    rows: list[Row] = []
    for name, printed in TABLE_II.items():
        found = explaining_constant(name, values)
        row: dict[str, str | int | float] = {
            "experiment": name,
            "constant_m_s": found.constant_m_s,
            "misfit_pct": found.misfit_pct,
            "printed_total": printed["Total"].error_pct,
            "printed_rows_total": _mean_of_rows(printed),
            "constant_total": found.total_pct,
            "best_constant_m_s": found.best_constant_m_s,
            "best_constant_total": found.best_constant_pct,
            "n_stations": len(values),
        }
        for site_class in FITTED_CLASSES:
            row[f"printed_{site_class}"] = printed[site_class].error_pct
            row[f"constant_{site_class}"] = found.error_pct[site_class]
        rows.append(row)
    return rows


def _mean_of_rows(printed: Mapping[str, Printed]) -> float:
    """Returns the mean of the printed errors of the classes, weighted by their printed stations."""
    rows = [row for name, row in printed.items() if name != "Total" and row.n_stations]
    return float(np.average([row.error_pct for row in rows], weights=[row.n_stations for row in rows]))


def as_markdown(rows: Sequence[Row]) -> str:
    """Returns the table for people, with the best constant of the stations in the note."""
    header = ["Experiment", "Constant (m/s)", "Misfit (%)"]
    header += [f"{name}: paper / constant (%)" for name in FITTED_CLASSES]
    header += ["Total: paper / mean of its rows / constant (%)"]
    cells = [
        [
            str(row["experiment"]),
            text(row["constant_m_s"], 0),
            text(row["misfit_pct"], 1),
            *(
                f"{text(row[f'printed_{name}'], 1)} / {text(row[f'constant_{name}'], 1)}"
                for name in FITTED_CLASSES
            ),
            " / ".join(
                text(row[name], 1) for name in ("printed_total", "printed_rows_total", "constant_total")
            ),
        ]
        for row in rows
    ]
    best, score = text(rows[0]["best_constant_m_s"], 0), text(rows[0]["best_constant_total"], 1)
    note = (
        f"The best constant over these {rows[0]['n_stations']} stations, {best} m/s, scores {score} % per "
        "station. Each constant is fitted to the printed errors of classes B, C and D by least squares; the "
        "misfit is the root mean square difference. The mean of the paper's rows is weighted by the "
        "stations printed beside them; the constants' totals are over all stations of the list, whose "
        "classes are mixed otherwise than those of the paper's test stations."
    )
    return markdown(cells, header, [note])


def replaced(document: str | Path, table: str) -> str:
    """Returns the text of `document` with `table` between its two marks.

    Raises:
        InputError: there is no such file, or the marks are not there.
    """
    try:
        written = Path(document).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(document, "no such file", expected="a Markdown file") from None
    before, begin, rest = written.partition(BEGIN)
    _, end, behind = rest.partition(END)
    if not (begin and end):
        raise InputError(document, "no place for the table", expected=f"lines {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{table}\n{END}{behind}"
