"""Searches from facet to facet against partitions, which are found by other means."""

from __future__ import annotations

import signal
from collections import deque

import numpy as np
import pytest

from families import flip_trap, generic, golden, random_deep, sawtooth, stack
from polytope_lens import Box, Lens
from polytope_lens.errors import Status
from polytope_lens.search import facet_crossing
from polytope_lens.testing import assert_same_regions, assert_witnesses_inside

DEEP = random_deep((3, 6, 6), 0, 0.0)
CUBE = Box([-1] * 3, [1] * 3)
START = [0.1, 0.2, -0.3]


def distances(partition, x):
    """Distance of each region from x, which each polytope proves by itself."""
    return np.array([region.polytope.distance(x) for region in partition])


def crossings(partition, first):
    """Least number of facets to cross from a region to each other one."""
    matrix = partition.adjacency()
    steps = {first: 0}
    queue = deque([first])
    while queue:
        i = queue.popleft()
        for j in matrix.indices[matrix.indptr[i] : matrix.indptr[i + 1]].tolist():
            if j not in steps:
                steps[j] = steps[i] + 1
                queue.append(j)
    return np.array([steps[i] for i in range(len(partition))])


def same(found, partition, wanted):
    """Whether exactly the wanted regions of the whole partition are listed."""
    return found.packed_patterns.tolist() == partition.packed_patterns[np.sort(wanted)].tolist()


@pytest.mark.parametrize("domain", [None, CUBE], ids=["space", "cube"])
def test_without_limits_all_regions_are_found(domain):
    lens = Lens(DEEP)
    for order in ("distance", "breadth"):
        found = lens.explore(START, domain, max_regions=None, order=order)
        assert found.status is Status.COMPLETE
        assert found.search.n_uncrossed == found.search.n_unseen == 0
        assert_same_regions(found, lens.partition(domain))
        assert_witnesses_inside(found)


@pytest.mark.parametrize("domain", [None, CUBE], ids=["space", "cube"])
@pytest.mark.parametrize("n", [1, 2, 10, 23])
def test_the_nearest_regions_come_first(domain, n):
    lens = Lens(DEEP)
    whole = lens.partition(domain)
    known = distances(whole, np.array(START))
    found = lens.explore(START, domain, max_regions=n)
    assert found.status is Status.BUDGET_REACHED
    index = whole.locate(found.witnesses)
    # Of regions at the same distance, those whose nearest points coincide, any may be left out.
    assert np.sort(known[index]).tolist() == np.sort(known)[:n].tolist()
    assert len(set(index.tolist())) == n
    assert np.allclose(found.search.distances, known[index])
    assert (np.diff(found.search.distances[found.search.order]) >= 0).all()
    assert found.search.crossings is None
    # Facets that lead on are those whose other side is not listed; those of rows that were not asked are not known.
    facets = found.complex.facets()
    leading = sum(pair[1] < 0 and facets.owners(i)[0][0] >= 0 for i, pair in enumerate(facets.regions.tolist()))
    assert found.search.n_uncrossed <= leading
    assert found.search.n_uncrossed == leading or found.search.n_unseen > 0


@pytest.mark.parametrize(
    ("widths", "seed", "n"),
    [((2, 6), 20, 15), ((2, 6), 20, 20), ((2, 5, 5), 29, 19), ((3, 5, 4), 28, 18), ((3, 6, 6), 49, 11)],
)
def test_a_region_that_is_met_from_a_farther_one_first_is_not_put_off(widths, seed, n):
    """The farther one was crossed in one batch with that across which the nearest way leads."""
    lens, x = Lens(random_deep(widths, seed, 0.0)), np.full(widths[0], 0.1)
    whole = lens.explore(x, max_regions=None).search.distances
    assert np.allclose(np.sort(lens.explore(x, max_regions=n).search.distances), np.sort(whole)[:n], rtol=1e-9)


@pytest.mark.parametrize("radius", [0.05, 0.4, 1.5, 1e6])
@pytest.mark.parametrize("network", [DEEP, stack((np.eye(2, 5) + 0.5, [0.1, -0.7]), ([[1, -1], [2, 1]], [0.3, -1]))])
def test_all_regions_that_meet_a_ball_are_found(radius, network):
    lens, x = Lens(network), np.linspace(-0.3, 0.4, network.input_dim)
    whole = lens.partition()
    known = distances(whole, x)
    found = lens.explore(x, radius=radius, max_regions=None)
    assert same(found, whole, np.flatnonzero(known < radius))
    assert found.status is (Status.COMPLETE if (known < radius).all() else Status.RADIUS_REACHED)


@pytest.mark.parametrize("domain", [None, CUBE], ids=["space", "cube"])
@pytest.mark.parametrize("n", [0, 1, 3])
def test_all_regions_within_some_crossings_are_found(domain, n):
    lens = Lens(DEEP)
    whole = lens.partition(domain)
    known = crossings(whole, int(whole.locate([START])[0]))
    found = lens.explore(START, domain, max_flips=n)
    assert found.status is Status.FLIPS_REACHED
    assert same(found, whole, np.flatnonzero(known <= n))
    assert found.search.crossings.tolist() == known[whole.locate(found.witnesses)].tolist()
    assert (np.diff(found.search.crossings[found.search.order]) >= 0).all()
    everything = lens.explore(START, domain, max_flips=int(known.max()))
    assert everything.status is Status.COMPLETE
    assert len(everything) == len(whole)


@pytest.mark.parametrize("n", [1, 5, 20])
def test_breadth_first_lists_what_fewest_crossings_reach(n):
    lens = Lens(DEEP)
    whole = lens.partition()
    known = np.sort(crossings(whole, int(whole.locate([START])[0])))
    found = lens.explore(START, max_regions=n, order="breadth")
    assert found.status is Status.BUDGET_REACHED
    assert np.sort(found.search.crossings).tolist() == known[:n].tolist()
    assert_witnesses_inside(found)


@pytest.mark.parametrize("order", ["distance", "breadth"])
def test_a_budget_that_suffices_exactly_is_complete(order):
    lens = Lens(generic(5, 2))
    assert lens.explore([0, 0], max_regions=16, order=order).status is Status.COMPLETE
    assert lens.explore([0, 0], max_regions=15, order=order).status is Status.BUDGET_REACHED
    assert len(lens.explore([0, 0], max_regions=15, order=order)) == 15


def test_one_flipped_bit_is_no_crossing():
    """Regions 0 and 2 of the flip trap differ in one bit and do not touch."""
    found = Lens(flip_trap()).explore([-5.0], max_flips=1)
    assert found.status is Status.FLIPS_REACHED
    assert len(found) == 2
    whole = Lens(flip_trap()).explore([-5.0], order="breadth")
    assert sorted(whole.search.crossings.tolist()) == [0, 1, 2, 3, 4]


def test_bits_that_change_together_are_crossed_together():
    """Every neuron twice, once with a negative factor; on a network some of whose pre-activations vanish, too."""
    weight = np.array([[1.0, 2.0], [2.0, -1.0], [1.0, 1.0]])
    lens = Lens(stack((np.vstack([weight, -2 * weight]), [0.5, 0.25, -1, -1, -0.5, 2])))
    found = lens.explore([0.1, 0.1])
    assert len(found) == 7
    assert found.certificate.rational > 0
    tooth = Lens(sawtooth(4))
    assert_same_regions(tooth.explore([0.3]), tooth.partition())


@pytest.mark.parametrize("x", [[0.0, 0.0], [0.0, 1.0]])
@pytest.mark.parametrize("order", ["distance", "breadth"])
def test_a_search_may_start_on_a_boundary(x, order):
    lens = Lens(stack(([[1, 0], [0, 1], [-1, -1]], [0, 0, 0])))
    found = lens.explore(x, order=order)
    assert found[int(found.search.order[0])].pattern == lens.at(x).pattern
    assert len(found) == 6


def test_results_do_not_depend_on_the_size_of_batches(monkeypatch):
    lens = Lens(golden((2, 8, 8), 2))
    found = {order: lens.explore([0.5, 0.3], max_regions=40, order=order) for order in ("distance", "breadth")}
    monkeypatch.setattr(facet_crossing, "TOGETHER", 3)
    for order, before in found.items():
        again = lens.explore([0.5, 0.3], max_regions=40, order=order)
        for name in ("packed_patterns", "maps"):
            assert getattr(again, name).tolist() == getattr(before, name).tolist()
        assert again.search.order.tolist() == before.search.order.tolist()


@pytest.mark.parametrize("order", ["distance", "breadth"])
def test_ctrl_c_hands_over_what_was_found(order, monkeypatch):
    cross = facet_crossing._cross

    def interrupted(state, index, *far):
        if state.found.count > 20:
            signal.raise_signal(signal.SIGINT)
        return cross(state, index, *far)

    monkeypatch.setattr(facet_crossing, "_cross", interrupted)
    before = signal.getsignal(signal.SIGINT)
    found = Lens(DEEP).explore(START, order=order)
    assert found.status is Status.INTERRUPTED
    assert 0 < len(found) < 215
    assert "stopped at Ctrl-C" in found.explain()
    assert_witnesses_inside(found)
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_twice_interrupts(monkeypatch):
    def interrupted(*_):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(facet_crossing, "_cross", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Lens(DEEP).explore(START)


def test_regions_with_ends_far_out_need_no_integers():
    """A neuron with tiny weights is a facet where the others are far behind."""
    rng = np.random.default_rng(3)
    weight = np.vstack([rng.standard_normal((3, 4)), [[1e-30, -2e-31, 0, 1e-33]]])
    lens = Lens(stack((weight, [0.3, -0.2, 0.5, -0.2])))
    found = lens.explore(np.zeros(4))
    assert len(found) == 16
    assert found.certificate.rational == 0
