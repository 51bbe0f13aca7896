"""The first second, in this checkout beside another one: import, memory, command line, tiny calls, and what comes cold.

    python benchmarks/first_second.py --beside PATH [--runs 7] [--cold] [--json FILE]

PATH is the root of another checkout. Both take turns, and each figure is the median of its turns. Warm figures are of
processes that find all code compiled, Python's own too; `--cold` adds the first answers of processes whose folder for
machine code is empty, which take minutes. Seconds are those of the processor but where the table says `wall`. Equal
answers are asserted.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent.parent
NETS = HERE / "benchmarks" / "nets"
IN_PLANE, IN_SPACE, IN_FOUR = (str(NETS / f"{name}.npz") for name in ("d2_14x6_box1", "d3_16x2_box1", "d4_12x2_box1"))

START = """
import resource, sys, time
start = time.process_time(), time.perf_counter()
import numpy as np
from polytope_lens import Box, Lens
"""
END = """
import json
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps([answer, time.process_time(), peak]))
"""
LOADED = "from polytope_lens.importers.npz import load_npz\nlens = Lens(load_npz({!r})[0])\n"
COUNT = LOADED + "box = Box([-1] * {}, [1] * {})\nanswer = lens.count(box, progress=False).total"
TINY = """
rng = np.random.default_rng(0)
d, n = {}
weights = [rng.normal(size=(n, d)), rng.normal(size=(1, n))]
lens, box, x = Lens.from_arrays(weights, [rng.normal(size=n), [0.0]]), Box([-1] * d, [1] * d), np.full(d, 0.1)
others = iter([Box([-1 - i / 1000] * d, [1] * d) for i in range(300)])

def best(ask, runs=300):
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        ask()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds[runs // 3:])

import statistics
"""
STREAM = """
import statistics
rng = np.random.default_rng(0)
sizes = {}
weights = [rng.normal(size=(m, n)) for n, m in zip(sizes, sizes[1:])]
lens, box = Lens.from_arrays(weights, [rng.normal(size=m) for m in sizes[1:]]), Box([-1] * sizes[0], [1] * sizes[0])
n = lens.count(box).total
def best(ask):
    seconds = []
    for _ in range(5):
        start = time.process_time()
        ask()
        seconds.append(time.process_time() - start)
    return statistics.median(seconds)
found = best(lambda: lens.partition(box, mesh=False, progress=False))
streamed = best(lambda: sum(1 for _ in lens.regions(box)))
print([n, streamed / found])
"""


ALL = (
    "from polytope_lens.importers.npz import load_npz\nanswer = []\n"
    "for path, d, engine in {!r}:\n"
    "    box = Box([-1] * d, [1] * d)\n"
    "    answer.append(Lens(load_npz(path)[0]).count(box, engine=engine, progress=False).total)"
).format([(IN_PLANE, 2, "subdivide"), (IN_SPACE, 3, "polyhedra"), (IN_FOUR, 4, "split")])


class Question(NamedTuple):
    """What is measured: a program, and which of the figures that it prints is meant."""

    what: str
    unit: str
    program: str
    figure: int = 1
    scale: float = 1.0
    is_command: bool = False


def tiny(d: int, n: int, ask: str) -> str:
    """A program that times a call, of a network d-n-1."""
    return START + TINY.format((d, n)) + f"answer = None\nseconds = best(lambda: {ask})\nprint([answer, seconds])"


WARM = (
    Question("import Lens, Box", "s", START + "answer = None" + END),
    Question("import Lens, Box", "MB", START + "answer = None" + END, figure=2),
    Question("count, 3997 regions in the plane", "s", START + COUNT.format(IN_PLANE, 2, 2) + END),
    Question("count, 3997 regions in the plane", "MB", START + COUNT.format(IN_PLANE, 2, 2) + END, figure=2),
    Question("polytope-lens count", "s wall", IN_PLANE, is_command=True),
    *(
        Question(f"{what}, {d}-{n}-1", "ms", tiny(d, n, ask), scale=1e3)
        for what, ask in (
            ("count", "lens.count(box)"),
            ("count, other boxes", "lens.count(next(others))"),
            ("partition", "lens.partition(box)"),
            ("regions", "list(lens.regions(box))"),
        )
        for d, n in ((2, 3), (3, 3), (4, 3), (5, 5))
    ),
    *(
        Question(f"at().inequalities(), {d}-3-1", "ms", tiny(d, 3, "lens.at(x).inequalities()"), scale=1e3)
        for d in (2, 4)
    ),
    *(
        Question(f"regions over partition, {'-'.join(map(str, sizes))}", "times", START + STREAM.format(sizes))
        for sizes in ((2, 60, 60, 1), (3, 20, 20, 1), (4, 14, 14, 1))
    ),
)  # fmt: skip
COLD = (
    *(
        Question(f"cold: count, {name}", "s", START + COUNT.format(net, d, d) + END)
        for name, net, d in (("subdivide", IN_PLANE, 2), ("polyhedra", IN_SPACE, 3), ("split", IN_FOUR, 4))
    ),
    Question("cold: count, all three in one process", "s", START + ALL + END),
    Question("cold: count, all three in one process", "MB", START + ALL + END, figure=2),
    Question(
        "cold: at().inequalities(), vertices(), neighbors()",
        "s",
        START + LOADED.format(IN_PLANE) + "region = lens.at([0.1, 0.2])\n"
        "answer = [len(region.inequalities()), len(region.vertices()), len(region.neighbors())]" + END,
    ),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--beside", metavar="PATH", type=Path, required=True, help="root of another checkout")
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--cold", action="store_true", help="also what comes first where nothing is compiled")
    parser.add_argument("--json", metavar="FILE", help="also write the figures there")
    arguments = parser.parse_args()
    roots = [arguments.beside.resolve(), HERE]
    rows = []
    print(f"{'what':<52}{'':>7}{'other':>9}{'this':>9}{'ratio':>7}")
    with tempfile.TemporaryDirectory() as folder:
        warm = [Path(folder) / f"warm{i}" for i in (0, 1)]
        for question in (*WARM, *(COLD if arguments.cold else ())):
            is_cold = question.what.startswith("cold")
            runs = 1 if is_cold else arguments.runs
            if not is_cold:
                for root, cache in zip(roots, warm, strict=True):
                    ask(question, root, cache)
            turns = []
            for run in range(runs):
                caches = [Path(folder) / f"{len(rows)}-{run}-{i}" for i in (0, 1)] if is_cold else warm
                turns.append([ask(question, root, cache) for root, cache in zip(roots, caches, strict=True)])
            answers = {json.dumps(answer) for turn in turns for answer, _ in turn}
            assert len(answers) == 1, (question.what, answers)
            other, this = (statistics.median(turn[i][1] for turn in turns) for i in (0, 1))
            rows.append({"what": question.what, "unit": question.unit, "other": other, "this": this})
            print(f"{question.what:<52}{question.unit:>7}{other:>9.3g}{this:>9.3g}{this / other:>7.2f}", flush=True)
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(rows, indent=1) + "\n")


def ask(question: Question, root: Path, cache: Path) -> tuple[object, float]:
    """The answer of a process of its own, and the figure."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(root / "src"),
        "PYTHONPYCACHEPREFIX": str(cache.parent / f"python-{root.name}"),
        "NUMBA_CACHE_DIR": str(cache),
        "OPENBLAS_NUM_THREADS": "1",
    }
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    if question.is_command:
        command = ["-m", "polytope_lens", "count", question.program, "--box", "-1", "1", "--json"]
        program = (
            "import json, subprocess, sys, time\n"
            "start = time.perf_counter()\n"
            f"done = subprocess.run([sys.executable, *{command!r}], capture_output=True, text=True, check=True)\n"
            "print(json.dumps([json.loads(done.stdout)['total'], time.perf_counter() - start]))"
        )
    else:
        program = question.program
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment)
    if done.returncode:
        raise RuntimeError(done.stderr)
    figures = json.loads(done.stdout.replace("None", "null"))
    return figures[0], figures[question.figure] * question.scale


if __name__ == "__main__":
    main()
