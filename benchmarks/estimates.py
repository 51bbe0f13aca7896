"""How near estimates come to the truth, and what they take, beside a full count: the tables of docs/scale.md.

    python benchmarks/estimates.py [--seconds 300] [--probes 16] [--cells 1024] [--json FILE]
    python benchmarks/estimates.py --spread [--seconds 4]

Networks with known numbers of regions, found by counting them here, from a hundred thousand to a hundred million; a
count that takes more than `--seconds` is left out, and so is its network. Seconds are a processor's. With `--spread`,
probes of different sizes share the same time: which of them has the smallest error after a second?
"""

from __future__ import annotations

import argparse
import json
import time
from itertools import pairwise
from math import inf
from pathlib import Path

import numpy as np

from polytope_lens import Box, Lens
from polytope_lens.engines.charts import whole
from polytope_lens.engines.table import ENGINES, choose_engine
from polytope_lens.engines.thinning import Clock, Tree, learn, mean_cells, sample

NETS = Path(__file__).parent / "nets"
# Kind, inputs, widths, half the width of the box or None for all of R^d
RANDOM = [
    ("He", 2, (256, 256), 1.0),
    ("He", 2, (400, 400), None),
    ("He", 3, (64, 64, 64), 1.0),
    ("He", 3, (512, 512), 1.0),
    ("He", 4, (30, 30), None),
    ("He", 4, (24, 24, 24), 1.0),
    ("He", 6, (10, 10, 10, 10), 1.0),
    ("PyTorch", 5, (30,) * 5, 1.0),
    ("PyTorch", 8, (16,) * 4, 1.0),
    ("integers", 4, (16, 16, 16), 2.0),
    ("He", 12, (9, 9), 1.0),
]


def random_lens(kind: str, d: int, widths: tuple[int, ...], seed: int = 0) -> Lens:
    """He's weights with biases of standard deviation 0.3, PyTorch's, or small integers."""
    rng, weights, biases = np.random.default_rng(seed), [], []
    for n_in, n in pairwise((d, *widths, 1)):
        if kind == "integers":
            weights.append(rng.integers(-2, 3, (n, n_in)))
            biases.append(rng.integers(-1, 2, n))
        elif kind == "PyTorch":
            weights.append(rng.uniform(-1, 1, (n, n_in)) / np.sqrt(n_in))
            biases.append(rng.uniform(-1, 1, n) / np.sqrt(n_in))
        else:
            weights.append(rng.normal(size=(n, n_in)) * np.sqrt(2 / n_in))
            biases.append(rng.normal(size=n) * 0.3)
    return Lens.from_arrays(weights, biases)


def cases() -> dict[str, tuple[Lens, Box | None]]:
    found: dict[str, tuple[Lens, Box | None]] = {}
    found["2-(30 x 30), trained"] = Lens(NETS / "t2_30x30_box1.npz"), Box([-1, -1], [1, 1])
    for kind, d, widths, size in RANDOM:
        shape = (
            "-".join(map(str, (d, *widths)))
            if len(set(widths)) > 1 or len(widths) < 4
            else f"{d}-({widths[0]} x {len(widths)})"
        )
        name = f"{shape}, {kind}" + (", all of R^d" if size is None else "")
        found[name] = random_lens(kind, d, widths), None if size is None else Box(np.full(d, -size), np.full(d, size))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--probes", type=int, default=16)
    parser.add_argument("--cells", type=int, default=1024)
    parser.add_argument("--spread", action="store_true")
    parser.add_argument("--only", default="", help="networks whose name has this in it")
    parser.add_argument("--json", metavar="FILE")
    arguments = parser.parse_args()
    rows = []
    for name, (lens, domain) in cases().items():
        if arguments.only in name:
            row = (
                spread(name, lens, domain, arguments.seconds)
                if arguments.spread
                else against_truth(name, lens, domain, arguments)
            )
            rows.extend(row)
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(rows))


def against_truth(name: str, lens: Lens, domain: Box | None, arguments: argparse.Namespace) -> list[dict]:
    """One row: the estimate, then the count."""
    start = time.process_time()
    found = lens.estimate(domain, probes=arguments.probes, cells=arguments.cells)
    spent = time.process_time() - start
    if found.seconds > arguments.seconds:
        print(
            f"| {name} | ? | {found.regions} | {found.low} to {found.high} | {found.spread:.0%} | {spent:.1f} |",
            flush=True,
        )
        return []
    start = time.process_time()
    truth = lens.count(domain, progress=False).total
    seconds = time.process_time() - start
    row = {
        "network": name, "truth": truth, "estimate": found.regions, "low": found.low, "high": found.high,
        "spread": found.spread, "seconds": spent, "expected": found.seconds, "expected_range": found.seconds_range,
        "count": seconds,
    }  # fmt: skip
    print(
        f"| {name} | {truth} | {found.regions} | {found.low} to {found.high} | {found.spread:.0%} | {spent:.1f} "
        f"| {found.seconds:.1f} | {seconds:.1f} |",
        flush=True,
    )
    return [row]


def spread(name: str, lens: Lens, domain: Box | None, seconds: float) -> list[dict]:
    """One row for each size of probes: their spread, their middle, and the error of a mean after a second."""
    engine = ENGINES[choose_engine("auto", lens.network, domain) if domain is not None else "split"]
    assert engine.set_up is not None
    tree = Tree(*engine.set_up(lens.network, whole(lens.network, domain), want_output=False), Clock())
    truth, per_layer = tree.count(inf, tree.clock.now + 20 * seconds)
    learnt = learn(tree, 0, inf)
    if per_layer is None or learnt is None:
        return []
    rows = []
    for cells in (1, 8, 64, 512, 2048):
        if 4 * cells > truth:
            break
        values, start = [], time.process_time()
        while time.process_time() - start < seconds and len(values) < 5000:
            found = sample(tree, mean_cells(learnt), cells, (1, cells, len(values)), inf)
            assert found is not None
            values.append(found.cells[-1] / truth)
        each = (time.process_time() - start) / len(values)
        rows.append(
            {
                "network": name, "cells": cells, "probes": len(values), "ms": 1e3 * each, "mean": np.mean(values),
                "median": np.median(values), "spread": np.std(values), "after": np.std(values) * np.sqrt(each),
            }
        )  # fmt: skip
        print(
            "| "
            + " | ".join(f"{value:.3g}" if isinstance(value, float) else str(value) for value in rows[-1].values())
            + " |",
            flush=True,
        )
    return rows


if __name__ == "__main__":
    main()
