"""What proofs cost: enumerating, writing the log and checking it, on named networks.

    python benchmarks/proofs.py [--runs 5] [--everything] [name ...]

The checker runs in a process of its own, start-up included; its counts are asserted equal to the enumeration's.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import polytope_lens.proof.checker as checker
from polytope_lens.importers.npz import load_npz
from polytope_lens.lens import Lens
from run import NETS, REGIONS

CHECK = f"import json, sys; sys.path.insert(0, {str(Path(checker.__file__).parent)!r}); import checker; "
CHECK += "print(json.dumps(checker.verify(sys.argv[1])))"
QUICK = ("d2_14x6_box1", "d2_64x3_box1", "s2_100_wide", "d3_16x2_box1", "d3_20_unb", "d4_12x2_box1", "ng_duplicate")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", help=f"networks; by default {', '.join(QUICK)}")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--everything", action="store_true", help="all networks but the 30 x 30")
    arguments = parser.parse_args()
    heads = ("regions", "partition s", "write s", "MB", "check s", "check/partition")
    print(f"{'network':<15}" + "".join(f"{head:>16}" for head in heads))
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "run.proof"
        for name in arguments.names or (REGIONS if arguments.everything else QUICK):
            measure(name, log, arguments.runs)


def measure(name: str, log: Path, runs: int) -> None:
    network, domain = load_npz(NETS / f"{name}.npz")
    lens = Lens(network)
    lens.count(domain, proof=log)  # load the compiled code
    enumerating, writing, checking = [], [], []
    for _ in range(runs):
        start = time.perf_counter()
        found = lens.partition(domain)
        middle = time.perf_counter()
        lens.partition(domain, proof=log)
        end = time.perf_counter()
        done = subprocess.run([sys.executable, "-I", "-c", CHECK, log], check=True, capture_output=True, text=True)
        checking.append(time.perf_counter() - end)
        enumerating.append(middle - start)
        writing.append(end - middle - enumerating[-1])
        answer = json.loads(done.stdout)
        assert answer["proved"] and answer["per_layer"] == found.counts_per_layer.tolist()
    ratio = statistics.median(c / e for c, e in zip(checking, enumerating, strict=True))
    times = [statistics.median(times) for times in (enumerating, writing, checking)]
    print(
        f"{name:<15}{len(found):>16}{times[0]:>16.4f}{times[1]:>16.3f}{log.stat().st_size / 1e6:>16.2f}"
        f"{times[2]:>16.3f}{ratio:>16.0f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
