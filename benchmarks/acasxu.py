"""Properties of the ACAS Xu networks: all 186 instances of the verifiers' competition, decided exactly.

The networks (``acasxu_A_B.onnx``) and properties (``prop_N.vnnlib``) are other people's, and not in this repository:

    python benchmarks/acasxu.py FOLDER [--workers 2] [--seconds 116] [--only 2:3_3 2:4_2] [--json FILE] [--proofs LOGS]

Each instance prints its verdict, the wall and processor seconds of `lens.check` (the network is read before), boxes
looked at and regions listed. The first one compiles, or loads, kernels. With `--proofs` each log is written to a folder
and checked, and processor seconds of both are told, with its size and cells.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections import Counter
from pathlib import Path

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(name, "1")

from polytope_lens import CheckResult, Lens, Property, Verdict, read_vnnlib  # noqa: E402
from polytope_lens.proof.fast_checker import verify  # noqa: E402
from polytope_lens.properties.property_proof import write_property_proof  # noqa: E402

NETWORKS = [f"{a}_{b}" for a in range(1, 6) for b in range(1, 10)]
SINGLE = {5: "1_1", 6: "1_1", 7: "1_9", 8: "2_9", 9: "3_3", 10: "4_5"}
INSTANCES = [f"{p}:{net}" for p in range(1, 5) for net in NETWORKS] + [f"{p}:{net}" for p, net in SINGLE.items()]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=116)
    parser.add_argument("--only", nargs="+", default=INSTANCES, metavar="PROPERTY:NETWORK")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--proofs", type=Path)
    arguments = parser.parse_args()
    if arguments.proofs is not None:
        arguments.proofs.mkdir(parents=True, exist_ok=True)
    rows = []
    for instance in arguments.only:
        number, net = instance.split(":")
        lens = Lens(arguments.folder / f"acasxu_{net}.onnx")
        asked = read_vnnlib(arguments.folder / f"prop_{number}.vnnlib")
        wall, cpu = time.perf_counter(), time.process_time()
        found = lens.check(asked, max_seconds=arguments.seconds, workers=arguments.workers, progress=False)
        row = {
            "property": int(number),
            "network": net,
            "verdict": found.verdict.name,
            "seconds": round(time.perf_counter() - wall, 2),
            "cpu": round(time.process_time() - cpu, 2),
            "boxes": found.n_boxes,
            "regions": found.n_regions,
            "decided": found.decided,
        }
        if found.counterexample is not None:
            assert asked.violated_case(found.point, found.counterexample.outputs) is not None
            row["float32"] = found.counterexample.is_violated_in_float32
            row["point"] = [str(v) for v in found.point]
        if arguments.proofs is not None and found.verdict is not Verdict.OPEN:
            log = arguments.proofs / f"{number}_{net}.proof"
            row |= _proof(lens, asked, found, log, arguments.seconds - row["seconds"])
        rows.append(row)
        print(*(f"{value}" for key, value in row.items() if key not in ("point", "decided", "float32")), flush=True)
        if arguments.json:
            arguments.json.write_text(json.dumps(rows, indent=1))
    _summary(rows)
    return 0 if all(row["verdict"] != Verdict.OPEN.name for row in rows) else 3


def _proof(lens: Lens, asked: Property, found: CheckResult, log: Path, seconds: float) -> dict:
    """What the log of an instance takes, to write and to check."""
    n_cells, started = 0, time.process_time()

    def tick(n: int, share: float) -> None:
        nonlocal n_cells
        n_cells += n

    over = time.perf_counter() + seconds
    is_written = write_property_proof(
        lens.network, asked, found.counterexample, log, is_over=lambda: time.perf_counter() > over, tick=tick
    )
    row = {"written": is_written, "write": round(time.process_time() - started, 2), "cells": n_cells}
    if is_written:
        started = time.process_time()
        answer = verify(log, 1e6)
        row |= {"proved": answer["proved"], "checking": round(time.process_time() - started, 2)}
        row |= {"kB": log.stat().st_size // 1000}
    return row


def _summary(rows: list[dict]) -> None:
    print("\n| property | holds | violated | open | median s | median s cpu | longest s | its cpu | network |")
    print("|---|---|---|---|---|---|---|---|---|")
    for number in sorted({row["property"] for row in rows}):
        some = [row for row in rows if row["property"] == number]
        counts = Counter(row["verdict"] for row in some)
        longest = max(some, key=lambda row: row["cpu"])
        print(
            f"| {number} | {counts['HOLDS']} | {counts['VIOLATED']} | {counts['OPEN']} "
            f"| {statistics.median(row['seconds'] for row in some):.2f} "
            f"| {statistics.median(row['cpu'] for row in some):.2f} "
            f"| {longest['seconds']:.1f} | {longest['cpu']:.1f} | {longest['network']} |"
        )
    print(f"all: median {statistics.median(row['seconds'] for row in rows):.2f} s", end="")
    print(f", median of processor seconds {statistics.median(row['cpu'] for row in rows):.2f}")
    violated = [row for row in rows if row["verdict"] == "VIOLATED"]
    print(f"{sum(row['float32'] for row in violated)} of {len(violated)} points violate in float32 too")


if __name__ == "__main__":
    sys.exit(main())
