"""Opens pages in the browser, and tells what they logged and asked for."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PATIENCE_S = 600.0
OF_THE_PAGE = ("file:", "data:", "blob:", "chrome:", "chrome-untrusted:", "about:")


def open_page(browser: Any, page: Path, fragment: str = "") -> None:
    """Opens `page` from the disk, after forgetting what an earlier page logged."""
    browser.get("about:blank")
    for kind in ("browser", "performance"):
        browser.get_log(kind)
    browser.get(page.resolve().as_uri() + fragment)


def wait_for(condition: Callable[[], Any], what: str) -> Any:
    """Returns the first true value of `condition`; fails after ten minutes."""
    ends = time.monotonic() + PATIENCE_S
    while time.monotonic() < ends:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"{what}: not within {PATIENCE_S:.0f} s")


def ready(browser: Any) -> None:
    """Waits until the map is there."""
    wait_for(lambda: browser.execute_script("return document.documentElement.dataset.ready"), "the map")


def errors(browser: Any) -> list[str]:
    """Returns the errors in the console since the page was opened."""
    return [entry["message"] for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]


def requests_elsewhere(browser: Any) -> list[str]:
    """Returns the addresses off this disk that were asked for since the page was opened."""
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [
        one["params"]["request"]["url"] for one in messages if one["method"] == "Network.requestWillBeSent"
    ]
    return [address for address in asked if not address.startswith(OF_THE_PAGE)]
