"""Questions about one region beside those about many, in this checkout beside another one, equal answers asserted.

    python benchmarks/regions.py --beside PATH [--runs 5] [--limit 60] [question ...]

PATH is the root of another checkout. Each checkout has a process of its own, with its compiled code loaded and one
thread; the two take turns, region by region, each of which is new to them. The table shows medians in milliseconds of
processor time. What the other checkout does not answer within the limit of seconds is left out, and asked no more.

- inequalities, rows (without facets), neighbors: ``lens.at(x)`` and the question, in all of R^d; explore is what a
  search by one flip takes, which finds the same neighbours.
- ball, volume, vertices: of ``partition[i]``, facets included; "in a partition" is what each region costs where all
  are asked at once.
- adjacency and volumes: of a partition without a mesh, beside the time of the partition itself.
- first: inequalities and neighbors in a process without any compiled code.

Networks like 784-64-64-10 are random ones (He); "4-16x9-1" has nine layers, in a small box with 439 regions.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from worker import Worker

HERE = Path(__file__).resolve().parent.parent
NETS = HERE / "benchmarks" / "nets"
CASES = {
    "inequalities": (
        "t10_32x2", "d2_64x3_box1", "d5_12x2_box1", "784-64-64-10", "784-256-256-10", "784-512-512-512-512-10",
        "ng_zero_bias", "ng_duplicate", "sliver_27", "triangle_33",
    ),
    "rows": ("784-64-64-10", "784-256-256-10"),
    "neighbors": ("10-32-32-3", "16-32-32-3", "30-128-2", "784-64-64-10", "ng_zero_bias", "ng_duplicate"),
    "explore": ("10-32-32-3", "16-32-32-3", "30-128-2", "784-64-64-10"),
    "ball": ("d2_64x3_box1", "d3_16x2_box1", "d4_12x2_box1", "d5_12x2_box1"),
    "volume": ("d2_64x3_box1", "d3_16x2_box1", "d4_12x2_box1", "d5_12x2_box1"),
    "vertices": ("d2_64x3_box1", "d3_16x2_box1", "d4_12x2_box1", "d5_12x2_box1"),
    "bounded": ("t10_32x2", "10-32-32-3", "d4_12x2_unb"),
    "partition": ("d4_12x2_box1", "d5_12x2_box1", "d4_12x2_unb", "4-16x9-1"),
    "adjacency": ("d4_12x2_box1", "d5_12x2_box1", "d4_12x2_unb", "4-16x9-1"),
    "volumes": ("4-16x9-1",),
    "first": ("d2_14x6_box1",),
}  # fmt: skip
# Asked once: what takes long.
ONCE = ("784-512-512-512-512-10", "volumes")

# Lines of JSON come in and go out. Answers are told by digests, floats among them with their last digits cut off.
SERVE = """
import hashlib, json, sys, time
from itertools import pairwise
from pathlib import Path

import numpy as np
from polytope_lens import Box, Lens
from polytope_lens.importers.npz import load_npz

lenses, partitions = {}, {}

def lens_of(name):
    if not name[0].isdigit():
        network, domain = load_npz(Path(sys.argv[1]) / f"{name}.npz")
        return Lens(network), domain
    rng = np.random.default_rng(0)
    sizes = [4, *[16] * 9, 1] if name == "4-16x9-1" else [int(n) for n in name.split("-")]
    weights = [rng.standard_normal((n, m)) * np.sqrt(2 / m) for m, n in pairwise(sizes)]
    biases = [0.1 * rng.standard_normal(n) for n in sizes[1:]]
    return Lens.from_arrays(weights, biases), Box([-0.026] * 4, [0.026] * 4) if name == "4-16x9-1" else None

def digest(array):
    return hashlib.sha256((array + 0).tobytes()).hexdigest()

def patterns(regions):
    return sorted(str(region.pattern) for region in regions)

def about(values):
    return [f"{v:.9e}" for v in np.ravel(values).tolist()]

def ask(question, name, turn):
    lens, domain = lenses[name]
    d = lens.network.input_dim
    x = np.random.default_rng(turn).uniform(-0.5, 0.5, d)
    if question in ("ball", "volume", "vertices"):
        part = partitions[name]
        region = part[int(np.random.default_rng(turn).integers(len(part)))]
    start = time.process_time()
    if question == "inequalities":
        found = lens.at(x).inequalities()
        answer = lambda: [*map(digest, (found.A, found.b, np.asarray(found.is_facet)))]
    elif question == "rows":
        found = lens.at(x).inequalities(facets=False)
        answer = lambda: [*map(digest, (found.A, found.b))]
    elif question == "neighbors":
        found = lens.at(x).neighbors()
        answer = lambda: patterns(found)
    elif question == "explore":
        found = lens.explore(x, max_flips=1, max_regions=None, progress=False)
        answer = lambda: patterns(found)
    elif question == "bounded":
        found = lens.at(x).is_bounded
        answer = lambda: bool(found)
    elif question == "ball":
        found = region.chebyshev_ball()
        answer = lambda: about([found.radius, found.bound])
    elif question == "volume":
        found = region.volume()
        answer = lambda: found
    elif question == "vertices":
        found = region.vertices()
        answer = lambda: sorted(found.tolist())
    elif question == "partition":
        found = lens.partition(domain)
        answer = lambda: len(found)
    elif question == "adjacency":
        found = partitions[name].adjacency()
        answer = lambda: [found.nnz, *found.sum(axis=0).tolist()]
    elif question == "volumes":
        found = partitions[name].volumes()
        answer = lambda: found.tolist()
    seconds = time.process_time() - start
    return seconds, hashlib.sha256(json.dumps(answer()).encode()).hexdigest()

def together(question, name):
    part = partitions[name]
    start = time.process_time()
    if question == "ball":
        part.chebyshev_balls()
    elif question == "volume":
        part.volumes() if part.network.input_dim < 4 else [part[i].volume() for i in range(20)]
    else:
        [part.vertices(i) for i in range(100)]
    n = len(part) if question == "ball" or (question == "volume" and part.network.input_dim < 4) else 20
    return (time.process_time() - start) / (100 if question == "vertices" else n)

for line in sys.stdin:
    question, name, turn = json.loads(line)
    if name not in lenses:
        lenses[name] = lens_of(name)
    if question in ("ball", "volume", "vertices", "adjacency", "volumes") and name not in partitions:
        partitions[name] = lenses[name][0].partition(lenses[name][1])
    if turn == "together":
        together(question, name)
        print(json.dumps([together(question, name), ""]), flush=True)
    else:
        print(json.dumps(ask(question, name, turn)), flush=True)
"""
FIRST = """
import json, sys, time
import numpy as np
from polytope_lens import Lens
from polytope_lens.importers.npz import load_npz
lens = Lens(load_npz(sys.argv[1])[0])
start = time.process_time()
region = lens.at(np.full(lens.network.input_dim, 0.1))
facets = region.inequalities().is_facet.sum()
middle = time.process_time()
near = len(region.neighbors())
print(json.dumps([middle - start, time.process_time() - middle, int(facets), near]))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("questions", nargs="*", help=f"of {', '.join(CASES)}; all by default")
    parser.add_argument("--beside", metavar="PATH", type=Path, required=True, help="root of another checkout")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--limit", type=float, default=60.0, help="seconds that an answer may take")
    arguments = parser.parse_args()
    roots = (arguments.beside.resolve() / "src", HERE / "src")
    workers = [Worker(root, SERVE, str(NETS), limit=arguments.limit) for root in roots]
    print(f"{'question':<14}{'network':<24}{'other ms':>12}{'this ms':>10}{'times':>8}{'in a partition ms':>20}")
    for question in arguments.questions or CASES:
        for name in CASES[question]:
            if question == "first":
                first(name, roots)
                continue
            runs = 1 if name in ONCE or question in ONCE else arguments.runs
            turns = beside(workers, question, name, runs)
            other = statistics.median(turn[0] for turn in turns) if turns[0][0] else None
            this = statistics.median(turn[1] for turn in turns)
            shared = ""
            if question in ("ball", "volume", "vertices"):
                shared = f"{1e3 * workers[1].ask(question, name, 'together')[0]:.3f}"
            times = f"{other / this:.1f}" if other else ""
            told = f"{1e3 * other:.2f}" if other else f"over {1e3 * arguments.limit:.0f}"
            print(f"{question:<14}{name:<24}{told:>12}{1e3 * this:>10.2f}{times:>8}{shared:>20}", flush=True)


def beside(workers: list[Worker], question: str, name: str, runs: int) -> list[tuple[float | None, float]]:
    """Seconds of the other checkout, None where it gave up, and of this one, turn by turn, but for the first turn."""
    turns, gave_up = [], False
    for turn in range(runs + 1):
        answers = [None if gave_up and worker is workers[0] else worker.ask(question, name, turn) for worker in workers]
        gave_up = answers[0] is None
        assert answers[1] is not None, (question, name)
        assert gave_up or answers[0][1] == answers[1][1], (question, name, turn)
        turns.append((None if gave_up else answers[0][0], answers[1][0]))
        if gave_up and turn:
            break
    return [(None if gave_up else other, this) for other, this in turns[1:]]


def first(name: str, roots: tuple[Path, Path]) -> None:
    """The first answers of a process without compiled code."""
    answers = []
    for root in roots:
        with tempfile.TemporaryDirectory() as empty:
            environment = {**os.environ, "PYTHONPATH": str(root), "NUMBA_CACHE_DIR": empty}
            command = [sys.executable, "-c", FIRST, str(NETS / f"{name}.npz")]
            answers.append(json.loads(subprocess.run(command, check=True, capture_output=True, env=environment).stdout))
    assert answers[0][2:] == answers[1][2:], (name, answers)
    for i, question in enumerate(("inequalities", "neighbors")):
        other, this = answers[0][i], answers[1][i]
        head = f"{'first':<14}{name + ', ' + question:<28}"
        print(f"{head}{1e3 * other:>8.2f}{1e3 * this:>10.2f}{other / this:>8.1f}", flush=True)


if __name__ == "__main__":
    start = time.perf_counter()
    main()
    print(f"{time.perf_counter() - start:.0f} s")
