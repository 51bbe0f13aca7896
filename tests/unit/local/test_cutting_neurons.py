"""Neurons that cut a ball, by search, against those of all of its regions."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polytope_lens import Lens, Status
from polytope_lens.errors import DimensionError, OptionError
from polytope_lens.testing.strategies import networks

NORMS = (1, 2, np.inf)


def random_lens(widths, seed):
    rng = np.random.default_rng(seed)
    pairs = list(pairwise(widths))
    weights = [rng.standard_normal((n, m)) * (2 / m) ** 0.5 for m, n in pairs]
    return Lens.from_arrays(weights, [0.3 * rng.standard_normal(n) for _, n in pairs])


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("widths", [(2, 8, 8, 6, 1), (6, 6, 6, 4, 1)])
def test_as_many_as_by_listing_regions(widths, norm):
    for seed in range(3):
        lens = random_lens(widths, seed)
        x = np.random.default_rng(seed).standard_normal(widths[0])
        found, listed = lens.cutting_neurons(x, 0.4, norm=norm), lens.local_complexity(x, 0.4, norm=norm)
        assert found.status is Status.COMPLETE and found.n_cutting == listed.n_creases
        assert (found.neurons == listed.neurons).all()


@settings(max_examples=25, deadline=None)
@given(networks(), st.sampled_from(NORMS), st.floats(0.1, 2))
def test_what_is_decided_is_right_in_any_network(network, norm, radius):
    lens = Lens(network)
    x = np.zeros(network.input_dim)
    found, listed = lens.cutting_neurons(x, radius, norm=norm), lens.local_complexity(x, radius, norm=norm)
    assert (found.neurons <= listed.neurons).all()
    assert (listed.neurons <= found.neurons + found.n_open).all()
    assert not (found.cut & found.open).any()
    assert (found.status is Status.COMPLETE) == (not found.open.any())


def test_a_boundary_that_no_point_tried_first_sees():
    """A tent whose second layer is on in one place of a thousandth of the ball."""
    lens = Lens.from_arrays([[[1, 0], [1, 0]], [[1, -2]], [[1]]], [[-0.5, -0.5005], [-0.0004], [0]])
    assert lens.cutting_neurons([0, 0], 0.9).neurons.tolist() == [2, 1]
    assert lens.cutting_neurons([0, 0], 0.5).neurons.tolist() == [0, 0]
    assert lens.cutting_neurons([0, 0], 0.5003).neurons.tolist() == [1, 0]


def test_zero_at_a_point_is_no_other_side():
    """|x| is zero on a line, which is no region; relu(x) on one, but no point proves that, so it stays open."""
    bend = Lens.from_arrays([[[1, 0], [-1, 0]], [[1, 1], [1, 0]], [[1, 1]]], [[0, 0], [0, 0], [0]])
    for x in ([0, 0], [0.25, 0], [-0.25, 0]):
        found, listed = bend.cutting_neurons(x, 0.5), bend.local_complexity(x, 0.5)
        assert listed.neurons.tolist() == [2, 1]
        assert found.neurons.tolist() == [2, 0] and found.n_open[1] >= 1
        assert not found.cut[2]


def test_a_budget_leaves_some_open_and_says_so():
    lens = random_lens((20, 20, 20, 20, 1), 0)
    x = np.random.default_rng(1).standard_normal(20)
    found = lens.cutting_neurons(x, 1.0, max_regions=1)
    more = lens.cutting_neurons(x, 1.0, max_regions=30)
    assert found.status is Status.BUDGET_REACHED and found.n_open.sum() > 0
    assert "open" in repr(found)
    assert not (found.cut & ~more.cut).any() and more.n_open.sum() <= found.n_open.sum()
    # The corners of a cross-polytope inside the ball see a part of them.
    estimate = lens.local_complexity(x, 1.0, estimate=True)
    assert (estimate.neurons <= found.neurons + found.n_open).all()


def test_on_a_slice():
    lens = random_lens((6, 6, 6, 1), 4)
    x = np.zeros(6)
    frame, _ = np.linalg.qr(np.random.default_rng(0).standard_normal((6, 3)))
    hull = lens.slice(origin=x, basis=0.5 * frame.T)
    found = hull.cutting_neurons(np.zeros(3), 1.0, norm=1)
    assert (found.neurons == hull.local_complexity(np.zeros(3), 1.0, norm=1).neurons).all()


def test_wrong_arguments():
    lens = random_lens((2, 3, 1), 0)
    with pytest.raises(DimensionError):
        lens.cutting_neurons([0, 0, 0], 1.0)
    with pytest.raises(OptionError):
        lens.cutting_neurons([0, 0], 0.0)
    with pytest.raises(OptionError):
        lens.cutting_neurons([0, 0], 1.0, norm=3)
    with pytest.raises(OptionError):
        lens.cutting_neurons([0, 0], 1.0, max_regions=0)
