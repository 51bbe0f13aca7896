"""Speed of questions about a partition: adjacency, volumes, level sets, and the largest balls inside the regions.

    python benchmarks/queries.py [--runs 5]

One process, compiled code loaded, matrix products on one thread; medians in seconds. The balls are asserted to agree
with those of SciPy's linear programs (HiGHS), called one by one, whose time is that of a sample of regions.
"""

from __future__ import annotations

import argparse
import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from scipy.optimize import linprog

from run import NETS, REGIONS, timed

NAMES = ("d2_14x6_box1", "d2_64x3_box1", "d3_16x3_box1", "d4_12x2_box1")
SAMPLE = 200


def main() -> None:
    from polytope_lens.importers.npz import load_npz
    from polytope_lens.lens import Lens

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    heads = ("network", "regions", "partition", "adjacency", "volumes", "level set", "balls", "linprog", "ratio")
    print("".join(f"{head:>12}" if i else f"{head:<15}" for i, head in enumerate(heads)))
    for name in NAMES:
        network, domain = load_npz(NETS / f"{name}.npz")
        lens = Lens(network)
        partition = lens.partition(domain)
        assert len(partition) == REGIONS[name]
        value = float(np.median(lens(partition.witnesses)[:, 0]))
        d = network.input_dim
        partition.adjacency(), partition.chebyshev_balls()
        seconds = [timed(lambda: lens.partition(domain), runs)[0], timed(partition.adjacency, runs)[0]]  # noqa: B023
        if d < 4:
            partition.volumes(), partition.level_set(0, value)
            took, volumes = timed(partition.volumes, runs)
            assert abs(volumes.sum() - np.prod(domain.upper - domain.lower)) < 1e-6
            seconds += [took, timed(lambda: partition.level_set(0, value), runs)[0]]  # noqa: B023
        else:
            seconds += [float("nan")] * 2
        took, balls = timed(partition.chebyshev_balls, runs)
        some = np.linspace(0, len(partition) - 1, SAMPLE).astype(int)
        polytopes = [partition[int(i)].polytope for i in some]
        each, radii = timed(lambda: np.array([radius(p.A, p.b) for p in polytopes]), 1)  # noqa: B023
        assert np.allclose(radii, balls.radii[some], rtol=1e-6, atol=1e-7), name
        one_by_one = each / SAMPLE * len(partition)
        figures = "".join(f"{t:>12.4f}" for t in (*seconds, took, one_by_one))
        print(f"{name:<15}{len(partition):>12}{figures}{one_by_one / took:>12.0f}", flush=True)


def radius(A: np.ndarray, b: np.ndarray) -> float:
    """Of the largest ball in ``A @ x <= b``, by HiGHS."""
    rows = np.column_stack([A, np.linalg.norm(A, axis=1)])
    found = linprog(np.append(np.zeros(A.shape[1]), -1.0), A_ub=rows, b_ub=b, bounds=(None, None), method="highs")
    return -found.fun


if __name__ == "__main__":
    main()
