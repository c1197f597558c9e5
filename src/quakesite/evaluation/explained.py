"""The table of the paper's Table II explained by constants, recomputed on the stations at hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from quakesite.evaluation.layout import Row, markdown, text
from quakesite.evaluation.paper import FITTED_CLASSES, TABLE_II, explaining_constant

COLUMNS = (
    "experiment",
    "constant_m_s",
    "misfit_pct",
    *(f"{what}_{name}" for name in FITTED_CLASSES for what in ("printed", "constant")),
    "printed_total",
    "constant_total",
    "best_constant_m_s",
    "best_constant_total",
)


def explained_rows(vs30: Mapping[str, float]) -> list[Row]:
    """Returns, for each experiment of the paper's Table II, its explaining constant beside the print.

    Args:
        vs30: measured Vs30 in m/s by station.
    """
    values = np.array([vs30[station] for station in sorted(vs30)])
    rows: list[Row] = []
    for name, printed in TABLE_II.items():
        found = explaining_constant(name, values)
        row: dict[str, str | float] = {
            "experiment": name,
            "constant_m_s": found.constant_m_s,
            "misfit_pct": found.misfit_pct,
            "printed_total": printed["Total"].error_pct,
            "constant_total": found.total_pct,
            "best_constant_m_s": found.best_constant_m_s,
            "best_constant_total": found.best_constant_pct,
        }
        for site_class in FITTED_CLASSES:
            row[f"printed_{site_class}"] = printed[site_class].error_pct
            row[f"constant_{site_class}"] = found.error_pct[site_class]
        rows.append(row)
    return rows


def as_markdown(rows: Sequence[Row]) -> str:
    """Returns the table for people, with the best constant of the stations in the note."""
    header = ["Experiment", "Constant (m/s)", "Misfit (%)"]
    header += [f"{name}: paper / constant (%)" for name in (*FITTED_CLASSES, "Total")]
    cells = [
        [
            str(row["experiment"]),
            text(row["constant_m_s"], 0),
            text(row["misfit_pct"], 1),
            *(
                f"{text(row[f'printed_{name}'], 1)} / {text(row[f'constant_{name}'], 1)}"
                for name in FITTED_CLASSES
            ),
            f"{text(row['printed_total'], 1)} / {text(row['constant_total'], 1)}",
        ]
        for row in rows
    ]
    note = (
        f"The best constant over these stations, {text(rows[0]['best_constant_m_s'], 0)} m/s, scores "
        f"{text(rows[0]['best_constant_total'], 1)} % per station. Each constant is fitted to the printed "
        "errors of classes B, C and D by least squares; the misfit is the root mean square difference."
    )
    return markdown(cells, header, [note])
