"""Samples of a walk's tree: how many cells there are, from a walk that leaves out most of them.

A probe is a walk that keeps some number of cells, on average, whatever the depth: as many as there are where there are
fewer, and else each with the same probability. That takes an idea of how many there are at each depth, which need not
be right: what is found has the true number for its mean in any case (`_kernels.thinning`). It is learnt from
smaller probes, each of which goes a little deeper.

This is Chen's heterogeneous sampling (1992, *Heterogeneous sampling for tree size estimation*) with a stratum for each
depth and many cells for each stratum, as in stochastic enumeration (Vaisman and Kroese 2017). Knuth (1975, *Estimating
the efficiency of backtrack programs*) follows single paths: their mean is right, too, but nearly all are far below it.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from math import inf, isfinite
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polytope_lens.engines._kernels import spans
from polytope_lens.engines._kernels.outcomes import ALONG, FLOOR, STOP_IT, TOP, WANTED
from polytope_lens.engines._kernels.thinning import MORE, MOST, N_CUTS, NEVER
from polytope_lens.engines.chunks import Record
from polytope_lens.engines.driver import batches
from polytope_lens.engines.kernel import copy_with_frame
from polytope_lens.network.span import Span, number_of, whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from polytope_lens._types import Floats, Ints, Words
    from polytope_lens.engines.driver import Problem

# Cells that the probes keep which learn how many there are, and neurons by which each goes deeper than the one before
FEW_CELLS, STEP, MOST_STEPS = 32, 8, 8
# Cuts, for each that is expected, after which a probe keeps half as many cells; and in depths of which nothing is known
# yet, for each cell
EXCESS, UNKNOWN = 4, 32


class Probe(NamedTuple):
    """What a thinned walk has found.

    ``cells`` (n_bits + 1,) estimates how many cells there are when so many neurons are decided, `n_cuts` and
    `n_regions` say how many cells it cut and regions it met, `leaf` is the pattern of one of these, if there are any.
    """

    cells: Floats
    n_cuts: int
    n_regions: int
    leaf: Words | None
    seconds: float


class Clock:
    """Time since it was made."""

    def __init__(self) -> None:
        self._start = time.perf_counter()

    @property
    def now(self) -> float:
        """In seconds."""
        return time.perf_counter() - self._start


@dataclass(frozen=True, slots=True, eq=False)
class Tree:
    """The tree of a walk, to be looked at in parts, each until some time by the clock.

    `state` is at the root; it is never walked itself, but copied.
    """

    problem: Problem[Any, Any]
    state: Any
    clock: Clock

    @property
    def n_bits(self) -> int:
        """Neurons that cut."""
        return self.problem.n_bits

    def fresh(self) -> Any:
        """A state at the root."""
        return copy_with_frame(self.state, 0)

    def walk(self, state: Any, until: float, span: Span | None = None) -> Iterator[int]:
        """Numbers of regions found one after the other; when time is over it just ends, in the middle of a batch."""
        timer = None
        if until - self.clock.now < threading.TIMEOUT_MAX:
            timer = threading.Timer(until - self.clock.now, state.scalars.__setitem__, (WANTED, STOP_IT))
            timer.daemon = True
            timer.start()
        try:
            for chunk in batches(self.problem, state, Record(), workers=1, span=span):
                yield chunk.n_regions
                if self.clock.now > until:
                    return
        finally:
            if timer is not None:
                timer.cancel()

    def count(self, most: float, until: float) -> tuple[int, Ints | None]:
        """Walk on until so many regions are found: how many there were, and if these are all, after each layer."""
        n, state = 0, self.fresh()
        for found in self.walk(state, until):
            n += found
            if n > most:
                break
        is_all = state.scalars[TOP] == state.scalars[FLOOR]
        return n, state.layer_counts[: self.problem.net.n_hidden].copy() if is_all else None

    def probe(self, keep: Floats, seed: tuple[int, ...], most_cuts: float, until: float) -> Probe | None:
        """A walk that is thinned to shares of the cells by depth, ``keep`` (n_bits + 1,); None if time was over.

        After so many cuts it keeps half as many, and half of these after half as many more.
        """
        most = max(int(min(most_cuts, NEVER // 4)), 1)
        state = self.fresh()
        thinned, random = state.thinning, np.random.SeedSequence(seed).generate_state(2, np.uint64)
        thinned.keep[:], thinned.random[0], thinned.luck[0] = keep, random[0], random[1] * 2.0**-64
        thinned.work[[MOST, MORE]] = most, max(most // 2, 1)
        state.scalars[ALONG] = spans.THINNED
        start = time.thread_time()
        for _ in self.walk(state, until):
            """All that is wanted of it is counted on the way."""
        seconds = time.thread_time() - start
        if state.scalars[TOP] > state.scalars[FLOOR]:
            return None
        cells = np.concatenate([[1.0], 1.0 + np.cumsum(thinned.cells)])
        n = int(thinned.n_leaves[0])
        return Probe(cells, int(thinned.work[N_CUTS]), n, thinned.leaf.copy() if n else None, seconds)

    def stretch(self, leaf: Words, n_regions: int, until: float) -> tuple[int, float]:
        """Walk on from a region, to find as many at least if there are; how many were found, in how many seconds.

        The first batch, and the way to it, do not count if there is another.
        """
        numbers, times = [], [time.thread_time()]
        for n in self.walk(self.fresh(), until, Span(number_of(leaf, self.n_bits), whole(self.n_bits).end)):
            numbers.append(n)
            times.append(time.thread_time())
            if sum(numbers) >= n_regions:
                break
        skipped = int(len(numbers) > 1 and sum(numbers[1:]) > 0)
        return sum(numbers[skipped:]), times[-1] - times[skipped]


def shares(cells: Floats, n: int) -> Floats:
    """Which share of the cells to keep at each depth, where there are so many, to have n of them left."""
    return np.minimum.accumulate(np.minimum(1.0, n / np.maximum(cells, 1.0)))


def _n_cuts(keep: Floats, cells: Floats, n_bits: int) -> float:
    """How many cells neurons up to some depth cut, where so many are kept of so many; more than any if it overflows."""
    with np.errstate(invalid="ignore"):
        expected = float(keep[:n_bits] @ np.diff(cells[: n_bits + 1]))
    return expected if isfinite(expected) else inf


def sample(tree: Tree, cells: Floats, n: int, seed: tuple[int, ...], until: float) -> Probe | None:
    """A probe that keeps about n cells at each depth, where there are about so many; None if time was over."""
    keep = shares(cells, n)
    return tree.probe(keep, seed, EXCESS * (_n_cuts(keep, cells, len(cells) - 1) + n), until)


def learn(tree: Tree, seed: int, until: float) -> list[Probe] | None:
    """Small probes, each a little deeper, and the last ones to the end; only these are returned. None if time was over.

    The first of them know nothing about what is below, and keep what they meet there.
    """
    n_bits, known = tree.n_bits, 0
    step = max(STEP, -(-n_bits // MOST_STEPS))
    cells, keep = np.ones(n_bits + 1), np.zeros(n_bits + 1)
    while known < n_bits:
        end = min(known + step, n_bits)
        keep[: known + 1] = shares(cells[: known + 1], FEW_CELLS)
        keep[known + 1 : end + 1] = keep[known]
        found = tree.probe(keep, (seed, 0, end), EXCESS * _n_cuts(keep, cells, known) + UNKNOWN * FEW_CELLS, until)
        if found is None:
            return None
        cells[: end + 1] = found.cells[: end + 1]
        known = end
    probes: list[Probe] = []
    for n in (FEW_CELLS, 2 * FEW_CELLS):
        if (found := sample(tree, cells, n, (seed, 1, n), until)) is None:
            return None
        probes.append(found)
        cells = mean_cells(probes)
    return probes


def mean_cells(probes: Sequence[Probe]) -> Floats:
    """How many cells there are at each depth, (n_bits + 1,), as several probes estimate it."""
    mean: Floats = np.mean([probe.cells for probe in probes], axis=0)
    return mean
