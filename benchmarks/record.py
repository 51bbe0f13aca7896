"""A count of 10^10 regions, killed again and again on its way, and the same number by a second road.

    python benchmarks/record.py check                     # some minutes
    python benchmarks/record.py run record --kills 300    # hours; may be ended and started again at any time
    python benchmarks/record.py save record saved.json    # what is done so far in some lines, for another machine
    python benchmarks/record.py run record --begin saved.json
    python benchmarks/record.py run acas --model net.onnx --workers 2

The network of its own has three inputs and one layer of random planes, so that its regions in the box [-1, 1]^3 can be
counted without walking through them: for planes in general position there are as many as 1, planes, lines where two
planes meet, and points where three do, all of them inside (Zaslavsky 1975, *Facing up to arrangements*). The two roads
have nothing in common but the weights. `run` starts `polytope-lens count --store` again whenever it was killed.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from flint import fmpq, fmpq_mat
from numba import njit

from polytope_lens import Box, Lens
from polytope_lens.engines.task import task
from polytope_lens.network.span import Span
from polytope_lens.partition.provenance import Tally
from polytope_lens.partition.store import Part, Subject, Writer, open_store

# A number of planes with a little more than 10^10 regions
NEURONS = 5170
# A sign is believed if a value of a plane with a unit normal is that large; else the point is found in fractions. Ends
# of lines are right to 1e-11, unless planes or a line and a side meet at less than this sine; those are fractions, too.
SURE, SLANT = 1e-7, 1e-4
BOX = 1.0


def planes(n: int) -> Any:
    """Rows [a, c] of random planes a . x + c = 0, (n, 4)."""
    rng = np.random.default_rng(20)
    return np.c_[rng.normal(size=(n, 3)), rng.uniform(-1, 1, n)]


def lens_of(rows: Any) -> Lens:
    """The network whose neurons are these planes."""
    return Lens.from_arrays([rows[:, :3], np.ones((1, len(rows)))], [rows[:, 3], [0.0]])


# The second road --------------------------------------------------------------------------------------------------


@njit(cache=False)
def points_on_line(rows: Any, start: int, p: Any, q: Any, open_planes: Any) -> tuple[int, int]:
    """How many planes from `start` on surely separate p from q, and how many may; these are written down."""
    n_points, n_open = 0, 0
    for k in range(start, rows.shape[0]):
        a, b, c, e = rows[k, 0], rows[k, 1], rows[k, 2], rows[k, 3]
        at_p = a * p[0] + b * p[1] + c * p[2] + e
        at_q = a * q[0] + b * q[1] + c * q[2] + e
        if abs(at_p) > SURE and abs(at_q) > SURE:
            n_points += (at_p > 0) != (at_q > 0)
        else:
            open_planes[n_open] = k
            n_open += 1
    return n_points, n_open


@njit(cache=False)
def lines_and_points(rows: Any, i: int, open_pairs: Any, open_triples: Any) -> tuple[int, int, int, int]:
    """Lines inside the box where plane i meets later ones, points on them where a third does, and what is open.

    The rows are rounded, which is far below what is taken for sure.
    """
    n_lines, n_points, n_pairs, n_triples = 0, 0, 0, 0
    open_planes = np.empty(rows.shape[0], np.int64)
    p, q, u, base = np.empty(3), np.empty(3), np.empty(3), np.empty(3)
    ax, ay, az, ac = rows[i, 0], rows[i, 1], rows[i, 2], rows[i, 3]
    for j in range(i + 1, rows.shape[0]):
        bx, by, bz, bc = rows[j, 0], rows[j, 1], rows[j, 2], rows[j, 3]
        u[0], u[1], u[2] = ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx
        square = u[0] * u[0] + u[1] * u[1] + u[2] * u[2]
        sine = np.sqrt(square)
        least = min(abs(u[0]), min(abs(u[1]), abs(u[2])))
        if sine < SLANT or least < SLANT * sine:
            open_pairs[n_pairs] = j
            n_pairs += 1
            continue
        base[0] = ((bz * u[1] - by * u[2]) * ac + (ay * u[2] - az * u[1]) * bc) / square
        base[1] = ((bx * u[2] - bz * u[0]) * ac + (az * u[0] - ax * u[2]) * bc) / square
        base[2] = ((by * u[0] - bx * u[1]) * ac + (ax * u[1] - ay * u[0]) * bc) / square
        enter, leave = -np.inf, np.inf
        for k in range(3):
            s, t = (-BOX - base[k]) / u[k], (BOX - base[k]) / u[k]
            enter, leave = max(enter, min(s, t)), min(leave, max(s, t))
        if (enter - leave) * sine > SURE:
            continue
        if (leave - enter) * sine <= SURE:
            open_pairs[n_pairs] = j
            n_pairs += 1
            continue
        n_lines += 1
        for k in range(3):
            p[k], q[k] = base[k] + enter * u[k], base[k] + leave * u[k]
        found, n_open = points_on_line(rows, j + 1, p, q, open_planes)
        n_points += found
        for k in range(n_open):
            open_triples[n_triples + k, 0], open_triples[n_triples + k, 1] = j, open_planes[k]
        n_triples += n_open
    return n_lines, n_points, n_pairs, n_triples


def exact_ends(rows: Any, i: int, j: int) -> list[Any]:
    """Where the line of two planes enters and leaves the box, in fractions; nothing if it does not meet its inside."""
    (a, b), box = ([list(map(Fraction, rows[k])) for k in (i, j)]), Fraction(BOX)
    u = [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
    k = max(range(3), key=lambda k: abs(u[k]))
    if not u[k]:
        return []
    # The point of the line at which coordinate k is 0
    r, s = (k + 1) % 3, (k + 2) % 3
    base = [Fraction(0)] * 3
    base[r] = (b[3] * a[s] - a[3] * b[s]) / u[k]
    base[s] = (a[3] * b[r] - b[3] * a[r]) / u[k]
    enter, leave = None, None
    for m in range(3):
        if not u[m]:
            if abs(base[m]) >= box:
                return []
            continue
        first, last = sorted([(-box - base[m]) / u[m], (box - base[m]) / u[m]])
        enter, leave = first if enter is None else max(enter, first), last if leave is None else min(leave, last)
    if enter is None or leave is None or enter >= leave:
        return []
    return [[base[m] + t * u[m] for m in range(3)] for t in (enter, leave)]


def meets_inside(rows: Any, *three: int) -> bool:
    """Whether three planes meet in a point inside the box; in fractions."""
    system = [[fmpq(*Fraction(x).as_integer_ratio()) for x in rows[k]] for k in three]
    matrix, right = fmpq_mat([row[:3] for row in system]), fmpq_mat([[-row[3]] for row in system])
    if matrix.det() == 0:
        return False
    at = [abs(x) for x in matrix.solve(right).entries()]
    assert all(x != 1 for x in at), "three planes meet on a side of the box"
    return all(x < 1 for x in at)


def regions_of_arrangement(rows: Any, progress: bool = True) -> int:
    """Regions of the open box [-1, 1]^3 cut by planes in general position, by Zaslavsky's formula."""
    cutting = rows[[abs(Fraction(c)) < sum(abs(Fraction(x)) for x in a) for *a, c in rows.tolist()]]
    unit = cutting / np.linalg.norm(cutting[:, :3], axis=1)[:, None]
    n, total, n_exact, since = len(cutting), 1 + len(cutting), 0, time.perf_counter()
    open_pairs, open_triples, open_planes = np.empty(n, np.int64), np.empty((10**6, 2), np.int64), np.empty(n, np.int64)
    for i in range(n):
        n_lines, n_points, n_pairs, n_triples = lines_and_points(unit, i, open_pairs, open_triples)
        total += n_lines + n_points + sum(meets_inside(cutting, i, j, k) for j, k in open_triples[:n_triples].tolist())
        for j in open_pairs[:n_pairs].tolist():
            if ends := exact_ends(cutting, i, j):
                p, q = (np.array(list(map(float, end))) for end in ends)
                found, n_open = points_on_line(unit, j + 1, p, q, open_planes)
                total += 1 + found + sum(meets_inside(cutting, i, j, k) for k in open_planes[:n_open].tolist())
        n_exact += n_pairs + n_triples
        if progress and i % 500 == 0:
            print(f"  plane {i} of {n}, {time.perf_counter() - since:.0f} s, {n_exact} in fractions", flush=True)
    return total


# The run ----------------------------------------------------------------------------------------------------------


def so_far(folder: Path) -> int:
    """Regions in a folder, which may not have been begun."""
    return open_store(folder).n_regions if (folder / "run.json").exists() else 0


def run(command: list[str], folder: Path, every: float) -> None:
    """Count, killing the process after random times, on average `every` seconds, until it ends by itself."""
    log = folder.with_suffix(".log.json")
    told = json.loads(log.read_text()) if log.exists() else {"kills": 0, "seconds": 0.0, "cpu": 0.0, "megabytes": 0.0}
    before = 0.0
    while True:
        since, patience = time.perf_counter(), random.expovariate(1 / every) if every else None
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            answer, _ = process.communicate(timeout=patience)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.communicate()
            answer = ""
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        told["kills"] += process.returncode == -signal.SIGKILL
        told["seconds"] += time.perf_counter() - since
        told["cpu"] += used.ru_utime + used.ru_stime - before
        before = used.ru_utime + used.ru_stime
        told["megabytes"] = max(told["megabytes"], used.ru_maxrss / 1024)
        log.write_text(json.dumps(told))
        print(f"{so_far(folder)} regions, {log.read_text()}", flush=True)
        if process.returncode == 0:
            print(answer)
            return
        if process.returncode != -signal.SIGKILL:
            sys.exit(f"the count ended with {process.returncode}")


def save(folder: Path, path: Path) -> None:
    """Write what a count has done to a small file, neighbouring parts as one, with what it took."""
    parts: list[Part] = []
    for part in open_store(folder).parts:
        if parts and parts[-1].span.end == part.span.first:
            last = parts.pop()
            span = Span(last.span.first, part.span.end)
            parts.append(Part(span, last.n_regions + part.n_regions, last.tally.plus(part.tally)))
        else:
            parts.append(part)
    log = folder.with_suffix(".log.json")
    facts = {
        "took": json.loads(log.read_text()) if log.exists() else None,
        "parts": [
            {
                "span": [hex(part.span.first), hex(part.span.end)],
                "regions": part.n_regions,
                "tally": [part.tally.per_layer.tolist(), *map(int, part.tally[1:])],
            }
            for part in parts
        ],
    }
    path.write_text(json.dumps(facts, indent=1) + "\n")


def begin(folder: Path, path: Path, lens: Lens, box: Box) -> None:
    """A folder in which the count goes on from there."""
    facts = json.loads(path.read_text())
    with Writer(
        folder, Subject(lens.network, box, task(lens.network, box, "auto").engine, None), resume=False
    ) as writer:
        for part in facts["parts"]:
            per_layer, *decided = part["tally"]
            span = Span(*(int(end, 16) for end in part["span"]))
            writer.commit(Part(span, part["regions"], Tally(np.array(per_layer), *decided)))
    if facts["took"]:
        folder.with_suffix(".log.json").write_text(json.dumps(facts["took"]))


def main() -> None:
    """As the first lines of this file say."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["check", "run", "save", "count"], help="count: one try, as run makes them")
    parser.add_argument("folder", type=Path, nargs="?", default=Path("record"))
    parser.add_argument("path", type=Path, nargs="?", default=Path("saved.json"), help="save: the file to write")
    parser.add_argument("--begin", type=Path, metavar="FILE", help="begin with what was saved")
    parser.add_argument("--neurons", type=int, default=NEURONS)
    parser.add_argument("--model", help="another network")
    parser.add_argument("--lower", type=float, nargs="+", default=[-BOX])
    parser.add_argument("--upper", type=float, nargs="+", default=[BOX])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--kills", type=float, default=0.0, metavar="S", help="kill it every S seconds or so")
    given = parser.parse_args()
    if given.what == "check":
        print(regions_of_arrangement(planes(given.neurons)))
        return
    if given.what == "save":
        save(given.folder, given.path)
        return
    lens = lens_of(planes(given.neurons)) if given.model is None else Lens(given.model)
    d = lens.network.input_dim
    box = Box(*(ends * (d if len(ends) == 1 else 1) for ends in (given.lower, given.upper)))
    if given.what == "run":
        given.folder.parent.mkdir(parents=True, exist_ok=True)
        if given.begin is not None and not given.folder.exists():
            begin(given.folder, given.begin, lens, box)
        run([sys.executable, __file__, "count", *sys.argv[2:]], given.folder, given.kills)
    else:
        print(lens.count(box, workers=given.workers, store=given.folder, resume=True, progress=False))


if __name__ == "__main__":
    main()
