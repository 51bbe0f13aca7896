"""Pages of explorers in headless Chromium: `make browser`. Without playwright or a browser, these tests are skipped."""

from __future__ import annotations

import os
import shutil

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# As on a machine without a graphics card: pages are put together by the processor, and WebGL is drawn by it, too.
SOFTWARE = ["--no-sandbox", "--enable-unsafe-swiftshader", "--disable-gpu-compositing"]


@pytest.fixture(scope="session")
def browser():
    """Headless Chromium."""
    reason = "drives a browser: pip install playwright"
    playwright = pytest.importorskip("playwright.sync_api", reason=reason)
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip("there is no Chromium: install Debian's `chromium`, or name one with CHROMIUM=...")
    with playwright.sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=path, args=SOFTWARE)
        yield found
        found.close()


def is_complaint(message):
    """Whether something went wrong; that a test which reads a picture back has to wait for it is no fault."""
    return message.type in ("error", "warning") and "GPU stall due to ReadPixels" not in message.text


@pytest.fixture
def show(browser, tmp_path):
    """``show(page, address)``: a tab with an explorer; the test fails if the console has an error, or it loads more."""
    complaints, contexts = [], []

    def open_tab(page, address="", *, width=1000, height=800, **options):
        path = tmp_path / f"{len(contexts)}.html"
        page.save(path)
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        tab = context.new_page()
        tab.on("console", lambda message: is_complaint(message) and complaints.append(message.text))
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on(
            "request",
            lambda request: request.url.startswith(("file:", "data:", "blob:")) or complaints.append(request.url),
        )
        tab.goto(path.as_uri() + address)
        tab.evaluate("() => explorer.ready")
        return tab

    yield open_tab
    for context in contexts:
        context.close()
    assert not complaints
