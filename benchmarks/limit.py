"""How far each engine is from its limit, one forward pass for each region, over width, depth and number of inputs.

    python benchmarks/limit.py [--runs 3] [--seconds 4] [--json FILE] [--figure FILE]

Random networks (He's weights, biases of standard deviation 0.3; "shrinking" ones as PyTorch initialises them, where
deep neurons mostly keep their sign) in the box [-1, 1]^d, three seeds for each size, one worker. Of each, `count` with
every engine that works for that many inputs and `partition` with the one that "auto" takes are timed, medians of the
runs; beside them the yardstick: one forward pass in float64, in a single batch, of one point in each region. A series
ends, for an engine, before a size that would take it longer than `--seconds`. Every count is asserted to be the same
for all engines and both verbs.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from itertools import pairwise
from pathlib import Path

import numpy as np

from polytope_lens import Box, Lens
from polytope_lens.engines.table import ENGINES, choose_engine

SEEDS = (0, 1, 2)
SERIES = {
    "width": [("He", 2, (n, n)) for n in (4, 8, 16, 32, 64, 128, 256)],
    "depth": [("He", 2, (16,) * n) for n in (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)],
    "shrinking": [("PyTorch", 5, (12,) * n) for n in (1, 2, 3, 4, 6, 8, 12)],
    "inputs": [("He", d, (10, 10)) for d in range(1, 13)],
}
LABELS = {
    "width": "neurons in each of two layers,\n2 inputs",
    "depth": "layers of 16 neurons,\n2 inputs",
    "shrinking": "layers of 12 neurons as initialised,\n5 inputs",
    "inputs": "inputs of two layers of 10",
}
# Okabe and Ito's colours, which colour-blind readers can tell apart, and a marker for each besides.
STYLES = {
    "partition": ("#0072B2", "o"),
    "subdivide": ("#D55E00", "s"),
    "polyhedra": ("#009E73", "D"),
    "split": ("#CC79A7", "v"),
    "brute": ("#E69F00", "x"),
    "forward": ("#555555", "^"),
}
NAMES = {"partition": "partition", "forward": "one forward pass per region"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4.0, help="no single run should take longer")
    parser.add_argument("--json", metavar="FILE", help="also write the figures there")
    parser.add_argument("--figure", metavar="FILE", default="limit.png", help="where to draw the plots")
    arguments = parser.parse_args()
    for d in (1, 2, 3):  # load the compiled code
        for engine in _able(d):
            random_lens("He", d, (2,), 0).partition(Box(-np.ones(d), np.ones(d)), engine=engine)
    print(f"{'series':<10}{'size':>10}{'seed':>5}{'what':>11}{'regions':>10}{'us a region':>13}{'passes':>9}")
    rows = []
    for series, sizes in SERIES.items():
        slow: set[str] = set()
        for kind, d, widths in sizes:
            new = [row for seed in SEEDS for row in measure(series, kind, d, widths, seed, arguments.runs, slow)]
            for row in new:
                each, passes = row["seconds"] / row["regions"] * 1e6, row["seconds"] / row["forward"]
                print(
                    f"{series:<10}{row['size']:>10}{row['seed']:>5}{row['what']:>11}{row['regions']:>10}{each:>13.3f}"
                    f"{passes:>9.1f}",
                    flush=True,
                )
            rows += new
            # The next size has some four times the regions, or more; `brute` asks rational programs.
            slow |= {row["what"] for row in new if row["seconds"] * 4 > arguments.seconds}
            if "partition" in slow:
                break
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(rows, indent=1) + "\n")
    draw(rows, arguments.figure)


def _able(d: int) -> list[str]:
    return [name for name, engine in ENGINES.items() if engine.takes(d)]


def random_lens(kind: str, d: int, widths: tuple[int, ...], seed: int) -> Lens:
    rng = np.random.default_rng(seed)
    shape = (d, *widths, 1)
    if kind == "He":
        weights = [rng.normal(size=(n, m)) * np.sqrt(2 / m) for m, n in pairwise(shape)]
        return Lens.from_arrays(weights, [rng.normal(size=n) * 0.3 for n in shape[1:]])
    layers = [(rng.uniform(-1, 1, (n, m)) / np.sqrt(m), rng.uniform(-1, 1, n) / np.sqrt(m)) for m, n in pairwise(shape)]
    return Lens.from_arrays([weight for weight, _ in layers], [bias for _, bias in layers])


def measure(series, kind, d, widths, seed, runs, slow) -> list[dict[str, object]]:
    lens, box = random_lens(kind, d, widths, seed), Box(-np.ones(d), np.ones(d))
    engine = choose_engine("auto", lens.network, box)
    seconds, found = {}, lens.partition(box)
    seconds["partition"], _ = timed(lambda: lens.partition(box), runs)
    for name in _able(d):
        if name not in slow:
            seconds[name], counts = timed(lambda name=name: lens.count(box, engine=name, workers=1), runs)
            assert counts == len(found), (name, counts, len(found))
    forward, _ = timed(lambda: lens(found.witnesses), runs)
    return [
        {
            "series": series,
            "value": {"width": widths[0], "inputs": d}.get(series, len(widths)),
            "size": f"{d}-{widths[0]}" + (f" x {len(widths)}" if len(widths) > 1 else ""),
            "seed": seed,
            "what": what,
            "chosen": engine,
            "regions": len(found),
            "seconds": each,
            "forward": forward,
        }
        for what, each in seconds.items()
    ]


def timed(call, runs):
    times, sizes = [], set()
    for _ in range(runs):
        start = time.process_time()
        result = call()
        times.append(time.process_time() - start)
        sizes.add(result.total if hasattr(result, "total") else len(result))
    assert len(sizes) == 1
    return statistics.median(times), sizes.pop()


def draw(rows, file: str) -> None:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, len(SERIES), figsize=(14, 4), layout="constrained", sharey=True)
    for ax, series in zip(axes, SERIES, strict=True):
        own = [row for row in rows if row["series"] == series]
        for what, (color, marker) in STYLES.items():
            points = {}
            for row in own:
                if what in (row["what"], "forward"):
                    took = row["forward"] if what == "forward" else row["seconds"]
                    points.setdefault(row["value"], []).append(took / row["regions"] * 1e6)
            values = sorted(points)
            middle = [statistics.median(points[value]) for value in values]
            ax.plot(values, middle, color=color, marker=marker, markersize=5, label=NAMES.get(what, f"count, {what}"))
        ax.set(xlabel=LABELS[series], yscale="log")
        if series != "inputs":
            ax.set_xscale("log", base=2)
            ax.xaxis.set_major_formatter(lambda v, _: f"{v:g}")
        ax.spines[["top", "right"]].set_visible(False)
        ax.grid(alpha=0.25)
    axes[0].set_ylabel("microseconds of one processor\nper region")
    handles, labels = axes[0].get_legend_handles_labels()
    others = [pair for ax in axes for pair in zip(*ax.get_legend_handles_labels(), strict=True)]
    shown = dict(zip(labels, handles, strict=True)) | {label: handle for handle, label in others}
    figure.legend(shown.values(), shown.keys(), loc="outside upper center", ncols=len(shown), frameon=False)
    figure.savefig(file, dpi=110)
    print(f"drawn: {file}")


if __name__ == "__main__":
    main()
