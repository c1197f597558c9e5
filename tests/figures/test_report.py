"""`snakemake --report` on the made-up run, opened in a headless Chromium without a network."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from looking import errors, open_page, ready, requests_elsewhere, wait_for
from workflow_checkout import copy_checkout

from quakesite.figures.captions import Captions
from quakesite.figures.contents import CHAPTERS, FIGURES, TABLES, path_of_table
from quakesite.figures.style import SYNTHETIC


@pytest.fixture(scope="module")
def report(root: Path, drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of the made-up run, unpacked."""
    folder = copy_checkout(root, tmp_path_factory.mktemp("report") / "quakesite")
    (folder / "results").symlink_to(drawn.parent)
    command = [sys.executable, "-m", "snakemake", "--report", "report.zip", "--config", "n_shards=2"]
    environment = os.environ | {"PYTHONPATH": str(folder / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=3600, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    with zipfile.ZipFile(folder / "report.zip") as packed:
        packed.extractall(folder)
    return folder / "report" / "report.html"


@pytest.fixture(scope="module")
def results(report: Path) -> dict[str, Any]:
    """What the report knows of each figure and table, by file name; tables as `tables/x.html`."""
    stored = re.search(
        r'<script id="results">\s*var results = (.*?);\s*</script>', report.read_text(), re.DOTALL
    )
    assert stored is not None
    return {path.split("figures/")[1]: entry for path, entry in json.loads(stored[1]).items()}


def test_every_figure_and_table_is_in_the_report_with_a_caption_that_says_it_is_synthetic(
    results: dict[str, Any],
) -> None:
    tables = {f"tables/{name}.html" for name in TABLES}
    assert set(results) == {f"{name}.svg" for name in FIGURES} | tables | {"map.html"}
    for name, entry in results.items():
        assert len(entry["caption"]) > 80, name
        assert SYNTHETIC in " ".join(entry["caption"].split()), name
        assert "system-message" not in entry["caption"], name


def test_captions_carry_the_runs_own_numbers(results: dict[str, Any], run: Any) -> None:
    said = {name: " ".join(entry["caption"].split()) for name, entry in results.items()}
    assert (
        f"40 stations by NEHRP site class. {run['stations']['measured']} of the 40 stations have"
        in said["fig1.svg"]
    )
    assert f"{run['data']['records']} records that passed" in said["overview.svg"]
    assert f"{run['predictions']['judged']} stations" in said["predicted.svg"]
    assert "5 of 5 experiments" in said["fig4.svg"]
    assert "24 duplicate (records), 21 too_far (records), 7 low_snr (windows)." in said["tables/rejects.html"]
    assert "44.0 % with 7 stations, 21.0 % with 41" in said["learning-curve.svg"]


NO_PAGE = {
    "flatfile.csv": "as many rows as records, made for other programs",
    "evaluation/region_members.csv": "drawn station by station in Figure 5",
}


def test_every_csv_table_that_a_run_is_asked_for_has_a_page(root: Path) -> None:
    """The CSV outputs of the rules that `rule tables` names, and of the stations and regions, have one."""
    rules = "".join(
        (root / f"workflow/rules/{name}.smk").read_text() for name in ("stations", "picks", "evaluation")
    )
    outputs = [part.split("log:")[0] for part in rules.split("    output:\n")[1:]]
    made = {path for part in outputs for path in re.findall(r'f"\{R\}/([\w/]+\.csv)"', part)}
    assert {"skill.csv", "stations/conflicts.csv", "evaluation/region_criteria.csv", "control.csv"} <= made
    assert set(NO_PAGE) <= made
    shown = {path_of_table(name) for name in TABLES}
    assert made - set(NO_PAGE) == shown


def test_titles_are_told_apart_within_a_chapter_and_chapters_follow_the_corridor() -> None:
    entries = [*FIGURES.values(), *TABLES.values()]
    assert len({entry.title for entry in entries}) == len(entries)
    assert {entry.chapter for entry in entries} <= set(CHAPTERS)
    assert sorted(CHAPTERS) == list(CHAPTERS)
    assert [name.split()[1] for name in CHAPTERS] == [
        *("Summary", "Records", "Stations", "Picks", "Windows", "Training", "Evaluation", "Map")
    ]


def test_a_caption_that_names_an_unknown_number_is_an_error_with_a_name(tmp_path: Path, run: Any) -> None:
    from quakesite.errors import InputError

    (tmp_path / "fig1.rst").write_text("{{ run.stationz }}")
    with pytest.raises(InputError, match="stationz"):
        Captions(tmp_path, run)["fig1"]


def test_the_report_opens_on_the_collapse_audit_and_asks_for_nothing_elsewhere(
    browser: Any, report: Path
) -> None:
    open_page(browser, report)
    front = wait_for(lambda: browser.find_elements("css selector", "#app .prose"), "the front page")[0]
    text = " ".join(front.text.split())
    assert "Everything here is made from the synthetic archive" in text
    assert "Collapsed to a constant: 5 of 5 experiments." in text
    assert "records, duplicate: 24" in text
    assert front.location["y"] >= 0
    assert front.find_element("css selector", "h1").location["y"] < 100
    menu = browser.find_element("css selector", "nav").text
    assert [line for line in menu.splitlines() if line[:1].isdecimal()] == list(CHAPTERS)
    assert errors(browser) == []
    assert requests_elsewhere(browser) == []


def test_the_front_page_is_readable_on_a_narrow_screen(browser: Any, report: Path) -> None:
    narrow = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", narrow)
    try:
        open_page(browser, report)
        wait_for(lambda: browser.find_elements("css selector", "#rulegraph canvas"), "the graph of rules")
        wait_for(lambda: one_beside_the_other_below(browser), "text beside the menu, the graph below it")
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def one_beside_the_other_below(browser: Any) -> bool:
    """Whether the text stands beside the menu, within 390 pixels, and the graph of rules below it."""
    menu, text, graph = browser.execute_script(
        "return ['nav', '#app .prose', '#rulegraph']"
        ".map(one => document.querySelector(one).getBoundingClientRect().toJSON())"
    )
    beside = menu["right"] <= text["left"] < text["right"] <= 390
    return beside and graph["top"] >= text["bottom"]


def show(browser: Any, report: Path, chapter: str, kind: str) -> Any:
    """Opens a chapter that holds one figure or page, and returns the element that shows it."""
    open_page(browser, report)
    wait_for(lambda: browser.find_elements("css selector", "nav li a"), "the menu")
    click = (
        "[...document.querySelectorAll('nav li a')].find(a => a.textContent.includes(arguments[0])).click()"
    )
    browser.execute_script(click, chapter)
    eye = "const eye = document.querySelector('a[iconname=eye]'); eye?.click(); return eye !== null"
    wait_for(lambda: browser.execute_script(eye), chapter)
    shown = f"#app {kind}[src*='data/raw']"
    return wait_for(lambda: browser.find_elements("css selector", shown), f"{chapter} in {kind}")[0]


def test_a_figure_opens_in_the_report(browser: Any, report: Path) -> None:
    show(browser, report, "4 Windows", "img")
    width = "return document.querySelector(\"#app img[src*='data/raw']\")?.naturalWidth"
    assert wait_for(lambda: browser.execute_script(width), "the picture") > 200
    assert errors(browser) == []
    assert requests_elsewhere(browser) == []


def test_the_map_in_the_report_shows_a_stations_sheet(browser: Any, report: Path) -> None:
    browser.switch_to.frame(show(browser, report, "7 Map", "iframe"))
    ready(browser)
    browser.find_element("css selector", "#list li").click()
    assert browser.find_element("id", "sheet").get_attribute("data-station") == "0001"
    browser.switch_to.default_content()
    assert errors(browser) == []
    assert requests_elsewhere(browser) == []
