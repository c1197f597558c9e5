"""The interactive map in a headless Chromium: every station, its sheet, and nothing from elsewhere."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from looking import errors, open_page, ready, requests_elsewhere, wait_for

from quakesite.evaluation.layout import read_csv
from quakesite.figures.map_data import read_stations
from quakesite.figures.map_page import embedded, render
from quakesite.figures.numbers import RunNumbers
from quakesite.figures.style import SYNTHETIC
from quakesite.stations.schema import STATIONS
from quakesite.tables import read_parquet


@pytest.fixture
def page(browser: Any, drawn: Path) -> Any:
    open_page(browser, drawn / "map.html")
    ready(browser)
    return browser


def shown(page: Any) -> list[str]:
    return page.execute_script(
        "return [...document.querySelectorAll('#list button')].map(one => one.dataset.code)"
    )


def click_on(page: Any, code: str) -> None:
    from selenium.webdriver.common.action_chains import ActionChains

    x, y = page.execute_script("return quakesite.placeOf(arguments[0])", code)
    ActionChains(page).move_by_offset(int(x), int(y)).click().move_by_offset(-int(x), -int(y)).perform()


def alone(stations: list[dict[str, Any]]) -> dict[str, Any]:
    """Returns the measured, unseen station that is farthest from the next: no other is clicked instead."""

    def nearest(one: dict[str, Any]) -> float:
        others = [two for two in stations if two is not one]
        return min(
            abs(one["latitude"] - two["latitude"]) + abs(one["longitude"] - two["longitude"])
            for two in others
        )

    return max((one for one in stations if one["measured"] and one["unseen"]), key=nearest)


def stations_of(run: RunNumbers) -> list[dict[str, Any]]:
    results = run.results
    return read_stations(
        results / "stations/stations.parquet",
        results / "predictions.csv",
        results / "records/catalogue.parquet",
        results / "picks.parquet",
        sorted((results / "evaluation/features").glob("*.parquet")),
    )


def test_every_station_of_the_table_is_on_the_map_with_its_numbers(run: RunNumbers) -> None:
    on_map = {one["code"]: one for one in stations_of(run)}
    table = read_parquet(run.results / "stations/stations.parquet", STATIONS).to_pylist()
    assert list(on_map) == [row["station"] for row in table]
    for row in read_csv(run.results / "predictions.csv"):
        one = on_map[row["station"]]
        assert [one["predicted"], one["low"], one["high"]] == [
            float(row[f"vs30_{name}"]) for name in ("predicted", "low", "high")
        ]
        assert one["measured"] == (float(row["vs30_measured"]) if row["vs30_measured"] else None)
        assert len(one["hv"]) == len(one["hvDeviation"]) == 32
    records = Counter(len(one["records"]) for one in on_map.values())
    assert sum(number * count for number, count in records.items()) == run["data"]["records"]


def test_the_file_is_self_contained_and_no_text_in_it_ends_a_script(run: RunNumbers) -> None:
    text = render(stations_of(run), synthetic=False)
    assert not re.search(r"(src|href)\s*=\s*[\"']?(https?:)?//", text)
    assert "</script><b>Van" not in text
    stored = re.search(r'<script id="data" type="application/json">(.*?)</script>', text, re.DOTALL)
    assert stored is not None
    assert {one["province"] for one in json.loads(stored[1])["stations"]} >= {"</script><b>Van", "Muğla"}
    assert embedded({"a": "</script>\u2028"}) == '{"a":"\\u003c/script>\\u2028"}'


def test_the_map_opens_without_an_error_and_asks_for_nothing_elsewhere(page: Any, run: RunNumbers) -> None:
    assert len(shown(page)) == run["stations"]["all"] == 40
    assert SYNTHETIC in page.find_element("id", "panel").text
    assert errors(page) == []
    assert requests_elsewhere(page) == []


def test_a_station_clicked_shows_its_sheet(page: Any, run: RunNumbers) -> None:
    station = alone(stations_of(run))
    click_on(page, station["code"])
    sheet = page.find_element("id", "sheet")
    wait_for(lambda: sheet.get_attribute("data-station") == station["code"], "the sheet")
    text = sheet.text
    assert f"TK {station['code']}" in text
    assert f"{station['measured']:.0f} m/s" in text
    assert f"{station['predicted']:.0f} m/s ({station['low']:.0f} to {station['high']:.0f})" in text
    assert f"Records ({len(station['records'])})" in text
    assert len(sheet.find_elements("css selector", "tbody tr")) == len(station["records"])
    for part in ("path.hv", "line.interval", "circle.predicted", "path.measured"):
        assert len(sheet.find_elements("css selector", part)) == 1, part
    assert errors(page) == []
    assert requests_elsewhere(page) == []


def test_stations_are_found_by_code_and_province_and_told_by_class(page: Any, run: RunNumbers) -> None:
    from selenium.webdriver.common.keys import Keys

    stations = stations_of(run)
    search = page.find_element("id", "search")
    search.send_keys("001")
    assert shown(page) == [one["code"] for one in stations if one["code"].startswith("001")]
    search.send_keys(Keys.ENTER)
    assert page.find_element("id", "sheet").get_attribute("data-station") == "0010"
    search.send_keys(Keys.ARROW_DOWN)
    assert page.find_element("id", "sheet").get_attribute("data-station") == "0011"
    search.send_keys(Keys.ESCAPE)
    assert not page.find_element("id", "sheet").is_displayed()
    for typed, province in (("mugla", "Muğla"), ("IZM", "İzmir"), ("kahraman", "Kahramanmaraş")):
        search.clear()
        search.send_keys(typed)
        assert shown(page) == [one["code"] for one in stations if one["province"] == province], typed
    search.send_keys(Keys.CONTROL, "a")
    search.send_keys(Keys.DELETE)
    page.find_element("css selector", "#classes input[value='C']").click()
    assert shown(page) == [one["code"] for one in stations if one["class"] != "C"]
    assert not page.find_elements("css selector", "#classes input[value='none']")


def test_stations_of_no_known_class_have_a_row_of_the_legend(
    browser: Any, run: RunNumbers, tmp_path: Path
) -> None:
    unknown = dict.fromkeys(("measured", "predicted", "low", "high", "class", "network", "hv"))
    first, *others = stations_of(run)
    (tmp_path / "map.html").write_text(render([first | unknown, *others]), encoding="utf-8")
    open_page(browser, tmp_path / "map.html", f"#{first['code']}")
    ready(browser)
    row = browser.find_element("css selector", "#classes label:has(input[value='none'])")
    assert row.text.split() == ["–", "not", "known", "1"]
    assert "site class\nnot known" in browser.find_element("id", "sheet").text
    assert browser.find_element("id", "whose").text == first["code"]
    row.click()
    assert shown(browser) == [one["code"] for one in others]
    assert errors(browser) == []


def focused(page: Any) -> str:
    """The code of the station whose button has the focus, else the id of what has it."""
    element = page.switch_to.active_element
    return element.get_attribute("data-code") or element.get_attribute("id")


def test_the_keyboard_opens_a_sheet_and_comes_back_from_it(page: Any) -> None:
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    def press(*keys: str) -> None:
        ActionChains(page).send_keys(*keys).perform()

    def expanded() -> list[str]:
        of_open = page.find_elements("css selector", "#list [aria-expanded='true']")
        return [one.get_attribute("data-code") for one in of_open]

    sheet, said = page.find_element("id", "sheet"), page.find_element("id", "said")
    page.find_element("id", "search").click()
    press(Keys.TAB)
    assert focused(page) == "0001"
    press(Keys.ARROW_DOWN, Keys.ARROW_DOWN)
    assert (focused(page), expanded()) == ("0003", [])
    assert not sheet.is_displayed()
    for key in (Keys.ENTER, Keys.SPACE):
        press(key)
        assert (sheet.get_attribute("data-station"), focused(page), expanded()) == ("0003", "sheet", ["0003"])
        assert said.get_attribute("textContent").startswith("Sheet of station 0003: measured ")
        press(Keys.TAB)
        assert focused(page) == "close"
        press(Keys.ESCAPE)
        assert (sheet.is_displayed(), focused(page), expanded()) == (False, "0003", [])
        assert said.get_attribute("textContent") == "Sheet closed."
    press(Keys.TAB)
    assert focused(page) == "in"
    ActionChains(page).key_down(Keys.SHIFT).send_keys(Keys.TAB).key_up(Keys.SHIFT).perform()
    assert focused(page) == "0003"
    press(Keys.END)
    assert focused(page) == "0040"
    press(Keys.ENTER)
    press(Keys.TAB, Keys.ENTER)
    assert (sheet.is_displayed(), focused(page)) == (False, "0040")
    assert errors(page) == []


def test_a_filter_is_told_to_those_who_do_not_see_the_list(page: Any, run: RunNumbers) -> None:
    summary = page.find_element("id", "summary")
    assert summary.get_attribute("role") == "status"
    page.find_element("id", "search").send_keys("0040")
    assert summary.text.startswith("1 of 40 stations shown")
    button = page.find_element("css selector", "#list button")
    station = next(one for one in stations_of(run) if one["code"] == "0040")
    assert button.get_attribute("aria-label").startswith(f"0040, {station['province']}: measured ")


def test_on_a_narrow_screen_map_and_sheet_are_both_in_view(browser: Any, drawn: Path) -> None:
    narrow = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", narrow)
    try:
        open_page(browser, drawn / "map.html", "#0002")
        ready(browser)
        wait_for(lambda: browser.execute_script("return innerWidth") == 390, "the narrow screen")
        boxes = browser.execute_script(
            "return ['map', 'sheet'].map(id => document.getElementById(id).getBoundingClientRect().toJSON())"
        )
        wide = browser.execute_script("return document.documentElement.scrollWidth")
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    (of_map, of_sheet) = boxes
    assert wide <= 390
    assert of_map["bottom"] <= of_sheet["top"] + 1
    assert of_map["top"] == 0
    assert of_sheet["bottom"] <= 844
    assert min(of_map["height"], of_sheet["height"]) > 250


def test_an_address_with_a_station_opens_its_sheet(browser: Any, drawn: Path) -> None:
    open_page(browser, drawn / "map.html", "#0004")
    ready(browser)
    sheet = browser.find_element("id", "sheet")
    assert sheet.get_attribute("data-station") == "0004"
    assert "lies outside what the model has seen" in sheet.text


def test_an_address_that_is_no_text_opens_the_map_all_the_same(browser: Any, drawn: Path) -> None:
    open_page(browser, drawn / "map.html", "#%E0")
    ready(browser)
    assert len(shown(browser)) == 40
    assert not browser.find_element("id", "sheet").is_displayed()
    assert errors(browser) == []


def test_the_panel_can_be_scrolled_where_the_window_is_low(page: Any) -> None:
    size, inside = page.get_window_size(), "return [innerWidth, innerHeight]"
    before = page.execute_script(inside)
    page.set_window_size(1200, 420)
    wait_for(lambda: page.execute_script(inside) != before, "the low window")
    script = (
        "const panel = document.getElementById('panel'); panel.scrollTop = 9999;"
        "return [panel.scrollHeight > panel.clientHeight, panel.scrollTop > 0]"
    )
    try:
        wait_for(lambda: page.execute_script(script) == [True, True], "a panel that scrolls")
    finally:
        page.set_window_size(size["width"], size["height"])
        wait_for(lambda: page.execute_script(inside) == before, "the window as it was")


def test_a_thousand_stations_are_all_there_and_open_their_sheets(
    browser: Any, run: RunNumbers, tmp_path: Path
) -> None:
    few = stations_of(run)
    many = [
        one
        | {
            "code": f"{place:04d}",
            "latitude": 36.5 + place % 40 * 0.12,
            "longitude": 27.0 + place // 40 * 0.7,
        }
        for place, one in enumerate(few * 25, 1)
    ]
    (tmp_path / "map.html").write_text(render(many), encoding="utf-8")
    open_page(browser, tmp_path / "map.html")
    ready(browser)
    assert len(shown(browser)) == 1000
    click_on(browser, "0517")
    sheet = browser.find_element("id", "sheet")
    wait_for(lambda: sheet.get_attribute("data-station") == "0517", "the sheet")
    assert errors(browser) == []
    assert requests_elsewhere(browser) == []
