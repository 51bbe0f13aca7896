"""How cost grows with size: time per region over width, depth and number of inputs, and time over number of regions.

    python benchmarks/scaling.py [--runs 3] [--seconds 4] [--json FILE] [--figure FILE]

Random networks (He's weights, biases of standard deviation 0.3) in the box [-1, 1]^d, three seeds for each size, one
worker. Of each, `partition` (everything that it returns) and `count` are timed, medians of the runs; beside them the
yardstick: one forward pass in float64, in a single batch, of one point in each region. A series ends before a size that
would take longer than `--seconds`. Every count is asserted to be the same for all runs and for both verbs.
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
from polytope_lens.engines.table import choose_engine

SEEDS = (0, 1, 2)
SERIES = {
    "width": [(2, (n, n)) for n in (4, 8, 16, 32, 64, 128, 256)],
    "depth": [(2, (16,) * n) for n in (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)],
    "inputs": [(d, (10, 10)) for d in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)],
}
LABELS = {"width": "neurons in each of two layers", "depth": "layers of 16 neurons", "inputs": "inputs"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4.0, help="no single run should take longer")
    parser.add_argument("--json", metavar="FILE", help="also write the figures there")
    parser.add_argument("--figure", metavar="FILE", default="scaling.png", help="where to draw the plots")
    arguments = parser.parse_args()
    for d in (1, 2, 3):  # load the compiled code
        random_lens(d, (2,), 0).partition(Box(-np.ones(d), np.ones(d)))
    heads = ("partition us", "count us", "pass us")
    print(f"{'series':<8}{'size':>16}{'seed':>5}{'engine':>11}{'regions':>10}" + "".join(f"{h:>14}" for h in heads))
    rows = []
    for series, sizes in SERIES.items():
        for d, widths in sizes:
            new = [measure(series, d, widths, seed, arguments.runs) for seed in SEEDS]
            for row in new:
                print(
                    f"{series:<8}{row['size']:>16}{row['seed']:>5}{row['engine']:>11}{row['regions']:>10}"
                    + "".join(
                        f"{row[kind] / row['regions'] * 1e6:>14.3f}" for kind in ("partition", "count", "forward")
                    ),
                    flush=True,
                )
            rows += new
            # The next size has some four times the regions, or more.
            if max(row["partition"] for row in new) * 4 > arguments.seconds:
                break
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(rows, indent=1) + "\n")
    draw(rows, arguments.figure)


def random_lens(d: int, widths: tuple[int, ...], seed: int) -> Lens:
    rng = np.random.default_rng(seed)
    shape = (d, *widths, 1)
    weights = [rng.normal(size=(n, m)) * np.sqrt(2 / m) for m, n in pairwise(shape)]
    return Lens.from_arrays(weights, [rng.normal(size=n) * 0.3 for n in shape[1:]])


def measure(series: str, d: int, widths: tuple[int, ...], seed: int, runs: int) -> dict[str, object]:
    lens, box = random_lens(d, widths, seed), Box(-np.ones(d), np.ones(d))
    partition_seconds, found = timed(lambda: lens.partition(box), runs)
    count_seconds, counts = timed(lambda: lens.count(box), runs)
    assert counts.total == len(found)
    forward_seconds, _ = timed(lambda: lens(found.witnesses), runs)
    return {
        "series": series,
        "value": {"width": widths[0], "depth": len(widths), "inputs": d}[series],
        "size": f"{d}-{widths[0]}" + (f" x {len(widths)}" if len(widths) > 1 else ""),
        "seed": seed,
        "engine": choose_engine("auto", lens.network, box),
        "regions": len(found),
        "partition": partition_seconds,
        "count": count_seconds,
        "forward": forward_seconds,
    }


def timed(call, runs):
    times, sizes = [], set()
    for _ in range(runs):
        start = time.perf_counter()
        result = call()
        times.append(time.perf_counter() - start)
        sizes.add(result.total if hasattr(result, "total") else len(result))
    assert len(sizes) == 1
    return statistics.median(times), result


def draw(rows, file: str) -> None:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    # Okabe and Ito's colours, which colour-blind readers can tell apart, and a marker for each besides.
    styles = {"partition": ("#0072B2", "o"), "count": ("#D55E00", "s"), "forward": ("#555555", "^")}
    names = {"partition": "partition", "count": "count", "forward": "one forward pass per region"}
    figure, axes = plt.subplots(1, 4, figsize=(13, 3.6), layout="constrained")
    for ax, series in zip(axes, SERIES, strict=False):
        own = [row for row in rows if row["series"] == series]
        values = sorted({row["value"] for row in own})
        for kind, (color, marker) in styles.items():
            per_region = [
                statistics.median(row[kind] / row["regions"] * 1e6 for row in own if row["value"] == value)
                for value in values
            ]
            ax.plot(values, per_region, color=color, marker=marker, markersize=5, label=names[kind])
        ax.set(xlabel=LABELS[series], yscale="log")
        if series != "inputs":
            ax.set_xscale("log", base=2)
            ax.xaxis.set_major_formatter(lambda v, _: f"{v:g}")
    axes[0].set_ylabel("microseconds per region")
    for kind, (color, marker) in styles.items():
        axes[3].scatter(
            [row["regions"] for row in rows], [row[kind] for row in rows], color=color, marker=marker, s=14, alpha=0.8
        )
    axes[3].set(xlabel="regions", ylabel="seconds", xscale="log", yscale="log")
    for ax in axes:
        ax.spines[["top", "right"]].set_visible(False)
        ax.grid(alpha=0.25)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels), frameon=False)
    figure.savefig(file, dpi=110)
    print(f"drawn: {file}")


if __name__ == "__main__":
    main()
