"""What proofs cost: enumerating, writing the log and checking it, on named networks, in processor time.

    python benchmarks/proofs.py [--runs 5] [--everything] [name ...]

A name is a file in nets, or widths such as 4-16-16: a network as PyTorch initialises it, on [-1, 1]^d. The checker runs
in a process of its own, whose start-up (some 0.05 s) is left out, the compiled one in this process (`us compiled`; the
share of pieces that it left to integers behind it); both counts are asserted equal to the enumeration's.
Bytes for each region are those of pieces alone, of the whole log, and of the log packed with gzip.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import numpy as np

import polytope_lens.proof.checker as checker
from polytope_lens import Box
from polytope_lens.importers.npz import load_npz
from polytope_lens.lens import Lens
from polytope_lens.proof import fast_checker
from run import NETS, REGIONS

CHECK = f"import json, sys, time; sys.path.insert(0, {str(Path(checker.__file__).parent)!r}); import checker; "
CHECK += "start = time.process_time(); found = checker.verify(sys.argv[1], 9999); "
CHECK += "print(json.dumps([found, time.process_time() - start]))"
QUICK = (
    "d2_14x6_box1", "d2_64x3_box1", "s2_100_wide", "2-14-14-14-14-14-14", "d3_16x2_box1", "4-16-16", "5-12-12",
    "6-10-10", "d3_20_unb", "ng_duplicate",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", help=f"networks; by default {', '.join(QUICK)}")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--everything", action="store_true", help="all networks but the 30 x 30")
    arguments = parser.parse_args()
    heads = (
        "regions",
        "us solve",
        "us write",
        "us check",
        "check/solve",
        "us compiled",
        "by integers",
        "B pieces",
        "B log",
        "B gzip",
    )
    print(f"{'for each region':<20}" + "".join(f"{head:>12}" for head in heads))
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "run.proof"
        for name in arguments.names or (REGIONS if arguments.everything else QUICK):
            measure(name, log, arguments.runs)


def named(name: str) -> tuple[Lens, Box | None]:
    """A network and its domain."""
    if (NETS / f"{name}.npz").exists():
        network, domain = load_npz(NETS / f"{name}.npz")
        return Lens(network), domain
    widths = [int(word) for word in name.split("-")]
    rng = np.random.default_rng(0)
    shapes = [*pairwise(widths), (widths[-1], 1)]
    weights = [rng.uniform(-1, 1, (m, n)).astype(np.float32) / np.float32(n**0.5) for n, m in shapes]
    biases = [rng.uniform(-1, 1, m).astype(np.float32) / np.float32(n**0.5) for n, m in shapes]
    return Lens.from_arrays(weights, biases), Box([-1] * widths[0], [1] * widths[0])


def measure(name: str, log: Path, runs: int) -> None:
    lens, domain = named(name)
    lens.partition(domain)
    lens.count(domain, proof=log)  # load the compiled code
    fast_checker.verify(log)
    solving, writing, checking, compiled = [], [], [], []
    for _ in range(runs):
        times = [time.process_time()]
        found = lens.partition(domain)
        times.append(time.process_time())
        lens.partition(domain, proof=log)
        times.append(time.process_time())
        done = subprocess.run([sys.executable, "-I", "-c", CHECK, log], check=True, capture_output=True, text=True)
        answer, seconds = json.loads(done.stdout)
        assert answer["proved"] and answer["per_layer"] == found.counts_per_layer.tolist()
        solving.append(times[1] - times[0])
        writing.append(times[2] - times[1] - solving[-1])
        checking.append(seconds)
        start = time.process_time()
        quick = fast_checker.verify(log)
        compiled.append(time.process_time() - start)
        assert quick["per_layer"] == answer["per_layer"]
    n, whole = len(found), log.read_bytes()
    pieces = sum(int(line.split()[1]) for line in whole.splitlines() if line.startswith(b"piece "))
    ratio = statistics.median(c / s for c, s in zip(checking, solving, strict=True))
    per_region = [1e6 * statistics.median(times) / n for times in (solving, writing, checking, compiled)]
    sizes = [size / n for size in (pieces, os.path.getsize(log), len(gzip.compress(whole)))]
    print(
        f"{name:<20}{n:>12}{per_region[0]:>12.2f}{per_region[1]:>12.0f}{per_region[2]:>12.1f}{ratio:>12.0f}"
        + f"{per_region[3]:>12.2f}{quick.get('by_integers', 1) / quick.get('questions', 1):>12.2f}"
        + "".join(f"{size:>12.1f}" for size in sizes),
        flush=True,
    )


if __name__ == "__main__":
    main()
