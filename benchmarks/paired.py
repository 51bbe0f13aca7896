"""This checkout beside another one: each engine's `count` and `partition`, in one run, equal counts asserted.

    python benchmarks/paired.py --beside PATH [--runs 7] [--long] [--json FILE] [name ...]

PATH is the root of another checkout. Each checkout has a process of its own, with its compiled code loaded and one
thread; the two take turns, network by network, and the table shows the median of the ratios of neighbouring turns, this
checkout's time divided by the other's; the processor's time, which a busy machine disturbs less. A turn repeats its
question for a tenth of a second; questions that take more than a second are asked three times at most. Searches from
the middle of the domain (`explore`, 500 regions) and the engine for tests (`brute`) are in it, too. An engine is called
slower if its median ratio is above 1.05.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections import defaultdict
from pathlib import Path

from run import LONG, NETS, REGIONS, engines_of
from worker import Worker

HERE = Path(__file__).resolve().parent.parent
EXPLORED = ("d2_64x3_box1", "d4_12x2_box1", "t10_32x2", "t64_32x2")
TINY = ("ng_zero_bias", "ng_duplicate", "sliver_27", "triangle_33")
QUESTIONS = ("count", "partition")
SLOWER = 1.05


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", help="networks, all by default")
    parser.add_argument("--beside", metavar="PATH", type=Path, required=True, help="root of another checkout")
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--long", action="store_true", help="also the 30 x 30 network")
    parser.add_argument("--json", metavar="FILE", help="also write the figures there")
    arguments = parser.parse_args()
    workers = [Worker(root / "src", SERVE) for root in (arguments.beside.resolve(), HERE)]
    rows, ratios = [], defaultdict(list)
    print(f"{'network':<15}{'engine':>11}{'question':>11}{'regions':>9}{'other s':>10}{'this s':>10}{'ratio':>7}")
    for name, engine, question in questions(arguments.names, arguments.long):
        # The first answers load or make the compiled code.
        first, _ = (asked(worker, name, engine, question) for worker in workers)
        slow = first["seconds"] > 1
        runs = min(arguments.runs, 3) if slow else arguments.runs
        turns = [[asked(worker, name, engine, question) for worker in workers] for _ in range(runs)]
        found = {json.dumps(answer["regions"]) for turn in turns for answer in turn}
        assert len(found) == 1, (name, engine, question, found)
        known = {**REGIONS, **LONG}.get(name)
        total = turns[0][0]["regions"][-1]
        assert question == "explore" or total == known, (name, engine, question, total, known)
        other, this = (statistics.median(turn[i]["seconds"] for turn in turns) for i in (0, 1))
        ratio = statistics.median(turn[1]["seconds"] / turn[0]["seconds"] for turn in turns)
        ratios[engine, question].append(ratio)
        rows.append({"network": name, "engine": engine, "question": question, "other": other, "this": this})
        rows[-1]["ratio"] = ratio
        print(
            f"{name:<15}{engine:>11}{question:>11}{total:>9}{other:>10.5f}{this:>10.5f}{ratio:>7.2f}",
            flush=True,
        )
    print("median ratio by engine:")
    for (engine, question), found in ratios.items():
        median = statistics.median(found)
        print(f"{engine:>11}{question:>11}{median:>7.2f}{'  slower' if median > SLOWER else ''}")
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(rows, indent=1) + "\n")


def questions(names: list[str], with_long: bool) -> list[tuple[str, str, str]]:
    """What to ask: network, engine and question."""
    wanted = names or [*REGIONS, *(LONG if with_long else ()), *(name for name in EXPLORED if name not in REGIONS)]
    asked = []
    for name in wanted:
        if name in REGIONS or name in LONG:
            engines = (*engines_of(name), *(("brute",) if name in TINY else ()))
            asked += [(name, engine, question) for engine in engines for question in QUESTIONS]
        if name in EXPLORED:
            asked.append((name, "flip", "explore"))
    return asked


# Questions come as lines of JSON on standard input, and so do answers on standard output. `regions` is the number of
# regions after each layer, and in total; None where an assertion failed, as it does with floats alone.
SERVE = """
import json, sys, time
import numpy as np
from polytope_lens.importers.npz import load_npz
from polytope_lens.lens import Lens

def explore(lens, domain, engine):
    middle = np.full(lens.network.input_dim, 0.1) if domain is None else (domain.lower + domain.upper) / 2
    return lens.explore(middle + 1e-3 * np.arange(len(middle)), domain, max_regions=500)

ASK = {
    "count": lambda lens, domain, engine: lens.count(domain, engine),
    "partition": lambda lens, domain, engine: lens.partition(domain, engine),
    "explore": explore,
}
for line in sys.stdin:
    file, engine, question = json.loads(line)
    network, domain = load_npz(file)
    lens = Lens(network)
    answer, n = {"regions": None}, 0
    start = time.process_time()
    try:
        while not n or time.process_time() - start < 0.1:
            found, n = ASK[question](lens, domain, engine), n + 1
        seconds = time.process_time() - start
        counts = found.per_layer if question == "count" else found.counts_per_layer
        total = found.total if question == "count" else len(found)
        answer = {"regions": [*np.asarray(counts).tolist(), total], "rational": found.certificate.rational}
    except AssertionError:
        seconds = time.process_time() - start
    answer["seconds"] = seconds / max(n, 1)
    print(json.dumps(answer), flush=True)
"""


def asked(worker: Worker, name: str, engine: str, question: str = "count") -> dict[str, object]:
    """The regions of a network, the seconds that one answer takes, and its decisions in rational arithmetic."""
    return worker.ask(str(NETS / f"{name}.npz"), engine, question)


if __name__ == "__main__":
    start = time.perf_counter()
    main()
    print(f"{time.perf_counter() - start:.0f} s")
