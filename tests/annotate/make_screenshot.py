"""Takes a picture of the page: `python tests/annotate/make_screenshot.py results docs/images/annotate.png`.

Works on any results with records and automatic picks; on the synthetic archive's for the README:
`snakemake --cores all results/picks.parquet`. Needs chromium, chromedriver and selenium. The picks that it
sets go to a folder of its own.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from annotation_client import Served
from chromium import start

from quakesite.tables import atomic_path

SIZE = (1500, 930)
KEYS = ("a", "1", "a", "0", "n", "a", "p")
"""Accepts P and S of the first record with their classes, goes to the next, and accepts its P."""
NAMED = {"Space": " ", "Enter": "\ue007", "Left": "\ue012", "Right": "\ue014"}
PATIENCE_S = 120.0


def take(results: Path, target: Path, *, record: str = "", keys: tuple[str, ...] = KEYS) -> None:
    """Writes the picture to `target`, after pressing `keys` on `record` (by default the first one)."""
    from selenium.webdriver.common.action_chains import ActionChains

    with tempfile.TemporaryDirectory() as folder:
        served = Served(results, Path(folder) / "annotations", "Ayşe")
        browser = start(Path(folder) / "chromium", SIZE)
        try:
            browser.get(served.address + (f"&record={record}" if record else ""))
            ends = time.monotonic() + PATIENCE_S
            while not browser.execute_script("return document.documentElement.dataset.ready"):
                if time.monotonic() > ends:
                    raise TimeoutError("the page did not open")
                time.sleep(0.05)
            for key in keys:
                ActionChains(browser).send_keys(NAMED.get(key, key)).perform()
                time.sleep(1)
            with atomic_path(target) as temporary:
                temporary.write_bytes(browser.get_screenshot_as_png())
        finally:
            browser.quit()
            served.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--record", default="")
    parser.add_argument(
        "--keys",
        default=" ".join(KEYS),
        help="keys to press, apart by spaces: letters, Space, Enter, Left, Right",
    )
    given = parser.parse_args()
    take(given.results, given.target, record=given.record, keys=tuple(given.keys.split()))
