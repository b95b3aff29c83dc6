"""The pictures in the README, made anew: `python tests/gallery.py`, in the repository.

Runs what the README shows, in a copy of the sample data, and keeps the pictures in
`.pictures/`. That of the page is a screenshot: it needs Chromium with its driver, and selenium.
"""

import os
import shutil
import tempfile
from pathlib import Path

from browser import headless
from test_readme import blocks, commands_and_outputs, run

ROOT = Path(__file__).parent.parent
PICTURES = ROOT / ".pictures"
PAGE = "page.html"
N_STEPS = 10


def made_in(folder):
    """Run the commands, one after the other, in this folder."""
    os.chdir(folder)
    for block in blocks("console"):
        for command, _ in commands_and_outputs(block):
            run(command, folder)


def screenshot(page, path):
    """The page after some steps, as a reader of the README sees it."""
    browser = headless("--window-size=1280,1330", "--hide-scrollbars")
    try:
        browser.get(page.as_uri())
        for _ in range(N_STEPS):
            browser.find_element("id", "step").click()
        browser.save_screenshot(str(path))
    finally:
        browser.quit()


def main():
    """Make all pictures."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        shutil.copytree(ROOT / "sample_data", folder / "sample_data")
        made_in(folder)
        for picture in folder.glob("*.png"):
            shutil.copy(picture, PICTURES)
        screenshot(folder / PAGE, PICTURES / "page.png")


if __name__ == "__main__":
    main()
