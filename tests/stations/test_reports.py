"""MASW reports as offices write them, and the reason for each that cannot be used."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import Workbook

from quakesite.errors import InputError
from quakesite.rejects import Reason, Reject
from quakesite.stations.report_layouts import Layout, read_layouts
from quakesite.stations.reports import read_report
from quakesite.stations.statements import Statement

Pdf = Callable[..., Path]

LAYERS = ((2.5, 210.0), (5.5, 320.0), (12.0, 410.0), (15.0, 560.0))
VS30 = 30.0 / (2.5 / 210 + 5.5 / 320 + 12 / 410 + 10 / 560)


def read(path: Path, layouts: list[Layout], shallow: str = "reject") -> Statement:
    """Returns a report that must be readable."""
    (said,) = read_report(path, layouts, shallow)  # type: ignore[arg-type]
    assert isinstance(said, Statement), said
    return said


def refuse(path: Path, layouts: list[Layout]) -> tuple[Reason, str]:
    """Returns why a report is refused."""
    (refusal,) = read_report(path, layouts, "reject")
    assert isinstance(refusal, Reject), refusal
    assert (refusal.stage, refusal.source) == ("stations", str(path))
    return refusal.reason, refusal.detail


def turkish_rows(layers: tuple[tuple[float, float], ...] = LAYERS) -> list[list[str]]:
    """Returns rows of No, top, bottom, thickness, Vp, Vs with decimal commas."""
    rows, top = [], 0.0
    for index, (thickness, vs) in enumerate(layers, 1):
        row = [f"{index}", f"{top:.1f}", f"{top + thickness:.1f}", f"{thickness:.1f}", "1250", f"{vs:.0f}"]
        rows.append([cell.replace(".", ",") for cell in row])
        top += thickness
    return rows


def test_a_turkish_report_with_ruled_tables(ruled_pdf: Pdf, layouts: list[Layout]) -> None:
    heading = [
        ["Tabaka No", "Derinlik (m)", "", "Kalınlık (m)", "Vp (m/sn)", "Vs (m/sn)"],
        ["", "Üst", "Alt", "", "", ""],
    ]
    path = ruled_pdf(
        "rapor.pdf",
        "İSTANBUL ZEMİN A.Ş. – MASW ÖLÇÜM RAPORU",
        [
            ["İstasyon Kodu", "3506"],
            ["Ölçüm Tarihi", "12.05.2015"],
            ["Yöntem", "MASW + MAM"],
            ["Enlem (°)", "38,4213"],
            ["Boylam (°)", "27,2563"],
        ],
        "Hesapta Vs30 = 30 / Σ(hi/vi) bağıntısı kullanılmıştır; ZC sınıfı için 360 &lt; Vs30 &lt; 760 m/s.",
        [*heading, *turkish_rows()],
        f"Vs30 (m/s): {VS30:.1f}".replace(".", ","),
        spans=[("SPAN", (1, 0), (2, 0))],
        heading_rows=2,
    )
    said = read(path, layouts)
    assert said.vs30_m_s == pytest.approx(VS30)
    assert said.stated_vs30_m_s == round(VS30, 1)
    assert (said.station, said.date, said.method) == ("3506", dt.date(2015, 5, 12), "MASW + MAM")
    assert (said.latitude, said.longitude) == (38.4213, 27.2563)
    assert said.flags == ()
    assert said.profile_depth_m == 35.0
    assert said.place == "page 1, lines 11 to 14"
    assert f"stated Vs30 {VS30:.1f} m/s: page 1, line 15" in said.notes
    assert "station 3506: page 1, line 2" in said.notes


@pytest.mark.parametrize("heading_rows", [0, 1])
def test_a_table_over_two_pages_with_and_without_its_heading_once_more(
    heading_rows: int, ruled_pdf: Pdf, layouts: list[Layout]
) -> None:
    fine = tuple((0.5, 200.0 + index) for index in range(70))
    heading = ["Tabaka No", "Başlangıç (m)", "Bitiş (m)", "Kalınlık (m)", "Vp (m/s)", "Vs (m/s)"]
    path = ruled_pdf(
        "3506.pdf", "İstasyon: 3506", [heading, *turkish_rows(fine)], "---", "Ek 1", heading_rows=heading_rows
    )
    said = read(path, layouts)
    assert said.vs30_m_s == pytest.approx(30.0 / sum(h / v for h, v in fine[:60]))
    assert said.place.startswith("page 1, line ")
    assert " to page 2, line " in said.place


def test_an_english_report_of_bare_text_in_centimetres_and_kilometres_per_second(
    plain_pdf: Pdf, layouts: list[Layout]
) -> None:
    heading = [["Layer", "Thickness", "S-wave velocity"], ["", "(cm)", "(km/s)"]]
    path = plain_pdf(
        "report.pdf",
        "MASW SURVEY REPORT",
        "Station code: 0208    Survey date: 2014-03-09",
        "Thickness and shear-wave velocity are listed below.",
        *heading,
        ["1", "150", "0.180"],
        ["2", "350", "0.250"],
        "Page 1 / 2",
        "---",
        "MASW SURVEY REPORT",
        *heading,
        ["3", "1200", "0.360"],
        ["4", "half-space", "0.620"],
        "VS30 = 0.367 km/s",
        "Frequency and phase velocity",
        ["1", "2.0", "0.300"],
        ["2", "4.0", "0.200"],
        "Page 2 / 2",
    )
    said = read(path, layouts)
    assert said.vs30_m_s == pytest.approx(30.0 / (1.5 / 180 + 3.5 / 250 + 12 / 360 + 13 / 620))
    assert (said.station, said.date, said.stated_vs30_m_s) == ("0208", dt.date(2014, 3, 9), 367.0)
    assert said.flags == ("half_space_from_17_m", "stated_vs30_differs")
    assert said.profile_depth_m == 17.0


def test_a_table_on_the_next_page_is_not_taken_for_more_layers(plain_pdf: Pdf, layouts: list[Layout]) -> None:
    path = plain_pdf(
        "3506.pdf",
        ["No", "Thickness (m)", "Vs (m/s)"],
        ["1", "10", "200"],
        ["2", "25", "400"],
        *["These layers were found by inversion."] * 3,
        "---",
        ["1", "2.0", "300"],
        ["2", "4.0", "200"],
    )
    said = read(path, layouts)
    assert (said.vs30_m_s, said.profile_depth_m) == (pytest.approx(300.0), 35.0)


TABLES = {
    "thickness": "Thickness (m);Vs (m/s)\n2.5;210\n5.5;320\n12;410\n15;560\n",
    "decimal commas": "Kalınlık (m);Vs (m/sn)\n2,5;210\n5,5;320\n12,0;410\n15,0;560\n",
    "bottoms": "Depth (m);Vs (m/s)\n2.5;210\n8;320\n20;410\n35;560\n",
    "tops": "Derinlik (m);Vs (m/s)\n0;210\n2,5;320\n8;410\n20;560\n",
    "ends of layers": "Depth (m);Vs (m/s)\n0;210\n2.5;210\n2.5;320\n8;320\n8;410\n20;410\n20;560\n35;560\n",
    "ranges": "Derinlik (m);S dalga hızı (m/s)\n0-2,5;210\n2,5-8;320\n8-20;410\n20-35;560\n",
    "open range": "Depth [m];Shear-wave velocity [m/s]\n0 to 2.5;210\n2.5 to 8;320\n8 to 20;410\n> 20;560\n",
    "from and to": "From (m);To (m);Vs (km/s)\n0;2.5;0.21\n2.5;8;0.32\n8;20;0.41\n20;35;0.56\n",
    "half-space": "Kalınlık (cm);Vs (m/s)\n250;210\n550;320\n1200;410\nyarı sonsuz;560\n",
    "open below": "thickness_m,vs_m_s\n2.5,210\n5.5,320\n12,410\n-,560\n",
    "units below": "Tabaka;Kalınlık;Vs\n;(m);(m/s)\n1;2,5;210\n2;5,5;320\n3;12;410\n4;15;560\n",
    "with a total": "No;Kalınlık (m);Vs (m/s)\n1;2,5;210\n2;5,5;320\n3;12;410\n4;15;560\nToplam;35;391\n",
    "deeper": "Thickness (m);Vs (m/s)\n2.5;210\n5.5;320\n12;410\n15;560\n20;900\n10;1200\n",
}


@pytest.mark.parametrize("kind", TABLES)
def test_every_kind_of_layer_table_gives_the_same_vs30(
    kind: str, tmp_path: Path, layouts: list[Layout]
) -> None:
    path = tmp_path / "MASW_3506.csv"
    path.write_text(TABLES[kind], encoding="utf-8")
    said = read(path, layouts)
    assert said.vs30_m_s == pytest.approx(VS30)
    assert said.station == "3506"
    assert "station_from_file_name" in said.flags
    assert said.z1_m == (55.0 if kind == "deeper" else None)


def test_a_workbook_with_a_name_block_above_the_table(tmp_path: Path, layouts: list[Layout]) -> None:
    book = Workbook()
    rows = [["İstasyon No:", 208], ["Vs30 (m/s)", 392], [], ["", "Kalınlık (m)", "Vs (m/s)"]]
    for row in [*rows, *(["", h, v] for h, v in LAYERS)]:
        book.active.append(row)
    book.save(tmp_path / "olcum.xlsx")
    said = read(tmp_path / "olcum.xlsx", layouts)
    assert (said.station, said.stated_vs30_m_s, said.flags) == ("0208", 392.0, ())
    assert said.place == "rows 5 to 8"


def test_a_wrong_stated_value_is_flagged_and_the_profile_counts(
    tmp_path: Path, layouts: list[Layout]
) -> None:
    path = tmp_path / "3506.csv"
    path.write_text(f"Vs30 = {VS30 * 1.2:.0f} m/s\n" + TABLES["bottoms"], encoding="utf-8")
    said = read(path, layouts)
    assert said.vs30_m_s == pytest.approx(VS30)
    assert "stated_vs30_differs" in said.flags


SHALLOW = "Thickness (m);Vs (m/s)\n10;200\n12;300\n"


def test_a_profile_that_ends_at_22_m_is_refused_by_default(tmp_path: Path, layouts: list[Layout]) -> None:
    path = tmp_path / "3506.csv"
    path.write_text(SHALLOW, encoding="utf-8")
    detail = "station 3506: the profile ends at 22 m, above 30 m (row 3)"
    assert refuse(path, layouts) == (Reason.SHALLOW_PROFILE, detail)


@pytest.mark.parametrize("method", ["boore2004", "boore2011"])
def test_a_chosen_extrapolation_is_flagged_and_has_an_uncertainty(
    method: str, tmp_path: Path, layouts: list[Layout]
) -> None:
    path = tmp_path / "3506.csv"
    path.write_text(SHALLOW, encoding="utf-8")
    said = read(path, layouts, method)
    assert f"extrapolated_{method}_from_22_m" in said.flags
    assert said.extrapolation_sigma_ln is not None
    assert 0.04 < said.extrapolation_sigma_ln < 0.07
    assert said.vsz_m_s is not None
    assert said.vsz_m_s < (said.vs30_m_s or 0.0) < 1.25 * said.vsz_m_s


BROKEN = {
    "column missing: thickness or depth (row 1; found: No, Vs (m/s))": "No;Vs (m/s)\n1;200\n2;300\n",
    "column missing: Vs (row 1; found: Kalınlık (m), Vp (m/s))": "Kalınlık (m);Vp (m/s)\n10;900\n25;1500\n",
    "no layer table (a Vs column beside a thickness or depth column)": "Vs30;412\n",
    "a layer begins at 12 m, the one above ends at 10 m (row 3)": "From;To;Vs\n0;10;200\n12;35;300\n",
    "thickness 20 m, but 25 m by its depths (row 3)": "Top;Bottom;Thickness;Vs\n0;10;10;200\n10;35;20;300\n",
    "a thickness of 0 m (row 2)": "Thickness;Vs\n0;200\n35;300\n",
    "Vs 9 m/s is not within 10 to 6000 (row 2)": "Thickness;Vs\n10;9\n35;300\n",
    "a layer without a thickness above others (row 2)": "No;Thickness;Vs\n1;-;200\n2;35;300\n",
}


@pytest.mark.parametrize("detail", BROKEN)
def test_a_table_that_cannot_be_is_refused_with_its_reason(
    detail: str, tmp_path: Path, layouts: list[Layout]
) -> None:
    path = tmp_path / "3506.csv"
    path.write_text(BROKEN[detail], encoding="utf-8")
    assert refuse(path, layouts) == (Reason.BAD_REPORT, f"station 3506: {detail}")


def test_a_report_without_a_station_is_refused(tmp_path: Path, layouts: list[Layout]) -> None:
    path = tmp_path / "survey.csv"
    path.write_text(TABLES["bottoms"], encoding="utf-8")
    assert refuse(path, layouts) == (
        Reason.BAD_REPORT,
        "no station code, neither in the text nor in the file's name",
    )


def test_a_pdf_of_images_only_is_refused(tmp_path: Path, layouts: list[Layout]) -> None:
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(tmp_path / "3506.pdf"))
    canvas.rect(50, 50, 200, 200, fill=1)
    canvas.save()
    reason, detail = refuse(tmp_path / "3506.pdf", layouts)
    assert reason is Reason.NO_TEXT_LAYER
    assert detail.startswith("1 page(s) without a text layer (images only)")


@pytest.mark.parametrize("content", [b"", b"%PDF-1.4 nothing", b"PK\x03\x04"])
@pytest.mark.parametrize("suffix", [".pdf", ".xlsx"])
def test_a_file_that_is_not_what_its_ending_says_is_unreadable(
    content: bytes, suffix: str, tmp_path: Path, layouts: list[Layout]
) -> None:
    path = tmp_path / f"3506{suffix}"
    path.write_bytes(content)
    assert refuse(path, layouts)[0] is Reason.UNREADABLE


def test_a_truncated_pdf_is_refused_and_never_an_exception(
    plain_pdf: Pdf, tmp_path: Path, layouts: list[Layout]
) -> None:
    whole = plain_pdf("whole.pdf", ["Thickness (m)", "Vs (m/s)"], ["10", "200"], ["25", "400"]).read_bytes()
    for length in range(0, len(whole), 60):
        path = tmp_path / "3506.pdf"
        path.write_bytes(whole[:length])
        (said,) = read_report(path, layouts, "reject")
        if isinstance(said, Statement):
            assert said.vs30_m_s == pytest.approx(300.0)


LAYOUT = """
name: bericht
about: reports in German
fields:
  station: ['messstation']
  vs30: ['scherwellengeschwindigkeit vs30']
columns:
  thickness: {headings: ['machtigkeit'], unit: cm}
  vs: {headings: ['geschwindigkeit']}
half_space: ['halbraum']
"""


def test_a_layout_of_one_s_own_needs_no_code(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "bericht.yaml").write_text(LAYOUT, encoding="utf-8")
    path = tmp_path / "bericht.csv"
    path.write_text(
        "Messstation: NAR\nMächtigkeit;Geschwindigkeit (m/s)\n1000;200\nHalbraum;400\n", encoding="utf-8"
    )
    said = read(path, read_layouts([tmp_path / "mine"]))
    assert (said.station, said.vs30_m_s) == ("NAR", pytest.approx(300.0))
    assert "layout bericht" in said.notes


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("half_space:", "halfspace:"), "halfspace: unknown key; did you mean 'half_space'?"),
        (("'messstation'", "'mess('"), "is no regular expression"),
        (("unit: cm", "unit: inch"), "columns.thickness.unit: 'inch'"),
        (("name:", ": name:"), "expected YAML"),
    ],
)
def test_a_layout_that_is_none_is_one_clear_line(
    change: tuple[str, str], message: str, tmp_path: Path
) -> None:
    (tmp_path / "bericht.yaml").write_text(LAYOUT.replace(*change), encoding="utf-8")
    with pytest.raises(InputError, match=r"bericht\.yaml: ") as caught:
        read_layouts([tmp_path])
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("label", "heading"),
    [("İstasyon Kodu", "Thickness (m);Vs (m/s)"), ("Station Code", "Kalınlık (m);Vs (m/s)")],
)
def test_labels_and_headings_in_two_languages_are_read(tmp_path: Path, label: str, heading: str) -> None:
    path = tmp_path / "report_3820.csv"
    path.write_text(f"{label};3821\n{heading}\n10;200\n25;400\n", encoding="utf-8")
    said = read(path, read_layouts([]))
    assert (said.station, said.vs30_m_s) == ("3821", pytest.approx(30.0 / (10 / 200 + 20 / 400)))
