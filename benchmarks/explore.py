"""Facet-crossing searches: regions per second, exactness included.

    python benchmarks/explore.py [--runs 3] [--peers] [name ...]

Each search starts from a point of the data and ends at a number of regions; medians of `--runs`, seconds of the
processor, matrix products on one thread, with the compiled code loaded. The order "distance" lists the regions nearest
to the point, "breadth" those with the fewest facets to cross; "looked at" are those whose facets were all decided.

The d4 network is searched to its end, and the number of its regions asserted. Elsewhere it is asserted that the list is
full, that the first region holds the point, and that witnesses have the patterns of their regions: all but one in
10 000, which may be in regions without floats (t64_32x2 has weights of 1e-44, behind whose boundaries regions begin at
a distance of 1e41). With `--peers` on the first network also relucent (`pip install -c constraints.txt -e ".[peers]"`).
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from polytope_lens import Box, Lens, Status

NETS = Path(__file__).parent / "nets"
# The first image of scikit-learn's digits, 8 x 8 values from 0 to 16.
DIGIT = bytes.fromhex(
    "00 00 05 0d 09 01 00 00 00 00 0d 0f 0a 0f 05 00 00 03 0f 02 00 0b 08 00 00 04 0c 00 00 08 08 00"
    "00 05 08 00 00 09 08 00 00 04 0b 00 01 0c 07 00 00 02 0e 05 0a 0c 00 00 00 00 06 0d 0a 00 00 00"
)


def random_net() -> Lens:
    """784-64-64-10 with He's initialisation."""
    rng = np.random.default_rng(784)
    sizes = ((64, 784), (64, 64), (10, 64))
    weights = [(rng.standard_normal(size) * (2 / size[1]) ** 0.5).astype(np.float32) for size in sizes]
    return Lens.from_arrays(weights, [np.zeros(len(w)) + 0.01 * rng.standard_normal(len(w)) for w in weights])


# Lens, start, domain, number of regions nearest first, and in breadth.
CASES = {
    "t10_32x2": (lambda: Lens(NETS / "t10_32x2.npz"), np.random.default_rng(10).standard_normal(10), None, 5000, 50000),
    "t64_32x2": (lambda: Lens(NETS / "t64_32x2.npz"), np.array(list(DIGIT)) / 16, None, 1000, 20000),
    "r784_64x2": (random_net, np.random.default_rng(28).random(784), None, 200, 2000),
    "d4_12x2_box1": (lambda: Lens(NETS / "d4_12x2_box1.npz"), np.zeros(4), Box([-1] * 4, [1] * 4), None, None),
}
WHOLE = {"d4_12x2_box1": 5068}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", help=f"of {', '.join(CASES)}; all by default")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--peers", action="store_true")
    arguments = parser.parse_args()
    print(f"{'network':<15}{'order':<10}{'regions':>9}{'looked at':>11}{'s':>9}{'regions/s':>11}{'rational':>10}")
    for name in arguments.names or CASES:
        build, x, domain, nearest, broad = CASES[name]
        lens = build()
        for order, n in (("distance", nearest), ("breadth", broad)):
            lens.explore(x, domain, max_regions=3, order=order)
            times = []
            for _ in range(arguments.runs):
                start = time.process_time()
                found = lens.explore(x, domain, max_regions=n, order=order)
                times.append(time.process_time() - start)
            check(name, lens, x, found, n)
            seconds = statistics.median(times)
            looked = len(found) - found.search.n_unseen
            print(
                f"{name:<15}{order:<10}{len(found):>9}{looked:>11}{seconds:>9.2f}{len(found) / seconds:>11.0f}"
                f"{found.certificate.rational:>10}"
            )
        if arguments.peers and name == "t10_32x2":
            peer(name, lens, x)


def check(name, lens, x, found, n):
    assert found.status is (Status.COMPLETE if n is None else Status.BUDGET_REACHED)
    assert len(found) == (WHOLE[name] if n is None else n)
    assert found[int(found.search.order[0])].pattern == lens.at(x).pattern
    strangers = (lens.patterns(found.witnesses) != found.patterns()).any(axis=1)
    assert strangers.mean() <= 1e-4


def peer(name, lens, x):
    from relucent import Complex, convert

    layers = lens.network.layers
    pairs = [(layer.weight, layer.bias) for layer in layers]
    cells = Complex(convert([*pairs, (lens.network.output_weight, lens.network.output_bias)]))
    start = time.perf_counter()
    cells.bfs(start=x, max_polys=200, nworkers=1, verbose=0)
    seconds = time.perf_counter() - start
    print(f"{name:<15}{'relucent':<10}{len(cells):>9}{'':>11}{seconds:>9.2f}{len(cells) / seconds:>11.0f}")


if __name__ == "__main__":
    main()
