"""Where things are on optuna-dashboard's pages."""

from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

_DRAWN = "return [...document.querySelectorAll(\"[id^='user-defined-plot:']\")].filter(\
    plot => plot.querySelector('.main-svg')).map(plot => plot.id.split(':')[1])"
_LOADED = "return [...document.querySelectorAll('img')].filter(\
    image => image.src.includes('/artifacts/') && image.naturalWidth > 0).map(image => image.src)"


def drawn_plots(driver: Chrome) -> set[str]:
    """Names of the study's own plots that are drawn."""
    return set(driver.execute_script(_DRAWN))


def loaded_pictures(driver: Chrome) -> list[str]:
    """Addresses of artifacts that are shown as pictures."""
    return list(driver.execute_script(_LOADED))


def has_history(driver: Chrome) -> bool:
    """Whether optuna-dashboard's own history plot shows trials."""
    return bool(driver.find_elements(By.CSS_SELECTOR, "#plot-history .scatterlayer .point"))
