"""Side by side with other tools that pip can install: same networks, same machine, one run, taking turns.

    pip install -c constraints.txt -e ".[peers]"
    python benchmarks/peers.py [--runs 5] [--long] [name ...]

regioncam (Rust, planar, float32) cuts a half-edge mesh and keeps every layer's values at its corners; relucent (linear
programs by Gurobi, facet flips) takes seconds to minutes and is run on one small network, once. Of ours, `partition`
(patterns, maps, witnesses, mesh) and `count` are timed, with everything exact, alone and with `workers=2`. Each tool
has a process of its own for
each network; compilation and start-up are left out; the median of the runs is shown, and the peak memory beyond what
the process took before. Counts are asserted for ours and shown for the others.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time

import numpy as np

from run import LONG, NETS, REGIONS

PLANAR = [name for name in REGIONS if name[:2] not in ("d3", "d4", "d5", "d6")]
# Below this many regions a call costs us half a millisecond of Python, and regioncam some microseconds.
ENOUGH = 1000
OURS = ("count", "count, 2 workers", "partition", "partition, 2 workers")
TOOLS = (*OURS, "regioncam")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", help="planar networks, all by default")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument(
        "--long", action="store_true", help="also the 30 x 30 network, which takes regioncam minutes, and relucent"
    )
    parser.add_argument("--worker", nargs=3, metavar=("TOOL", "NAME", "RUNS"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        tool, name, runs = arguments.worker
        print(json.dumps(measure(tool, name, int(runs))))
        return
    known = {**REGIONS, **LONG}
    print(f"{'network':<15}{'regions':>9}" + "".join(f"{tool + ' s':>24}{'MB':>7}" for tool in TOOLS) + "   regioncam")
    ratios = []
    for name in arguments.names or [*PLANAR, *(LONG if arguments.long else ())]:
        *ours_rows, peer = [in_process(tool, name, arguments.runs) for tool in TOOLS]
        rows = [*ours_rows, peer]
        assert all(row["regions"] == known[name] for row in ours_rows), (name, rows)
        ratio = [peer["seconds"] / row["seconds"] for row in ours_rows]
        if known[name] >= ENOUGH:
            ratios.append(ratio)
        wrong = "" if peer["regions"] == known[name] else f", finds {peer['regions']}"
        cells = "".join(f"{row['seconds']:>24.5f}{row['megabytes']:>7.0f}" for row in rows)
        print(f"{name:<15}{known[name]:>9}{cells}   {', '.join(f'{r:.1f}' for r in ratio)} times{wrong}", flush=True)
    medians = [statistics.median(column) for column in zip(*ratios, strict=True)] if ratios else [float("nan")] * 4
    print(
        f"median, networks of {ENOUGH} regions or more: "
        + ", ".join(f"{tool} {m:.1f} times" for tool, m in zip(OURS, medians, strict=True))
    )
    if arguments.long:
        for tool in ("partition", "relucent"):
            row = in_process(tool, "d3_20_unb", 1)
            figures = f"{row['regions']} regions, {row['seconds']:.4f} s, {row['megabytes']:.0f} MB"
            print(f"d3_20_unb, all of R^3: {tool} {figures}")


def in_process(tool: str, name: str, runs: int) -> dict[str, float]:
    command = [sys.executable, __file__, "--worker", tool, name, str(runs)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def measure(tool: str, name: str, runs: int) -> dict[str, float]:
    arrays = np.load(NETS / f"{name}.npz")
    pairs = [(arrays[f"W{i}"], arrays[f"b{i}"]) for i in range(sum(key.startswith("W") for key in arrays))]
    call = {"regioncam": regioncam, "relucent": relucent}.get(tool, ours)(tool, name, pairs, arrays)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        n = call()
        times.append(time.perf_counter() - start)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"seconds": statistics.median(times), "regions": n, "megabytes": (after - before) / 1024}


def ours(tool, name, pairs, arrays):
    from polytope_lens.importers.npz import load_npz
    from polytope_lens.lens import Lens

    network, domain = load_npz(NETS / f"{name}.npz")
    lens = Lens(network)
    Lens.from_arrays([np.eye(1, network.input_dim), [[1.0]]], [[0.0], [0.0]]).partition(domain)  # load compiled code
    workers = 2 if "2" in tool else 1
    if tool.startswith("count"):
        return lambda: lens.count(domain, workers=workers).total
    return lambda: len(lens.partition(domain, workers=workers))


def regioncam(tool, name, pairs, arrays):
    from regioncam import Regioncam

    lower, upper = arrays["lo"], arrays["hi"]
    assert (lower == -upper).all() and (upper == upper[0]).all()
    hidden = [(np.ascontiguousarray(w.T.astype(np.float32)), b.astype(np.float32)) for w, b in pairs[:-1]]

    def call() -> int:
        mesh = Regioncam(size=float(upper[0]))
        for weight, bias in hidden:
            mesh.linear(weight, bias)
            mesh.relu()
        return mesh.num_faces

    return call


def relucent(tool, name, pairs, arrays):
    from relucent import Complex, convert

    def call() -> int:
        cells = Complex(convert(pairs))
        cells.bfs(verbose=0)
        return len(cells)

    return call


if __name__ == "__main__":
    main()
