"""Pages of tables, the run's numbers, captions and the gallery."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from looking import errors, open_page, requests_elsewhere
from PIL import Image

from quakesite.errors import InputError
from quakesite.evaluation.layout import read_csv
from quakesite.figures import gallery, table_page
from quakesite.figures.captions import Captions, listed
from quakesite.figures.contents import FIGURES, TABLES
from quakesite.figures.numbers import RunNumbers
from quakesite.figures.style import SYNTHETIC

KIB = 1024


@pytest.fixture
def captions(root: Path) -> Path:
    return root / "workflow" / "report"


def rows_of(page: str) -> list[list[str]]:
    body = page.split("<tbody>")[1].split("</tbody>")[0]
    return [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in re.findall(r"<tr[^>]*>(.*?)</tr>", body)]


def test_a_page_holds_every_row_of_its_table_and_the_csv_as_it_is(run: RunNumbers) -> None:
    source = run.results / "predictions.csv"
    page = table_page.render(source)
    assert len(rows_of(page)) == len(read_csv(source)) == 40
    stored = re.search(r'<script id="csv" type="application/json">(.*?)</script>', page, re.DOTALL)
    assert stored is not None
    assert json.loads(stored[1]) == {"name": "predictions.csv", "rows": 40, "text": source.read_text()}
    assert SYNTHETIC not in page
    assert SYNTHETIC in table_page.render(source, synthetic=True)


def test_codes_with_leading_zeros_are_no_numbers_and_numbers_stand_to_the_right(run: RunNumbers) -> None:
    page = table_page.render(run.results / "predictions.csv")
    assert "<td>0001</td>" in page
    assert '<th scope="col" class="number"><button>vs30 predicted (m/s)</button></th>' in page


def test_collapsed_models_are_tinted_and_the_verdict_stands_in_front(run: RunNumbers) -> None:
    page = table_page.render(run.results / "skill.csv")
    assert page.count('<tr class="warn">') == 7
    assert [row[:2] for row in rows_of(page)][-1] == ["hvsr_forest", "better than a constant"]
    assert "−0.2" in page
    assert "0.08657<" in table_page.render(run.results / "evaluation/class_reliability.csv")


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        *(
            ("0.04", "0.04"),
            ("0.0400123456", "0.04001"),
            ("0.000412345", "0.0004123"),
            ("4.12345e-08", "4.12e-08"),
        ),
        *(
            ("1286.4750", "1286"),
            ("-28.9974", "-29.00"),
            ("36.81770", "36.82"),
            ("0.0000", "0"),
            ("-0.0", "0"),
        ),
        *(
            ("217", "217"),
            ("109000", "109000"),
            ("217.0000", "217.0"),
            ("1e5", "1e5"),
            ("0.5", "0.5"),
            ("inf", "inf"),
        ),
    ],
)
def test_numbers_are_shown_with_four_digits_and_never_as_nothing(written: str, shown: str) -> None:
    assert table_page.rounded(written) == shown


def test_a_rounded_number_carries_the_whole_one_and_is_sorted_by_it(browser: Any, tmp_path: Path) -> None:
    source = tmp_path / "table.csv"
    source.write_text("name,error_pct,latitude\na,1.00004,38.7749\nb,-1.00002,38.7812\nc,1.00003,NaN\n")
    page = tmp_path / "table.html"
    page.write_text(table_page.render(source), encoding="utf-8")
    assert (
        '<td class="number" title="-1.00002">−1.000</td><td class="number">38.7812</td>' in page.read_text()
    )
    open_page(browser, page)
    browser.find_elements("css selector", "th button")[1].click()
    names = "return [...document.querySelectorAll('tbody tr')].map(row => row.cells[0].textContent)"
    assert browser.execute_script(names) == ["b", "c", "a"]
    assert errors(browser) == []


def test_rejects_are_counted_by_stage_and_reason(run: RunNumbers) -> None:
    rows = rows_of(table_page.render(run.results / "rejects.csv"))
    assert [row[:3] for row in rows] == [
        ["records", "duplicate", "24"],
        ["records", "too_far", "21"],
        ["windows", "low_snr", "7"],
    ]
    assert rows[0][3] == "0.asc: what was found"


def test_text_of_a_table_is_escaped_and_a_long_table_is_cut(tmp_path: Path) -> None:
    source = tmp_path / "long.csv"
    source.write_text("name,error_pct\n" + "<b>&,1.5\n" * (table_page.MOST_ROWS + 5))
    page = table_page.render(source)
    assert len(rows_of(page)) == table_page.MOST_ROWS
    assert "<b>&" not in page
    assert "error (%)" in page
    with pytest.raises(InputError, match="no such file"):
        table_page.render(tmp_path / "none.csv")


def test_a_page_is_sorted_and_searched_in_the_browser(browser: Any, drawn: Path) -> None:
    open_page(browser, drawn / "tables/predictions.html")
    rows = "[...document.querySelectorAll('tbody tr')].filter(row => !row.hidden)"
    column = f"return {rows}.map(row => row.cells[arguments[0]].textContent)"
    button = next(
        one for one in browser.find_elements("css selector", "th button") if one.text == "vs30 measured (m/s)"
    )
    for downwards in (False, True):
        button.click()
        shown = browser.execute_script(column, 4)
        known = [float(text) for text in shown if text != "–"]
        assert known == sorted(known, reverse=downwards)
        assert shown[-5:] == ["–"] * 5
    browser.find_element("id", "search").send_keys("0017")
    assert browser.execute_script(column, 0) == ["0017"]
    assert browser.find_element("id", "count").text == "1 of 40 rows"
    assert errors(browser) == []
    assert requests_elsewhere(browser) == []


@pytest.mark.parametrize(
    ("column", "heading"),
    [
        ("error_m_s", "error (m/s)"),
        ("skill_low", "skill low"),
        ("median_s", "median (s)"),
        ("within_0_1_s", "within 0 1 s"),
        ("vs30_low", "vs30 low (m/s)"),
    ],
)
def test_headings_carry_units(column: str, heading: str) -> None:
    assert table_page.heading(column) == heading


def test_numbers_are_those_of_the_tables(run: RunNumbers) -> None:
    rows = read_csv(run.results / "predictions.csv")
    judged = [row for row in rows if row["out_of_fold"] == "true" and row["vs30_measured"]]
    assert run["predictions"]["judged"] == len(judged)
    assert run["predictions"]["unmeasured"] == sum(not row["vs30_measured"] for row in rows) == 5
    assert run["stations"]["measured"] == 35
    assert run["stations"]["sources"] == {"report": 17, "table": 18}
    assert run["best"]["name"] == "hvsr_forest"
    assert run["better"] == ["hvsr_forest"]
    assert len(run["experiments"]["collapsed"]) == 5
    assert run["learning_curve"]["error_many"] == pytest.approx(21.0)
    assert [row["number"] for row in run["rejects"]] == [24, 21, 7]
    assert json.dumps(RunNumbers(run.results, 2)) == "{}"
    with pytest.raises(KeyError, match="nonsense"):
        run["nonsense"]


def test_every_caption_is_filled_and_marked_where_synthetic(run: RunNumbers, captions: Path) -> None:
    names = [*FIGURES, *(f"table-{name}" for name in TABLES), "map"]
    real = RunNumbers(run.results, run.n_shards)
    for numbers in (run, real):
        of_run = Captions(captions, numbers)
        for name in names:
            assert (captions / f"{name}.rst").is_file(), name
            assert "{" not in of_run[name], name
            assert (SYNTHETIC in of_run[name]) is numbers.synthetic, name
    assert "None" not in "".join(Captions(captions, run)[name] for name in names)


def test_a_figure_without_a_template_has_its_title_for_a_caption(run: RunNumbers, tmp_path: Path) -> None:
    assert Captions(tmp_path, run)["fig3"].startswith(FIGURES["fig3"].title)


def test_names_are_listed_as_a_person_lists_them() -> None:
    assert [listed(names) for names in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        *("none", "a", "a and b", "a, b and c")
    ]


def test_the_gallery_shows_every_figure_small_with_its_caption(
    run: RunNumbers, drawn: Path, captions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery, "BROWSERS", ())
    gallery.write(run, captions, tmp_path)
    page = (tmp_path / "gallery.md").read_text()
    pictures = re.findall(r"!\[.*?\]\((images/.*?)\)", page)
    assert pictures == [
        f"images/{name}.png" for name in sorted(FIGURES, key=lambda name: FIGURES[name].chapter)
    ]
    for picture in pictures:
        assert (tmp_path / picture).stat().st_size < 200 * KIB
        assert Image.open(tmp_path / picture).size == Image.open(drawn / Path(picture).name).size
    assert page.count(SYNTHETIC) == len(pictures)
    assert "35 of the 40 stations have a measured Vs30" in " ".join(page.split())


def test_a_small_picture_keeps_the_fill_of_a_single_symbol(tmp_path: Path) -> None:
    picture = Image.effect_noise((200, 200), 40.0).convert("RGB")
    picture.paste((255, 255, 255), (0, 0, 200, 100))
    picture.paste((204, 51, 17), (50, 50, 56, 56))
    picture.save(tmp_path / "large.png")
    gallery.shrink(tmp_path / "large.png", tmp_path / "small.png")
    with Image.open(tmp_path / "small.png") as small:
        assert small.convert("RGB").getpixel((52, 52)) == (204, 51, 17)
    assert (tmp_path / "small.png").stat().st_size < (tmp_path / "large.png").stat().st_size


@pytest.mark.parametrize("name", ["fig1", "fig4", "record"])
def test_small_pictures_keep_every_colour_nearly_and_frequent_ones_wholly(
    name: str, drawn: Path, tmp_path: Path
) -> None:
    gallery.shrink(drawn / f"{name}.png", tmp_path / "small.png")
    with Image.open(drawn / f"{name}.png") as one, Image.open(tmp_path / "small.png") as two:
        large, small = (np.asarray(image.convert("RGB"), dtype=int).reshape(-1, 3) for image in (one, two))
    assert np.abs(large - small).max() < 40
    colours, counts = np.unique(large, axis=0, return_counts=True)
    for colour in colours[np.argsort(-counts)][:100]:
        there = (large == colour).all(axis=1)
        assert (small[there] == colour).all()


def test_a_browser_that_hangs_is_ended_and_the_picture_that_is_there_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    browser = tmp_path / "browser"
    browser.write_text("#!/bin/sh\nsleep 600\n")
    browser.chmod(0o755)
    page, picture = tmp_path / "map.html", tmp_path / "map.png"
    page.write_text("<p>")
    monkeypatch.setattr(gallery, "BROWSERS", (str(browser),))
    monkeypatch.setattr(gallery, "PATIENCE_S", 0.1)
    assert gallery.photograph(page, picture) is False
    picture.write_bytes(b"as it was")
    assert gallery.photograph(page, picture) is True
    assert picture.read_bytes() == b"as it was"
    assert "was not done within 0.1 s" in capsys.readouterr().err


def test_the_gallery_of_a_run_without_figures_says_what_to_do(tmp_path: Path, captions: Path) -> None:
    with pytest.raises(InputError, match="snakemake --cores all figures"):
        gallery.write(RunNumbers(tmp_path, 2, synthetic=True), captions, tmp_path / "docs")


def test_the_committed_gallery_shows_pictures_that_are_there(root: Path) -> None:
    pictures = re.findall(r"!\[.*?\]\((images/.*?)\)", (root / "docs/gallery.md").read_text())
    assert len(pictures) >= len(FIGURES)
    for picture in pictures:
        assert (root / "docs" / picture).stat().st_size < 200 * KIB, picture
