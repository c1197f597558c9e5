"""Sources of Vs30 as people make them: station lists, report PDFs, layer tables, record shards."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from openpyxl import Workbook

from quakesite.records.schema import RECORDS
from quakesite.stations.report_layouts import Layout, read_layouts
from quakesite.tables import write_parquet

HEADING = [
    "Network",
    "Code",
    "Latitude",
    "Longitude",
    "Elevation",
    "InstallationData",
    "F0",
    "Vs30",
    "Province",
]

Table = Callable[..., Path]


@pytest.fixture
def station_list(tmp_path: Path) -> Table:
    """Writes a TADAS-like list and returns its path; keywords of a row are headings in lower case."""

    def write(
        name: str,
        *rows: dict[str, Any],
        heading: Sequence[str] = HEADING,
        separator: str = ";",
        encoding: str = "utf-8",
    ) -> Path:
        path = tmp_path / name
        cells = [
            [row.get(column.lower(), "TK" if column == "Network" else None) for column in heading]
            for row in rows
        ]
        if path.suffix == ".xlsx":
            book = Workbook()
            for line in [list(heading), *cells]:
                book.active.append(line)
            book.save(path)
        else:
            with path.open("w", encoding=encoding, newline="") as handle:
                csv.writer(handle, delimiter=separator).writerows([list(heading), *cells])
        return path

    return write


@pytest.fixture
def record_shard(tmp_path: Path) -> Table:
    """Writes a shard of records with these headers and no samples, and returns its path."""

    def write(name: str, *rows: dict[str, Any]) -> Path:
        defaults = {
            "network": "TK",
            "event_id": "20200101000000",
            "event_time": dt.datetime(2020, 1, 1, tzinfo=dt.UTC),
            "form": "mp_Acc",
            "sampling_rate_hz": 100.0,
            "n_samples": 0,
            "pga_cm_s2": 1.0,
            "acceleration": b"",
        }
        filled = []
        for index, row in enumerate(rows):
            record_id = f"202001010000{index:02d}_{row['station']}"
            whole = {**defaults, "record_id": record_id, "sources": [f"{record_id}_E.asc"], **row}
            for field in RECORDS:
                if not field.nullable and field.name not in whole:
                    whole[field.name] = False if pa.types.is_boolean(field.type) else 0
            filled.append(whole)
        path = tmp_path / name
        write_parquet(pa.Table.from_pylist(filled, schema=RECORDS), path)
        return path

    return write


@pytest.fixture(scope="session")
def layouts() -> list[Layout]:
    """The package's own layouts."""
    return read_layouts()


@pytest.fixture(scope="session")
def font() -> str:
    """The name of a font with Turkish letters."""
    import matplotlib as mpl
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    pdfmetrics.registerFont(TTFont("DejaVu", str(Path(mpl.get_data_path(), "fonts/ttf/DejaVuSans.ttf"))))
    return "DejaVu"


@pytest.fixture
def ruled_pdf(tmp_path: Path, font: str) -> Table:
    """Writes a PDF of text and ruled tables, as a word processor makes it; a long table runs over pages."""
    from reportlab.lib.colors import black
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import Flowable, PageBreak, Paragraph, SimpleDocTemplate, Spacer
    from reportlab.platypus import Table as Ruled

    def write(
        name: str, *parts: str | list[list[str]], spans: Sequence[Any] = (), heading_rows: int = 1
    ) -> Path:
        style = getSampleStyleSheet()["Normal"].clone("text", fontName=font)
        flow: list[Flowable] = []
        for part in parts:
            if part == "---":
                flow.append(PageBreak())
            elif isinstance(part, str):
                flow.append(Paragraph(part, style))
            else:
                grid = [("GRID", (0, 0), (-1, -1), 0.5, black), ("FONT", (0, 0), (-1, -1), font)]
                use = spans if len(part[0]) > 2 else ()
                flow.append(
                    Ruled(part, style=[*grid, *use], repeatRows=heading_rows if len(part[0]) > 2 else 0)
                )
            flow.append(Spacer(1, 6))
        SimpleDocTemplate(str(tmp_path / name), pagesize=A4).build(flow)
        return tmp_path / name

    return write


@pytest.fixture
def plain_pdf(tmp_path: Path) -> Table:
    """Writes a PDF of text: a string is a line, a list a row of right-aligned cells, `---` ends a page."""
    from reportlab.pdfgen.canvas import Canvas

    def write(name: str, *lines: str | list[str], columns: Sequence[float] = (100, 210, 330, 430)) -> Path:
        canvas = Canvas(str(tmp_path / name))
        canvas.setFont("Helvetica", 10)
        height = 800.0
        for line in lines:
            if line == "---":
                canvas.showPage()
                canvas.setFont("Helvetica", 10)
                height = 800.0
                continue
            if isinstance(line, str):
                canvas.drawString(60, height, line)
            else:
                for right, text in zip(columns, line, strict=False):
                    canvas.drawRightString(right, height, text)
            height -= 13
        canvas.save()
        return tmp_path / name

    return write
