"""MASW reports as PDF files with a text layer, and a few that a reader has to refuse or to flag."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quakesite.demo.asc import SYNTHETIC
from quakesite.demo.draws import stream
from quakesite.demo.plan import NETWORK, Station
from quakesite.demo.profile import Profile
from quakesite.demo.sources import ReportDefect, stated

if TYPE_CHECKING:
    from PIL.Image import Image

FONT = "DejaVuSans"
DEPTH_M = 40.0
SHALLOW_M = 22.0


@dataclass(frozen=True, slots=True)
class Language:
    """Words and habits of one kind of report."""

    title: str
    station: str
    place: str
    latitude: str
    longitude: str
    measured: str
    date_format: str
    decimal: str
    result: str
    note: str
    headings: tuple[str, ...]


TURKISH = Language(
    title="MASW Ölçüm Raporu",
    station="İstasyon kodu",
    place="İl",
    latitude="Enlem (°)",
    longitude="Boylam (°)",
    measured="Ölçüm tarihi",
    date_format="%d.%m.%Y",
    decimal=",",
    result="Ortalama kayma dalgası hızı",
    note="Sentetik rapor, gerçek bir ölçüm değildir",
    headings=("Tabaka No", "Kalınlık (m)", "Taban derinliği (m)", "Vs (m/s)"),
)
ENGLISH = Language(
    title="MASW Survey Report",
    station="Station code",
    place="Province",
    latitude="Latitude (deg)",
    longitude="Longitude (deg)",
    measured="Date of survey",
    date_format="%Y-%m-%d",
    decimal=".",
    result="Average shear-wave velocity",
    note="Synthetic report, not a measurement",
    headings=("Layer", "Top (m)", "Bottom (m)", "Vs (m/s)"),
)


@dataclass(frozen=True, slots=True)
class Layer:
    """One line of a report's table; a half-space has no bottom."""

    top_m: float
    bottom_m: float | None
    vs_m_s: float


def language_of(station: Station) -> Language:
    """Returns the language of the report of `station`."""
    return TURKISH if station.index // 2 % 2 == 0 else ENGLISH


def report_layers(profile: Profile, depth_m: float, *, half_space: bool = True) -> list[Layer]:
    """Returns the layers of `profile` down to `depth_m`.

    Args:
        half_space: whether rock met above `depth_m` has no bottom, or is known to `depth_m` only.
    """
    bottoms = [round(bottom, 1) for bottom in accumulate(profile.thickness_m)]
    layers = [
        Layer(top, min(bottom, depth_m), vs)
        for top, bottom, vs in zip([0.0, *bottoms], bottoms, profile.vs_m_s, strict=False)
        if top < depth_m
    ]
    if bottoms[-1] < depth_m:
        layers.append(Layer(bottoms[-1], None if half_space else depth_m, profile.vs_m_s[-1]))
    return layers


def write_report(seed: int, station: Station, folder: Path) -> str | None:
    """Writes the report of `station`, if it has one, into `folder`; returns the file's name."""
    said = stated(station)
    if said.report is None:
        return None
    language = language_of(station)
    name = f"MASW_{NETWORK}_{station.code}.pdf"
    lines = _lines(seed, station, language, said.report)
    shallow = said.defect is ReportDefect.SHALLOW
    layers = report_layers(station.profile, SHALLOW_M if shallow else DEPTH_M, half_space=not shallow)
    table = _table(layers, language)
    if said.defect is ReportDefect.NO_THICKNESS:
        table = [[row[0], row[-1]] for row in table]
    if said.defect is ReportDefect.IMAGE_ONLY:
        _write_image(folder / name, lines, table)
    else:
        _write_text(folder / name, lines, table, two_pages=station.index % 3 == 0)
    return name


def _lines(seed: int, station: Station, language: Language, vs30: float) -> list[str]:
    days = int(stream(seed, "report", station.index).integers(0, 3000))
    measured = date(2009, 3, 2) + timedelta(days=days)
    return [
        language.title,
        f"{language.station}: {station.code}",
        f"{language.place}: {station.region.province}",
        f"{language.latitude}: {_number(station.latitude, 5, language)}",
        f"{language.longitude}: {_number(station.longitude, 5, language)}",
        f"{language.measured}: {measured.strftime(language.date_format)}",
        f"{language.result}, Vs30 = {_number(vs30, 1, language)} m/s",
        f"{language.note} ({SYNTHETIC})",
    ]


def _table(layers: list[Layer], language: Language) -> list[list[str]]:
    rows = [list(language.headings)]
    for number, layer in enumerate(layers, 1):
        thickness = None if layer.bottom_m is None else layer.bottom_m - layer.top_m
        second = thickness if language is TURKISH else layer.top_m
        cells = [
            _number(value, 1, language) if value is not None else "-" for value in (second, layer.bottom_m)
        ]
        rows.append([str(number), *cells, _number(layer.vs_m_s, 0, language)])
    return rows


def _number(value: float, decimals: int, language: Language) -> str:
    return f"{value:.{decimals}f}".replace(".", language.decimal)


def _font_file() -> str:
    import matplotlib

    return str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / f"{FONT}.ttf")


def _register_font() -> None:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    pdfmetrics.registerFont(TTFont(FONT, _font_file()))  # the built-in fonts lack Turkish letters
    pdfmetrics.registerFontFamily(FONT, FONT, FONT, FONT, FONT)


def _document(target: Path) -> Any:
    from reportlab.platypus import SimpleDocTemplate

    return SimpleDocTemplate(str(target), invariant=1, title="MASW", author=SYNTHETIC, lang="tr")


def _write_text(target: Path, lines: list[str], table: list[list[str]], *, two_pages: bool) -> None:
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import PageBreak, Paragraph, Spacer, Table

    _register_font()
    body = ParagraphStyle("body", fontName=FONT, fontSize=10, leading=15)
    grid = Table(
        table, style=[("FONTNAME", (0, 0), (-1, -1), FONT), ("GRID", (0, 0), (-1, -1), 0.5, "#000000")]
    )
    story = [Paragraph(line, body) for line in lines[:-2]]
    story.append(PageBreak() if two_pages else Spacer(1, 12))
    story += [grid, Spacer(1, 12), *(Paragraph(line, body) for line in lines[-2:])]
    _document(target).build(story)


def _write_image(target: Path, lines: list[str], table: list[list[str]]) -> None:
    from reportlab.platypus import Image

    buffer = io.BytesIO()
    _picture([*lines[:-2], *("    ".join(row) for row in table), *lines[-2:]]).save(buffer, "PNG")
    buffer.seek(0)
    _document(target).build([Image(buffer, width=420, height=560)])


def _picture(lines: list[str]) -> Image:
    from PIL import Image, ImageDraw, ImageFont

    page = Image.new("L", (840, 1120), 255)
    pen = ImageDraw.Draw(page)
    font = ImageFont.truetype(_font_file(), 22)
    for number, line in enumerate(lines):
        pen.text((40, 40 + 36 * number), line, fill=0, font=font)
    return page
