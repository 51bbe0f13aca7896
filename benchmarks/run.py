"""Speed and memory of the engines on named networks, their counts asserted.

    python benchmarks/run.py [--runs 5] [--long] [--json FILE] [name ...]

Each network and engine runs in a process of its own, with the compiled code loaded; the median of `--runs` is shown.
"regions/s" is of `partition` (patterns, maps, witnesses, in the plane also the mesh), "counted/s" of `count`,
"walked/s" of the engine alone, with its output but without gathering it. Memory is the peak of the process beyond what
it took with the code loaded. Timings on shared machines wander: compare only figures of one run.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

NETS = Path(__file__).parent / "nets"
REGIONS = {
    "s2_100_wide": 5051,
    "s2_500_wide": 125251,
    "d2_14x6_box1": 3997,
    "d2_64x3_box1": 14651,
    "d3_16x2_box1": 3578,
    "d3_16x3_box1": 14826,
    "d4_12x2_box1": 5068,
    "d5_12x2_box1": 17882,
    "d6_10x2_box1": 17333,
    "d3_20_unb": 1351,
    "d4_12x2_unb": 14924,
    "ng_zero_bias": 16,
    "ng_duplicate": 19,
    "sliver_27": 6,
    "triangle_33": 7,
}
# Half a minute and more in the general engine.
LONG = {"t2_30x30_box1": 325923}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", help="networks, all by default")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--long", action="store_true", help="also the ones that take minutes, once each")
    parser.add_argument("--json", metavar="FILE", help="also write the figures there")
    parser.add_argument("--worker", nargs=3, metavar=("NAME", "ENGINE", "RUNS"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        name, engine, runs = arguments.worker
        print(json.dumps(measure(name, engine, int(runs))))
        return
    known = {**REGIONS, **LONG}
    names = arguments.names or [*REGIONS, *(LONG if arguments.long else ())]
    unknown = sorted(set(names) - set(known))
    if unknown:
        parser.error(f"no network named {', '.join(unknown)}; there are {', '.join(known)}")
    print(f"Python {platform.python_version()}, {platform.machine()}, medians of {arguments.runs} runs")
    heads = ("network", "engine", "regions", "partition s", "regions/s", "counted/s", "walked/s", "MB", "rational")
    print("".join(f"{head:>13}" if i else f"{head:<15}" for i, head in enumerate(heads)))
    rows = []
    for name in names:
        for engine in engines_of(name):
            runs = 1 if name in LONG else arguments.runs
            command = [sys.executable, __file__, "--worker", name, engine, str(runs)]
            row = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            assert row["regions"] == known[name], (name, engine, row["regions"], known[name])
            rows.append(row)
            print(
                f"{name:<15}{engine:>13}{row['regions']:>13}{row['seconds']:>13.4f}"
                f"{row['regions'] / row['seconds']:>13,.0f}{row['regions'] / row['count_seconds']:>13,.0f}"
                f"{row['regions'] / row['walk_seconds']:>13,.0f}{row['megabytes']:>13.1f}{row['rational']:>13}",
                flush=True,
            )
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(rows, indent=1) + "\n")


def engines_of(name: str) -> tuple[str, ...]:
    """The engines that are worth timing on a network."""
    if name[:2] == "d3" and "unb" not in name:
        return ("polyhedra", "split")
    return ("split",) if name[:2] in ("d3", "d4", "d5", "d6") else ("subdivide", "split")


def measure(name: str, engine: str, runs: int) -> dict[str, object]:
    from polytope_lens.engines.chunks import Record
    from polytope_lens.engines.enumerate import problems
    from polytope_lens.engines.table import engine_for
    from polytope_lens.importers.npz import load_npz
    from polytope_lens.lens import Lens

    network, domain = load_npz(NETS / f"{name}.npz")
    lens = Lens(network)

    def walk() -> int:
        pieces = problems(engine, network, domain)
        walks = (engine_for(p, engine).walk(network, p, Record(), want_output=True) for p in pieces)
        return sum(chunk.n_regions for chunks in walks for chunk in chunks)

    d = network.input_dim
    Lens.from_arrays([np.eye(1, d), [[1.0]]], [[0.0], [0.0]]).partition(domain, engine)  # load the compiled code
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds, found = timed(lambda: lens.partition(domain, engine), runs)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    count_seconds, counts = timed(lambda: lens.count(domain, engine), runs)
    walk_seconds, walked = timed(walk, runs)
    assert counts.total == len(found) <= walked  # charts of the whole plane may find a region more than once
    return {
        "network": name,
        "engine": engine,
        "regions": len(found),
        "seconds": seconds,
        "count_seconds": count_seconds,
        "walk_seconds": walk_seconds,
        "megabytes": (after - before) / 1024,
        "peak_megabytes": after / 1024,
        "double_double": found.certificate.double_double,
        "rational": found.certificate.rational,
    }


def timed(call, runs):
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        result = call()
        times.append(time.perf_counter() - start)
    return statistics.median(times), result


if __name__ == "__main__":
    main()
