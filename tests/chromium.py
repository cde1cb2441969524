"""A headless Chromium for journeys and page walks: the machine's own, if it has one."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

PATIENCE_MS = 30_000
DESK: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
_CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_SERIOUS = {"serious", "critical"}


def needs_chromium() -> None:
    """Skip where the machine has no browser."""
    if _CHROMIUM is None:
        pytest.skip("no Chromium on this machine")


@contextmanager
def a_chromium() -> Iterator[Browser]:
    """One browser, whose visitors each get an empty profile of it.

    For a module, not for the session: its driver would still run when another module's is to start.
    """
    needs_chromium()
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=_CHROMIUM, args=_ARGUMENTS)
        yield opened
        opened.close()


_AT_REST = """() => Promise.race([
  Promise.allSettled(document.getAnimations().map((each) => each.finished)),
  new Promise((done) => setTimeout(done, 1000)),
])"""
"""Half faded in, a drawer has no contrast yet; what turns for ever is not waited for."""


def faults_of(page: Page) -> list[str]:
    """What is wrong with a page as it stands: accessibility, and what does not fit."""
    page.evaluate(_AT_REST)
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    said = [
        f"{page.url}: {fault['id']} at {[node['target'] for node in fault['nodes']][:3]}"
        for fault in found
        if fault["impact"] in _SERIOUS
    ]
    if not page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
        said.append(f"{page.url}: scrolls sideways")
    return said


def take_picture(page: Page, name: str, *, whole: bool = False) -> None:
    """Keep a picture of a page in the folder JOURNEY_PICTURES, if one is asked for."""
    if folder := os.environ.get("JOURNEY_PICTURES"):
        page.screenshot(path=Path(folder, f"{name}.png"), full_page=whole)
