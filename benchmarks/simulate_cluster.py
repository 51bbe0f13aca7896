"""How well many workers would share a run: the tree of a real network, and the tasks of :mod:`.engines.spread`.

    python benchmarks/simulate_cluster.py [--regions 1e10 1e11] [--overhead 0.001] [--workers 2 64 1024]

A network's regions are listed once. The bits in which each differs from the one before are its tree, whatever walked
it. Each region then stands for as many as are missing for the run, found at the pace measured here, and tasks are
played through, event by event. The scheduler is one thread and spends the overhead on each task, one after the other:
about 1 ms for dask (distributed.dask.org, "Low latency"). The efficiency is the time of one worker without any
scheduler, over workers times the time of all.

- "as is": a task walks its span for `SHORT` or `LONG` seconds and gives back what waits, at most `MOST_SPANS` spans;
  the last task that comes back is gone on with first.
- "largest first": it gives back four spans at most, with guesses of their sizes, wrong by a factor of e (one standard
  deviation). The largest is next; small ones share a task; and a task takes a quarter of what is left for each worker.
"""

from __future__ import annotations

import argparse
import heapq
import random
import time
from collections import deque
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from estimates import cases
from polytope_lens.engines import spread
from polytope_lens.engines.charts import whole
from polytope_lens.engines.chunks import Record
from polytope_lens.engines.table import ENGINES, choose_engine

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polytope_lens import Box
    from polytope_lens.network.network import Network

NETWORKS = ("2-(30 x 30), trained", "3-64-64-64, He", "8-(16 x 4), PyTorch")


# Seconds of a worker for each span besides its regions
START_UP = 0.01
# The other rule: seconds of tasks while some workers have nothing to do, portions of what is left for each worker,
# spans that a task gives back, and small ones that share one
FIRST, PORTIONS, FEW_SPANS, TOGETHER = 0.1, 4, 4, 64


class Tree(NamedTuple):
    """Regions in order: ``following`` (n + 1,) is the next place where a cell begins that is higher up in the tree."""

    n: int
    following: list[int]
    pace: float


def tree_of(network: Network, domain: Box) -> Tree:
    """All regions of a network, and seconds for each."""
    walk, start = ENGINES[choose_engine("auto", network, domain)].walk, time.process_time()
    chunks = list(walk(network, whole(network, domain), Record(), want_output=True))
    seconds = time.process_time() - start
    depth = depths(np.concatenate([chunk.patterns for chunk in chunks]))
    return Tree(len(depth), following(depth), seconds / len(depth))


def depths(patterns: NDArray[np.uint64]) -> NDArray[np.int64]:
    """The first bit in which each pattern differs from the one before; -1 for the first."""
    changed = patterns[1:] ^ patterns[:-1]
    word = (changed != 0).argmax(axis=1)
    value = changed[np.arange(len(changed)), word]
    return np.append(-1, 64 * word + 63 - np.floor(np.log2(value.astype(np.longdouble))).astype(np.int64))


def following(depth: NDArray[np.int64]) -> list[int]:
    """For each place, the next one whose bit comes before its own."""
    found, stack = [len(depth)] * (len(depth) + 1), []
    for at, bit in enumerate(depth.tolist()):
        while stack and stack[-1][0] > bit:
            found[stack.pop()[1]] = at
        stack.append((bit, at))
    return found


def waiting(tree: Tree, at: int, end: int, most: int) -> list[tuple[int, int]]:
    """Spans of what is not done at a place, the largest cells each by itself."""
    firsts, place = [at], at + 1
    while place < end:
        firsts.append(place)
        place = tree.following[place]
    few = max(len(firsts) - most + 1, 1)
    firsts = [firsts[0], *firsts[few:], end]
    return list(pairwise(firsts))


def as_is(tree: Tree, n_workers: int, each: float, overhead: float) -> float:
    """Seconds that a run takes; `each` is the time for one region of the tree."""
    queue: list[tuple[int, int]] = [(0, tree.n)]
    submitted: deque[tuple[int, int, float]] = deque()
    done: list[tuple[float, int, int, int]] = []
    idle, now, scheduler, n_running, order = n_workers, 0.0, 0.0, 0, 0
    while queue or n_running:
        while queue and n_running < 2 * n_workers:
            is_short = len(queue) + n_running < spread.ENOUGH * n_workers
            submitted.append((*queue.pop(), spread.SHORT if is_short else spread.LONG))
            n_running += 1
        while idle and submitted:
            at, end, seconds = submitted.popleft()
            behind = min(at + max(int(seconds / each), 1), end)
            heapq.heappush(done, (max(now, scheduler) + START_UP + (behind - at) * each, order, behind, end))
            order += 1
            idle -= 1
        now, _, at, end = heapq.heappop(done)
        idle += 1
        n_running -= 1
        scheduler = max(scheduler, now) + overhead
        if at < end:
            queue.extend(reversed(waiting(tree, at, end, spread.MOST_SPANS)))
    return max(now, scheduler)


def largest_first(tree: Tree, n_workers: int, each: float, overhead: float) -> float:
    """The same for the other rule."""
    wrong = random.Random(1)
    queue: list[tuple[float, int, int]] = [(-tree.n * each, 0, tree.n)]
    done: list[tuple[float, int, int, list[tuple[int, int]]]] = []
    idle, now, scheduler, order, left = n_workers, 0.0, 0.0, 0, tree.n
    while queue or done:
        while queue and idle:
            is_short = len(queue) + len(done) < 2 * n_workers
            seconds = FIRST if is_short else max(spread.SHORT, left * each / n_workers / PORTIONS)
            spans, guessed = [], 0.0
            while queue and (not spans or (guessed < seconds and len(spans) < TOGETHER and len(queue) >= n_workers)):
                size, at, end = heapq.heappop(queue)
                spans.append((at, end))
                guessed -= size
            room, rest = max(int(seconds / each), 1), []
            n_done = room
            for at, end in spans:
                behind = min(end, at + room)
                room -= behind - at
                if behind < end:
                    rest += waiting(tree, behind, end, FEW_SPANS)
            n_done -= room
            scheduler = max(scheduler, now) + overhead
            heapq.heappush(done, (scheduler + START_UP * len(spans) + n_done * each, order, n_done, rest))
            order += 1
            idle -= 1
        now, _, n_done, rest = heapq.heappop(done)
        idle += 1
        left -= n_done
        for at, end in rest:
            heapq.heappush(queue, (-(end - at) * each * wrong.lognormvariate(0, 1), at, end))
    return max(now, scheduler)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--regions", type=float, nargs="+", default=[1e10, 1e11, 1e12])
    parser.add_argument("--overhead", type=float, default=0.001)
    parser.add_argument("--workers", type=int, nargs="+", default=[2, 64, 1024])
    arguments = parser.parse_args()
    known = cases()
    for name in NETWORKS:
        lens, domain = known[name]
        assert domain is not None
        tree = tree_of(lens.network, domain)
        print(f"{name}: {tree.n} regions, {tree.pace * 1e6:.2f} us each", flush=True)
        for n_regions in arguments.regions:
            for n_workers in arguments.workers:
                alone, each = tree.pace * n_regions / n_workers, tree.pace * n_regions / tree.n
                one, other = (rule(tree, n_workers, each, arguments.overhead) for rule in (as_is, largest_first))
                told = f"{alone:.0f} | {alone / one:.1%} | {alone / other:.1%}"
                print(f"| {name} | {n_regions:.0e} | {n_workers} | {told} |", flush=True)


if __name__ == "__main__":
    main()
