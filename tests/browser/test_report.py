"""The report in a browser: it draws, says nothing bad, loads nothing, and fits a phone."""

import dataclasses
import json
from collections.abc import Iterator

import pytest
from browser.chromium import find_programs, running_browser, severe, wait_until
from made_records import confirmed, made_study
from selenium.webdriver import Chrome

from studies.report.build import page

MARKUP = "<img src=x onerror='window.hit=1'><script>window.hit=1</script> "
DRAWN = "return document.querySelectorAll('.js-plotly-plot .main-svg').length"
PLOTS = "return document.querySelectorAll('.plotly-graph-div').length"
SIZES = "return [document.documentElement.scrollWidth, window.innerWidth]"
LOADED = "return performance.getEntriesByType('resource').map(entry => entry.name)"
WIDER = """return [...document.querySelectorAll('figure')].filter(figure => {
  const drawn = figure.querySelector('.main-svg');
  return drawn && drawn.getBoundingClientRect().width > figure.clientWidth + 1;
}).length"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where the page of a full study lies, whose every name is markup."""
    study = made_study(tasks=[f"{MARKUP}{n}" for n in range(5)], name=f"{MARKUP}study")
    trials = [dataclasses.replace(trial, reason=MARKUP) for trial in study.trials]
    whole = confirmed(dataclasses.replace(study, trials=trials), group=MARKUP)
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(page(whole), encoding="utf-8")
    return path.as_uri()


@pytest.fixture
def driver() -> Iterator[Chrome]:
    """A browser; the test fails where the console has a severe message at its end."""
    programs = find_programs()
    if programs is None:
        pytest.skip("Chromium and its driver are not installed here")
    with running_browser(programs) as driver:
        yield driver
        assert severe(driver) == []


def open_page(driver: Chrome, address: str, *, width: int) -> None:
    """Opens the page at a width and waits until every plot is drawn."""
    size = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 600}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    driver.get(address)

    def is_drawn(driver: Chrome) -> bool:
        return 0 < driver.execute_script(PLOTS) <= driver.execute_script(DRAWN)

    wait_until(driver, is_drawn, "plots")


@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_fits_and_draws(address: str, driver: Chrome, width: int) -> None:
    """It never scrolls sideways, and no plot is wider than its column."""
    open_page(driver, address, width=width)
    scrolls, inner = driver.execute_script(SIZES)
    assert inner == width
    assert scrolls <= inner
    assert driver.execute_script(WIDER) == 0


def test_nothing_is_loaded_and_no_name_is_run(address: str, driver: Chrome) -> None:
    """Offline it is whole; what a user named is text."""
    open_page(driver, address, width=1280)
    loaded = driver.execute_script(LOADED)
    assert [name for name in loaded if not name.startswith("data:")] == [], json.dumps(loaded)
    assert driver.execute_script("return window.hit") is None
    assert driver.execute_script("return document.querySelectorAll('img').length") == 0
    title = driver.find_element("tag name", "h1").text
    assert title.startswith("<img src=x onerror=")


def test_a_mark_tells_its_trial_when_it_is_pointed_at(address: str, driver: Chrome) -> None:
    """As text, with the user's words as they were."""
    open_page(driver, address, width=1280)
    driver.execute_script(
        "Plotly.Fx.hover(document.querySelector('#plot-course-0-0'), [{curveNumber: 2, pointNumber: 0}])"
    )
    wait_until(
        driver,
        lambda d: bool(d.find_elements("css selector", "#plot-course-0-0 .hovertext")),
        "hover",
    )
    told = driver.find_element("css selector", "#plot-course-0-0 .hovertext").text
    assert "trial" in told
    assert "<img src=x" in told
