"""Questions about a partition beside the partition itself: how many times its own time each takes.

    python benchmarks/queries.py [--runs 5] [--beside PATH] [--balls] [name ...]

Each network has a process of its own, compiled code loaded, matrix products on one thread; medians of processor time,
divided by that of the partition. With `--beside`, another checkout is asked the same in turn, and "before" is its
ratio. The overlay is that with a network whose weights differ by 1 %, and its time is divided by that of the partitions
of both networks and of the two side by side. `load` reads what `save` wrote. Answers are asserted: the number of
regions, facets against neighbours, volumes against the domain, extrema against values inside the regions.

With `--balls`, the largest balls are asserted to agree with those of SciPy's linear programs (HiGHS), called one by one
for a sample of regions.
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

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from scipy.optimize import linprog

from run import NETS, REGIONS, timed

NAMES = (
    "s2_100_wide", "d2_14x6_box1", "d2_64x3_box1", "d3_16x2_box1", "d3_16x3_box1", "d4_12x2_box1", "d5_12x2_box1",
    "d6_10x2_box1", "d3_20_unb", "d4_12x2_unb",
)  # fmt: skip
BALLS = ("d2_14x6_box1", "d2_64x3_box1", "d3_16x3_box1", "d4_12x2_box1")
QUESTIONS = (
    "extrema", "adjacency", "facets", "neurons", "overlay", "save", "load", "volumes", "level set", "linear pieces",
    "locate", "lipschitz", "norms", "balls", "frame", "rays",
)  # fmt: skip
SAMPLE = 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", help="networks, some by default")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--beside", metavar="PATH", type=Path, help="root of another checkout")
    parser.add_argument("--balls", action="store_true", help="largest balls beside those of SciPy, and nothing else")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        print(json.dumps(measure(arguments.worker, arguments.runs)))
        return
    if arguments.balls:
        compare_balls(arguments.names or BALLS, arguments.runs)
        return
    here = Path(__file__).resolve().parent.parent
    roots = [here] if arguments.beside is None else [arguments.beside.resolve(), here]
    width = max(map(len, QUESTIONS)) + 1
    print(f"{'network':<15}{'':<8}{'regions':>9}{'seconds':>9}" + "".join(f"{q:>{width}}" for q in QUESTIONS))
    for name in arguments.names or NAMES:
        for root, label in zip(roots, ("now",) if len(roots) == 1 else ("before", "now"), strict=True):
            found = asked(root, name, arguments.runs)
            ratios = (found["ratios"].get(question) for question in QUESTIONS)
            told = "".join(f"{'' if r is None else format(r, '.2f'):>{width}}" for r in ratios)
            print(f"{name:<15}{label:<8}{found['regions']:>9}{found['partition']:>9.4f}{told}", flush=True)


def asked(root: Path, name: str, runs: int) -> dict[str, object]:
    """What a checkout answers, in a process of its own."""
    command = [sys.executable, __file__, "--worker", name, "--runs", str(runs)]
    environment = {**os.environ, "PYTHONPATH": str(root / "src")}
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout)


def measure(name: str, runs: int) -> dict[str, object]:
    """Seconds of a partition, and how many times these each question takes that it answers."""
    from polytope_lens import Partition
    from polytope_lens.errors import PolytopeLensError
    from polytope_lens.importers.npz import load_npz
    from polytope_lens.lens import Lens

    network, domain = load_npz(NETS / f"{name}.npz")
    lens = Lens(network)
    partition = lens.partition(domain)
    assert len(partition) == REGIONS[name]
    d = network.input_dim
    own = processor(lambda: lens.partition(domain), runs)
    value = float(np.median(lens(partition.witnesses)[:, 0]))
    points = np.random.default_rng(0).uniform(-1, 1, (len(partition), d))
    folder = tempfile.TemporaryDirectory()
    path = Path(folder.name) / "partition.npz"
    asks = {
        "extrema": partition.extrema,
        "adjacency": partition.adjacency,
        "facets": lambda: facets(partition),
        "neurons": partition.neurons,
        "save": lambda: partition.save(path),
        "load": lambda: Partition.load(path),
        "level set": lambda: partition.level_set(0, value),
        "linear pieces": partition.linear_pieces,
        "locate": lambda: partition.locate(points),
        "lipschitz": partition.lipschitz,
        "norms": lambda: partition.function.norms(),
        "balls": partition.chebyshev_balls,
        "frame": partition.to_frame,
        "rays": partition.rays,
    }
    if d < 4:
        asks["volumes"] = partition.volumes
    ratios = {}
    for question, ask in asks.items():
        try:
            ask()
        except (PolytopeLensError, AttributeError):  # not for such domains, or not in another checkout
            continue
        ratios[question] = processor(ask, runs) / own
    if domain is not None and d < 4:
        rng = np.random.default_rng(1)
        weights = [layer.weight * (1 + 0.01 * rng.standard_normal(layer.weight.shape)) for layer in network.layers]
        biases = [layer.bias for layer in network.layers]
        other = Lens.from_arrays([*weights, network.output_weight], [*biases, network.output_bias])
        both = Lens(lens.overlay(other, domain).refinement.network)
        three = sum(processor(lambda: one.partition(domain), runs) for one in (lens, other, both))  # noqa: B023
        ratios["overlay"] = processor(lambda: lens.overlay(other, domain), runs) / three
    assert_answers(partition, ratios)
    folder.cleanup()
    return {"regions": len(partition), "partition": own, "ratios": ratios}


def facets(partition):
    """Also of checkouts where this was a method of the partition itself."""
    return partition.complex.facets() if hasattr(partition, "complex") else partition.facets()


def assert_answers(partition, ratios) -> None:
    """What can be said about answers without another program."""
    if "facets" in ratios:
        regions = facets(partition).regions
        assert 2 * (regions[:, 1] >= 0).sum() == partition.adjacency().nnz
    if partition.domain is None:
        return
    size = np.prod(partition.domain.upper - partition.domain.lower)
    assert "volumes" not in ratios or abs(partition.volumes().sum() / size - 1) < 1e-6
    found = partition.extrema()
    values = np.einsum("nk,nk->n", partition.maps[:, 0, :-1], partition.witnesses) + partition.maps[:, 0, -1]
    assert found.minimum.value <= values.min() and values.max() <= found.maximum.value


def processor(call, runs: int) -> float:
    """Median seconds of processor time; of fewer runs where they take long."""
    times = []
    while len(times) < runs and (len(times) < 2 or sum(times) < 3):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return statistics.median(times)


def compare_balls(names, runs: int) -> None:
    """Largest balls in all regions beside linear programs of SciPy."""
    from polytope_lens.importers.npz import load_npz
    from polytope_lens.lens import Lens

    heads = ("network", "regions", "balls", "linprog", "ratio")
    print("".join(f"{head:>12}" if i else f"{head:<15}" for i, head in enumerate(heads)))
    for name in names:
        network, domain = load_npz(NETS / f"{name}.npz")
        partition = Lens(network).partition(domain)
        assert len(partition) == REGIONS[name]
        partition.chebyshev_balls()
        took, balls = timed(partition.chebyshev_balls, runs)
        some = np.linspace(0, len(partition) - 1, SAMPLE).astype(int)
        polytopes = [partition[int(i)].polytope for i in some]
        each, radii = timed(lambda: np.array([radius(p.A, p.b) for p in polytopes]), 1)  # noqa: B023
        assert np.allclose(radii, balls.radii[some], rtol=1e-6, atol=1e-7), name
        one_by_one = each / SAMPLE * len(partition)
        print(f"{name:<15}{len(partition):>12}{took:>12.4f}{one_by_one:>12.4f}{one_by_one / took:>12.0f}", flush=True)


def radius(A: np.ndarray, b: np.ndarray) -> float:
    """Of the largest ball in ``A @ x <= b``, by HiGHS."""
    rows = np.column_stack([A, np.linalg.norm(A, axis=1)])
    found = linprog(np.append(np.zeros(A.shape[1]), -1.0), A_ub=rows, b_ub=b, bounds=(None, None), method="highs")
    return -found.fun


if __name__ == "__main__":
    main()
