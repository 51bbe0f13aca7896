"""Size of an explorer's page, and what a browser takes to show it, to move in it and to find a region.

    python benchmarks/explorer.py [--runs 3] [--chromium PATH]

Headless Chromium without a graphics card, as on a server: the processor draws pictures of 930 x 968 pixels and puts
pages together. Needs playwright (extra `browser`). Regions found are compared with Python's.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from statistics import median

import numpy as np
from playwright.sync_api import sync_playwright

from polytope_lens import Box, Lens

NETS = Path(__file__).parent / "nets"
SQUARE = Box([-1, -1], [1, 1])

DRAW = """() => {
  explorer.view.draw();
  const began = performance.now();
  explorer.view.draw();
  return performance.now() - began;
}"""
ZOOMED = """zoom => {
  const { camera } = explorer.view;
  camera.fit();
  [camera.x, camera.y] = [0.2, 0.2];
  camera.zoom(zoom);
  explorer.view.draw();
  const began = performance.now();
  explorer.view.draw();
  const took = performance.now() - began;
  camera.fit();
  explorer.view.draw();
  return took;
}"""
LOCATE = """points => {
  const { locator } = explorer.stage;
  const began = performance.now();
  const found = points.map(([x, y]) => locator.locate(x, y).region);
  return [(performance.now() - began) / points.length, found];
}"""
HOVER = """points => {
  const times = points.map(([x, y]) => {
    const began = performance.now();
    explorer.point(...explorer.view.camera.toScreen(x, y));
    explorer.view.drawOver();
    explorer.writePanel();
    return performance.now() - began;
  });
  return times.sort((a, b) => a - b)[times.length >> 1];
}"""
DRAG = """() => new Promise(done => {
  const plot = document.getElementById('plot');
  plot.setPointerCapture = () => {};
  const send = (type, x, y) =>
    plot.dispatchEvent(new PointerEvent(type, { pointerId: 1, clientX: x, clientY: y, button: 0, bubbles: true }));
  send('pointerdown', 400, 400);
  let [n, began] = [0, 0];
  const next = (now) => {
    if (!n++) began = now;
    send('pointermove', 400 + 90 * Math.sin(n / 9), 400 + 60 * Math.cos(n / 7));
    if (now - began < 2000) return requestAnimationFrame(next);
    send('pointerup', 400, 400);
    return done((1000 * (n - 1)) / (now - began));
  };
  requestAnimationFrame(next);
})"""


CUT = """() => {
  const times = [0.2, 0.35, 0.5, 0.65, 0.8].map(at => {
    const began = performance.now();
    explorer.state.cut = { axis: 0, at };
    explorer.view.draw();
    return performance.now() - began;
  });
  return times.sort((a, b) => a - b)[2];
}"""
POINT = """() => {
  const began = performance.now();
  for (let k = 0; k < 50; k++) explorer.view.at(300 + 5 * k, 300 + 3 * k);
  return (performance.now() - began) / 50;
}"""


def random_lens(widths):
    rng = np.random.default_rng(0)
    sizes = [2, *widths, 1]
    weights = [rng.normal(size=(n, m)) * np.sqrt(2 / m) for m, n in pairwise(sizes)]
    return Lens.from_arrays(weights, [rng.normal(size=n) * 0.3 for n in sizes[1:]])


CASES = {
    "2-(14 x 6), trained": Lens.example,
    "2-86-86-86": lambda: random_lens((86, 86, 86)),
    "2-(30 x 30), trained": lambda: Lens(NETS / "t2_30x30_box1.npz"),
}


def in_tabs(browser, page, runs, ask):
    """Medians over several tabs of the seconds until a page is drawn, and of what is asked of it then."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page.html"
        page.save(path)
        for _ in range(runs):
            context = browser.new_context(viewport={"width": 1380, "height": 1048})
            tab = context.new_page()
            began = time.perf_counter()
            tab.goto(path.as_uri())
            tab.evaluate("() => explorer.ready")
            found.append([time.perf_counter() - began, *ask(tab)])
            context.close()
    return [median(column) for column in zip(*found, strict=True)]


def in_space(browser, runs):
    """A line about three inputs."""
    partition = Lens(NETS / "d3_16x3_box1.npz").partition(Box([-1] * 3, [1] * 3))
    page = partition.explorer()
    opened, cut, point, frames = in_tabs(browser, page, runs, lambda tab: map(tab.evaluate, (CUT, POINT, DRAG)))
    return (
        f"3-16-16-16: {len(partition)} regions, {len(page.html) / 1e6:.2f} MB, open until drawn {opened:.2f} s, "
        f"another cut {cut:.0f} ms, the region under the pointer {point:.1f} ms, while turned {frames:.0f} frames/s"
    )


def measured(browser, page, partition, runs):
    """Medians of several tabs: seconds, milliseconds, frames a second, megabytes."""
    points = np.random.default_rng(1).uniform(-1, 1, (500, 2))
    wanted = partition.locate(points)

    def ask(tab):
        each, regions = tab.evaluate(LOCATE, points.tolist())
        assert all(region in (-2, want) for region, want in zip(regions, wanted.tolist(), strict=True))
        hover = tab.evaluate(HOVER, points[:100].tolist())
        draws = [tab.evaluate(DRAW), *(tab.evaluate(ZOOMED, zoom) for zoom in (5, 20))]
        heap = tab.evaluate("performance.memory.usedJSHeapSize / 1e6")
        return [*draws, each, hover, tab.evaluate(DRAG), heap]

    return in_tabs(browser, page, runs, ask)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--chromium", default=shutil.which("chromium"))
    arguments = parser.parse_args()
    head = (
        "network", "regions", "written in", "file", "open until drawn", "full view", "zoom x5", "zoom x20", "locate",
        "all about a region", "while dragged", "memory",
    )  # fmt: skip
    print("|", " | ".join(head), "|")
    print("|---" * len(head) + "|")
    with sync_playwright() as driver:
        options = ["--no-sandbox", "--enable-unsafe-swiftshader", "--disable-gpu-compositing"]
        browser = driver.chromium.launch(executable_path=arguments.chromium, args=options)
        for name, lens in CASES.items():
            partition = lens().partition(SQUARE)
            partition.explorer()
            began = time.process_time()
            page = partition.explorer()
            written = time.process_time() - began
            opened, full, near, nearer, each, hover, frames, heap = measured(browser, page, partition, arguments.runs)
            told = (
                name, f"{len(partition):,}".replace(",", " "), f"{written:.2f} s", f"{len(page.html) / 1e6:.2f} MB",
                f"{opened:.2f} s", f"{full:.0f} ms", f"{near:.0f} ms", f"{nearer:.0f} ms", f"{each:.3f} ms",
                f"{hover:.1f} ms", f"{frames:.0f} frames/s", f"{heap:.0f} MB",
            )  # fmt: skip
            print("|", " | ".join(told), "|")
        print(in_space(browser, arguments.runs))
        browser.close()


if __name__ == "__main__":
    main()
