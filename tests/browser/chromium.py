"""Debian's Chromium without a window, driven by Selenium."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from selenium.webdriver import Chrome
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

WIDTH, HEIGHT = 1280, 1000
HARMLESS: tuple[str, ...] = ()
"""Parts of severe console messages that are known to say nothing about our content; none so far."""
_OPTIONS = ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu")


def find_programs() -> tuple[str, str] | None:
    """Paths of Chromium and of its driver, where both are installed."""
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    return (browser, driver) if browser and driver else None


@contextmanager
def running_browser(programs: tuple[str, str], *, height: int = HEIGHT) -> Iterator[Chrome]:
    """A browser of its own, closed when the block ends."""
    options = Options()
    options.binary_location = programs[0]
    for option in (*_OPTIONS, f"--window-size={WIDTH},{height}"):
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = Chrome(options=options, service=Service(programs[1]))
    try:
        yield driver
    finally:
        driver.quit()


def severe(driver: Chrome) -> list[str]:
    """Severe messages on the console since the last call, but for the harmless ones."""
    told = [entry for entry in driver.get_log("browser") if entry["level"] == "SEVERE"]
    return [e["message"] for e in told if not any(part in e["message"] for part in HARMLESS)]


def text_of(driver: Chrome) -> str:
    """All that can be read on the page."""
    return driver.find_element(By.TAG_NAME, "body").text


def wait_until(
    driver: Chrome, is_there: Callable[[Chrome], bool], what: str, *, seconds: float = 60.0
) -> None:
    """Waits until the page shows something."""
    end = time.monotonic() + seconds
    while not is_there(driver):
        assert time.monotonic() < end, f"no {what} on {driver.current_url}:\n{text_of(driver)}"
        time.sleep(0.2)
