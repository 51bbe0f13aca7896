"""Everything at once for an hour, in one process: memory, threads and open files are afterwards what they were before.

Rounds of all kinds of questions about networks that change from round to round, among them runs into folders, runs that
a budget ends, streams that are left in the middle, threads, errors that are caught, proofs, pictures. After each round
the process is measured. A leak of a kilobyte a round would be seen: the slope of memory over the second half of the
rounds is told with its standard error.
"""

from __future__ import annotations

import gc
import json
import os
import tempfile
import threading
import time
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np

from polytope_lens import Box, Lens, Partition
from polytope_lens.errors import PolytopeLensError

mpl.use("Agg")
# What a run may end with more than the middle of it had, in megabytes and numbers. Threads are kept for the next run,
# as many as ever worked at once, and one whose stream was left may not have ended when others are asked for.
MEGABYTES, MORE_THREADS, MORE_FILES = 16.0, 2, 0
WARM_ROUNDS = 30


def random_lens(rng: np.random.Generator, *widths: int) -> Lens:
    """A network with random weights."""
    shapes = list(pairwise(widths))
    return Lens.from_arrays(
        [rng.normal(size=(n, d)) / np.sqrt(d) for d, n in shapes], [rng.normal(size=n) * 0.3 for _, n in shapes]
    )


def one_round(rng: np.random.Generator, folder: Path) -> int:
    """Questions of all kinds about new networks; the number of regions that were listed."""
    from matplotlib import pyplot as plt

    plane, space, wide = (random_lens(rng, *widths) for widths in ((2, 12, 12, 1), (3, 8, 6, 1), (5, 7, 6, 2)))
    square, cube, five = (Box(np.full(d, -1.0), np.full(d, 1.0)) for d in (2, 3, 5))
    x = rng.uniform(-1, 1, 2)
    found = plane.partition(square, workers=2)
    found.plot(color="value")
    plt.close("all")
    found.locate(rng.uniform(-1, 1, (1000, 2)))
    found.adjacency()
    found.save(folder / "saved.npz")
    Partition.load(folder / "saved.npz")
    plane.at(x).inequalities()
    plane.path(x, -x)
    found.level_set(value=0.0)
    plane.robustness_radius(x, value=0.0, max_regions=100)
    plane.explore(x, square, max_regions=200)
    plane.count(square, proof=folder / "run.proof")
    space.partition(cube)
    space.count(None, workers=2)
    wide.count(five, workers=2)
    wide.count(five, max_regions=100)
    list(islice(wide.regions(five, workers=2), 10))  # a stream that is left
    wide.maximum([1.0, -1.0], five)
    wide.preimage(([[1.0, -1.0]], [0.0]), five)
    run = folder / "run"
    plane.partition(square, store=run, max_regions=60)
    stored = plane.partition(square, store=run, resume=True, workers=2)
    stored.verify()
    for wrong in (lambda: plane.at([1.0]), lambda: plane.count(cube), lambda: Partition.load(folder / "none")):
        try:
            wrong()
        except PolytopeLensError:
            continue
        raise AssertionError("what is wrong should be refused")
    return len(found)


def measured() -> dict[str, float]:
    """Memory that is there and not shared, threads, and open files of this process."""
    gc.collect()
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":" in line)
    return {
        "megabytes": int(status["RssAnon"].split()[0]) / 1024,
        "threads": threading.active_count(),
        "files": len(os.listdir("/proc/self/fd")),
    }


def soak(folder: Path, seconds: float) -> bool:
    """Rounds for so long; whether nothing grew."""
    rows: list[dict[str, float]] = []
    began, regions = time.monotonic(), 0
    while time.monotonic() - began < seconds or len(rows) < 2 * WARM_ROUNDS:
        with tempfile.TemporaryDirectory() as temporary:
            regions += one_round(np.random.default_rng([2028, len(rows)]), Path(temporary))
        rows.append(measured())
        if len(rows) % 50 == 0:
            print(len(rows), rows[-1], flush=True)
    answer = told(rows)
    answer.update(
        rounds=len(rows), seconds=round(time.monotonic() - began), regions=regions, found=int(has_grown(answer))
    )
    (folder / "soak.json").write_text(json.dumps({**answer, "rows": rows[:: max(1, len(rows) // 200)]}, indent=1))
    print(answer)
    return not answer["found"]


def told(rows: list[dict[str, float]]) -> dict[str, Any]:
    """Medians after the warm rounds and at the end, and the slope of memory over the second half."""
    quarter = max(1, (len(rows) - WARM_ROUNDS) // 4)
    early, late = rows[WARM_ROUNDS : WARM_ROUNDS + quarter], rows[-quarter:]
    answer: dict[str, Any] = {
        f"{key} {when}": float(np.median([row[key] for row in some]))
        for key in rows[0]
        for when, some in (("early", early), ("late", late))
    }
    y = np.array([row["megabytes"] for row in rows[len(rows) // 2 :]])
    (slope, _), error = np.polyfit(np.arange(len(y)), y, 1, cov=True)
    return {**answer, "kB a round": 1024 * slope, "standard error": 1024 * float(np.sqrt(error[0, 0]))}


def has_grown(answer: dict[str, Any]) -> bool:
    """Whether the end has more than the beginning."""
    return (
        answer["megabytes late"] > answer["megabytes early"] + MEGABYTES
        or answer["threads late"] > answer["threads early"] + MORE_THREADS
        or answer["files late"] > answer["files early"] + MORE_FILES
    )
