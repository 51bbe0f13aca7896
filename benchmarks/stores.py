"""What it costs to keep regions in a folder: bytes of each, and speed beside that in memory.

    python benchmarks/stores.py [--runs 7] [--seconds]

Random networks in [-1, 1]^d, one thread. Each way is asked in turn, `--runs` times; the share is the least time of the
processor in memory, without a mesh, over the least into the folder. With `--seconds` it is that of the clock, in which
waiting for the disk counts, too.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import numpy as np

from polytope_lens import Box, Lens

NETWORKS = {(3, 40, 40, 1): 49_729, (5, 16, 16, 16, 1): 871_069, (2, 200, 200, 1): 61_280}
WAYS: dict[str, tuple[str, ...] | None] = {
    "in memory": None,
    "patterns only": (),
    "witnesses": ("witnesses",),
    "maps": ("witnesses", "maps"),
}
PLANE = {"volumes": ("witnesses", "volumes"), "vertices": ("witnesses", "vertices")}


def random_lens(widths: tuple[int, ...]) -> Lens:
    """Normal weights, and biases of 0.3."""
    rng, shapes = np.random.default_rng(0), list(pairwise(widths))
    weights = [rng.normal(size=(n, d)) for d, n in shapes]
    return Lens.from_arrays(weights, [rng.normal(size=n) * 0.3 for _, n in shapes])


def measure(lens: Lens, keep: tuple[str, ...] | None, clock) -> tuple[int, float, int]:
    """Regions, seconds, and bytes of the files of parts."""
    box = Box([-1] * lens.network.input_dim, [1] * lens.network.input_dim)
    with tempfile.TemporaryDirectory() as folder:
        where = {} if keep is None else {"store": f"{folder}/run", "keep": keep}
        began = clock()
        found = lens.partition(box, mesh=False, **where)
        seconds = clock() - began
        return len(found), seconds, sum(path.stat().st_size for path in Path(folder).glob("run/parts/*"))


def main() -> None:
    """As the first lines of this file say."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--seconds", action="store_true", help="by the clock")
    given = parser.parse_args()
    clock = time.perf_counter if given.seconds else time.process_time
    print("| network | regions | kept | bytes | us | speed |\n|---|---|---|---|---|---|")
    for widths, known in NETWORKS.items():
        lens = random_lens(widths)
        ways = WAYS if widths[0] > 2 else WAYS | PLANE
        turns = [{name: measure(lens, keep, clock) for name, keep in ways.items()} for _ in range(given.runs + 1)]
        for name in ways:
            found = [turn[name] for turn in turns[1:]]  # the first one loads code
            assert {n for n, _, _ in found} == {known}, (widths, name, found)
            seconds, alone = (min(turn[way][1] for turn in turns[1:]) for way in (name, "in memory"))
            shown = f"{found[0][2] / known:.1f} | {seconds / known * 1e6:.2f} | {alone / seconds:.0%}"
            print(f"| {'-'.join(map(str, widths))} | {known} | {name} | {shown} |", flush=True)


if __name__ == "__main__":
    main()
