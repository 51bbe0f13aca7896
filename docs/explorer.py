"""The picture of the explorer in docs/explorer.md: `python docs/explorer.py` (extra `browser`, and Chromium)."""

import io
import shutil
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from polytope_lens import Box, Lens

partition = Lens.example().partition(Box([-1, -1], [1, 1]))
view = f"#color=slope&region={partition.volumes().argmax()}&neuron=2,5"
with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
    page = Path(folder) / "polytopes.html"
    partition.explorer(page)
    browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"])
    tab = browser.new_page(viewport={"width": 1200, "height": 780})
    tab.goto(page.as_uri() + view)
    tab.evaluate("() => explorer.ready")
    tab.wait_for_selector(".mark")
    picture = Image.open(io.BytesIO(tab.screenshot())).convert("RGB").quantize(128)
    picture.save(Path(__file__).parent / "images" / "explorer.png", optimize=True)
    browser.close()
