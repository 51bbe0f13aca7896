"""Processes that compile into one empty folder at the same time, some of which are killed on the way.

Each process counts regions of which the number is known, with two threads that both want the kernel. Killed ones are
started again. In the end one more process must find everything there, and nothing half-written.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np

COUNT = """
import sys, threading
import numpy as np
from polytope_lens import Box, Lens
d = int(sys.argv[1])
rng = np.random.default_rng(0)
lens = Lens.from_arrays([rng.normal(size=(6, d)), np.ones((1, 6))], [rng.normal(size=6) * 0.1, [0.0]])
found = []
threads = [threading.Thread(target=lambda: found.append(lens.count(None).total)) for _ in range(2)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(found[0] if found == found[:1] * 2 else found)
"""
# Regions of six planes in general position in all of R^d
KNOWN = {2: 22, 3: 42, 4: 57}
PROCESSES = 6


def started(folder: Path, d: int) -> subprocess.Popen[str]:
    """A process that counts in d inputs."""
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(folder)}
    return subprocess.Popen(
        [sys.executable, "-c", COUNT, str(d)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def share_cache(numbers: range, folder: Path) -> Counter[str]:
    """Rounds of these numbers; what went wrong is written down, and counted as found."""
    tally = Counter[str]()
    for seed in numbers:
        rng, wrong = np.random.default_rng([2029, seed]), []
        with tempfile.TemporaryDirectory() as temporary:
            cache = Path(temporary)
            running = [(d, started(cache, d)) for d in rng.choice(list(KNOWN), PROCESSES).tolist()]
            for i in rng.permutation(PROCESSES)[: PROCESSES // 2].tolist():
                d, process = running[i]
                try:
                    process.wait(rng.exponential(4.0))
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.communicate()
                    tally["killed"] += 1
                    running[i] = d, started(cache, d)
            wrong += [told for d, process in running if (told := mistake(d, process))]
            before = {path: path.stat().st_mtime_ns for path in cache.rglob("*") if path.is_file()}
            wrong += [told for d in sorted({d for d, _ in running}) if (told := mistake(d, started(cache, d)))]
            after = {path: path.stat().st_mtime_ns for path in cache.rglob("*") if path.is_file()}
            if before != after:
                wrong.append("something was compiled twice, or written again")
        if wrong:
            tally["found"] += 1
            (folder / f"cache-{seed}.txt").write_text("\n".join(wrong) + "\n")
    return tally


def mistake(d: int, process: subprocess.Popen[str]) -> str:
    """What a process said wrongly, or nothing."""
    answer, told = process.communicate()
    right = process.returncode == 0 and answer == f"{KNOWN[d]}\n"
    return "" if right else f"{d} inputs: {answer!r}, exit code {process.returncode}\n{told}"
