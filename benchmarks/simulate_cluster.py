"""How well many workers would share a run: the tree of a real network, and the tasks of :mod:`.engines.spread`.

    python benchmarks/simulate_cluster.py [--regions 1e10 1e11] [--overhead 0.001] [--workers 2 64 1024]

A network's regions are listed once. The bits in which each differs from the one before are its tree, whatever walked
it. Each region then stands for as many as are missing for the run, found at the pace measured here, and tasks are
played through, event by event. The scheduler is one thread and spends the overhead on each task, one after the other:
about 1 ms for dask (distributed.dask.org, "Low latency"). The efficiency is the time of one worker without any
scheduler, over workers times the time of all.

- "as is": the tasks of `spread.Plan`. Sizes are guessed as they are there, from shares of which each cut leaves half.
- "before": a task walks one span for `SHORT` or `LONG` seconds and gives back what waits, in at most twelve spans; the
  last task that comes back is gone on with first.
"""

from __future__ import annotations

import argparse
import heapq
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
from polytope_lens.network.span import Span

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polytope_lens import Box
    from polytope_lens.network.network import Network

NETWORKS = ("2-(30 x 30), trained", "3-64-64-64, He", "8-(16 x 4), PyTorch")


# Seconds of a worker for each span besides its regions
START_UP = 0.01
# The rule before: seconds of tasks while there are fewer than so many for each worker, and later; spans that come back
SHORT, LONG, ENOUGH, MOST_SPANS = 0.25, 10.0, 4, 12


class Tree(NamedTuple):
    """Regions in order: ``following`` (n + 1,) is the next place where a cell begins that is higher up in the tree.

    ``shares`` (n + 1,) has the share of the cell that begins at each place.
    """

    n: int
    following: list[int]
    shares: list[float]
    pace: float


def tree_of(network: Network, domain: Box) -> Tree:
    """All regions of a network, and seconds for each."""
    walk, start = ENGINES[choose_engine("auto", network, domain)].walk, time.process_time()
    chunks = list(walk(network, whole(network, domain), Record(), want_output=True))
    seconds = time.process_time() - start
    depth = depths(np.concatenate([chunk.patterns for chunk in chunks]))
    after = following(depth)
    return Tree(len(depth), after, shares(depth, after), seconds / len(depth))


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


def shares(depth: NDArray[np.int64], after: list[int]) -> list[float]:
    """For each place, half to the power of the cuts above the largest cell that begins there."""
    n = len(depth)
    before = (n - 1 - np.array(following(depth[::-1])[:n], dtype=np.int64)).tolist()
    bits, cuts = [*depth.tolist(), -2], [0] * (n + 1)
    for at in np.argsort(depth, kind="stable")[1:].tolist():
        one, other = before[at], after[at]
        cuts[at] = cuts[one if bits[one] > bits[other] else other] + 1
    return np.ldexp(1.0, -np.array(cuts)).tolist()


def waiting(tree: Tree, at: int, end: int, most: int) -> list[tuple[Span, float]]:
    """Spans of what is not done at a place, the largest cells each by itself, and their shares."""
    firsts, place = [at], tree.following[at]
    while place < end:
        firsts.append(place)
        place = tree.following[place]
    few = max(len(firsts) - most + 1, 1)
    parts = [sum(tree.shares[place] for place in firsts[:few]), *(tree.shares[place] for place in firsts[few:])]
    firsts = [firsts[0], *firsts[few:], end]
    return [(Span(*bounds), share) for bounds, share in zip(pairwise(firsts), parts, strict=True)]


def as_is(tree: Tree, n_workers: int, each: float, overhead: float) -> float:
    """Seconds that a run takes; `each` is the time for one region of the tree."""
    plan = spread.Plan([Span(0, tree.n)], n_workers)
    submitted: deque[tuple[list[spread.WaitingSpan], float]] = deque()
    done: list[tuple[float, int, list[spread.WaitingSpan], list[spread.WaitingSpan]]] = []
    idle, now, scheduler, n_running, order = n_workers, 0.0, 0.0, 0, 0
    while plan.waiting or n_running:
        while plan.waiting and n_running < 2 * n_workers:
            submitted.append(plan.task(n_running))
            n_running += 1
        while idle and submitted:
            pieces, seconds = submitted.popleft()
            spent, rest = 0.0, []
            for i, piece in enumerate(pieces):
                if i and spent > seconds:
                    rest += pieces[i:]
                    break
                (at, end), took = piece.span, START_UP
                behind = min(at + max(int((seconds - spent) / each), 1), end)
                took += (behind - at) * each
                spent += took
                if behind < end:
                    rest += spread.guessed(waiting(tree, behind, end, spread.MOST_SPANS), piece, took)
            heapq.heappush(done, (max(now, scheduler) + spent, order, pieces, rest))
            order += 1
            idle -= 1
        now, _, pieces, rest = heapq.heappop(done)
        plan.done(pieces)
        plan.add(rest)
        idle += 1
        n_running -= 1
        scheduler = max(scheduler, now) + overhead
    return max(now, scheduler)


def as_before(tree: Tree, n_workers: int, each: float, overhead: float) -> float:
    """The same for the rule before."""
    queue: list[Span] = [Span(0, tree.n)]
    submitted: deque[tuple[Span, float]] = deque()
    done: list[tuple[float, int, int, int]] = []
    idle, now, scheduler, n_running, order = n_workers, 0.0, 0.0, 0, 0
    while queue or n_running:
        while queue and n_running < 2 * n_workers:
            is_short = len(queue) + n_running < ENOUGH * n_workers
            submitted.append((queue.pop(), SHORT if is_short else LONG))
            n_running += 1
        while idle and submitted:
            (at, end), seconds = submitted.popleft()
            behind = min(at + max(int(seconds / each), 1), end)
            heapq.heappush(done, (max(now, scheduler) + START_UP + (behind - at) * each, order, behind, end))
            order += 1
            idle -= 1
        now, _, at, end = heapq.heappop(done)
        idle += 1
        n_running -= 1
        scheduler = max(scheduler, now) + overhead
        if at < end:
            queue.extend(span for span, _ in reversed(waiting(tree, at, end, MOST_SPANS)))
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
                one, other = (rule(tree, n_workers, each, arguments.overhead) for rule in (as_before, as_is))
                told = f"{alone:.0f} | {alone / one:.1%} | {alone / other:.1%}"
                print(f"| {name} | {n_regions:.0e} | {n_workers} | {told} |", flush=True)


if __name__ == "__main__":
    main()
