"""A headless Chromium that talks to nobody but the page."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
TRIES, PATIENCE_S = 5, 600.0


def missing() -> str | None:
    """Returns which of the two programs is not installed, or None."""
    return next((name for name in ("chromium", "chromedriver") if shutil.which(name) is None), None)


def start(profile: Path, size: tuple[int, int] = (1500, 900)) -> Any:
    """Returns a started browser whose profile is the empty folder `profile`; `quit()` ends it.

    Selenium waits half a minute for chromedriver, and chromedriver a minute for Chromium: on a busy machine
    that may be too short, and it is tried again.
    """
    from selenium import webdriver
    from selenium.common.exceptions import WebDriverException

    for attempt in range(1, TRIES + 1):
        options = webdriver.ChromeOptions()
        options.binary_location = str(shutil.which("chromium"))
        of_attempt = f"--user-data-dir={profile / str(attempt)}"
        for flag in (*FLAGS, f"--window-size={size[0]},{size[1]}", of_attempt):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        # Chromium puts a socket into TMPDIR, whose path may have no more than 108 characters.
        service = webdriver.ChromeService(
            str(shutil.which("chromedriver")), env=os.environ | {"TMPDIR": "/tmp"}
        )
        try:
            started = webdriver.Chrome(options=options, service=service)
            break
        except WebDriverException:
            if attempt == TRIES:
                raise
    started.set_page_load_timeout(PATIENCE_S)
    started.set_script_timeout(PATIENCE_S)
    return started
