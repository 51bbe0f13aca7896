"""The pictures in docs/explorer.md: `python docs/explorer.py` (extra `browser`, and Chromium)."""

import io
import shutil
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from polytope_lens import Box, Lens

ROOT = Path(__file__).parents[1]
SOFTWARE = ["--no-sandbox", "--enable-unsafe-swiftshader", "--disable-gpu-compositing"]


def main() -> None:
    """Look at two partitions in a browser."""
    plane = Lens.example().partition(Box([-1, -1], [1, 1]))
    space = Lens(ROOT / "benchmarks" / "nets" / "d3_16x3_box1.npz").partition(Box([-1] * 3, [1] * 3))
    views = {
        "explorer": (plane, f"#color=slope&region={plane.volumes().argmax()}&neuron=2,5"),
        "explorer_space": (space, "#color=slope&region=9162&neuron=1,3&view=0.6,0.45,1,0,0,0,0.5,0.5"),
    }
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=SOFTWARE)
        for name, (partition, view) in views.items():
            page = Path(folder) / f"{name}.html"
            partition.explorer(page)
            tab = browser.new_page(viewport={"width": 1200, "height": 780})
            tab.goto(page.as_uri() + view)
            tab.evaluate("() => explorer.ready")
            tab.wait_for_selector(".mark")
            picture = Image.open(io.BytesIO(tab.screenshot())).convert("RGB")
            picture.save(ROOT / "docs" / "images" / f"{name}.png", optimize=True)
        browser.close()


if __name__ == "__main__":
    main()
