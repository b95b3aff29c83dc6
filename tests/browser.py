"""Chromium without a window, by selenium; installed by the system: chromium, with its chromedriver."""

import shutil

from selenium import webdriver

_CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
_DRIVER = shutil.which("chromedriver")

IS_THERE = bool(_CHROMIUM and _DRIVER)


def headless(*arguments):
    """A browser that logs what its console says, and what it asks of the network."""
    options = webdriver.ChromeOptions()
    options.binary_location = _CHROMIUM
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        *arguments,
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return webdriver.Chrome(options, webdriver.ChromeService(_DRIVER))
