"""Thinned walks: without bias whatever they leave out, and the same again for the same seed."""

from __future__ import annotations

from itertools import pairwise
from math import inf
from typing import TYPE_CHECKING

import numpy as np
import pytest

from polytope_lens import Box, Lens
from polytope_lens.engines.charts import whole
from polytope_lens.engines.table import ENGINES
from polytope_lens.engines.thinning import Clock, Tree, learn, mean_cells, sample, shares

if TYPE_CHECKING:
    from polytope_lens.engines.table import EngineName

# Engine, inputs and widths, and whether in a box, or in all of R^d, or with integers for weights
CASES: list[tuple[EngineName, tuple[int, ...], str]] = [
    ("subdivide", (2, 9, 7, 1), "box"),
    ("subdivide", (2, 70, 2, 1), "box"),
    ("subdivide", (2, 9, 6, 1), "integers"),
    ("polyhedra", (3, 7, 6, 1), "box"),
    ("polyhedra", (3, 6, 5, 1), "integers"),
    ("split", (1, 20, 9, 1), "box"),
    ("split", (4, 7, 6, 1), "box"),
    ("split", (4, 6, 5, 1), "integers"),
    ("split", (3, 7, 5, 1), "everywhere"),
]
by_case = pytest.mark.parametrize(("engine", "widths", "kind"), CASES)


def _tree(engine: EngineName, widths: tuple[int, ...], kind: str) -> Tree:
    rng, shapes = np.random.default_rng(sum(widths)), list(pairwise(widths))
    if kind == "integers":
        weights = [rng.integers(-2, 3, size=(n, d)).astype(float) for d, n in shapes]
        biases = [rng.integers(-1, 2, size=n).astype(float) for _, n in shapes]
    else:
        weights = [rng.normal(size=(n, d)) for d, n in shapes]
        biases = [rng.normal(size=n) * 0.3 for _, n in shapes]
    network, d = Lens.from_arrays(weights, biases).network, widths[0]
    set_up = ENGINES[engine].set_up
    assert set_up is not None
    domain = None if kind == "everywhere" else Box(np.full(d, -1.0), np.full(d, 1.0))
    return Tree(*set_up(network, whole(network, domain), want_output=False), Clock())


@by_case
def test_a_walk_that_keeps_all_counts(engine, widths, kind):
    tree = _tree(engine, widths, kind)
    n, per_layer = tree.count(inf, inf)
    assert per_layer is not None
    everything = tree.probe(np.ones(tree.n_bits + 1), (1,), inf, inf)
    assert everything is not None
    assert everything.cells[-1] == everything.n_regions == n
    ends = tree.problem.net.bit_start[1 : len(per_layer) + 1]
    assert everything.cells[ends].tolist() == per_layer.tolist()
    assert tree.count(0, inf)[0] == min(n, 256)  # the first batch, and the state at the root is as it was


def _is_mean(values, truth):
    """Whether it is within four standard errors."""
    return abs(np.mean(values) - truth) <= 4 * np.std(values, ddof=1) / np.sqrt(len(values))


@by_case
def test_the_mean_is_the_number_of_regions(engine, widths, kind):
    tree = _tree(engine, widths, kind)
    truth, rng = tree.count(inf, inf)[0], np.random.default_rng(0)
    learnt = learn(tree, 0, inf)
    assert learnt is not None
    few = [sample(tree, mean_cells(learnt), 16, (3, k), inf) for k in range(100)]
    assert _is_mean([probe.cells[-1] for probe in few], truth)
    # A schedule that knows nothing, and one that is changed on the way
    steps = np.minimum.accumulate(np.append(1.0, rng.uniform(0.2, 1.0, tree.n_bits)))
    other = [tree.probe(steps, (4, k), inf, inf) for k in range(100)]
    assert _is_mean([probe.cells[-1] for probe in other], truth)
    cramped = [tree.probe(np.ones(tree.n_bits + 1), (5, k), truth // 3, inf) for k in range(100)]
    assert _is_mean([probe.cells[-1] for probe in cramped], truth)
    assert max(probe.n_cuts for probe in cramped) < truth - 1


def test_as_many_cells_are_kept_as_was_said():
    tree = _tree("split", (4, 14, 12, 1), "box")
    cells = mean_cells([tree.probe(np.ones(tree.n_bits + 1), (0,), inf, inf)])
    probes = [sample(tree, cells, 100, (1, k), inf) for k in range(20)]
    assert cells[-1] > 1000
    assert np.mean([probe.n_regions for probe in probes]) == pytest.approx(100, rel=0.15)
    assert (np.diff(shares(cells, 100)) <= 0).all()


def test_each_region_is_as_likely_to_be_the_one_that_is_told():
    tree = _tree("subdivide", (2, 4, 2, 1), "box")
    truth = tree.count(inf, inf)[0]
    keep = np.linspace(1.0, 0.5, tree.n_bits + 1)
    leaves = [probe.leaf for k in range(1500) if (probe := tree.probe(keep, (k,), inf, inf)).leaf is not None]
    _, n_times = np.unique(leaves, return_counts=True)
    assert len(n_times) == truth
    expected = len(leaves) / truth
    # Those of probes that met few regions are likelier: nearly the same is all that the pace needs.
    assert (abs(n_times - expected) < 0.35 * expected).all()


def test_the_same_seed_is_the_same_probe():
    tree = _tree("polyhedra", (3, 9, 8, 1), "box")
    keep = np.linspace(1.0, 0.1, tree.n_bits + 1)
    one, again, other = (tree.probe(keep, seed, 1000, inf) for seed in ((1, 2), (1, 2), (1, 3)))
    assert one.cells.tolist() == again.cells.tolist() != other.cells.tolist()
    assert one.leaf.tolist() == again.leaf.tolist()


def test_a_stretch_finds_what_comes_from_a_region_on():
    tree = _tree("split", (3, 30, 20, 1), "box")
    n = tree.count(inf, inf)[0]
    first = np.zeros(len(tree.state.bits), np.uint64)
    found, seconds = tree.stretch(first, 10**9, inf)
    assert found == n - 256  # the first batch is the way there
    assert seconds > 0
    last = np.full(len(tree.state.bits), 2**64 - 1, np.uint64)
    assert tree.stretch(last, 10, inf)[0] <= 1


def test_time_that_is_over_ends_a_walk_in_the_middle_of_a_batch():
    tree = _tree("split", (5, 16, 16, 16, 1), "box")
    assert tree.probe(np.ones(tree.n_bits + 1), (0,), inf, 0.0) is None
    assert learn(tree, 0, 0.0) is None
    n, per_layer = tree.count(inf, tree.clock.now + 0.02)
    assert per_layer is None
    assert n > 0
