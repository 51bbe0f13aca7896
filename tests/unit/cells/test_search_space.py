from __future__ import annotations

import numpy as np
import pytest

from families import generic, stack
from polytope_lens import Box, Lens
from polytope_lens.cells.region_facets import region_rows
from polytope_lens.cells.search_space import (
    about_nearest,
    distances_across,
    highest_in_ball,
    lift,
    nearest,
    point_distances,
    shown_distances,
    space_of,
)
from polytope_lens.network.network import layer_of_bit

WIDE = stack(
    (np.random.default_rng(0).standard_normal((3, 7)), [0.5, -1.0, 0.2]),
    (np.random.default_rng(1).standard_normal((4, 3)), [0.1, -0.3, 0.4, 1.0]),
)
X = np.linspace(-1, 1, 7)


def test_wide_inputs_are_reduced_and_lifted_again():
    space = space_of(WIDE, X, None)
    assert space.network.input_dim == 3
    assert np.allclose(lift(space, space.start[None]), X)
    points = np.random.default_rng(2).standard_normal((5, 3))
    inputs = lift(space, points)
    assert np.allclose(inputs @ WIDE.layers[0].weight.T + WIDE.layers[0].bias, points)


def test_a_domain_or_few_inputs_keep_the_inputs():
    for network, domain in ((WIDE, Box([-2] * 7, [2] * 7)), (generic(5, 3), None)):
        x = X[: network.input_dim]
        space = space_of(network, x, domain)
        assert space.network is network
        assert lift(space, x[None]).tolist() == [x.tolist()]


NORMS = [1, 2, np.inf]


def regions_seen_from(x, network, norm):
    """A space around a point, the patterns of all regions, and their rows there with bounds on their errors."""
    space = space_of(network, x, None, norm)
    bits = Lens(network).partition().patterns()
    return space, bits, *region_rows(space.network, space.around, bits)


@pytest.mark.parametrize("norm", NORMS)
def test_lengths_are_those_among_the_inputs(norm):
    space = space_of(WIDE, X, None, norm)
    points = np.random.default_rng(3).standard_normal((4, 3))
    lifted = lift(space, points)
    assert np.allclose(point_distances(space, points), np.linalg.norm(lifted - X, norm, axis=1))
    assert point_distances(space, np.full((1, 3), np.nan)).tolist() == [np.inf]


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("network", [WIDE, generic(6, 3)], ids=["wide", "low"])
def test_no_region_across_a_row_is_nearer_than_is_said(norm, network):
    """Every region that differs in one bit, whether it is a neighbour or not."""
    space, bits, rows, error = regions_seen_from(X[: network.input_dim], network, norm)
    distance, *_ = nearest(space, rows, error)
    assert np.allclose(about_nearest(space, rows), distance)
    across = distances_across(space, rows, layer_of_bit(network))
    of = {row.tobytes(): float(at) for row, at in zip(bits, distance, strict=True)}
    met = 0
    for i, row in enumerate(bits):
        for bit in range(len(row)):
            other = row.copy()
            other[bit] ^= True
            if other.tobytes() in of:
                met += 1
                assert across[i, bit] <= of[other.tobytes()] * (1 + 1e-12) + 1e-15
    assert met > len(bits)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("network", [WIDE, generic(6, 3)], ids=["wide", "low"])
def test_no_input_of_a_cut_ball_is_above_the_bound(norm, network):
    """Sampled inputs on the sphere and within, with no cut, one and several; and cuts make it lower."""
    rng = np.random.default_rng(4)
    d = network.input_dim
    x = X[:d]
    space, n, k = space_of(network, x, None, norm), 3, 3
    rows, cuts = rng.standard_normal((n, 5, k + 1)), rng.standard_normal((n, 3, k + 1))
    error, radius = np.zeros_like(rows), 0.75
    among = cuts[:, :, :-1] if space.weight is None else cuts[:, :, :-1] @ space.weight
    reach = radius * np.linalg.norm(among, {1: np.inf, 2: 2, np.inf: 1}[norm], axis=2)
    cuts[:, :, -1] = -(cuts[:, :, :-1] @ space.start) - [0.5, 0.25, -0.25] * reach
    ways = rng.standard_normal((4000, d))
    ways *= radius / np.linalg.norm(ways, norm, axis=1)[:, None]
    inputs = x + np.concatenate([ways, ways * rng.random((4000, 1))])
    points = inputs if space.weight is None else inputs @ space.weight.T + space.bias
    values = np.einsum("njk,pk->njp", rows[:, :, :-1], points) + rows[:, :, -1:]
    sides = np.einsum("njk,pk->njp", cuts[:, :, :-1], points) + cuts[:, :, -1:]
    free = highest_in_ball(space, rows, error, radius, np.zeros((n, 1, k + 1)), np.zeros((n, 1, k + 1)))
    for m in (1, 3):
        high = highest_in_ball(space, rows, error, radius, cuts[:, :m], np.zeros((n, m, k + 1)))
        inside = (sides[:, :m] >= 0).all(axis=1)
        reached = np.where(inside[:, None], values, -np.inf).max(axis=2)
        assert (reached <= high).all()
        assert (high <= free + 1e-9).all() and (high < free - 1e-3).any()
    # A row that does not depend on x is what it is, in a ball of any size.
    constant = np.zeros((1, 1, k + 1))
    constant[0, 0, -1] = 2.0
    nothing = np.zeros((1, 1, k + 1))
    assert 2.0 <= highest_in_ball(space, constant, nothing, np.inf, nothing, nothing)[0, 0] <= 2.0 + 1e-12


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("network", [WIDE, generic(6, 3)], ids=["wide", "low"])
def test_distances_are_shown_up_to_rounding(network, norm):
    x = X[: network.input_dim]
    space, bits, rows, error = regions_seen_from(x, network, norm)
    distance, shown, multipliers, points = nearest(space, rows, error)
    assert np.allclose(np.linalg.norm(points - x, norm, axis=1), distance)
    assert (shown <= distance * (1 + 1e-15)).all()
    assert (shown >= distance * (1 - 1e-9)).all()
    assert np.allclose(shown, shown_distances(space, rows, error, multipliers), rtol=1e-12)
    assert not shown_distances(space, rows, error, np.zeros_like(multipliers)).any()
    # The points lie in their closed regions, up to rounding.
    whole, _ = region_rows(network, space_of(network, x, Box([-9] * len(x), [9] * len(x))).around, bits)
    n_bits = network.n_neurons
    assert (np.einsum("nmk,nk->nm", whole[:, :n_bits, :-1], points) + whole[:, :n_bits, -1]).max() < 1e-12
