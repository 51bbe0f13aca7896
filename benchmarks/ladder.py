"""What exactness costs: each engine against itself with the ladder switched off, in one run.

    python benchmarks/ladder.py [--runs 7] [--long] [name ...]

"Off" is a copy of the package, in a temporary folder, from which the error bounds are cut out and every sign is what
floats say: no bounds on rows, no radii of corners, no proof that a cell is missed or that a witness is inside, and
never a question to rational arithmetic where floats are not exactly zero. The two copies run in two processes that take
turns, network by network; the table shows the median of the ratios of neighbouring turns. Counts are asserted against
the known ones with the ladder on, and shown where they differ without it.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from paired import SERVE, asked
from run import LONG, REGIONS, engines_of
from worker import Worker

PACKAGE = Path(__file__).parent.parent / "src" / "polytope_lens"

MISSES = '"""Whether the multipliers at the vertex at hand prove ``side * z > 0`` on the whole cell."""\n'
INSIDE = '"""Whether a point is proved to lie strictly inside the first `n_rows` halfspaces."""\n'
# (file, text that occurs exactly once, what takes its place)
CUTS = [
    ("packed_network", "            magnitude = multiply_add(size(sums), fill(reach[k]), magnitude)\n", ""),
    ("packed_network", "        bound = multiply_add(magnitude, fill(ADD_ROUNDING), load(error, (f, at)))\n", ""),
    ("packed_network", "        store(error, (f, at), multiply_add(size(weight), handed, bound))\n", ""),
    ("packed_network", "            magnitude = multiply_add(size(row), fill(reach[k]), magnitude)\n", ""),
    (
        "packed_network",
        "        store(sure, (at,), magnitude)\n",
        "        store(sure, (at,), magnitude)\n        continue\n",
    ),
    ("simplex", MISSES, f"{MISSES}    return side * value_at(row, j, s.walk.vertex) > 0.0\n"),
    ("simplex", INSIDE, f"{INSIDE}    return True\n"),
    (
        "witnesses",
        "return side * value_at(row, j, to) > sure * spread(net, to) and surely_inside(net, s, s.frames.n_rows[f], to)",
        "return True",
    ),
    (
        "corner_rows",
        "                error = multiply_add(size(weight), fill(abs(slope) * carry[layer, q]), error)\n",
        "",
    ),
    (
        "corner_rows",
        "        store(rows, (f, d + 1, at), multiply_add(size(weight), error, load(rows, (f, d + 1, at))))\n",
        "",
    ),
    ("corner_rows", "multiply_add(magnitude, fill(evaluation), error)", "fill(0.0)"),
    ("corner_rows", "if worst > REFINE_AT * UNIT_ROUNDOFF * largest:", "if False:"),
    ("cell_corners", "multiply_add(load(spread, (layer, at)), radius, load(sure, (layer, at)))", "fill(0.0)"),
    ("planes", "point[to, RADIUS] = radius", "point[to, RADIUS] = 0.0"),
    (
        "subdivide",
        "    rounding = 4 * UNIT_ROUNDOFF * (2 *",
        "    point[to, X], point[to, Y], point[to, RADIUS] = x, y, 0.0\n    return\n    rounding = (2 *",
    ),
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", help="networks, all by default")
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--long", action="store_true", help="also the 30 x 30 network")
    parser.add_argument("--json", metavar="FILE", help="also write the figures there")
    arguments = parser.parse_args()
    known = {**REGIONS, **LONG}
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        on = Worker(PACKAGE.parent, SERVE)
        off = Worker(without_ladder(Path(folder)), SERVE, PYTHONDONTWRITEBYTECODE="1")
        for worker in (on, off):  # load or make the compiled code
            asked(worker, "ng_duplicate", "subdivide"), asked(worker, "ng_duplicate", "split")
            asked(worker, "d3_16x2_box1", "polyhedra")
        print(f"{'network':<15}{'engine':>11}{'regions':>9}{'off s':>10}{'on s':>10}{'ratio':>7}{'rational':>10}")
        for name in arguments.names or [*REGIONS, *(LONG if arguments.long else ())]:
            for engine in engines_of(name):
                runs = min(arguments.runs, 3) if name in LONG else arguments.runs
                turns = [(asked(off, name, engine), asked(on, name, engine)) for _ in range(runs)]
                ratio = statistics.median(b["seconds"] / a["seconds"] for a, b in turns)
                seconds = [statistics.median(turn[i]["seconds"] for turn in turns) for i in (0, 1)]
                without, exact = turns[0]
                assert exact["regions"][-1] == known[name], (name, engine, exact["regions"], known[name])
                if without["regions"] is None:
                    print(f"{name:<15}{engine:>11}{known[name]:>9}   off fails")
                    continue
                found = "" if without["regions"] == exact["regions"] else f"   off finds {without['regions'][-1]}"
                rows.append({"network": name, "engine": engine, "off": seconds[0], "on": seconds[1], "ratio": ratio})
                print(
                    f"{name:<15}{engine:>11}{known[name]:>9}{seconds[0]:>10.5f}{seconds[1]:>10.5f}{ratio:>7.2f}"
                    f"{exact['rational']:>10}{found}",
                    flush=True,
                )
    print(f"median ratio: {statistics.median(row['ratio'] for row in rows):.2f}")
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(rows, indent=1) + "\n")


def without_ladder(folder: Path) -> Path:
    """A copy of the package with the error bounds cut out; its parent folder, for PYTHONPATH."""
    copy = folder / "polytope_lens"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    for file, old, new in CUTS:
        kernel = copy / "engines" / "_kernels" / f"{file}.py"
        source = kernel.read_text()
        assert source.count(old) == 1, f"{kernel.name} has changed; adapt benchmarks/ladder.py: {old!r}"
        kernel.write_text(source.replace(old, new))
    return folder


if __name__ == "__main__":
    start = time.perf_counter()
    main()
    print(f"{time.perf_counter() - start:.0f} s")
