"""The page in a real browser: picking by click, drag and keys, undo, reload, resume, a server that dies."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from annotation_client import Serve, Served
from chromium import missing, start
from made_up_archive import P_S, S_S

from quakesite.annotate.notebook import Entry, Notebook, Pick, read_notebook

pytest.importorskip("selenium", reason="no browser to drive: selenium is not installed")
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

pytestmark = pytest.mark.skipif(
    missing() is not None, reason=f"no browser to drive: {missing()} is not installed"
)

PATIENCE_S = 120.0


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    started = start(tmp_path_factory.mktemp("chromium"))
    yield started
    started.quit()


class Page:
    """The page of a running server, as an annotator meets it."""

    def __init__(self, driver: Any, served: Served) -> None:
        self.driver, self.served = driver, served
        self.open(served.address)

    def open(self, address: str) -> None:
        self.driver.get(address)
        self.wait(
            lambda: self.driver.execute_script("return document.documentElement.dataset.ready") == "yes"
        )

    def wait(self, condition: Callable[[], Any]) -> Any:
        ends = time.monotonic() + PATIENCE_S
        while not (found := condition()):
            assert time.monotonic() < ends, self.driver.find_element(By.TAG_NAME, "body").text
            time.sleep(0.02)
        return found

    def text(self, selector: str) -> str:
        return str(
            self.driver.execute_script("return document.querySelector(arguments[0]).textContent", selector)
        )

    def keys(self, *keys: str) -> None:
        for key in keys:
            ActionChains(self.driver).send_keys(key).perform()

    def place(self, time_s: float) -> tuple[int, int]:
        """Where on the screen, from the middle of the plots, a time is."""
        box = self.driver.find_element(By.ID, "plots").rect
        start, end = self.driver.execute_script("return quakesite.plots.view")
        left, right = 62, 14
        x = left + (time_s - start) / (end - start) * (box["width"] - 2 - left - right)
        return round(x - box["width"] / 2), 0

    def click(self, time_s: float) -> None:
        plots = self.driver.find_element(By.ID, "plots")
        ActionChains(self.driver).move_to_element_with_offset(plots, *self.place(time_s)).click().perform()

    def drag(self, from_s: float, to_s: float) -> None:
        plots = self.driver.find_element(By.ID, "plots")
        start, end = self.place(from_s), self.place(to_s)
        chain = ActionChains(self.driver).move_to_element_with_offset(plots, *start).click_and_hold()
        chain.move_by_offset((end[0] - start[0]) // 2, 0)
        chain.move_by_offset(end[0] - start[0] - (end[0] - start[0]) // 2, 0).release().perform()

    def saved(self) -> dict[str, Entry]:
        """What is on disk once everything is saved."""
        self.wait(lambda: self.text("#saved") == "saved")
        return read_notebook(self.served.csv)

    def times(self, record_id: str) -> dict[str, float]:
        return {phase: pick.time_s for phase, pick in self.saved().get(record_id, Entry({})).picks.items()}

    @property
    def record_id(self) -> str:
        return str(self.driver.execute_script("return new URLSearchParams(location.search).get('record')"))

    def log(self) -> tuple[list[str], set[str]]:
        """What the console complained about, and the hosts that were asked for anything."""
        complaints = [
            entry["message"]
            for entry in self.driver.get_log("browser")
            if entry["level"] in ("SEVERE", "WARNING")
        ]
        hosts = set()
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                address = urlsplit(message["params"]["request"]["url"])
                if address.scheme not in ("data", "blob", "about"):
                    hosts.add(address.netloc)
        return complaints, hosts


@pytest.fixture(scope="module")
def server(results: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    started = Served(results, tmp_path_factory.mktemp("page") / "annotations", "Ayşe")
    yield started
    started.stop()


REFUSED = ("ERR_CONNECTION_REFUSED", "status of 403", "status of 409", "status of 500")
"""What the browser says of a server that is gone, or does not take a pick."""


@contextmanager
def opened(driver: Any, served: Served, expected: tuple[str, ...] = REFUSED[:1]) -> Iterator[Page]:
    """Opens the page; whatever a test does: no complaint but the expected, no request to another host."""
    driver.get("about:blank")
    driver.get_log("browser")
    driver.get_log("performance")
    page = Page(driver, served)
    yield page
    complaints, hosts = page.log()
    assert [text for text in complaints if not any(known in text for known in expected)] == []
    assert hosts == {f"127.0.0.1:{served.port}"}
    driver.execute_script("localStorage.clear()")
    driver.get("about:blank")


@pytest.fixture
def page(driver: Any, server: Served) -> Iterator[Page]:
    """The page at the first record, with nothing picked."""
    with opened(driver, server) as page:
        yield page
    while server.get("/api/session")["can_undo"]:
        server.act("undo")


def test_picks_by_click_drag_and_keys_are_saved_undone_and_there_after_a_reload(
    page: Page, record_ids: list[str]
) -> None:
    first = page.record_id
    assert first == record_ids[0]
    page.click(P_S)
    page.wait(lambda: page.times(first) == {"P": pytest.approx(P_S, abs=0.05)})
    page.click(S_S)
    page.wait(lambda: len(page.times(first)) == 2)
    found = page.times(first)
    assert found["S"] == pytest.approx(S_S, abs=0.05)

    page.drag(found["P"], 13.0)
    page.wait(lambda: page.times(first)["P"] != found["P"])
    assert page.times(first)["P"] == pytest.approx(13.0, abs=0.05)
    assert page.text("#card-P .time").startswith(f"{page.times(first)['P']:.2f}")
    page.keys("z")
    page.wait(lambda: page.times(first) == found)

    page.keys("s", Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    ActionChains(page.driver).key_down(Keys.SHIFT).send_keys(Keys.ARROW_LEFT).key_up(Keys.SHIFT).perform()
    page.keys("3")
    page.wait(lambda: page.saved()[first].picks["S"].uncertainty_class == 3)
    assert page.times(first)["S"] == pytest.approx(found["S"] - 0.08)
    page.keys("c", "geç mi?", Keys.ENTER)
    page.wait(lambda: page.saved()[first].picks["S"].comment == "geç mi?")

    before = page.times(first)
    page.driver.refresh()
    page.wait(lambda: page.text("#card-P .time") == f"{before['P']:.2f} s")
    assert page.record_id == first
    assert page.text("#card-S .time") == f"{before['S']:.2f} s"
    assert page.driver.find_element(By.CSS_SELECTOR, "#card-S .comment").get_attribute("value") == "geç mi?"


def test_click_and_drag_of_a_slow_hand_are_a_click_and_a_drag(page: Page, record_ids: list[str]) -> None:
    """The button is held as long as a busy machine takes between its being pressed and what comes then."""
    plots = page.driver.find_element(By.ID, "plots")
    chain = ActionChains(page.driver).move_to_element_with_offset(plots, *page.place(P_S))
    chain.click_and_hold().pause(0.6).release().perform()
    page.wait(lambda: page.times(record_ids[0]) == {"P": pytest.approx(P_S, abs=0.05)})
    found = page.times(record_ids[0])["P"]
    (start, _), (end, _) = page.place(found), page.place(13.0)
    chain = ActionChains(page.driver).move_to_element_with_offset(plots, start, 0)
    chain.click_and_hold().pause(0.6).move_by_offset(end - start, 0).release().perform()
    page.wait(lambda: page.times(record_ids[0]) == {"P": pytest.approx(13.0, abs=0.05)})


def test_everything_can_be_done_with_the_keyboard_alone(page: Page, record_ids: list[str]) -> None:
    page.keys("a")
    page.wait(lambda: page.times(record_ids[0]) == {"P": 12.02})
    page.keys("n")
    page.wait(lambda: page.record_id == record_ids[1])
    page.keys(Keys.ENTER)
    page.wait(lambda: page.times(record_ids[1]) == {"P": 12.02, "S": 17.97})
    page.keys("p", "a")
    page.wait(lambda: page.times(record_ids[1])["P"] == 12.0)  # the next method's
    page.keys("s", Keys.DELETE)
    page.wait(lambda: page.times(record_ids[1]) == {"P": 12.0})

    page.keys("/", record_ids[7][-4:], Keys.ENTER)
    page.wait(lambda: page.record_id == record_ids[7])  # the record without suggestions
    page.keys(Keys.ARROW_RIGHT)
    theory = page.served.get(f"/api/theory?record={record_ids[7]}")
    page.wait(lambda: page.times(record_ids[7]) == {"P": pytest.approx(theory["P"], abs=0.006)})
    page.keys("x")
    page.wait(lambda: page.saved()[record_ids[7]].aside is not None)
    assert "3 of 12 done" in page.text("#counts")


def test_queues_lead_from_record_to_record(page: Page, record_ids: list[str]) -> None:
    page.keys("l")
    page.wait(lambda: page.record_id == record_ids[5])
    assert "S by 1 of 2" in page.text("#facts")
    page.keys("n")
    page.wait(lambda: page.record_id == record_ids[3])
    page.keys("b")
    page.wait(lambda: page.record_id == record_ids[5])
    page.keys("l")
    page.wait(lambda: "12 records" in page.text("#total"))
    page.keys(Keys.ENTER, "u")
    page.wait(lambda: page.record_id == record_ids[6])
    page.driver.find_element(By.CSS_SELECTOR, "[data-queue=unpicked]").click()
    page.wait(lambda: "11 records" in page.text("#total"))


def test_view_follows_wheel_keys_and_filter(page: Page) -> None:
    def view() -> list[float]:
        return list(page.driver.execute_script("return quakesite.plots.view"))

    def peak() -> float:
        return float(page.driver.execute_script("return Math.max(...quakesite.plots.sources[2].data.y)"))

    page.keys("w")
    page.wait(lambda: view()[1] - view()[0] > 39)
    plots = page.driver.find_element(By.ID, "plots")
    ActionChains(page.driver).move_to_element(plots).perform()
    page.driver.execute_script(
        "const [clientX, clientY] = arguments;"
        "const turned = {clientX, clientY, deltaY: -300, bubbles: true, composed: true, cancelable: true};"
        "document.elementFromPoint(clientX, clientY).dispatchEvent(new WheelEvent('wheel', turned));",
        plots.rect["x"] + 500,
        plots.rect["y"] + 200,
    )
    page.keys("+")
    page.wait(lambda: view()[1] - view()[0] < 30)
    width = view()[1] - view()[0]
    start = view()[0]
    page.keys("]")
    page.wait(lambda: view()[0] > start)
    assert view()[1] - view()[0] == pytest.approx(width)
    page.keys("e", " ")
    page.wait(lambda: view() == [pytest.approx(10.02), pytest.approx(14.02)])
    before = peak()
    page.keys("f")
    page.wait(lambda: peak() != before)
    assert view() == [pytest.approx(10.02), pytest.approx(14.02)]
    page.keys("f")
    page.wait(lambda: peak() == before)


def test_pick_made_while_the_server_is_dead_is_saved_when_it_is_back(
    driver: Any, serve: Serve, record_ids: list[str]
) -> None:
    served = serve()
    with opened(driver, served) as page:
        page.click(P_S)
        known = page.wait(lambda: page.times(record_ids[0]))
        served.kill()
        page.keys("s", "a")
        page.wait(lambda: "does not answer" in page.text("#saved"))
        page.keys("3")
        serve(port=served.port)
        page.wait(lambda: page.saved()[record_ids[0]].picks.get("S") is not None)
        page.wait(lambda: page.saved()[record_ids[0]].picks["S"].uncertainty_class == 3)
        assert page.times(record_ids[0]) == {**known, "S": 17.97}


def test_picks_of_a_page_never_land_with_another_annotator_on_the_same_port(
    driver: Any, serve: Serve, record_ids: list[str]
) -> None:
    """The browser knows both keys; the first one's page stays open while the second is served."""
    first = serve()
    with opened(driver, first, REFUSED) as page:
        page.keys("a")
        page.wait(lambda: page.times(record_ids[0]) == {"P": 12.02})
        first.stop()
        second = serve(annotator="Mehmet", port=first.port)
        page.keys("s", "a")
        page.wait(
            lambda: "1 not saved" in page.text("#saved")
        )  # refused with 403: this key is not known here
        mine = driver.current_window_handle
        driver.switch_to.new_window("tab")
        driver.get(second.address)
        page.wait(lambda: page.text("#annotator") == "Mehmet")
        driver.close()
        driver.switch_to.window(mine)
        page.keys("3")
        page.wait(lambda: "2 not saved" in page.text("#saved"))
        page.wait(lambda: "Mehmet" in page.text("#saved"))
        assert not second.csv.exists()
        driver.get("about:blank")
        second.stop()
        again = serve(port=first.port)
        page.open(again.address)
        page.wait(lambda: page.saved()[record_ids[0]].picks.get("S") is not None)
        page.wait(lambda: page.saved()[record_ids[0]].picks["S"].uncertainty_class == 3)
        assert page.times(record_ids[0]) == {"P": 12.02, "S": 17.97}


def test_pick_that_the_disk_does_not_take_is_kept_until_it_does(
    driver: Any, serve: Serve, record_ids: list[str]
) -> None:
    served = serve()
    with opened(driver, served, REFUSED) as page:
        in_the_way = served.folder / f".{served.csv.name}.{served.process.pid}.tmp"
        in_the_way.mkdir()
        page.keys("a")
        page.wait(lambda: "1 not saved: not saved" in page.text("#saved"))
        assert page.text("#card-P .time") == "12.02 s"
        page.keys("n", "a")
        page.wait(lambda: "2 not saved" in page.text("#saved"))
        assert page.record_id == record_ids[1]
        page.keys("b")
        page.wait(lambda: page.record_id == record_ids[0])
        assert page.text("#card-P .time") == "12.02 s"  # though the server does not know of it
        in_the_way.rmdir()
        page.wait(lambda: page.times(record_ids[0]) == page.times(record_ids[1]) == {"P": 12.02})


def test_keys_pressed_while_a_record_is_being_fetched_are_meant_for_that_record(
    driver: Any, serve: Serve, record_ids: list[str]
) -> None:
    def delay(milliseconds: float) -> None:
        conditions = {"offline": False, "downloadThroughput": -1, "uploadThroughput": -1}
        driver.execute_cdp_cmd("Network.emulateNetworkConditions", {**conditions, "latency": milliseconds})

    with opened(driver, serve()) as page:
        delay(300.0)
        try:
            ActionChains(driver).send_keys("nana/0006", Keys.ENTER, "a").perform()
            page.wait(lambda: page.times(record_ids[6]) != {})
        finally:
            delay(0.0)
        picked = {record_id: list(page.times(record_id)) for record_id in record_ids}
        assert page.record_id == record_ids[6]
    assert {record_id: phases for record_id, phases in picked.items() if phases} == {
        record_ids[number]: ["P"] for number in (1, 2, 6)
    }


def column_of(page: Page, time_s: float, figure: int) -> np.ndarray:
    """The pixels at a time, over the height of one of the figures, as floats of shape (n, 3)."""
    import io

    from matplotlib.image import imread

    picture = imread(io.BytesIO(page.driver.get_screenshot_as_png()))[..., :3]
    place = page.driver.execute_script(
        "const [time, figure] = arguments, {range, figures} = quakesite.plots;"
        "const view = Bokeh.index.find_one(figures[figure]), box = view.frame.bbox;"
        "const {left, top} = view.el.getBoundingClientRect();"
        "return [left + box.left + box.width * (time - range.start) / (range.end - range.start),"
        " top + box.top, top + box.bottom]",
        time_s,
        figure,
    )
    x, top, bottom = (round(value) for value in place)
    columns: np.ndarray = picture[top + 2 : bottom - 2, x - 1 : x + 2]
    return columns.reshape(-1, 3)


def test_suggestion_on_a_grid_line_is_seen(page: Page) -> None:
    """Record 0 has a suggestion at 12.00 s, where a line of the grid is."""
    page.keys("t")
    page.driver.execute_script("quakesite.plots.look(11.8, 12.2)")
    blue = np.array([10, 99, 184]) / 255

    def seen() -> bool:
        near = np.abs(column_of(page, 12.0, 1) - blue).max(axis=1) < 0.25
        return float(near.mean()) > 0.1

    page.wait(seen)
    page.keys("h")
    page.wait(lambda: not seen())
    page.keys("h", "t")


NOTICES = """
    const notice = document.getElementById("notice");
    window.notices = "";
    const keep = () => { window.notices += notice.textContent; };
    new MutationObserver(keep).observe(notice, { childList: true });
"""
"""Keeps what is told, which is taken away after four seconds: too soon for who asks seldom."""


def test_band_that_the_record_does_not_allow_leaves_the_page_usable(
    page: Page, record_ids: list[str]
) -> None:
    page.driver.execute_script(NOTICES)
    page.keys("f")
    page.driver.execute_script(
        "const low = document.getElementById('low'); low.value = '30'; low.dispatchEvent(new Event('change'))"
    )
    page.wait(lambda: "without the band-pass" in page.driver.execute_script("return window.notices"))
    assert page.driver.find_element(By.ID, "plots").rect["width"] > 900  # the notice takes no room
    pressed = "return document.getElementById('filter').ariaPressed"
    assert page.driver.execute_script(pressed) == "false"
    page.keys("n")
    page.wait(lambda: page.record_id == record_ids[1])
    page.driver.get_log("browser")  # the refusal


def test_record_that_does_not_know_its_start_says_so_and_has_theory_from_p(
    page: Page, record_ids: list[str]
) -> None:
    texts = "return quakesite.plots.hints.theory.data.text"
    page.keys("n", "n")
    page.wait(lambda: page.record_id == record_ids[2])
    page.wait(lambda: page.driver.execute_script(texts) == ["S iasp91, from P"])
    assert "no start time" in page.text("#facts")
    at = "return quakesite.plots.hints.theory.data.x[0]"
    before = page.driver.execute_script(at)
    page.keys("p", "a", "p", Keys.ARROW_RIGHT)
    page.wait(lambda: page.times(record_ids[2]).get("P") == pytest.approx(12.03))
    assert page.driver.execute_script(at) == pytest.approx(before + 0.01)


def test_rivals_are_drawn_and_the_reason_for_nothing_to_pick_is_kept(
    page: Page, record_ids: list[str]
) -> None:
    rivals = "return [...quakesite.plots.hints.rival.data.x]"
    page.wait(lambda: page.driver.execute_script(rivals) == [30.0])
    page.keys("x")
    page.wait(lambda: page.saved().get(record_ids[0]) == Entry({}, "Ayşe"))
    page.keys("c", "clipped", Keys.ENTER)
    page.wait(lambda: page.saved().get(record_ids[0]) == Entry({}, "Ayşe", "clipped"))
    page.keys("/", "2020-10-30 0004", Keys.ENTER)
    page.wait(lambda: page.record_id == record_ids[4])


SEES = """
    const near = (row) => Math.abs(Number(row.ariaPosInSet) - 36000 * arguments[0]) < 40;
    return [...document.querySelectorAll(".row")].some(near);
"""


def test_list_of_36000_records_draws_only_the_rows_in_sight(
    driver: Any, serve: Serve, large_results: Path
) -> None:
    with opened(driver, serve(results=large_results)) as page:
        assert "36,000 records" in page.text("#total")
        scroll = (
            "const list = document.getElementById('list'); list.scrollTop = list.scrollHeight * arguments[0]"
        )
        for share in (0.3, 0.99, 0.01, 0.6):
            driver.execute_script(scroll, share)
            page.wait(lambda share=share: driver.execute_script(SEES, share))
            assert len(driver.find_elements(By.CLASS_NAME, "row")) < 60


def test_statistics_page_compares_the_annotators(page: Page, record_ids: list[str]) -> None:
    page.served.act("set", record_ids[0], phase="P", time_s=12.0)
    other = Notebook(page.served.folder, "Mehmet")
    other.set_pick(record_ids[0], "P", Pick(12.3, "Mehmet"))
    other.close()
    page.driver.get(f"http://127.0.0.1:{page.served.port}/statistics")
    page.wait(lambda: "Mehmet" in page.text("body"))
    rows = [row.text for row in page.driver.find_elements(By.TAG_NAME, "tr")]
    assert "Ayşe Mehmet P 1 0 0 −0.30 s 0.00 s 0 % 0 % 100 %" in rows
    page.driver.find_element(By.LINK_TEXT, record_ids[0]).click()
    page.wait(lambda: page.driver.execute_script("return document.documentElement.dataset.ready") == "yes")
    assert page.record_id == record_ids[0]
