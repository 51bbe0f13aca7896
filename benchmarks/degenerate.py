"""Where hyperplanes meet by design, and where inputs are many: `count` in this checkout beside another one.

    python benchmarks/degenerate.py --beside PATH [--runs 3] [--long] [--json FILE] [--plot FILE] [name ...]

PATH is the root of another checkout. Each checkout has a process of its own, with its compiled code loaded and one
thread; the two take turns, and figures are medians of the processor's seconds. Arrangements have all of R^d to
themselves, other networks the box [-1, 1]^d. Counts are asserted to be equal, and known ones to be these. Of one layer
in R^d the characteristic polynomial is asked, too, which has to know the same number. What takes the other checkout a
minute or more is asked once; `--long` adds what takes it hours, and asks this one alone.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from functools import partial
from itertools import combinations, pairwise, product
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).resolve().parent.parent
FEW, SLOW, ALONE = "few seconds", "a minute or more", "hours"

Layers = list[tuple[np.ndarray, np.ndarray]]


class Case(NamedTuple):
    """A network's hidden layers, whether it is looked at in a box, its regions if known, and how long others take."""

    layers: Callable[[], Layers]
    in_box: bool = False
    regions: int | None = None
    beside: str = FEW


def resonance(n: int) -> Layers:
    """All hyperplanes whose normals have entries 0 and 1."""
    weight = np.array([p for p in product((0.0, 1.0), repeat=n) if any(p)])
    return [(weight, np.zeros(len(weight)))]


def threshold(n: int) -> Layers:
    """Normals (p, 1) for all p of zeros and ones: regions are threshold functions of n inputs."""
    weight = np.array([(*p, 1.0) for p in product((0.0, 1.0), repeat=n)])
    return [(weight, np.zeros(len(weight)))]


def type_b(n: int) -> Layers:
    """x_i, x_i + x_j and x_i - x_j."""
    eye = np.eye(n)
    pairs = [eye[i] + turn * eye[j] for i, j in combinations(range(n), 2) for turn in (1, -1)]
    weight = np.vstack([eye, *pairs])
    return [(weight, np.zeros(len(weight)))]


def grid(d: int, k: int) -> Layers:
    """Along each axis k hyperplanes, a third apart."""
    return [(np.repeat(np.eye(d), k, axis=0), np.tile((np.arange(k) - k // 2) / 3, d))]


def integers(*widths: int) -> Layers:
    """Weights and biases -1, 0 and 1."""
    rng = np.random.default_rng(0)
    draws = [rng.integers(-1, 2, (n, m + 1)).astype(float) for m, n in pairwise(widths)]
    return [(rows[:, :-1], rows[:, -1]) for rows in draws]


def central(n: int, d: int) -> Layers:
    """Generic hyperplanes through the origin."""
    return [(np.random.default_rng([n, d]).standard_normal((n, d)), np.zeros(n))]


def he(*widths: int, seed: int = 0) -> Layers:
    """He weights, small biases."""
    rng = np.random.default_rng(seed)
    return [(rng.standard_normal((n, m)) * np.sqrt(2 / m), 0.1 * rng.standard_normal(n)) for m, n in pairwise(widths)]


def pytorch(*widths: int, seed: int = 0) -> Layers:
    """PyTorch's initialisation."""
    rng = np.random.default_rng(seed)
    return [(rng.uniform(-1, 1, (n, m)) / np.sqrt(m), rng.uniform(-1, 1, n) / np.sqrt(m)) for m, n in pairwise(widths)]


INPUTS = range(8, 17)
CASES = {
    "central 21 in R^5": Case(partial(central, 21, 5), regions=12392),
    "resonance 4": Case(partial(resonance, 4), regions=370),
    "resonance 5": Case(partial(resonance, 5), regions=11292),
    "resonance 6": Case(partial(resonance, 6), regions=1066044, beside=ALONE),
    "threshold 4": Case(partial(threshold, 4), regions=1882),
    "threshold 5": Case(partial(threshold, 5), regions=94572, beside=SLOW),
    "threshold 6": Case(partial(threshold, 6), regions=15028134, beside=ALONE),
    "threshold 4 in a box": Case(partial(threshold, 4), in_box=True, regions=1882),
    "type B 5": Case(partial(type_b, 5), regions=3840),
    "grid of 5^4 thirds": Case(partial(grid, 4, 5), regions=1296),
    "4-8-8-8 of -1, 0, 1": Case(partial(integers, 4, 8, 8, 8), in_box=True),
    **{f"He {d}-10-10": Case(partial(he, d, 10, 10), in_box=True) for d in INPUTS},
    **{f"PyTorch {d}-10-10": Case(partial(pytorch, d, 10, 10), in_box=True) for d in INPUTS},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", help="networks, all by default; beginnings of names will do")
    parser.add_argument("--beside", metavar="PATH", type=Path, required=True, help="root of another checkout")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--long", action="store_true", help="also what takes the other checkout hours")
    parser.add_argument("--json", metavar="FILE", help="also write the figures there")
    parser.add_argument("--plot", metavar="FILE", help="microseconds for each region over the number of inputs")
    arguments = parser.parse_args()
    there, here = (Worker(root / "src", SERVE) for root in (arguments.beside.resolve(), HERE))
    for worker in (there, here):  # load the compiled code
        asked(worker, "count", CASES["resonance 4"])
        asked(worker, "count", CASES["threshold 4 in a box"])
    print(f"{'network':<24}{'regions':>10}{'other s':>10}{'this s':>9}{'ratio':>8}{'us each':>9}{'polynomial s':>14}")
    rows = []
    for name, case in CASES.items():
        is_wanted = not arguments.names or any(map(name.startswith, arguments.names))
        if is_wanted and (arguments.long or case.beside != ALONE):
            rows.append({"network": name, **measured(case, there, here, arguments.runs)})
            print(line(rows[-1]), flush=True)
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(rows, indent=1) + "\n")
    if arguments.plot:
        plot(rows, arguments.plot)


def measured(case: Case, there: Worker, here: Worker, runs: int) -> dict[str, object]:
    """Regions and seconds of one network."""
    runs = {FEW: runs, SLOW: 1, ALONE: 1}[case.beside]
    others = [] if case.beside == ALONE else [there]
    turns = [[asked(worker, "count", case) for worker in (*others, here)] for _ in range(runs)]
    found = {answer["regions"] for turn in turns for answer in turn}
    assert len(found) == 1 and case.regions in (None, *found), found
    seconds = [statistics.median(turn[i]["seconds"] for turn in turns) for i in range(len(others) + 1)]
    answer = {"regions": found.pop(), "other": seconds[0] if others else None, "this": seconds[-1], "polynomial": None}
    if len(case.layers()) == 1 and not case.in_box:
        polynomial = asked(here, "polynomial", case)
        assert polynomial["regions"] == answer["regions"], polynomial
        answer["polynomial"] = polynomial["seconds"]
    return answer


def line(row: dict[str, object]) -> str:
    """One line of the table."""
    other = f"{row['other']:>10.3f}" if row["other"] else f"{'':>10}"
    ratio = f"{row['other'] / row['this']:>8.1f}" if row["other"] else f"{'':>8}"
    polynomial = f"{row['polynomial']:>14.3f}" if row["polynomial"] else ""
    each = 1e6 * row["this"] / row["regions"]
    return f"{row['network']:<24}{row['regions']:>10}{other}{row['this']:>9.3f}{ratio}{each:>9.1f}{polynomial}"


def plot(rows: list[dict[str, object]], file: str) -> None:
    """Microseconds for each region over the number of inputs, both checkouts."""
    import matplotlib.pyplot as plt

    fig, ax = plt.subplots(figsize=(6, 4), layout="constrained")
    for scheme, color in (("He", "tab:blue"), ("PyTorch", "tab:orange")):
        of = [row for row in rows if row["network"].startswith(scheme)]
        inputs = [int(row["network"].split()[1].split("-")[0]) for row in of]
        for which, style in (("other", ":"), ("this", "-")):
            values = [1e6 * row[which] / row["regions"] for row in of]
            ax.plot(inputs, values, style, color=color, marker="o", label=f"{scheme}, {which} checkout")
    ax.set(xlabel="inputs, two layers of 10 neurons", ylabel="microseconds for each region", yscale="log")
    ax.legend(frameon=False)
    fig.savefig(file)


# Questions come as lines of JSON on standard input, and so do answers on standard output.
SERVE = """
import json, sys, time
import numpy as np
from polytope_lens import Box, Lens

for line in sys.stdin:
    what, weights, biases, in_box = json.loads(line)
    weights = [np.array(weight) for weight in weights]
    lens, d = Lens.from_arrays(weights, [np.array(bias) for bias in biases]), weights[0].shape[1]
    domain = Box([-1] * d, [1] * d) if in_box else None
    start, n = time.process_time(), 0
    while not n or time.process_time() - start < 0.1:
        if what == "count":
            found, n = lens.count(domain, engine="split", progress=False).total, n + 1
        else:
            found, n = lens.characteristic_polynomial().n_regions, n + 1
    print(json.dumps({"regions": found, "seconds": (time.process_time() - start) / n}), flush=True)
"""


def asked(worker: Worker, what: str, case: Case) -> dict[str, float]:
    """Regions, by "count" or by the characteristic "polynomial", and the seconds that one answer takes."""
    layers = case.layers()
    weights = [*(weight.tolist() for weight, _ in layers), [[1.0] * len(layers[-1][1])]]
    biases = [*(bias.tolist() for _, bias in layers), [0.0]]
    return worker.ask(what, weights, biases, case.in_box)


if __name__ == "__main__":
    begin = time.perf_counter()
    main()
    print(f"{time.perf_counter() - begin:.0f} s")
