"""What it costs to keep regions in a folder: bytes of each, and speed beside that in memory.

    python benchmarks/stores.py [--runs 7] [--seconds]

Random networks in [-1, 1]^d, one thread. Each way is asked in turn, `--runs` times; the share is the least time of the
processor in memory over the least into the folder. In memory there is a mesh where vertices are kept, and volumes are
asked of it where volumes are. With `--seconds` it is the time of the clock, in which waiting for the disk counts, too.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from polytope_lens import Box, Lens

NETWORKS = {(3, 40, 40, 1): 49_729, (5, 16, 16, 16, 1): 871_069, (2, 200, 200, 1): 61_280}


class Way(NamedTuple):
    """What is kept in a folder, or None in memory, where there may be a mesh and volumes; and the one it is beside."""

    keep: tuple[str, ...] | None
    beside: str = "in memory"
    mesh: bool = False
    volumes: bool = False


WAYS = {
    "in memory": Way(None),
    "patterns only": Way(()),
    "witnesses": Way(("witnesses",)),
    "maps": Way(("witnesses", "maps")),
}
PLANE = {
    "in memory, vertices": Way(None, "in memory, vertices", mesh=True),
    "vertices": Way(("witnesses", "vertices"), "in memory, vertices"),
    "in memory, volumes": Way(None, "in memory, volumes", mesh=True, volumes=True),
    "volumes": Way(("witnesses", "volumes"), "in memory, volumes"),
}


def random_lens(widths: tuple[int, ...]) -> Lens:
    """Normal weights, and biases of 0.3."""
    rng, shapes = np.random.default_rng(0), list(pairwise(widths))
    weights = [rng.normal(size=(n, d)) for d, n in shapes]
    return Lens.from_arrays(weights, [rng.normal(size=n) * 0.3 for _, n in shapes])


def measure(lens: Lens, way: Way, clock) -> tuple[int, float, int]:
    """Regions, seconds, and bytes of the files of parts."""
    box = Box([-1] * lens.network.input_dim, [1] * lens.network.input_dim)
    with tempfile.TemporaryDirectory() as folder:
        where = {} if way.keep is None else {"store": f"{folder}/run", "keep": way.keep}
        began = clock()
        found = lens.partition(box, mesh=way.mesh, **where)
        if way.volumes:
            found.volumes()
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
        turns = [{name: measure(lens, way, clock) for name, way in ways.items()} for _ in range(given.runs + 1)]
        for name, way in ways.items():
            found = [turn[name] for turn in turns[1:]]  # the first one loads code
            assert {n for n, _, _ in found} == {known}, (widths, name, found)
            seconds, alone = (min(turn[which][1] for turn in turns[1:]) for which in (name, way.beside))
            shown = f"{found[0][2] / known:.1f} | {seconds / known * 1e6:.2f} | {alone / seconds:.0%}"
            print(f"| {'-'.join(map(str, widths))} | {known} | {name} | {shown} |", flush=True)


if __name__ == "__main__":
    main()
